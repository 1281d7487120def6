/** @file Photos looked at, newest first. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import type { HistoryEntry } from '../contracts/history.ts';
import { transact, type Database, type HistoryRow, type Transaction } from './db.ts';
import { searchKey, searchWords } from './search-key.ts';

/** Where the next page starts; hand it back unchanged. */
export interface HistoryPosition {
  readonly atMs: number;
  readonly id: string;
}

export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** Null on the last page. */
  readonly next: HistoryPosition | null;
}

export interface HistoryQuery {
  readonly limit?: number;
  readonly after?: HistoryPosition | null;
  readonly favouritesOnly?: boolean;
  /** Words that must all occur in the products' names or in the text read. */
  readonly search?: string;
}

/** What may change after a look was taken. */
export type HistoryPatch = Partial<
  Pick<
    HistoryEntry,
    | 'box'
    | 'candidates'
    | 'certainty'
    | 'barcodes'
    | 'text'
    | 'editedText'
    | 'judgement'
    | 'isFavourite'
    | 'correctedProductId'
    | 'backends'
  >
>;

export interface HistoryStore {
  /** @throws AppError('quota-exceeded'); nothing is stored then. */
  add(entry: HistoryEntry): Promise<void>;
  get(id: string): Promise<HistoryEntry | null>;
  list(query?: HistoryQuery): Promise<HistoryPage>;
  /** @throws AppError('invalid-input') when the entry is gone. */
  update(id: string, patch: HistoryPatch): Promise<HistoryEntry>;
  setFavourite(id: string, isFavourite: boolean): Promise<void>;
  /** Delete entries. Corrections learnt from them stay (they have their own store). */
  remove(ids: readonly string[]): Promise<void>;
  removeAll(): Promise<void>;
  count(): Promise<number>;
}

/** History over the device's database. */
export function createHistoryStore(database: Database): HistoryStore {
  const write = <Result>(body: (transaction: Transaction<'history', 'readwrite'>) => Promise<Result>): Promise<Result> =>
    transact(database, ['history'], 'readwrite', body);
  const update = (id: string, patch: HistoryPatch): Promise<HistoryEntry> =>
    write(async (transaction) => {
      const row = await transaction.objectStore('history').get(id);
      if (row === undefined) throw new AppError('invalid-input', 'the history entry is gone', { stage: 'store' });
      const entry = { ...row.entry, ...patch };
      await transaction.objectStore('history').put(toHistoryRow(entry));
      return entry;
    });
  return {
    add: (entry) =>
      write(async (transaction) => {
        await transaction.objectStore('history').put(toHistoryRow(entry));
      }),
    get: (id) =>
      transact(database, ['history'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('history').get(id);
        return row === undefined ? null : row.entry;
      }),
    list: ({ limit = 40, after = null, favouritesOnly = false, search = '' } = {}) =>
      transact(database, ['history'], 'readonly', async (transaction) => {
        const words = searchWords(search);
        const store = transaction.objectStore('history');
        const entries: HistoryEntry[] = [];
        const take = (row: HistoryRow): boolean => {
          if (words.every((word) => row.searchKey.includes(word))) entries.push(row.entry);
          return entries.length <= limit; // One more than asked for tells whether there is a next page.
        };
        if (favouritesOnly) {
          const upper = after === null ? [1, Infinity] : [1, after.atMs, after.id];
          let cursor = await store.index('byFavourite').openCursor(IDBKeyRange.bound([1], upper, false, true), 'prev');
          while (cursor !== null && take(cursor.value)) cursor = await cursor.continue();
        } else {
          const range = after === null ? null : IDBKeyRange.upperBound([after.atMs, after.id], true);
          let cursor = await store.index('byTime').openCursor(range, 'prev');
          while (cursor !== null && take(cursor.value)) cursor = await cursor.continue();
        }
        const page = entries.slice(0, limit);
        const last = page.at(-1);
        return { entries: page, next: entries.length > limit && last !== undefined ? { atMs: last.atMs, id: last.id } : null };
      }),
    update,
    async setFavourite(id, isFavourite) {
      await update(id, { isFavourite });
    },
    remove: (ids) =>
      write(async (transaction) => {
        await Promise.all(ids.map((id) => transaction.objectStore('history').delete(id)));
      }),
    removeAll: () => write((transaction) => transaction.objectStore('history').clear()),
    count: () => transact(database, ['history'], 'readonly', (transaction) => transaction.objectStore('history').count()),
  };
}

/** With the parts that are indexed and searched. */
export function toHistoryRow(entry: HistoryEntry): HistoryRow {
  const words = [
    ...entry.candidates.map(({ name }) => name),
    entry.editedText ?? entry.text?.text ?? '',
    ...entry.barcodes.map(({ text }) => text),
  ];
  const { id, atMs, isFavourite } = entry;
  return { id, atMs, favourite: isFavourite ? 1 : 0, searchKey: words.map(searchKey).join('|'), entry };
}
