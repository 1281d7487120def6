/** @file Who starts: 50,000 a race, found by number and by name. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import { entrantSchema, type Entrant } from '../contracts/race.ts';
import type { ListedEntrant } from '../contracts/start-list-api.ts';
import { transact, type Database, type EntrantRow, type Within } from './db.ts';
import { inPieces } from './in-pieces.ts';
import { bibOrder, ofEvent, startingWith, toEntrantRow, wordKey } from './race-rows.ts';
import { searchWords } from './search-key.ts';

/** Written at once; the rest of the page gets a turn in between. */
const CHUNK = 500;
/** Keys read at once. */
const KEYS = 4000;

export interface EntrantStore {
  /** The list of an event becomes this one; all or nothing. @throws AppError('invalid-input' | 'quota-exceeded') */
  replace(eventId: string, entrants: readonly ListedEntrant[]): Promise<void>;
  /** One more. @throws AppError('invalid-input' | 'quota-exceeded') */
  add(eventId: string, entrant: ListedEntrant): Promise<Entrant>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  change(id: string, entrant: ListedEntrant): Promise<Entrant>;
  remove(id: string): Promise<void>;
  count(eventIds: readonly string[]): Promise<number>;
  /** Every number once, for decoding. */
  bibs(eventIds: readonly string[]): Promise<string[]>;
  /** Everybody, as the lists are kept. */
  all(eventIds: readonly string[]): Promise<Entrant[]>;
  /** Ids of all, by number as people count. */
  ids(eventIds: readonly string[]): Promise<string[]>;
  /** In the order of `ids`; those that are gone are left out. */
  byIds(ids: readonly string[]): Promise<Entrant[]>;
  /** More than one when two runners hold the same number. */
  withBib(eventIds: readonly string[], bib: string): Promise<Entrant[]>;
  /** Numbers that begin so, the exact one first, then names with these beginnings of words. */
  search(eventIds: readonly string[], query: string, limit?: number): Promise<Entrant[]>;
}

