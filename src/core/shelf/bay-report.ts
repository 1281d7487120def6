/** @file A bay of a visit in numbers and names, out of what was read in its photos. Pure; any thread. */
import type { Certainty, Product } from '../../contracts/product.ts';
import type { Compliance, Facing, PlanogramRow, ShelfBlock, ShelfGap, ShelfReading } from '../../contracts/shelf.ts';
import type { BayReport, ReportBlock, ReportFix, ReportGap, ReportShare } from '../../contracts/visit-report.ts';
import type { Stopwatch } from '../../contracts/visit.ts';
import { isDoubtful } from './doubtful-gap.ts';
import { checkFixes, fixList } from './planogram/fix-list.ts';
import { shelfShares } from './shelf-shares.ts';

/** What is known of a product beside its look. */
export interface ProductFacts {
  readonly name: string;
  readonly brand: string | null;
  readonly category: string | null;
  readonly listPrice: number | null;
  readonly isOwnLabel: boolean | null;
}

/** What a report is made of. */
export interface BayReportSource {
  readonly visitId: string;
  readonly shopId: string;
  readonly bayId: string;
  readonly bayName: string;
  /** When the last photo was taken. */
  readonly atMs: number;
  readonly photos: number;
  /** One, when the photos could be merged; else one for each photo. */
  readonly readings: readonly ShelfReading[];
  readonly factsOf: (productId: string) => ProductFacts;
  readonly compliance: Compliance | null;
  /** By a second photo; null: none was taken. */
  readonly complianceAfter: Compliance | null;
  /** As the list stood before; its ticks are kept. */
  readonly fixes: readonly ReportFix[];
  readonly nowMs: number;
  readonly stopwatch: Stopwatch | null;
}

/** The catalogue's word first, then the planogram's. @param nameOf in the language of the screen. */
export function productFacts(
  products: ReadonlyMap<string, Product>,
  rows: readonly PlanogramRow[],
  nameOf: (product: Product) => string,
): (productId: string) => ProductFacts {
  const planned = new Map(rows.map((row) => [row.sku, row]));
  return (productId) => {
    const product = products.get(productId);
    const row = planned.get(productId);
    return {
      name: product === undefined ? (row?.name ?? productId) : nameOf(product),
      brand: product?.brand ?? row?.brand ?? null,
      category: product?.category ?? row?.category ?? null,
      listPrice: product?.listPrice ?? row?.price ?? null,
      isOwnLabel: product?.isOwnLabel ?? row?.isOwnLabel ?? null,
    };
  };
}

export function bayReport({ readings, factsOf, compliance, complianceAfter, fixes, nowMs, ...source }: BayReportSource): BayReport {
  const facings = readings.flatMap((reading) => reading.facings);
  const named = facings.filter(isNamed);
  const gaps = readings.flatMap(({ layout }) => layout.gaps.filter((gap) => !isDoubtful(gap)));
  const products = new Set(named.map(({ identity }) => identity?.productId));
  return {
    ...source,
    facings: facings.length,
    products: products.size,
    unknown: facings.length - named.length,
    notSure: named.filter(({ identity }) => identity?.certainty !== 'sure').length,
    gaps: gaps.length,
    rows: Math.max(0, ...readings.map(({ layout }) => layout.rows.length)),
    blocks: readings.flatMap((reading) => blocksOf(reading, factsOf)),
    gapPlaces: gaps.map((gap) => gapOf(gap, factsOf)),
    shares: [
      ...sharesOf(
        readings,
        'product',
        (id) => id,
        (id) => factsOf(id).name,
      ),
      ...sharesOf(readings, 'brand', (id) => factsOf(id).brand),
      ...sharesOf(readings, 'category', (id) => factsOf(id).category),
      ...sharesOf(readings, 'own-label', (id) => ownLabelKey(factsOf(id).isOwnLabel)),
    ],
    compliance: compliance === null ? null : complianceOf(compliance),
    complianceAfter: complianceAfter === null ? null : complianceOf(complianceAfter),
    fixes: compliance === null ? [] : fixesOf(compliance, complianceAfter, fixes, nowMs),
  };
}

/** A name that is shown as the answer. */
function isNamed({ identity }: Facing): boolean {
  return identity !== null && identity.productId !== null && identity.certainty !== 'not-sure';
}

function ownLabelKey(isOwnLabel: boolean | null): string | null {
  if (isOwnLabel === null) return null;
  return isOwnLabel ? 'own' : 'other';
}

