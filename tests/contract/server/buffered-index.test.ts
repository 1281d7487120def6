/** @file Fresh rows in front of the real engine: seen at once, committed together, kept when the engine fails. */
import { afterAll, describe, expect, it } from 'vitest';
import type { AnnEngine, AnnIndex, AnnItem, AnnSpec } from '../../../server/vectors/ann-index.ts';
import { buffered } from '../../../server/vectors/buffered-index.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { filterTest } from '../../../server/vectors/scalar-filter.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const D = 16;
const SPEC: AnnSpec = { name: 'fresh', dimensions: D, metric: 'cosine', fields: { shop: 'keyword', shelfNo: 'int' } };
const vectorOf = (seed: number) => Float32Array.from(unitVector(D, seed));
const item = (id: string, seed: number, metadata: AnnItem['metadata'] = {}): AnnItem => ({
  ...{ id, productId: `p-${id}`, metadata, vector: vectorOf(seed) },
});

afterAll(removeFolders);

/** The engine, with what `fail` throws before each of its upserts. */
async function openFresh(fail: () => void = () => {}): Promise<{ index: AnnIndex; engine: AnnEngine }> {
  const real = await openLanceEngine(engineLocation(temporaryFolder()));
  const failing: AnnEngine = {
    ...real,
    open: async (spec) => {
      const index = await real.open(spec);
      const upsert = index.upsert.bind(index);
      index.upsert = async (items) => {
        fail();
        await upsert(items);
      };
      return index;
    },
  };
  const engine = buffered(failing);
  return { engine, index: await engine.open(SPEC) };
}

describe('fresh rows', () => {
  it('are found, filtered and read before any commit, and reach the engine in one', async () => {
    const { index } = await openFresh();
    for (let n = 0; n < 20; n++) await index.upsert([item(`i${n}`, n, { shop: n % 2 === 0 ? 'north' : 'south', shelfNo: n })]);
    expect(index.commits).toBe(0);
    expect((await index.search(vectorOf(7), 1))[0]).toMatchObject({ id: 'i7', metadata: { shop: 'south', shelfNo: 7 } });
    const north = await index.search(vectorOf(7), 20, { filter: { eq: { shop: 'north' } } });
    expect(north.map(({ id }) => Number(id.slice(1)) % 2)).toEqual(Array.from({ length: 10 }, () => 0));
    expect((await index.get(['i3']))[0]?.vector).toEqual(vectorOf(3));
    expect(await index.count()).toBe(20);
    expect(index.commits).toBe(1);
  });

  it('take the place of stored ones everywhere, however many are replaced', async () => {
    const { index } = await openFresh();
    await index.upsert(Array.from({ length: 30 }, (_, n) => item(`i${n}`, n, { shop: 'north' })));
    await index.sync();
    const target = vectorOf(0);
    // The 12 nearest move away and change shops; what remains must fill the answer.
    const nearest = (await index.search(target, 12)).map(({ id }) => id);
    await index.upsert(nearest.map((id, n) => ({ ...item(id, 500 + n, { shop: 'south' }), vector: target.map((value) => -value) })));
    const after = await index.search(target, 12);
    expect(after).toHaveLength(12);
    expect(after.filter(({ id }) => nearest.includes(id))).toEqual([]);
    expect((await index.search(target, 30, { filter: { eq: { shop: 'north' } } })).map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 30 }, (_, n) => `i${n}`)
        .filter((id) => !nearest.includes(id))
        .sort(),
    );
    expect(await index.delete([nearest[0]!])).toBe(1);
    expect(await index.get([nearest[0]!])).toEqual([]);
  });

  it('answer as the engine alone does, whatever is written in whatever order', async () => {
    const { index } = await openFresh();
    const plain = await (await openLanceEngine(engineLocation(temporaryFolder()))).open(SPEC);
    let state = 4711;
    const random = (below: number) => (state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647) % below;
    for (let turn = 0; turn < 60; turn++) {
      const items = [...new Set(Array.from({ length: 4 }, () => random(40)))].map((n) =>
        item(`i${n}`, random(1000), { shop: ['north', 'south'][random(2)]!, ...(random(3) === 0 ? {} : { shelfNo: random(9) }) }),
      );
      const action = random(6);
      for (const one of [index, plain])
        if (action === 0) await one.delete([`i${turn % 40}`]);
        else await one.upsert(items);
      if (action === 1) await index.sync();
      const filter = [undefined, { eq: { shop: 'north' } }, { range: { shelfNo: { gte: 2, lt: 6 } } }][random(3)];
      const [ours, theirs] = [await index.search(vectorOf(turn), 8, { filter }), await plain.search(vectorOf(turn), 8, { filter })];
      expect(ours.map(({ id, productId, metadata }) => ({ id, productId, metadata }))).toEqual(
        theirs.map(({ id, productId, metadata }) => ({ id, productId, metadata })),
      );
      for (const [n, { score }] of ours.entries()) expect(score).toBeCloseTo(theirs[n]!.score, 5);
    }
  });

  it('never cost an item its keypoints', async () => {
    const { index } = await openFresh();
    const keypoints = Uint8Array.from([1, 2, 3]);
    await index.upsert([{ ...item('a', 1), keypoints }, item('b', 2)]);
    expect(await index.keypoints(['a', 'b'])).toEqual(new Map([['a', keypoints]]));
  });

  it('stay and are found when the engine fails, `sync` says so, and a later one brings them in', async () => {
    let isBroken = true;
    const { index, engine } = await openFresh(() => {
      if (isBroken) throw new Error('no space left');
    });
    await index.upsert([item('a', 1), item('b', 2)]);
    await expect(index.sync()).rejects.toThrow('no space left');
    await index.upsert([item('b', 3)]);
    expect((await index.search(vectorOf(1), 1))[0]?.id).toBe('a');
    expect((await index.search(vectorOf(3), 1))[0]?.id).toBe('b');
    isBroken = false;
    await index.sync();
    expect(await index.count()).toBe(2);
    expect((await index.get(['b']))[0]?.vector).toEqual(vectorOf(3));
    await index.close();
    await engine.close();
  });
});

describe('a filter decided in memory', () => {
  it.each([
    [{ eq: { a: 1 } }, { a: 1 }, true],
    [{ eq: { a: 1 } }, {}, false],
    [{ eq: { a: '1' } }, { a: 1 }, false],
    [{ in: { a: ['x', 'y'] } }, { a: 'y' }, true],
    [{ in: { a: ['x'] } }, { a: 'y' }, false],
    [{ range: { a: { gte: 1, lt: 2 } } }, { a: 1 }, true],
    [{ range: { a: { gte: 1, lt: 2 } } }, { a: 2 }, false],
    [{ range: { a: { gt: 1 } } }, { a: 1 }, false],
    [{ range: { a: { lte: 1 } } }, { a: 1 }, true],
    [{ range: { a: {} } }, {}, false],
    [{ eq: { toString: 1 } }, {}, false],
  ])('%j of %j is %s', (filter, metadata, expected) => {
    expect(filterTest(filter)(metadata)).toBe(expected);
  });
});
