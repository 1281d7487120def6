/** @file Photos from anywhere in the app (camera, files, drop, paste) into the race at hand. Thread: page. */
import type { MediaRef } from '../../contracts/media.ts';
import { ANY_BIB } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';
import { dayText } from '../../state/day.ts';
import { RaceEvents } from '../../state/race/race-events.svelte.ts';
import { raceImport } from '../../state/race/race-import.svelte.ts';
import { deskAddress } from './desk-path.ts';
import { raceAtHand } from './race-at-hand.ts';

/**
 * Photos go to the race that was opened last, else to the newest, else to one that is made now.
 * @returns the address that shows what becomes of them. @throws AppError('quota-exceeded')
 */
export async function takePhotos(photos: readonly MediaRef[]): Promise<string> {
  const events = new RaceEvents();
  await events.load();
  const all = events.all ?? [];
  const known = all.find(({ event }) => event.id === raceAtHand()) ?? all[0];
  const now = Date.now();
  const event =
    known?.event ??
    (await events.add({
      ...{ name: m.bib_event_unnamed(), day: dayText(now), parentId: null, format: ANY_BIB },
      utcOffsetMinutes: -new Date(now).getTimezoneOffset(),
    }));
  const files = photos.map(({ blob, name, capturedAtMs }) =>
    blob instanceof File ? blob : new File([blob], name, { type: blob.type, lastModified: capturedAtMs }),
  );
  await raceImport.addFiles(event.id, files);
  return deskAddress({ page: 'import', eventId: event.id });
}
