/** @file Photos of races that waited when the app was closed are read now. Thread: page. */
import { m } from '../../paraglide/messages.js';
import { raceImport } from '../../state/race/race-import.svelte.ts';

/** Once in the life of the page; again is harmless. */
export function goOn(): Promise<void> {
  raceImport.nameTask(() => m.bib_task_import());
  return raceImport.goOn();
}
