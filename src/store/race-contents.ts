/** @file Everything of a race that deliveries are made of. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import type { RaceContents } from '../core/race/runner-photos.ts';
import type { Database } from './db.ts';
import { createEntrantStore } from './race-entrants.ts';
import { createRaceEventStore } from './race-events.ts';
import { createRacePhotoStore } from './race-photos.ts';
import { createRaceReadingStore } from './race-readings.ts';
import { createPhotoSourceStore } from './race-sources.ts';

/** Photos of a race, and who starts in it or in its parts. @throws AppError('invalid-input') when it is gone */
export async function readRaceContents(database: Database, eventId: string): Promise<RaceContents> {
  const events = createRaceEventStore(database);
  const event = await events.get(eventId);
  if (event === null) throw new AppError('invalid-input', 'the race is gone', { stage: 'store' });
  const family = (await events.family(eventId)).map(({ id }) => id);
  const [entrants, cameras, sources, photos, readings] = await Promise.all([
    createEntrantStore(database).all(family),
    events.cameras(eventId),
    createPhotoSourceStore(database).ofEvent(eventId),
    createRacePhotoStore(database).all(eventId),
    createRaceReadingStore(database).ofEvent(eventId),
  ]);
  return { event, entrants, cameras, sources, photos, readings };
}
