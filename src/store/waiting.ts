/**
 * @file Photos that were chosen and not answered yet. They are kept until they are, so that a reload, a crash or a flat battery loses none.
 * Thread: page.
 */
import type { CaptureSource } from '../contracts/media.ts';
import { transact, type Database, type WaitingRow } from './db.ts';

/** A photo on its way. */
export interface WaitingPhoto {
  readonly id: string;
  readonly lensId: string;
  readonly blob: Blob;
  readonly name: string;
  readonly source: CaptureSource;
  readonly capturedAtMs: number;
  /** Place in the queue. */
  readonly order: number;
}

/** Which queue looks at a photo. */
export type WaitingQueue = 'looks' | 'shelf';

/** A photo that was left behind, and how often looking at it was begun before. */
export interface LeftPhoto extends WaitingPhoto {
  readonly attempts: number;
}

export interface WaitingStore {
  /** @param tab that will look at them. @throws AppError('quota-exceeded'); none is kept then. */
  add(photos: readonly WaitingPhoto[], tab: string): Promise<void>;
  /** A look begins. Written before the look runs: a photo that takes the page down is not tried for ever. */
  begin(id: string): Promise<void>;
  /** Answered, or not wanted any more. */
  remove(ids: readonly string[]): Promise<void>;
  /** Take over what tabs that are gone left behind, in order. @param livingTabs what they wait for stays theirs. */
  claim(tab: string, livingTabs: ReadonlySet<string>, queue: WaitingQueue): Promise<readonly LeftPhoto[]>;
  count(queue: WaitingQueue): Promise<number>;
}

/** Waiting photos in the device's database. */
export function createWaitingStore(database: Database): WaitingStore {
  return {
    add: (photos, tab) =>
      transact(database, ['waiting'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('waiting');
        await Promise.all(photos.map((photo) => store.put({ ...photo, tab, attempts: 0 } satisfies WaitingRow)));
      }),
    begin: (id) =>
      transact(database, ['waiting'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('waiting');
        const row = await store.get(id);
        if (row !== undefined) await store.put({ ...row, attempts: row.attempts + 1 });
      }),
    remove: (ids) =>
      transact(database, ['waiting'], 'readwrite', async (transaction) => {
        await Promise.all(ids.map((id) => transaction.objectStore('waiting').delete(id)));
      }),
    claim: (tab, livingTabs, queue) =>
      transact(database, ['waiting'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('waiting');
        const left = (await store.getAll()).filter((row) => queueOf(row) === queue && row.tab !== tab && !livingTabs.has(row.tab));
        await Promise.all(left.map((row) => store.put({ ...row, tab })));
        return left.sort((a, b) => a.order - b.order);
      }),
    count: (queue) =>
      transact(
        database,
        ['waiting'],
        'readonly',
        async (transaction) => (await transaction.objectStore('waiting').getAll()).filter((row) => queueOf(row) === queue).length,
      ),
  };
}

function queueOf({ queue }: WaitingRow): WaitingQueue {
  return queue ?? 'looks';
}
