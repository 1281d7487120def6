/** @file What every engine configuration must do; run by ann-index.test.ts against each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnnEngine, AnnIndex, AnnItem, AnnSpec } from '../../../server/vectors/ann-index.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { unitVector } from './test-server.ts';

const D = 16;
const SPEC: AnnSpec = {
  name: 'conformance',
  dimensions: D,
  metric: 'cosine',
  fields: { shop: 'keyword', shelfNo: 'int', price: 'float', isNew: 'bool' },
};
const HOSTILE = ["o'clock", "'; DROP TABLE x; --", '100% \\ "quoted"', '改行\nあり', '', '`', "''", 'x\u0000y'];

const vectorOf = (seed: number) => Float32Array.from(unitVector(D, seed));
const item = (id: string, seed: number, metadata: AnnItem['metadata'] = {}): AnnItem => ({
  id,
  productId: `p-${id}`,
  metadata,
  vector: vectorOf(seed),
});

/** @param openEngine opens the same empty place every time it is called. */
export function conformance(name: string, openEngine: () => Promise<AnnEngine>): void {
  describe(`an index ${name}`, () => {
    let engine: AnnEngine;
    let index: AnnIndex;
    beforeAll(async () => {
      engine = await openEngine();
      index = await engine.open(SPEC);
    });
    afterAll(async () => {
      await index.close();
      await engine.close();
    });
    const found = async (seed: number) => (await index.search(vectorOf(seed), 1))[0];

    it('finds what was just written, with its metadata', async () => {
      const metadata = { shop: 'north', shelfNo: 7, price: 1.5, isNew: true, free: 'text', size: 3 };
      await index.upsert([item('a', 1, metadata), item('b', 2), { ...item('c', 3), vector: vectorOf(3).map((value) => value * 40) }]);
      expect(await found(1)).toEqual({ id: 'a', productId: 'p-a', metadata, score: expect.closeTo(1, 5) as number });
      expect(await found(2)).toMatchObject({ id: 'b', metadata: {} });
      expect((await found(3))?.score).toBeCloseTo(1, 5);
      expect(await index.count()).toBe(3);
      expect((await index.get(['a', 'none']))[0]).toMatchObject({ id: 'a', productId: 'p-a', metadata });
      expect((await index.get(['a']))[0]?.vector).toEqual(vectorOf(1));
    });

    it('replaces by id, whole', async () => {
      await index.upsert([item('a', 4, { shop: 'south' })]);
      expect(await found(4)).toMatchObject({ id: 'a', metadata: { shop: 'south' } });
      expect((await index.search(vectorOf(1), 3)).every(({ score }) => score < 0.99)).toBe(true);
      expect(await index.count()).toBe(3);
    });

    it('deletes, and nothing comes back', async () => {
      expect(await index.delete(['b', 'never', "it's"])).toBe(1);
      expect(await index.get(['b'])).toEqual([]);
      expect((await index.search(vectorOf(2), 10)).map(({ id }) => id)).not.toContain('b');
      expect(await index.count()).toBe(2);
    });

    it('takes bulk rows: new ones, known ones, and both in one commit, each once', async () => {
      const before = await index.count();
      const bulk = (first: number, seed: number) =>
        itemTable(
          SPEC,
          Array.from({ length: 6_000 }, (_, n) => item(`bulk-${first + n}`, seed + n)),
        );
      await index.ingest([bulk(0, 10_000)]);
      await index.ingest([bulk(6_000, 20_000), bulk(3_000, 30_000)]);
      await index.upsert([item('bulk-1', 7), item('bulk-new', 8)]);
      await index.ingest([bulk(6_001, 40_000)]);
      expect(await index.count()).toBe(before + 12_002);
      expect((await index.get(['bulk-4000']))[0]?.vector).toEqual(vectorOf(31_000));
      expect((await index.get(['bulk-6001']))[0]?.vector).toEqual(vectorOf(40_000));
      expect(await found(7)).toMatchObject({ id: 'bulk-1' });
      await index.delete(Array.from({ length: 12_001 }, (_, n) => `bulk-${n}`));
      expect(await index.delete(['bulk-new', 'bulk-12000'])).toBe(1);
      expect(await index.count()).toBe(before);
    });

    it('filters by equality, set and range, and keeps every text a text', async () => {
      const rows = Array.from({ length: 200 }, (_, n) =>
        item(`f${n}`, 100 + n, { shop: HOSTILE[n % HOSTILE.length]!, shelfNo: n - 100, price: n / 8, isNew: n % 3 === 0 }),
      );
      await index.upsert(rows);
      const ids = async (filter: Parameters<AnnIndex['count']>[0]) =>
        new Set((await index.search(vectorOf(9), 200, { filter })).map(({ id }) => id));
      const wanted = (test: (metadata: AnnItem['metadata']) => boolean) =>
        new Set(rows.filter(({ metadata }) => test(metadata)).map(({ id }) => id));
      for (const shop of HOSTILE) expect(await ids({ eq: { shop } })).toEqual(wanted((row) => row['shop'] === shop));
      expect(await ids({ in: { shop: HOSTILE.slice(0, 3) }, eq: { isNew: true } })).toEqual(
        wanted((row) => HOSTILE.slice(0, 3).includes(String(row['shop'])) && row['isNew'] === true),
      );
      expect(await ids({ range: { shelfNo: { gte: -5.5, lt: 5.5 } } })).toEqual(
        wanted((row) => Number(row['shelfNo']) >= -5 && Number(row['shelfNo']) <= 5),
      );
      expect(await ids({ range: { price: { gt: 3, lte: 4.125 } } })).toEqual(
        wanted((row) => Number(row['price']) > 3 && Number(row['price']) <= 4.125),
      );
      expect(await index.count({ eq: { isNew: false } })).toBe(wanted((row) => row['isNew'] === false).size);
      // An item without the field matches nothing.
      expect(await ids({ eq: { shelfNo: 7 } })).toEqual(wanted((row) => row['shelfNo'] === 7));
    });

    it.each([
      ['a field that is not declared', { eq: { other: 1 } }],
      ['a prototype name', { eq: { constructor: 1 } }],
      ['a text as a number', { eq: { shelfNo: '1 OR 1=1' } }],
      ['half a whole number', { eq: { shelfNo: 1.5 } }],
      ['a range of text', { range: { shop: { gte: 1 } } }],
      ['an infinite bound', { range: { price: { lt: Infinity } } }],
    ] as const)('refuses to filter by %s', async (_name, filter) => {
      await expect(index.search(vectorOf(1), 1, { filter: filter })).rejects.toMatchObject({ code: 'invalid-input' });
    });

    it('refuses a field of another type and keeps nothing of that batch', async () => {
      await expect(index.upsert([item('x', 50), item('y', 51, { shelfNo: 'seven' })])).rejects.toMatchObject({ code: 'invalid-input' });
      expect(await index.get(['x', 'y'])).toEqual([]);
    });

    it('takes a bulk twice with the same result', async () => {
      const tables = [0, 1].map((part) =>
        itemTable(
          SPEC,
          Array.from({ length: 300 }, (_, n) => item(`bulk${part * 300 + n}`, 5000 + part * 300 + n, { shelfNo: n })),
        ),
      );
      const before = await index.count();
      await index.ingest(tables);
      await index.ingest(tables);
      expect(await index.count()).toBe(before + 600);
      expect(await found(5599)).toMatchObject({ id: 'bulk599', metadata: { shelfNo: 299 } });
    });

    it('exports everything once', async () => {
      const seen = new Map<string, AnnItem>();
      let rows = 0;
      for await (const items of index.scan())
        for (const one of items) {
          rows += 1;
          seen.set(one.id, one);
        }
      expect(rows).toBe(await index.count());
      expect(seen.size).toBe(rows);
      expect(seen.get('f5')).toMatchObject({ productId: 'p-f5', metadata: { shelfNo: -95, shop: HOSTILE[5] } });
      expect(seen.get('f5')?.vector).toEqual(vectorOf(105));
    });

    it('stays right through maintenance, with writes in between', async () => {
      const maintained = index.maintain();
      await index.upsert([item('during', 60)]);
      await maintained.catch(() => index.maintain());
      await index.upsert([item('after', 61)]);
      expect((await index.maintain()).selfFound01).toBe(1);
      expect(await found(60)).toMatchObject({ id: 'during' });
      expect(await found(61)).toMatchObject({ id: 'after' });
      expect(await found(5000)).toMatchObject({ id: 'bulk0' });
    });

    it('is the same after it was closed and opened again', async () => {
      const count = await index.count();
      await index.sync();
      await index.close();
      await engine.close();
      engine = await openEngine();
      index = await engine.open(SPEC);
      expect(await index.count()).toBe(count);
      expect(await found(4)).toMatchObject({ id: 'a', metadata: { shop: 'south' } });
      await expect(engine.open({ ...SPEC, dimensions: D + 1 })).rejects.toMatchObject({ code: 'invalid-input' });
      await expect(engine.open({ ...SPEC, fields: {} })).rejects.toMatchObject({ code: 'invalid-input' });
    });
  });
}
