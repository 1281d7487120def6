/** @file How many rows a filter matches, nearly, and which: what decides how a filtered search goes through a trained index. */
import { Table, Uint64, makeVector, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { FieldSample } from '../../../server/vectors/field-sample.ts';
import { candidatesFor, codeFilter, codesFor, effortOf, partitionsOf } from '../../../server/vectors/index-plan.ts';
import { ROW_ID, RowIdSet, rowIdsOf } from '../../../server/vectors/row-ids.ts';
import { seededRandom } from './test-server.ts';

describe('row ids', () => {
  it('come out of a table as they are, over several batches and parts of them', () => {
    const all = [0n, 7n, (3n << 32n) + 5n, (2_000_000n << 32n) + 0xffff_ffffn];
    const whole = new Table({ [ROW_ID]: vectorFromArray(all, new Uint64()) });
    expect([...rowIdsOf(whole)]).toEqual(all.map(Number));
    expect([...rowIdsOf(whole.concat(whole.slice(1, 3)))]).toEqual([...all, ...all.slice(1, 3)].map(Number));
    expect(rowIdsOf(new Table({ [ROW_ID]: makeVector(new BigUint64Array(0)) })).length).toBe(0);
  });

  it('are known by a set, in whatever order they came', () => {
    const random = seededRandom(3);
    const ids = Float64Array.from({ length: 5_000 }, () => Math.floor(random() * 20_000) + 2 ** 40);
    const set = new RowIdSet(ids);
    const plain = new Set(ids);
    for (let id = 2 ** 40 - 2; id < 2 ** 40 + 20_002; id++) if (set.has(id) !== plain.has(id)) expect.fail(String(id));
    expect(new RowIdSet(new Float64Array(0)).has(0)).toBe(false);
  });
});

describe('a sample', () => {
  it('tells the share of what matches, and when the table has outgrown it', () => {
    const sample = new FieldSample(
      Array.from({ length: 1_000 }, (_, n) => ({ n, ...(n % 4 === 0 ? { kind: 'a' } : {}) })),
      50_000,
    );
    expect(sample.share01({ eq: { kind: 'a' } })).toBe(0.25);
    expect(sample.share01({ range: { n: { lt: 100 } }, eq: { kind: 'a' } })).toBe(0.025);
    expect(sample.share01({ eq: { kind: 'b' } })).toBe(0);
    expect([sample.isOf(50_000), sample.isOf(60_000), sample.isOf(70_000), sample.isOf(30_000)]).toEqual([true, true, false, false]);
  });
});

describe('the plan of a filtered search', () => {
  const wayAt = (share01: number, rows: number, k = 10) => codeFilter(k, share01 * rows, share01);

  it('reads fields where many rows match, lists rows where few do, and leaves what is rare or too much to the engine', () => {
    expect(wayAt(0.5, 7_000_000)).toBe('by-fields');
    expect(wayAt(0.01, 7_000_000)).toBe('by-row-ids');
    expect(wayAt(0.001, 7_000_000)).toBeNull();
    expect(wayAt(0, 7_000_000)).toBeNull();
    expect(wayAt(0.02, 50_000_000)).toBeNull();
    // A long answer needs more than fields can be read of.
    expect(wayAt(0.5, 1_000_000, 200)).not.toBe('by-fields');
  });

  it('asks for so many codes that enough of them match', () => {
    for (const [k, share01] of [
      [10, 0.5],
      [10, 0.01],
      [200, 0.3],
    ] as const)
      // prettier-ignore
      expect(codesFor(k, share01) * share01).toBeGreaterThanOrEqual(candidatesFor(k));
  });
});

describe('how wide a search looks', () => {
  it('is as many codes at any size, at most all of them, and full vectors as the answer is long', () => {
    const codesAt = (rows: number) => (effortOf(10, rows, 1).probes * rows) / partitionsOf(rows);
    for (const rows of [1_000_000, 3_000_000, 5_000_000]) expect(codesAt(rows) / codesAt(7_000_000)).toBeCloseTo(1, 1);
    expect(effortOf(10, 30_000_000, 1).probes).toBe(effortOf(10, 7_000_000, 1).probes);
    expect(effortOf(10, 20_000, 1).probes).toBe(partitionsOf(20_000));
    expect([1, 10, 200].map((k) => effortOf(k, 1_000_000, 1).refine * k)).toEqual([20, 20, 400]);
  });

  it('is wider the fewer rows match, up to a bound', () => {
    const probes = [1, 0.9, 0.5, 0.1, 0.01, 0.001, 0].map((share01) => effortOf(10, 7_000_000, share01).probes);
    expect(probes).toEqual(probes.toSorted((a, b) => a - b));
    expect(new Set(probes.slice(0, 5)).size).toBe(5);
    expect(probes.at(-1)).toBe(probes.at(-2));
  });
});