/** Entrants over the device's database. */
export function createEntrantStore(database: Database): EntrantStore {
  return {
    async replace(eventId, entrants) {
      const perBib = new Map<string, number>();
      const rows = entrants.map((entered) => {
        const nth = perBib.get(entered.bib) ?? 0;
        perBib.set(entered.bib, nth + 1);
        return toEntrantRow(valid({ ...entered, id: entrantId(eventId, entered.bib, nth), eventId }));
      });
      await transact(database, ['raceEvents', 'raceEntrants'], 'readwrite', async (transaction) => {
        await mustBeThere(transaction, eventId);
        const store = transaction.objectStore('raceEntrants');
        await store.delete(ofEvent(eventId));
        for (let at = 0; at < rows.length; at += CHUNK) await Promise.all(rows.slice(at, at + CHUNK).map((row) => store.put(row)));
      });
    },
    add: (eventId, entered) =>
      transact(database, ['raceEvents', 'raceEntrants'], 'readwrite', async (transaction) => {
        await mustBeThere(transaction, eventId);
        return put(transaction, eventId, entered);
      }),
    change: (id, entered) =>
      transact(database, ['raceEntrants'], 'readwrite', async (transaction) => {
        const before = await transaction.objectStore('raceEntrants').get(id);
        if (before === undefined) throw new AppError('invalid-input', 'the entrant is gone', { stage: 'store' });
        await transaction.objectStore('raceEntrants').delete(id);
        return put(transaction, before.eventId, entered);
      }),
    remove: (id) => transact(database, ['raceEntrants'], 'readwrite', (transaction) => transaction.objectStore('raceEntrants').delete(id)),
    count: (eventIds) =>
      transact(database, ['raceEntrants'], 'readonly', async (transaction) => {
        const counts = await Promise.all(eventIds.map((id) => transaction.objectStore('raceEntrants').count(ofEvent(id))));
        return counts.reduce((sum, count) => sum + count, 0);
      }),
    async bibs(eventIds) {
      const bibs = new Set<string>();
      // Keys hold the numbers: 50,000 rows need not be read for them.
      const read = (range: IDBKeyRange, count: number): Promise<string[]> =>
        transact(database, ['raceEntrants'], 'readonly', (transaction) => transaction.objectStore('raceEntrants').getAllKeys(range, count));
      for (const eventId of eventIds) for (const key of await inPieces(ofEvent(eventId), read, (id) => id, KEYS)) bibs.add(bibOf(key));
      return [...bibs];
    },
    async all(eventIds) {
      const read = (range: IDBKeyRange, count: number): Promise<EntrantRow[]> =>
        transact(database, ['raceEntrants'], 'readonly', (transaction) => transaction.objectStore('raceEntrants').getAll(range, count));
      const lists: Entrant[] = [];
      for (const eventId of eventIds) lists.push(...(await inPieces(ofEvent(eventId), read, ({ id }) => id)).map(({ entrant }) => entrant));
      return lists;
    },
    async ids(eventIds) {
      const read = (range: IDBKeyRange, count: number): Promise<string[]> =>
        transact(database, ['raceEntrants'], 'readonly', (transaction) =>
          transaction.objectStore('raceEntrants').index('byOrder').getAllKeys(range, count),
        );
      const lists: string[] = [];
      for (const eventId of eventIds)
        for (const id of await inPieces(startingWith(eventId), read, (key) => [eventId, bibOrder(bibOf(key)), key], KEYS)) lists.push(id);
      return lists;
    },
    byIds: (ids) =>
      transact(database, ['raceEntrants'], 'readonly', async (transaction) =>
        (await Promise.all(ids.map((id) => transaction.objectStore('raceEntrants').get(id)))).flatMap((row) => row?.entrant ?? []),
      ),
    withBib: (eventIds, bib) =>
      transact(database, ['raceEntrants'], 'readonly', async (transaction) => {
        const rows = await Promise.all(
          eventIds.map((eventId) => transaction.objectStore('raceEntrants').getAll(prefix(`${eventId}.${bib}.`))),
        );
        return rows.flat().map(({ entrant }) => entrant);
      }),
    async search(eventIds, query, limit = 50) {
      const words = searchWords(query);
      if (words.length === 0) return [];
      const number = query
        .normalize('NFKC')
        .toUpperCase()
        .replace(/[\s\-#]/gu, '');
      return transact(database, ['raceEntrants'], 'readonly', async (transaction) => {
        const store = transaction.objectStore('raceEntrants');
        const found = new Map<string, Entrant>();
        const take = (rows: readonly { readonly id: string; readonly entrant: Entrant }[]): void => {
          for (const { id, entrant } of rows) if (found.size < limit && !found.has(id)) found.set(id, entrant);
        };
        if (number !== '') {
          for (const eventId of eventIds) take(await store.getAll(prefix(`${eventId}.${number}.`), limit));
          for (const eventId of eventIds) take(await store.getAll(prefix(`${eventId}.${number}`), limit));
        }
        const [first = '', ...others] = [...words].sort((a, b) => b.length - a.length);
        for (const eventId of eventIds) {
          if (found.size >= limit) break;
          // The longest word leaves least to look through; more of them are checked on what it found.
          const rows = await store.index('byWord').getAll(prefix(wordKey(eventId, first)), others.length === 0 ? limit : 2000);
          take(rows.filter((row) => others.every((word) => row.words.some((each) => each.startsWith(wordKey(eventId, word))))));
        }
        return [...found.values()];
      });
    },
  };
}

function prefix(text: string): IDBKeyRange {
  return IDBKeyRange.bound(text, `${text}\uffff`);
}

function entrantId(eventId: string, bib: string, nth: number): string {
  return `${eventId}.${bib}.${nth}`;
}

function bibOf(id: string): string {
  return id.split('.')[1] ?? '';
}

/** @throws AppError('invalid-input') */
function valid(entrant: Entrant): Entrant {
  const parsed = entrantSchema.safeParse(entrant);
  if (!parsed.success || /[.\s]/u.test(entrant.bib))
    throw new AppError('invalid-input', 'an entrant that is malformed', { stage: 'store' });
  return parsed.data;
}

async function mustBeThere(transaction: Within<'raceEvents', 'readwrite'>, eventId: string): Promise<void> {
  if ((await transaction.objectStore('raceEvents').getKey(eventId)) === undefined)
    throw new AppError('invalid-input', 'the event is gone', { stage: 'store' });
}

async function put(transaction: Within<'raceEntrants', 'readwrite'>, eventId: string, entered: ListedEntrant): Promise<Entrant> {
  const store = transaction.objectStore('raceEntrants');
  const taken = new Set(await store.getAllKeys(prefix(`${eventId}.${entered.bib}.`)));
  let nth = 0;
  while (taken.has(entrantId(eventId, entered.bib, nth))) nth++;
  const entrant = valid({ ...entered, id: entrantId(eventId, entered.bib, nth), eventId });
  await store.put(toEntrantRow(entrant));
  return entrant;
}
