/** @file One photo's rows against a planogram's shelves. Pure; any thread. */
import { alignBay, isOutside, seenPairs, type ComparedView } from './align-bay.ts';
import type { BlockOutcome } from './block-outcome.ts';
import type { ExpectedShelves } from './expected-shelves.ts';
import { isLikely, isSure, type FoundColumn } from './found-column.ts';
import type { FoundRow } from './found-rows.ts';

/** Mean probability of the expected product that leaves it a chance against a sure one. */
const EXPECTED_CHANCE = 0.03;

/** What one photo says of the planogram. */
export interface PhotoComparison {
  /** Of every block of the planogram, in its order. */
  readonly outcomes: readonly BlockOutcome[];
  /** Blocks of what stands where it should not. */
  readonly strays: readonly (readonly FoundColumn[])[];
}

/** Every column of the photo is set against what is expected at its place. See [Note: Comparing]. */
export function comparePhoto(shelves: ExpectedShelves, rows: readonly FoundRow[], view: ComparedView): PhotoComparison {
  const outcomes = shelves
    .flatMap(({ columns }) => [...new Set(columns.map(({ block }) => block))])
    .map((block): BlockOutcome => ({ block, right: [], gaps: [], unsure: [], holes: [], extra: [], unseen: 0 }));
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.block, outcome]));
  const leftOver: FoundColumn[] = [];
  const standsAt = new Map<FoundColumn, BlockOutcome>();

  const aligned = alignBay(shelves, rows, view);
  for (const { shelf, row, pairs, ends } of aligned) {
    const expected = shelf === null ? [] : shelves[shelf]!.columns;
    const found = row === null ? [] : rows[row]!.columns;
    const isRowUnseen = row === null && view === 'auto' && isOutside(shelf!, aligned);
    const seen = row === null ? [-Infinity, Infinity] : seenPairs(pairs, ends);
    pairs.forEach(({ a, b }, at) => {
      const outcome = a === null ? null : outcomeOf.get(expected[a]!.block)!;
      const column = b === null ? null : found[b]!;
      if (outcome === null) {
        if (column !== null && column.gapId === null) leftOver.push(column);
      } else if (column === null) {
        if (isRowUnseen || at < seen[0]! || at > seen[1]!) outcome.unseen++;
      } else if (column.gapId !== null) (column.isHole ? outcome.holes : outcome.gaps).push(column);
      else if (column.productId === outcome.block.productId || isLikely(column, outcome.block.productId)) outcome.right.push(column);
      else if (column.productId === null) outcome.unsure.push(column);
      else {
        leftOver.push(column);
        standsAt.set(column, outcome);
      }
    });
  }

  const strays: FoundColumn[][] = [];
  for (const stray of blocksOf(leftOver.filter(({ productId }) => productId !== null))) {
    // What is only likely, or may as well be what is expected, does not speak against the planogram.
    if (!stray.some(isSure) || mayBeExpected(stray, standsAt)) for (const column of stray) standsAt.get(column)?.unsure.push(column);
    else if (!joinBlock(stray, outcomes)) strays.push(stray);
  }
  return { outcomes, strays };
}

/** Whether the looks leave the expected product a chance: what a planogram expects is far likelier to stand there than any other product. */
function mayBeExpected(stray: readonly FoundColumn[], standsAt: ReadonlyMap<FoundColumn, BlockOutcome>): boolean {
  const chances = stray.map((column) => {
    const expected = standsAt.get(column)?.block.productId;
    if (column.facing?.identity?.saidBy === 'user') return 0;
    return column.facing?.identity?.candidates.find(({ productId }) => productId === expected)?.probability01 ?? 0;
  });
  return chances.reduce((sum, chance) => sum + chance, 0) / stray.length >= EXPECTED_CHANCE;
}

/** Columns of one product side by side; gaps and unknown ones do not part them. */
function blocksOf(columns: readonly FoundColumn[]): FoundColumn[][] {
  const blocks: FoundColumn[][] = [];
  for (const column of [...columns].sort((a, b) => a.row - b.row || a.position - b.position)) {
    const block = blocks.at(-1);
    const last = block?.at(-1);
    if (block !== undefined && last?.row === column.row && last.productId === column.productId && column.position - last.position <= 2)
      block.push(column);
    else blocks.push([column]);
  }
  return blocks;
}

/** More facings of what stands right beside them. @returns false when there is nothing to join. */
function joinBlock(stray: readonly FoundColumn[], outcomes: readonly BlockOutcome[]): boolean {
  const [first, last] = [stray[0]!, stray.at(-1)!];
  const beside = outcomes.find(
    ({ block, right }) =>
      block.productId === first.productId &&
      right.some(({ row, position }) => row === first.row && position >= first.position - 2 && position <= last.position + 2),
  );
  beside?.extra.push(...stray);
  return beside !== undefined;
}
