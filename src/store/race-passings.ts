/** @file Readings of a whole race for those who compare its cameras, and what came of it. Thread: any. */
import type { BibAnswer, RacePhotoReading, Sighting } from '../contracts/race.ts';
import type { PassedPhoto } from '../core/race/passings.ts';
import { transact, type Database, type RacePhotoRow } from './db.ts';
import { inPieces, PIECE } from './in-pieces.ts';
import { ANSWER_STORES, putReadings } from './race-readings.ts';
import { ofEvent } from './race-rows.ts';

/** Photos written at once: others wait for the database as long. */
const CHUNK = 20;

/** Every photo of an event that was read, piece by piece. @param take must not keep them: ten thousand with all looks are heavy */
export async function eachPassedPhoto(database: Database, eventId: string, take: (photo: PassedPhoto) => void): Promise<void> {
  const read = (range: IDBKeyRange, count: number): Promise<RacePhotoRow[]> =>
    transact(database, ['racePhotos', 'raceReadings', 'raceLooks'], 'readonly', async (transaction) => {
      const rows = await transaction.objectStore('racePhotos').getAll(range, count);
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) return rows;
      const piece = IDBKeyRange.bound(first.id, last.id);
      const [readings, looks] = await Promise.all([
        transaction.objectStore('raceReadings').getAll(piece),
        transaction.objectStore('raceLooks').getAll(piece),
      ]);
      const readingOf = new Map(readings.map((reading) => [reading.photoId, reading]));
      const looksOf = new Map(looks.map((look) => [look.photoId, look]));
      for (const { id, photo, atMs } of rows) {
        const reading = readingOf.get(id);
        if (reading !== undefined && photo.state === 'read') take({ photo, atMs, reading, looks: looksOf.get(id) ?? null });
      }
      return rows;
    });
  await inPieces(ofEvent(eventId), read, ({ id }) => id, PIECE);
}

/**
 * What body, clothes and time say of sightings without a number: it takes the place of what they said before, wherever nothing else says more by now.
 * @param said by photo and sighting: what holds from now on; of all others nothing does. @param photoIds those that may be concerned
 * @returns photos that changed
 */
export async function keepBodyAnswers(
  database: Database,
  photoIds: readonly string[],
  said: (photoId: string, sightingId: string) => BibAnswer | undefined,
): Promise<string[]> {
  const changed: string[] = [];
  for (let at = 0; at < photoIds.length; at += CHUNK)
    changed.push(
      ...(await transact(database, ANSWER_STORES, 'readwrite', async (transaction) => {
        const store = transaction.objectStore('raceReadings');
        const readings = (await Promise.all(photoIds.slice(at, at + CHUNK).map((id) => store.get(id)))).flatMap((each) => each ?? []);
        const after = readings.flatMap((reading) => withBodyAnswers(reading, said));
        await putReadings(transaction, after);
        return after.map(({ photoId }) => photoId);
      })),
    );
  return changed;
}

function withBodyAnswers(
  reading: RacePhotoReading,
  said: (photoId: string, sightingId: string) => BibAnswer | undefined,
): RacePhotoReading[] {
  const sightings = reading.sightings.map((sighting): Sighting => {
    const { answer, read, id } = sighting;
    // What was read since, or said by a neighbour or the user, holds.
    if (answer.saidBy !== 'body' && (answer.bib !== null || answer.saidBy === 'user')) return sighting;
    const next = said(reading.photoId, id) ?? (answer.saidBy === 'body' ? read : answer);
    return JSON.stringify(next) === JSON.stringify(answer) ? sighting : { ...sighting, answer: next };
  });
  return sightings.every((sighting, i) => sighting === reading.sightings[i]) ? [] : [{ ...reading, sightings }];
}
