/** @file A collection that is too large to be searched exactly: the trained index against exact search over the same rows. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnnEngine, AnnIndex, AnnMatch } from '../../../server/vectors/ann-index.ts';
import { buffered } from '../../../server/vectors/buffered-index.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { EXACT_ROWS } from '../../../server/vectors/index-plan.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { ClusteredVectors } from '../../bench/index/clustered-vectors.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

const D = 32;
const ROWS = EXACT_ROWS + 1_000;
const QUERIES = 40;
const SPEC = { name: 'large', dimensions: D, metric: 'cosine', fields: { bucket: 'int', isOdd: 'bool' } } as const;

/** Of files below a folder. */
function bytesOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.reduce((sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0), 0);
}

const ids = (matches: readonly AnnMatch[]) => matches.map(({ id }) => id);

afterAll(removeFolders);

describe.each([
  ['the engine alone', (engine: AnnEngine) => engine],
  ['the engine behind fresh rows', buffered],
])('a large collection in %s', (_name, wrap) => {
  let folder: string;
  let engine: AnnEngine;
  let index: AnnIndex;
  let vectors: Float32Array;
  let queries: Float32Array[];
  const vectorAt = (row: number) => vectors.subarray(row * D, (row + 1) * D);

  beforeAll(async () => {
    const set = new ClusteredVectors(D, ROWS);
    vectors = set.block(0, ROWS);
    const near = set.queriesNear(vectors.slice(0, QUERIES * D));
    queries = Array.from({ length: QUERIES }, (_, n) => near.subarray(n * D, (n + 1) * D));
    folder = temporaryFolder();
    engine = wrap(await openLanceEngine(engineLocation(folder)));
    index = await engine.open(SPEC);
    for (let first = 0; first < ROWS; first += 50_500) {
      const items = Array.from({ length: Math.min(50_500, ROWS - first) }, (_, n) => {
        const row = first + n;
        return { id: `r${row}`, productId: 'p', metadata: { bucket: row % 200, isOdd: row % 2 === 1 }, vector: vectorAt(row) };
      });
      await index.ingest([itemTable(SPEC, items)]);
    }
  }, 300_000);
  afterAll(async () => {
    await index.close();
    await engine.close();
  });

  async function agreement(filter?: Parameters<AnnIndex['count']>[0], k = 10) {
    let [top1, found, wanted] = [0, 0, 0];
    for (const query of queries) {
      const given = ids(await index.search(query, k, { filter }));
      const exact = ids(await index.search(query, k, { filter, effort: 'exact' }));
      if (given[0] === exact[0]) top1 += 1;
      found += exact.filter((id) => given.includes(id)).length;
      wanted += exact.length;
    }
    return { top1: top1 / QUERIES, recall10: found / wanted };
  }

  it('is exact until it is trained, then nearly so; searches and writes go on meanwhile', { timeout: 300_000 }, async () => {
    expect(await index.state()).toMatchObject({ count: ROWS, trainedOn: null });
    expect(await agreement()).toEqual({ top1: 1, recall10: 1 });
    const maintaining = index.maintain();
    let searches = 0;
    let isDone = false;
    const searching = (async () => {
      while (!isDone) {
        expect(ids(await index.search(queries[searches % QUERIES]!, 1))).toHaveLength(1);
        searches += 1;
      }
    })();
    const report = await maintaining.finally(() => (isDone = true));
    await searching;
    expect(searches).toBeGreaterThan(0);
    expect(report.isTrained).toBe(true);
    expect(report.selfFound01).toBeGreaterThan(0.95);
    expect(await index.state()).toMatchObject({ count: ROWS, indexed: ROWS, trainedOn: ROWS });
    const { top1, recall10 } = await agreement();
    expect(top1).toBeGreaterThanOrEqual(0.95);
    expect(recall10).toBeGreaterThan(0.85);
    // The test is worth something only when the index was asked at all.
    expect(recall10).toBeLessThanOrEqual(1);
    expect((await index.maintain()).isTrained).toBe(false);
  });

  it('scores by the full vectors', async () => {
    const [best] = await index.search(queries[0]!, 1);
    const row = Number(best!.id.slice(1));
    const cosine = vectorAt(row).reduce((sum, value, d) => sum + value * queries[0]![d]!, 0);
    expect(best!.score).toBeCloseTo(cosine, 4);
  });

  it('finds what was written after the training, and not what was replaced or deleted', async () => {
    const fresh = Float32Array.from(queries[0]!, (value) => -value);
    await index.upsert([{ id: 'fresh', productId: 'p', metadata: {}, vector: fresh }]);
    expect(ids(await index.search(fresh, 1))).toEqual(['fresh']);
    await index.upsert([{ id: 'r5', productId: 'p', metadata: {}, vector: fresh.map((value, d) => value + (d === 0 ? 0.3 : 0)) }]);
    expect(ids(await index.search(vectorAt(5), 5))).not.toContain('r5');
    expect(await index.delete(['r6'])).toBe(1);
    expect(ids(await index.search(vectorAt(6), 5))).not.toContain('r6');
    expect((await index.state()).indexed).toBeLessThan((await index.state()).count);
    expect((await index.maintain()).selfFound01).toBeGreaterThan(0.95);
    expect(ids(await index.search(fresh, 1))).toEqual(['fresh']);
    expect(ids(await index.search(vectorAt(6), 5))).not.toContain('r6');
  });

  it('finds what is committed before, during and after a maintenance, and nothing that is gone', { timeout: 120_000 }, async () => {
    const far = (n: number) => Float32Array.from({ length: D }, (_, d) => (d === n % D ? -1 : 0.01 * ((n * 7 + d) % 5)));
    const put = async (n: number) => {
      await index.upsert([{ id: `late${n}`, productId: 'p', metadata: { bucket: 300 + n }, vector: far(n) }]);
      await index.sync();
    };
    for (let n = 0; n < 4; n++) await put(n);
    const maintaining = index.maintain();
    for (let n = 4; n < 8; n++) await put(n);
    await maintaining;
    for (let n = 8; n < 12; n++) await put(n);
    for (let n = 0; n < 12; n++) {
      expect(ids(await index.search(far(n), 1))).toEqual([`late${n}`]);
      expect(ids(await index.search(far(n), 1, { filter: { eq: { bucket: 300 + n } } }))).toEqual([`late${n}`]);
    }
    expect(await index.delete(['late1', 'late5', 'late9'])).toBe(3);
    for (const n of [1, 5, 9]) expect(ids(await index.search(far(n), 3))).not.toContain(`late${n}`);
    await index.maintain();
    for (const n of [0, 4, 8, 11]) expect(ids(await index.search(far(n), 1))).toEqual([`late${n}`]);
    for (const n of [1, 5, 9]) expect(ids(await index.search(far(n), 3))).not.toContain(`late${n}`);
  });

  it('keeps one vector index on the disk, not those that it replaced', async () => {
    await index.maintain();
    const before = bytesOf(folder);
    const found = ids(await index.search(queries[0]!, 10));
    expect(await index.removeReplacedIndexes()).toBeGreaterThan(0);
    expect(bytesOf(folder)).toBeLessThan(before);
    expect(await index.removeReplacedIndexes()).toBe(0);
    expect(ids(await index.search(queries[0]!, 10))).toEqual(found);
    expect((await index.maintain()).selfFound01).toBeGreaterThan(0.95);
  });

  it('is exact under a narrow filter and nearly so under a wide one', async () => {
    expect(await agreement({ eq: { bucket: 7 } })).toEqual({ top1: 1, recall10: 1 });
    const middling = await agreement({ in: { bucket: Array.from({ length: 10 }, (_, n) => n) } });
    expect(middling.top1).toBeGreaterThanOrEqual(0.9);
    expect(middling.recall10).toBeGreaterThan(0.85);
    // So many that the matching rows are listed, not read.
    const listed = await agreement({ in: { bucket: Array.from({ length: 10 }, (_, n) => n) } }, 30);
    expect(listed.top1).toBeGreaterThanOrEqual(0.9);
    expect(listed.recall10).toBeGreaterThan(0.85);
    const wide = await agreement({ eq: { isOdd: true } });
    expect(wide.top1).toBeGreaterThanOrEqual(0.9);
    expect(wide.recall10).toBeGreaterThan(0.85);
  });

  it('is trained still when it is opened again', async () => {
    await index.close();
    index = await engine.open(SPEC);
    expect((await index.state()).trainedOn).toBe(ROWS);
    expect((await agreement()).top1).toBeGreaterThanOrEqual(0.95);
  });
});
