/** @file Visits of shops. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { visitSchema, type Visit } from '../contracts/visit.ts';
import { transact, type Database, type VisitRow, type Within } from './db.ts';

/** Everything that belongs to a visit. */
export const VISIT_STORES = [
  ...(['shelfVisits', 'shelfPhotos', 'shelfPictures', 'shelfReadings', 'shelfLooks', 'shelfReports', 'waiting'] as const),
] as const;

export interface VisitQuery {
  readonly shopId?: string;
  readonly status?: Visit['status'];
  /** Default 200. */
  readonly limit?: number;
}

export interface VisitStore {
  /** Newest first. */
  list(query?: VisitQuery): Promise<Visit[]>;
  get(id: string): Promise<Visit | null>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  put(visit: Visit): Promise<void>;
  /** Change some of it. @throws AppError('invalid-input') when it is gone. */
  change(id: string, change: Partial<Omit<Visit, 'id'>>): Promise<Visit>;
  /** With its photos and what was read in them. */
  remove(id: string): Promise<void>;
  /** Those whose data waits to be sent, oldest first. */
  unsent(): Promise<Visit[]>;
}

/** Visits over the device's database. */
export function createVisitStore(database: Database): VisitStore {
  return {
    list: ({ shopId, status, limit = 200 } = {}) =>
      transact(database, ['shelfVisits'], 'readonly', async (transaction) => {
        const store = transaction.objectStore('shelfVisits');
        const visits: Visit[] = [];
        let cursor =
          shopId !== undefined
            ? await store.index('byShop').openCursor(IDBKeyRange.bound([shopId], [shopId, []]), 'prev')
            : status !== undefined
              ? await store.index('byStatus').openCursor(IDBKeyRange.bound([status], [status, []]), 'prev')
              : await store.index('byTime').openCursor(null, 'prev');
        while (cursor !== null && visits.length < limit) {
          if (status === undefined || cursor.value.status === status) visits.push(cursor.value.visit);
          cursor = await cursor.continue();
        }
        return visits;
      }),
    get: (id) =>
      transact(
        database,
        ['shelfVisits'],
        'readonly',
        async (transaction) => (await transaction.objectStore('shelfVisits').get(id))?.visit ?? null,
      ),
    async put(visit) {
      const row = toVisitRow(visit);
      await transact(database, ['shelfVisits'], 'readwrite', (transaction) => transaction.objectStore('shelfVisits').put(row));
    },
    change: (id, change) =>
      transact(database, ['shelfVisits'], 'readwrite', async (transaction) => {
        const before = await transaction.objectStore('shelfVisits').get(id);
        if (before === undefined) throw new AppError('invalid-input', 'the visit is gone', { stage: 'store' });
        const row = toVisitRow({ ...before.visit, ...change });
        await transaction.objectStore('shelfVisits').put(row);
        return row.visit;
      }),
    remove: (id) => transact(database, VISIT_STORES, 'readwrite', (transaction) => removeVisits(transaction, [id])),
    unsent: () =>
      transact(database, ['shelfVisits'], 'readonly', async (transaction) =>
        (await transaction.objectStore('shelfVisits').index('bySending').getAll('waiting'))
          .sort((a, b) => a.atMs - b.atMs)
          .map(({ visit }) => visit),
      ),
  };
}

/** Delete visits inside a wider transaction. */
export async function removeVisits(transaction: Within<(typeof VISIT_STORES)[number], 'readwrite'>, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const ofVisit = IDBKeyRange.bound([id], [id, []]);
    for (const photoId of await transaction.objectStore('shelfPhotos').index('byVisit').getAllKeys(ofVisit))
      await removePhoto(transaction, photoId);
    await transaction.objectStore('shelfReports').delete(ofVisit);
    await transaction.objectStore('shelfVisits').delete(id);
  }
}

/** Delete a photo with all that was made of it, inside a wider transaction. */
export async function removePhoto(
  transaction: Within<'shelfPhotos' | 'shelfPictures' | 'shelfReadings' | 'shelfLooks' | 'waiting', 'readwrite'>,
  id: string,
): Promise<void> {
  await transaction.objectStore('shelfPictures').delete(IDBKeyRange.bound([id], [id, []]));
  for (const name of ['shelfReadings', 'shelfLooks', 'waiting', 'shelfPhotos'] as const) await transaction.objectStore(name).delete(id);
}

/** With the parts that are indexed. @throws AppError('invalid-input') */
export function toVisitRow(visit: Visit): VisitRow {
  const parsed = visitSchema.safeParse(visit);
  if (!parsed.success) throw new AppError('invalid-input', 'a visit that is malformed', { stage: 'store' });
  const { id, shopId, status, sending, startedAtMs, plannedForMs, updatedAtMs } = parsed.data;
  return { id, atMs: startedAtMs ?? plannedForMs ?? updatedAtMs, shopId, status, sending, visit: parsed.data };
}
