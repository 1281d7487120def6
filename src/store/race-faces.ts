/**
 * @file Faces of a race's runners as numbers, and the switch that they hang on. Off at first; turning it off erases all of them in the same step.
 * Nothing of it is exported. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import type { FaceSearch, PhotoFaces } from '../contracts/race.ts';
import type { EmbeddingSpace } from '../contracts/results.ts';
import { transact, type Database, type Within } from './db.ts';
import { PIECE } from './in-pieces.ts';
import { ofEvent, startingWith } from './race-rows.ts';

const FACE_STORES = ['raceFaces', 'raceFaceSearches'] as const;
type Writing = Within<(typeof FACE_STORES)[number], 'readwrite'>;

export interface RaceFaceStore {
  /** Null: off. */
  search(eventId: string): Promise<FaceSearch | null>;
  /**
   * From now on faces are kept. What was described in another space goes: it cannot be compared.
   * @throws AppError('invalid-input') when the race is gone, `quota-exceeded`
   */
  turnOn(eventId: string, space: EmbeddingSpace, nowMs: number): Promise<void>;
  /** Every face of the race goes with the switch, in one step. */
  turnOff(eventId: string): Promise<void>;
  /** Photos that were read and whose faces nobody described, in the order in which they were taken. */
  undescribed(eventId: string): Promise<string[]>;
  /** Photos with their faces described, those without one too. */
  count(eventId: string): Promise<number>;
  /** @returns false when the search is off by now, or the photo is gone: nothing is kept then. @throws AppError('quota-exceeded') */
  put(faces: PhotoFaces): Promise<boolean>;
  /** All of a race, piece by piece: the page goes on in between. Nothing where the search is off. */
  visit(eventId: string, see: (piece: readonly PhotoFaces[]) => Promise<void> | void): Promise<void>;
}

/** Faces over the device's database. */
export function createRaceFaceStore(database: Database): RaceFaceStore {
  const search = (eventId: string): Promise<FaceSearch | null> =>
    transact(
      database,
      ['raceFaceSearches'],
      'readonly',
      async (transaction) => (await transaction.objectStore('raceFaceSearches').get(eventId)) ?? null,
    );
  return {
    search,
    turnOn: (eventId, space, nowMs) =>
      transact(
        database,
        ['raceEvents', ...FACE_STORES],
        'readwrite',
        async (transaction) => {
          if ((await transaction.objectStore('raceEvents').getKey(eventId)) === undefined)
            throw new AppError('invalid-input', 'the race is gone', { stage: 'store' });
          const before = await transaction.objectStore('raceFaceSearches').get(eventId);
          if (before?.space === space) return;
          await eraseFaces(transaction, eventId);
          await transaction.objectStore('raceFaceSearches').put({ eventId, space, sinceMs: nowMs });
        },
        { durability: 'strict' },
      ),
    turnOff: (eventId) =>
      transact(database, FACE_STORES, 'readwrite', (transaction) => eraseFaces(transaction, eventId), { durability: 'strict' }),
    undescribed: (eventId) =>
      transact(database, ['racePhotos', 'raceFaces'], 'readonly', async (transaction) => {
        const known = new Set(await transaction.objectStore('raceFaces').getAllKeys(ofEvent(eventId)));
        const read = await transaction.objectStore('racePhotos').index('byState').getAllKeys(startingWith(eventId, 'read'));
        return read.filter((id) => !known.has(id));
      }),
    count: (eventId) =>
      transact(database, ['raceFaces'], 'readonly', (transaction) => transaction.objectStore('raceFaces').count(ofEvent(eventId))),
    put: (faces) =>
      transact(database, ['racePhotos', ...FACE_STORES], 'readwrite', async (transaction) => {
        if ((await transaction.objectStore('racePhotos').getKey(faces.photoId)) === undefined) return false;
        return keepFaces(transaction, faces.photoId, faces);
      }),
    async visit(eventId, see) {
      if ((await search(eventId)) === null) return;
      for (let range = ofEvent(eventId); ;) {
        const piece = await transact(database, ['raceFaces'], 'readonly', (transaction) =>
          transaction.objectStore('raceFaces').getAll(range, PIECE),
        );
        await see(piece);
        if (piece.length < PIECE) return;
        range = IDBKeyRange.bound(piece.at(-1)!.photoId, range.upper, true, range.upperOpen);
      }
    },
  };
}

/**
 * Keep what was described of a photo, inside a wider transaction; what was kept of it before goes, for it was read anew.
 * @param faces null: nobody looked. @returns whether they are kept: only while the race is searched by selfie, in this space
 */
export async function keepFaces(transaction: Writing, photoId: string, faces: PhotoFaces | null): Promise<boolean> {
  const search = faces === null ? undefined : await transaction.objectStore('raceFaceSearches').get(faces.eventId);
  if (faces === null || search?.space !== faces.space) {
    await transaction.objectStore('raceFaces').delete(photoId);
    return false;
  }
  await transaction.objectStore('raceFaces').put({ ...faces, photoId });
  return true;
}

/** The switch of a race and every face that it kept, inside a wider transaction. */
export async function eraseFaces(transaction: Writing, eventId: string): Promise<void> {
  await transaction.objectStore('raceFaceSearches').delete(eventId);
  await transaction.objectStore('raceFaces').delete(ofEvent(eventId));
}
