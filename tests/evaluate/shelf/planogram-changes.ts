/**
 * @file A true shelf and a planogram that differs from it in known ways, for `planogram_f1`. Pure.
 *
 * [Note: Planogram protocol] The planogram begins as what the photo truly shows (blocks in view, empty columns counted). Then, in an order and at
 * places drawn from the photo's number, every fourth block or so is changed in the planogram, no block twice: taken out (the shelf then holds a foreign
 * product), given one or two columns more or fewer (wrong facings), put on another row (misplaced), or replaced by a product that is not on the
 * shelf (missing and foreign). Only products that stand in one block are moved or taken out, so that what is expected is beyond dispute.
 * Differences that the shelf has by itself are expected, too: a block whose columns are all empty is out of stock, one that is partly
 * empty has wrong facings. A found difference is right when its kind and product are.
 */
import type { PlanogramDifference, PlanogramRow } from '../../../src/contracts/shelf.ts';
import type { TrueBlock } from './shelf-truth.ts';

/** What a comparison should find. */
export interface ExpectedDifference {
  readonly kind: PlanogramDifference['kind'];
  readonly label: string;
}

/** A planogram, and in which ways the shelf differs from it. */
export interface ChangedPlanogram {
  readonly rows: readonly PlanogramRow[];
  readonly expected: readonly ExpectedDifference[];
}

/** One block in so many is changed. */
const EVERY = 4;

interface PlannedBlock {
  readonly label: string;
  readonly columns: number;
}

/** @param labels of all products of the folder. @param seed number of the photo. */
export function changedPlanogram(blocks: readonly TrueBlock[], labels: readonly string[], seed: number): ChangedPlanogram {
  const random = randomOf(seed);
  const rowNumbers = [...new Set(blocks.map(({ row }) => row))].sort((a, b) => a - b);
  const planned = rowNumbers.map((row) =>
    blocks.filter((block) => block.row === row).map(({ label, columns }): PlannedBlock => ({ label, columns })),
  );
  const expected: ExpectedDifference[] = [];
  const onShelf = new Set(blocks.map(({ label }) => label));
  const absent = labels.filter((label) => !onShelf.has(label));
  const isSingle = (label: string): boolean => blocks.filter((block) => block.label === label).length === 1;
  const changeable = shuffled(
    blocks.filter(({ label, emptyColumns }) => emptyColumns === 0 && isSingle(label)),
    random,
  ).slice(0, Math.max(1, Math.round(blocks.length / EVERY)));

  for (const { label, row } of changeable) {
    const from = planned[rowNumbers.indexOf(row)]!;
    const at = from.findIndex((block) => block.label === label);
    const block = from[at]!;
    switch (Math.floor(random() * 4)) {
      case 0:
        from.splice(at, 1);
        expected.push({ kind: 'foreign', label });
        break;
      case 1: {
        const change = random() < 0.5 && block.columns > 1 ? -1 : 1 + Math.floor(random() * 2);
        from[at] = { label, columns: block.columns + change };
        expected.push({ kind: 'wrong-facings', label });
        break;
      }
      case 2: {
        const others = planned.filter((other) => other !== from);
        const to = others[Math.floor(random() * others.length)];
        if (to === undefined) break; // A single row: nowhere else to put it.
        from.splice(at, 1);
        to.splice(Math.floor(random() * (to.length + 1)), 0, block);
        expected.push({ kind: 'misplaced', label });
        break;
      }
      default: {
        const stranger = absent.splice(Math.floor(random() * absent.length), 1)[0];
        if (stranger === undefined) break;
        from[at] = { label: stranger, columns: block.columns };
        expected.push({ kind: 'missing', label: stranger }, { kind: 'foreign', label });
      }
    }
  }
  for (const { label, columns, emptyColumns } of blocks)
    if (emptyColumns > 0) expected.push({ kind: emptyColumns === columns ? 'out-of-stock' : 'wrong-facings', label });
  return { rows: planned.flatMap((row, shelf) => rowOf(row, shelf)), expected };
}

/** Found and expected by kind and product, each once at most. */
export function matchedDifferences(found: readonly PlanogramDifference[], expected: readonly ExpectedDifference[]): number {
  const open = expected.map(({ kind, label }) => `${kind} ${label}`);
  let right = 0;
  for (const { kind, sku } of found) {
    const at = open.indexOf(`${kind} ${sku}`);
    if (at < 0) continue;
    open.splice(at, 1);
    right++;
  }
  return right;
}

function rowOf(blocks: readonly PlannedBlock[], shelf: number): PlanogramRow[] {
  let position = 0;
  return blocks.map(({ label, columns }): PlanogramRow => {
    const at = position;
    position += columns;
    return {
      ...{ store: null, bay: null, shelf, position: at, sku: label, name: label, facingsWide: columns, facingsHigh: 1 },
      ...{ xCm: null, yCm: null, widthCm: null, heightCm: null, brand: null, category: null, price: null, isOwnLabel: null },
    };
  });
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** 0..1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = (seed + 1) * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
