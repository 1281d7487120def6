/** @file Planograms of shops and bays. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { keptPlanogramSchema, type KeptPlanogram } from '../contracts/visit.ts';
import { transact, type Database } from './db.ts';

export interface PlanogramStore {
  /** Of a shop, newest first. */
  ofShop(shopId: string): Promise<KeptPlanogram[]>;
  /** The newest for this bay, else the newest for the whole shop. */
  forBay(shopId: string, bayId: string): Promise<KeptPlanogram | null>;
  get(id: string): Promise<KeptPlanogram | null>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  put(planogram: KeptPlanogram): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Planograms over the device's database. */
export function createPlanogramStore(database: Database): PlanogramStore {
  const ofShop = (shopId: string): Promise<KeptPlanogram[]> =>
    transact(database, ['shelfPlanograms'], 'readonly', async (transaction) =>
      (await transaction.objectStore('shelfPlanograms').index('byShop').getAll(shopId)).sort((a, b) => b.updatedAtMs - a.updatedAtMs),
    );
  return {
    ofShop,
    async forBay(shopId, bayId) {
      const all = await ofShop(shopId);
      return all.find((each) => each.bayId === bayId) ?? all.find((each) => each.bayId === null) ?? null;
    },
    get: (id) =>
      transact(
        database,
        ['shelfPlanograms'],
        'readonly',
        async (transaction) => (await transaction.objectStore('shelfPlanograms').get(id)) ?? null,
      ),
    async put(planogram) {
      const parsed = keptPlanogramSchema.safeParse(planogram);
      if (!parsed.success) throw new AppError('invalid-input', 'a planogram that is malformed', { stage: 'store' });
      await transact(database, ['shelfPlanograms'], 'readwrite', (transaction) =>
        transaction.objectStore('shelfPlanograms').put(parsed.data),
      );
    },
    remove: (id) =>
      transact(database, ['shelfPlanograms'], 'readwrite', (transaction) => transaction.objectStore('shelfPlanograms').delete(id)),
  };
}
