import { describe, expect, it } from 'vitest';
import type { PlanogramRow } from '../../../src/contracts/shelf.ts';
import { bayReportSchema, type ReportFix } from '../../../src/contracts/visit-report.ts';
import { bayReport, productFacts, type BayReportSource } from '../../../src/core/shelf/bay-report.ts';
import { comparePlanogram } from '../../../src/core/shelf/planogram/compare-planogram.ts';
import { layoutShelf } from '../../../src/core/shelf/layout-shelf.ts';
import { product } from '../../store/fixtures.ts';
import { facing, shelfReading } from '../../store/shelf-fixtures.ts';

function row(sku: string, shelf: number, position: number, facingsWide: number): PlanogramRow {
  return {
    ...{ store: null, bay: null, shelf, position, sku, name: `Name ${sku}`, facingsWide, facingsHigh: 1, xCm: null, yCm: null },
    ...{ widthCm: null, heightCm: null, brand: 'Planned', category: null, price: 99, isOwnLabel: null },
  };
}

const reading = shelfReading();
const facts = productFacts(
  new Map([['a', product('a', { brand: 'Acme', listPrice: 188 })]]),
  [row('a', 0, 0, 2), row('b', 0, 2, 1)],
  ({ name }) => name.en!,
);

function report(more: Partial<BayReportSource> = {}) {
  return bayReport({
    ...{ visitId: 'v', shopId: 's', bayId: 'b', bayName: 'Bay', atMs: 5, photos: 1, readings: [reading], factsOf: facts },
    ...{ compliance: null, complianceAfter: null, fixes: [], stopwatch: null, nowMs: 77 },
    ...more,
  });
}

it('counts what stands there and names it, the catalogue before the planogram', () => {
  const made = report();
  expect(bayReportSchema.safeParse(JSON.parse(JSON.stringify(made))).error).toBeUndefined();
  expect(made).toMatchObject({ facings: 4, products: 2, unknown: 1, notSure: 0, gaps: 1, rows: 2 });
  expect(made.blocks[0]).toMatchObject({
    sku: 'a',
    name: 'Product a',
    brand: 'Acme',
    facings: 2,
    price: 198,
    listPrice: 188,
    eyeLevel: 'eye',
  });
  expect(made.blocks[1]).toMatchObject({ sku: 'b', name: 'Name b', brand: 'Planned', price: null, listPrice: 99 });
  expect(made.blocks[2]).toMatchObject({ sku: null, name: '', certainty: 'not-sure' });
  const brands = made.shares.filter(({ by }) => by === 'brand');
  expect(brands.map(({ key, facings }) => [key, facings])).toEqual([
    ['Acme', 2],
    ['Planned', 1],
    ['', 1],
  ]);
  for (const by of ['product', 'brand', 'category', 'own-label'] as const) {
    const parts = made.shares.filter((share) => share.by === by);
    expect(parts.reduce((sum, { share01 }) => sum + share01, 0)).toBeCloseTo(1);
    expect(parts.reduce((sum, { linearShare01 }) => sum + linearShare01, 0)).toBeCloseTo(1);
  }
});

it('adds up photos that could not be merged', () => {
  const made = report({ readings: [reading, reading] });
  expect(made).toMatchObject({ facings: 8, products: 2, unknown: 2, gaps: 2, rows: 2 });
  expect(made.shares.find(({ key }) => key === 'Acme')).toMatchObject({ facings: 4, share01: 0.5 });
});

it('counts no place as a gap that may hold an overlooked facing, unless the user says that it is empty', () => {
  const [gap] = reading.layout.gaps;
  const gapsOf = (saidBy: 'spacing' | 'user') => {
    const gaps = [{ ...gap!, confidence01: 0.1, saidBy }];
    return report({ readings: [{ ...reading, layout: { ...reading.layout, gaps } }] });
  };
  expect(gapsOf('spacing')).toMatchObject({ gaps: 0, gapPlaces: [] });
  expect(gapsOf('user').gaps).toBe(1);
});

describe('the fix-it list', () => {
  /** Row of `a a` in a bay that should hold `a a c`; nothing else. */
  const bare = (productIds: readonly string[]) => {
    const facings = productIds.map((id, position) => facing(`f${position}`, 0, position, id));
    return { facings, layout: layoutShelf(facings), tags: [] };
  };
  const planogram = { rows: [row('a', 0, 0, 2), row('c', 0, 2, 1)] };
  const compliance = comparePlanogram([bare(['a', 'a', 'x'])], planogram, { view: 'whole' });

  it('keeps what the user ticked, and lets a second photo tick the rest', () => {
    const first = report({ compliance }).fixes;
    expect(first.length).toBeGreaterThan(1);
    expect(first.every(({ state, saidBy }) => state === 'open' && saidBy === null)).toBe(true);
    const ticked = first.map((fix, index): ReportFix =>
      index === 0 ? { ...fix, state: 'dismissed', saidBy: 'user', changedAtMs: 3 } : fix,
    );
    const again = report({ compliance, fixes: ticked }).fixes;
    expect(again[0]).toMatchObject({ state: 'dismissed', saidBy: 'user', changedAtMs: 3 });
    expect(again[1]).toMatchObject({ state: 'open' });
    const complianceAfter = comparePlanogram([bare(['a', 'a', 'c'])], planogram, { view: 'whole' });
    const after = report({ compliance, complianceAfter, fixes: ticked });
    expect(after.complianceAfter?.score01).toBe(1);
    expect(after.fixes[0]).toMatchObject({ state: 'dismissed', saidBy: 'user' });
    expect(
      after.fixes.slice(1).every(({ state, saidBy, changedAtMs }) => state === 'done' && saidBy === 'photo' && changedAtMs === 77),
    ).toBe(true);
    // A tick by a photo stays when that photo is gone.
    expect(report({ compliance, fixes: after.fixes }).fixes[1]).toMatchObject({ state: 'done', saidBy: 'photo' });
  });

  it('is empty without a planogram', () => {
    expect(report({ fixes: report({ compliance }).fixes })).toMatchObject({ compliance: null, fixes: [] });
  });
});
