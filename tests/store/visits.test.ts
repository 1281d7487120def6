import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { KeptPlanogram, Visit } from '../../src/contracts/visit.ts';
import { createPlanogramStore } from '../../src/store/planograms.ts';
import { createShopStore } from '../../src/store/shops.ts';
import { createVisitStore } from '../../src/store/visits.ts';
import { freshDatabase } from './fixtures.ts';
import { bay, shop, visit } from './shelf-fixtures.ts';

function stand() {
  const database = freshDatabase();
  return { shops: createShopStore(database), visits: createVisitStore(database), planograms: createPlanogramStore(database) };
}

function planogram(id: string, bayId: string | null, updatedAtMs: number): KeptPlanogram {
  return { id, shopId: 's1', bayId, updatedAtMs, planogram: { id, name: id, rows: [], source: 'csv', updatedAtMs } };
}

describe('visits', () => {
  it('are listed newest first: by when they began, else by the day that they are wanted on', async () => {
    const { visits } = stand();
    await visits.put(visit('old', { startedAtMs: 10 }));
    await visits.put(visit('planned', { status: 'assigned', startedAtMs: null, plannedForMs: 30, updatedAtMs: 5 }));
    await visits.put(visit('new', { startedAtMs: 20, shopId: 's2' }));
    const ids = async (...query: Parameters<typeof visits.list>): Promise<string[]> => (await visits.list(...query)).map(({ id }) => id);
    expect(await ids()).toEqual(['planned', 'new', 'old']);
    expect(await ids({ shopId: 's1' })).toEqual(['planned', 'old']);
    expect(await ids({ status: 'assigned' })).toEqual(['planned']);
    expect(await ids({ shopId: 's1', status: 'open' })).toEqual(['old']);
    expect(await ids({ limit: 1 })).toEqual(['planned']);
  });

  it('wait to be sent, oldest first, until they were', async () => {
    const { visits } = stand();
    await visits.put(visit('b', { startedAtMs: 20, sending: 'waiting' }));
    await visits.put(visit('a', { startedAtMs: 10, sending: 'waiting' }));
    await visits.put(visit('c'));
    expect((await visits.unsent()).map(({ id }) => id)).toEqual(['a', 'b']);
    await visits.change('a', { sending: 'sent', sentAtMs: 99 });
    expect((await visits.unsent()).map(({ id }) => id)).toEqual(['b']);
    await expect(visits.change('gone', { who: 'x' })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('are refused when malformed', async () => {
    const { visits } = stand();
    await expect(visits.put({ ...visit('x'), status: 'lost' } as unknown as Visit)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

describe('shops', () => {
  it('have bays in walking order and names in reading order', async () => {
    const { shops } = stand();
    await shops.put(shop('s1', { name: 'Store 10' }));
    await shops.put(shop('s2', { name: 'Store 9' }));
    expect((await shops.list()).map(({ name }) => name)).toEqual(['Store 9', 'Store 10']);
    await shops.putBays([bay('x', { order: 2 }), bay('y', { order: 1 }), bay('z', { shopId: 's2' })]);
    expect((await shops.bays('s1')).map(({ id }) => id)).toEqual(['y', 'x']);
    await expect(shops.put(shop('s3', { name: '  ' }))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('go with bays, visits, planograms and their place in routes', async () => {
    const { shops, visits, planograms } = stand();
    await shops.put(shop('s1'));
    await shops.put(shop('s2'));
    await shops.putBays([bay('x')]);
    await shops.putRoute({ id: 'r', name: 'Monday', shopIds: ['s2', 's1'], updatedAtMs: 1 });
    await visits.put(visit('v1'));
    await visits.put(visit('v2', { shopId: 's2' }));
    await planograms.put(planogram('p', null, 1));
    await shops.remove('s1');
    expect((await shops.list()).map(({ id }) => id)).toEqual(['s2']);
    expect(await shops.bays('s1')).toEqual([]);
    expect((await shops.routes())[0]!.shopIds).toEqual(['s2']);
    expect((await visits.list()).map(({ id }) => id)).toEqual(['v2']);
    expect(await planograms.ofShop('s1')).toEqual([]);
  });
});

describe('planograms', () => {
  it('of the bay itself stand before those of the whole shop, the newest first', async () => {
    const { planograms } = stand();
    await planograms.put(planogram('shop', null, 9));
    expect((await planograms.forBay('s1', 'b1'))?.id).toBe('shop');
    await planograms.put(planogram('old', 'b1', 1));
    await planograms.put(planogram('new', 'b1', 2));
    await planograms.put(planogram('other', 'b2', 5));
    expect((await planograms.forBay('s1', 'b1'))?.id).toBe('new');
    expect(await planograms.forBay('s2', 'b1')).toBeNull();
    await planograms.remove('new');
    expect((await planograms.forBay('s1', 'b1'))?.id).toBe('old');
  });
});