function blocksOf({ facings, layout, tags }: ShelfReading, factsOf: (productId: string) => ProductFacts): ReportBlock[] {
  const byId = new Map(facings.map((facing) => [facing.id, facing]));
  const eyeLevels = new Map(layout.rows.map(({ row, eyeLevel }) => [row, eyeLevel]));
  return layout.blocks.map((block): ReportBlock => {
    const members = block.facingIds.flatMap((id) => byId.get(id) ?? []);
    const sku = productOf(block, members);
    const facts = sku === null ? null : factsOf(sku);
    return {
      ...{
        sku,
        name: facts?.name ?? '',
        brand: facts?.brand ?? null,
        category: facts?.category ?? null,
        isOwnLabel: facts?.isOwnLabel ?? null,
      },
      ...{ row: block.row, position: block.firstPosition, columns: block.columns, facings: members.length },
      eyeLevel: eyeLevels.get(block.row) ?? 'touch',
      certainty: worst(members),
      probability01: mean(members.map(({ identity }) => identity?.probability01 ?? 0)),
      price: tags.find(({ price, facingIds }) => price !== null && facingIds.some((id) => block.facingIds.includes(id)))?.price ?? null,
      listPrice: facts?.listPrice ?? null,
    };
  });
}

function productOf({ productId }: ShelfBlock, members: readonly Facing[]): string | null {
  return productId !== null && members.some(isNamed) ? productId : null;
}

function worst(facings: readonly Facing[]): Certainty {
  const certainties = facings.map((facing) => (isNamed(facing) ? (facing.identity?.certainty ?? 'not-sure') : 'not-sure'));
  if (certainties.length === 0 || certainties.includes('not-sure')) return 'not-sure';
  return certainties.includes('likely') ? 'likely' : 'sure';
}

/** Of several readings, each counts by its columns. */
function sharesOf(
  readings: readonly ShelfReading[],
  by: ReportShare['by'],
  keyOf: (productId: string) => string | null,
  nameOf: (key: string) => string = (key) => key,
): ReportShare[] {
  const parts = readings.map((reading) => shelfShares(reading, keyOf));
  const columns = parts.map((part) => part.reduce((sum, each) => sum + each.columns, 0));
  const allColumns = columns.reduce((sum, each) => sum + each, 0);
  const allFacings = readings.reduce((sum, { facings }) => sum + facings.length, 0);
  const sums = new Map<string, { facings: number; linear: number }>();
  parts.forEach((part, index) => {
    for (const { key, facings, linearShare01 } of part) {
      const sum = sums.get(key ?? '') ?? { facings: 0, linear: 0 };
      const weight = allColumns === 0 ? 0 : columns[index]! / allColumns;
      sums.set(key ?? '', { facings: sum.facings + facings, linear: sum.linear + weight * linearShare01 });
    }
  });
  return [...sums]
    .map(([key, { facings, linear }]): ReportShare => ({
      ...{ by, key, name: key === '' ? '' : nameOf(key), facings },
      share01: allFacings === 0 ? 0 : facings / allFacings,
      linearShare01: Math.min(1, linear),
    }))
    .sort((a, b) => Number(a.key === '') - Number(b.key === '') || b.facings - a.facings || (a.key < b.key ? -1 : 1));
}

function complianceOf({ score01, expectedFacings, rightFacings, differences }: Compliance): NonNullable<BayReport['compliance']> {
  const counts = { missing: 0, 'out-of-stock': 0, misplaced: 0, 'wrong-facings': 0, foreign: 0 };
  for (const { kind } of differences) counts[kind] += 1;
  return { score01, expectedFacings, rightFacings, counts };
}

function gapOf({ row, position, expectedProductId, confidence01 }: ShelfGap, factsOf: (productId: string) => ProductFacts): ReportGap {
  const name = expectedProductId === null ? '' : factsOf(expectedProductId).name;
  return { row, position, sku: expectedProductId, name, confidence01 };
}

/**
 * What is to be done, in walking order. What was ticked off stays so as long as it is on the list; a second photo ticks off what it shows to be
 * right, and takes nothing back that the user ticked.
 */
function fixesOf(compliance: Compliance, after: Compliance | null, before: readonly ReportFix[], nowMs: number): ReportFix[] {
  const items = fixList(compliance);
  const seen = after === null ? null : checkFixes(items, after);
  const known = new Map(before.map((fix) => [fix.id, fix]));
  return items.map(({ id, action, difference: { kind, sku, name, expected, found, confidence01 } }): ReportFix => {
    const was = known.get(id);
    const told = was?.kind === kind && was.sku === sku && was.state !== 'open' ? was : null;
    const isDone = told === null && seen?.get(id) === 'done';
    return {
      ...{ id, kind, action, sku, name, expected, found, confidence01 },
      state: isDone ? 'done' : (told?.state ?? 'open'),
      saidBy: isDone ? 'photo' : (told?.saidBy ?? null),
      changedAtMs: isDone ? nowMs : (told?.changedAtMs ?? null),
    };
  });
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
