/** @file Photos of bays that waited when the app was closed are read now. Thread: page. */
import { m } from '../../paraglide/messages.js';
import { shelfPhotos } from '../../state/shelf/shelf-photos.svelte.ts';

/** Once in the life of the page; again is harmless. */
export function goOn(): Promise<void> {
  return shelfPhotos.goOn(m.shelf_task_read());
}
