/** @file Bays of visits in numbers: what reports show and charts are drawn from. Thread: page. */
import type { BayReport } from '../contracts/visit-report.ts';
import { transact, type Database } from './db.ts';

export interface BayReportStore {
  get(visitId: string, bayId: string): Promise<BayReport | null>;
  /** Change one that is there, in one piece; nothing when there is none. @throws AppError('quota-exceeded') */
  change(visitId: string, bayId: string, change: (report: BayReport) => BayReport): Promise<void>;
  /** Of a visit, in the order of capture. */
  ofVisit(visitId: string): Promise<BayReport[]>;
  /** Of a shop over time, oldest first. */
  ofShop(shopId: string): Promise<BayReport[]>;
  /** Of a bay over time, oldest first. */
  ofBay(bayId: string): Promise<BayReport[]>;
  /** @throws AppError('quota-exceeded') */
  put(report: BayReport): Promise<void>;
  remove(visitId: string, bayId: string): Promise<void>;
}

/** Reports over the device's database. */
export function createBayReportStore(database: Database): BayReportStore {
  return {
    get: (visitId, bayId) =>
      transact(
        database,
        ['shelfReports'],
        'readonly',
        async (transaction) => (await transaction.objectStore('shelfReports').get([visitId, bayId])) ?? null,
      ),
    change: (visitId, bayId, change) =>
      transact(database, ['shelfReports'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('shelfReports');
        const report = await store.get([visitId, bayId]);
        if (report !== undefined) await store.put(change(report));
      }),
    ofVisit: (visitId) =>
      transact(database, ['shelfReports'], 'readonly', async (transaction) =>
        (await transaction.objectStore('shelfReports').getAll(IDBKeyRange.bound([visitId], [visitId, []]))).sort((a, b) => a.atMs - b.atMs),
      ),
    ofShop: (shopId) =>
      transact(database, ['shelfReports'], 'readonly', (transaction) =>
        transaction
          .objectStore('shelfReports')
          .index('byShop')
          .getAll(IDBKeyRange.bound([shopId], [shopId, []])),
      ),
    ofBay: (bayId) =>
      transact(database, ['shelfReports'], 'readonly', (transaction) =>
        transaction
          .objectStore('shelfReports')
          .index('byBay')
          .getAll(IDBKeyRange.bound([bayId], [bayId, []])),
      ),
    put: (report) =>
      transact(database, ['shelfReports'], 'readwrite', async (transaction) => {
        await transaction.objectStore('shelfReports').put(report);
      }),
    remove: (visitId, bayId) =>
      transact(database, ['shelfReports'], 'readwrite', (transaction) => transaction.objectStore('shelfReports').delete([visitId, bayId])),
  };
}
