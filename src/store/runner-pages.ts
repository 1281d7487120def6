/** @file Pages of runners that were published from here, and the secret that their links are made of. Thread: page. */
import { z } from 'zod';
import type { RunnerPage } from '../contracts/race-gallery.ts';
import { transact, type Database } from './db.ts';
import { ofEvent } from './race-rows.ts';

const SECRET_NOTE = 'runner-pages-secret';
const secretSchema = z.instanceof(Uint8Array).refine((bytes) => bytes.length === 32);

export interface RunnerPageStore {
  /** By number, as keys sort. */
  ofEvent(eventId: string): Promise<RunnerPage[]>;
  put(page: RunnerPage): Promise<void>;
  /**
   * 32 random bytes, made at first use and kept on this device alone: links come out of it, so that none has to be stored.
   * @throws AppError('quota-exceeded')
   */
  secret(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Pages over the device's database. */
export function createRunnerPageStore(database: Database): RunnerPageStore {
  return {
    ofEvent: (eventId) =>
      transact(database, ['racePages'], 'readonly', (transaction) => transaction.objectStore('racePages').getAll(ofEvent(eventId))),
    async put(page) {
      await transact(database, ['racePages'], 'readwrite', (transaction) => transaction.objectStore('racePages').put(page), {
        durability: 'strict',
      });
    },
    secret: () =>
      transact(
        database,
        ['notes'],
        'readwrite',
        async (transaction) => {
          const known = secretSchema.safeParse((await transaction.objectStore('notes').get(SECRET_NOTE))?.value);
          if (known.success) return new Uint8Array(known.data);
          const fresh = crypto.getRandomValues(new Uint8Array(32));
          await transaction.objectStore('notes').put({ key: SECRET_NOTE, value: fresh });
          return fresh;
        },
        { durability: 'strict' },
      ),
  };
}
