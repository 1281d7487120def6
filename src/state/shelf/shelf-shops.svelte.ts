/** @file Shops, bays and routes of this device, for every screen that names them. Thread: page. */
import type { Bay, Route, Shop, Visit } from '../../contracts/visit.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';
import { newVisit } from './shelf-visits.svelte.ts';

/** What is typed in of a shop. */
export type EnteredShop = Pick<Shop, 'name' | 'address' | 'note'>;

/** Who is to go where, and when. */
export interface Assignment {
  readonly shopIds: readonly string[];
  readonly routeId: string | null;
  readonly who: string;
  readonly plannedForMs: number | null;
}

class ShelfShops {
  readonly #all = new Loaded<{ readonly shops: readonly Shop[]; readonly routes: readonly Route[] }>(async () => {
    const { shops } = device();
    return { shops: await shops.list(), routes: await shops.routes() };
  });

  /** By name; null until they came for the first time. */
  get shops(): readonly Shop[] | null {
    return this.#all.value?.shops ?? null;
  }

  get routes(): readonly Route[] | null {
    return this.#all.value?.routes ?? null;
  }

  get error() {
    return this.#all.error;
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** Null: not known (any more). */
  shop(id: string): Shop | null {
    return this.shops?.find((each) => each.id === id) ?? null;
  }

  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  async add(entered: EnteredShop): Promise<Shop> {
    const shop: Shop = { id: crypto.randomUUID(), ...entered, updatedAtMs: Date.now() };
    await device().shops.put(shop);
    await this.load();
    return shop;
  }

  async change(shop: Shop, entered: EnteredShop): Promise<void> {
    await device().shops.put({ ...shop, ...entered, updatedAtMs: Date.now() });
    await this.load();
  }

  /** With its bays, planograms and visits. */
  async remove(id: string): Promise<void> {
    await device().shops.remove(id);
    await this.load();
  }

  /** In walking order. */
  bays(shopId: string): Promise<readonly Bay[]> {
    return device().shops.bays(shopId);
  }

  /** Bays at the end of the walk, in the order of their names given. */
  async addBays(shopId: string, names: readonly string[]): Promise<readonly Bay[]> {
    const before = await device().shops.bays(shopId);
    const from = (before.at(-1)?.order ?? -1) + 1;
    const added = names.map((name, index): Bay => ({
      ...{ id: crypto.randomUUID(), shopId, name, order: from + index, heights: null, updatedAtMs: Date.now() },
    }));
    await device().shops.putBays(added);
    return added;
  }

  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  async changeBay(bay: Bay, change: Partial<Pick<Bay, 'name' | 'heights'>>): Promise<Bay> {
    const changed = { ...bay, ...change, updatedAtMs: Date.now() };
    await device().shops.putBays([changed]);
    return changed;
  }

  /** Another walk through the shop. @param bays all of it, in the new order. */
  async orderBays(bays: readonly Bay[]): Promise<void> {
    await device().shops.putBays(bays.map((bay, order) => ({ ...bay, order, updatedAtMs: Date.now() })));
  }

  /** What was read of it in visits stays. */
  async removeBay(id: string): Promise<void> {
    await device().shops.removeBay(id);
  }

  /** @param id of a route that is there, or null for a new one. */
  async putRoute(id: string | null, name: string, shopIds: readonly string[]): Promise<Route> {
    const route: Route = { id: id ?? crypto.randomUUID(), name, shopIds: [...shopIds], updatedAtMs: Date.now() };
    await device().shops.putRoute(route);
    await this.load();
    return route;
  }

  async removeRoute(id: string): Promise<void> {
    await device().shops.removeRoute(id);
    await this.load();
  }

  /** A visit of each shop that somebody is to make. */
  async assign({ shopIds, routeId, who, plannedForMs }: Assignment): Promise<readonly Visit[]> {
    const visits = shopIds.map((shopId) => newVisit({ shopId, routeId, who, plannedForMs, status: 'assigned' }));
    for (const visit of visits) await device().visits.put(visit);
    return visits;
  }
}

/** The shops of this device. */
export const shelfShops = new ShelfShops();
