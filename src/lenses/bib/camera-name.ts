/** @file What a camera is called. Thread: page. */
import type { RaceCamera } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';

/** @returns make and model, and whose it is where that is known. */
export function cameraName({ label, photographer }: RaceCamera): string {
  return [label === '' ? m.bib_camera_unknown() : label, photographer].filter((part) => part !== '').join(' · ');
}
