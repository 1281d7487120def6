/** @file Where photos of a race come from, and folders that may be opened again. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { photoSourceSchema, type PhotoSource } from '../contracts/race.ts';
import { transact, type Database } from './db.ts';
import { startingWith } from './race-rows.ts';

export interface PhotoSourceStore {
  /** As they were added. */
  ofEvent(eventId: string): Promise<PhotoSource[]>;
  get(id: string): Promise<PhotoSource | null>;
  /** @param handle of a folder; a source that has one keeps it when none is given. @throws AppError('invalid-input' | 'quota-exceeded') */
  put(source: PhotoSource, handle?: FileSystemDirectoryHandle): Promise<void>;
  /** Null: the files have to be picked again. */
  handle(id: string): Promise<FileSystemDirectoryHandle | null>;
}

/** Sources over the device's database. What belongs to a source goes with `RacePhotoStore.removeSource`. */
export function createPhotoSourceStore(database: Database): PhotoSourceStore {
  return {
    ofEvent: (eventId) =>
      transact(database, ['raceSources'], 'readonly', (transaction) =>
        transaction.objectStore('raceSources').index('byEvent').getAll(startingWith(eventId)),
      ),
    get: (id) =>
      transact(
        database,
        ['raceSources'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceSources').get(id)) ?? null,
      ),
    async put(source, handle) {
      const parsed = photoSourceSchema.safeParse(source);
      if (!parsed.success) throw new AppError('invalid-input', 'a source that is malformed', { stage: 'store' });
      await transact(
        database,
        ['raceEvents', 'raceSources', 'raceHandles'],
        'readwrite',
        async (transaction) => {
          if ((await transaction.objectStore('raceEvents').getKey(source.eventId)) === undefined)
            throw new AppError('invalid-input', 'the event is gone', { stage: 'store' });
          await transaction.objectStore('raceSources').put(parsed.data);
          if (handle !== undefined) await transaction.objectStore('raceHandles').put({ sourceId: source.id, handle });
        },
        { durability: 'strict' },
      );
    },
    handle: (id) =>
      transact(
        database,
        ['raceHandles'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceHandles').get(id))?.handle ?? null,
      ),
  };
}
