/** @file Everything of a race that deliveries are made of. Thread: page. */
import { AppError } from '../../contracts/errors.ts';
import type { RaceContents } from '../../core/race/runner-photos.ts';
import { device } from '../device.ts';

/** Photos of a race, and who starts in it or in its parts. @throws AppError('invalid-input') when it is gone */
export async function readContents(eventId: string): Promise<RaceContents> {
  const { raceEvents, entrants, photoSources, racePhotos, raceReadings } = device();
  const event = await raceEvents.get(eventId);
  if (event === null) throw new AppError('invalid-input', 'the race is gone', { stage: 'store' });
  const family = (await raceEvents.family(eventId)).map(({ id }) => id);
  const [entered, cameras, sources, photos, readings] = await Promise.all([
    entrants.all(family),
    raceEvents.cameras(eventId),
    photoSources.ofEvent(eventId),
    racePhotos.all(eventId),
    raceReadings.ofEvent(eventId),
  ]);
  return { event, entrants: entered, cameras, sources, photos, readings };
}
