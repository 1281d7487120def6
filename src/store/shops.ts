/** @file Shops, their bays, and routes through them. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { baySchema, routeSchema, shopSchema, type Bay, type Route, type Shop } from '../contracts/visit.ts';
import { transact, type Database } from './db.ts';
import { removeVisits, VISIT_STORES } from './visits.ts';

export interface ShopStore {
  /** By name. */
  list(): Promise<Shop[]>;
  get(id: string): Promise<Shop | null>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  put(shop: Shop): Promise<void>;
  /** With its bays, planograms and visits; routes lose it. */
  remove(id: string): Promise<void>;
  /** In walking order. */
  bays(shopId: string): Promise<Bay[]>;
  bay(id: string): Promise<Bay | null>;
  /** All or none. @throws AppError('invalid-input' | 'quota-exceeded') */
  putBays(bays: readonly Bay[]): Promise<void>;
  /** What was read of it in visits stays. */
  removeBay(id: string): Promise<void>;
  /** By name. */
  routes(): Promise<Route[]>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  putRoute(route: Route): Promise<void>;
  removeRoute(id: string): Promise<void>;
}

/** Shops over the device's database. */
export function createShopStore(database: Database): ShopStore {
  return {
    list: () =>
      transact(database, ['shelfShops'], 'readonly', async (transaction) =>
        (await transaction.objectStore('shelfShops').getAll()).sort(byName),
      ),
    get: (id) =>
      transact(database, ['shelfShops'], 'readonly', async (transaction) => (await transaction.objectStore('shelfShops').get(id)) ?? null),
    async put(shop) {
      const checked = valid(shopSchema.safeParse(shop), 'shop');
      await transact(database, ['shelfShops'], 'readwrite', (transaction) => transaction.objectStore('shelfShops').put(checked));
    },
    remove: (id) =>
      transact(
        database,
        ['shelfShops', 'shelfBays', 'shelfRoutes', 'shelfPlanograms', ...VISIT_STORES],
        'readwrite',
        async (transaction) => {
          await transaction.objectStore('shelfShops').delete(id);
          const ofShop = IDBKeyRange.bound([id], [id, []]);
          for (const key of await transaction.objectStore('shelfBays').index('byShop').getAllKeys(ofShop))
            await transaction.objectStore('shelfBays').delete(key);
          for (const key of await transaction.objectStore('shelfPlanograms').index('byShop').getAllKeys(id))
            await transaction.objectStore('shelfPlanograms').delete(key);
          for (const route of await transaction.objectStore('shelfRoutes').getAll())
            if (route.shopIds.includes(id))
              await transaction.objectStore('shelfRoutes').put({ ...route, shopIds: route.shopIds.filter((each) => each !== id) });
          await removeVisits(transaction, await transaction.objectStore('shelfVisits').index('byShop').getAllKeys(ofShop));
        },
      ),
    bays: (shopId) =>
      transact(database, ['shelfBays'], 'readonly', (transaction) =>
        transaction
          .objectStore('shelfBays')
          .index('byShop')
          .getAll(IDBKeyRange.bound([shopId], [shopId, []])),
      ),
    bay: (id) =>
      transact(database, ['shelfBays'], 'readonly', async (transaction) => (await transaction.objectStore('shelfBays').get(id)) ?? null),
    async putBays(bays) {
      const checked = bays.map((bay) => valid(baySchema.safeParse(bay), 'bay'));
      await transact(database, ['shelfBays'], 'readwrite', async (transaction) => {
        for (const bay of checked) await transaction.objectStore('shelfBays').put(bay);
      });
    },
    removeBay: (id) => transact(database, ['shelfBays'], 'readwrite', (transaction) => transaction.objectStore('shelfBays').delete(id)),
    routes: () =>
      transact(database, ['shelfRoutes'], 'readonly', async (transaction) =>
        (await transaction.objectStore('shelfRoutes').getAll()).sort(byName),
      ),
    async putRoute(route) {
      const checked = valid(routeSchema.safeParse(route), 'route');
      await transact(database, ['shelfRoutes'], 'readwrite', (transaction) => transaction.objectStore('shelfRoutes').put(checked));
    },
    removeRoute: (id) =>
      transact(database, ['shelfRoutes'], 'readwrite', (transaction) => transaction.objectStore('shelfRoutes').delete(id)),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name, undefined, { numeric: true });
}

/** @throws AppError('invalid-input') */
function valid<Value>(parsed: { readonly success: true; readonly data: Value } | { readonly success: false }, noun: string): Value {
  if (!parsed.success) throw new AppError('invalid-input', `a ${noun} that is malformed`, { stage: 'store' });
  return parsed.data;
}
