/** @file The rows and columns that a photo shows, laid against those of a planogram. Pure; any thread. See [Note: Comparing]. */
import { alignSequences, type AlignedPair } from './align-sequences.ts';
import type { ExpectedColumn, ExpectedShelves } from './expected-shelves.ts';
import { isLikely, type FoundColumn } from './found-column.ts';
import { CLOSED, type FoundRow, type RowEnds } from './found-rows.ts';

/** What an alignment of two columns is worth; what one left out costs is `SKIP`. */
const SCORE = { same: 2, candidate: 1, unknown: 0.3, gap: 0.4, expectedGap: 1, other: -0.8 } as const;
const SKIP = -0.5;
/** Columns that may lie outside the photo cost next to nothing. */
const SKIP_OUTSIDE = -0.05;
/** Rows that have nothing in common still follow each other. */
const ROW_BONUS = 0.2;
const ROW_SKIP = -0.1;

/** `whole`: the photo shows all that the planogram lists. `auto`: columns beyond a row that the frame cuts were not seen. */
export type ComparedView = 'auto' | 'whole';

/** A shelf and the row that shows it, by index, and their columns; null where one side has nothing. */
export interface AlignedRow {
  readonly shelf: number | null;
  readonly row: number | null;
  readonly pairs: readonly AlignedPair[];
  readonly ends: RowEnds;
}

/** Where most rows begin or end with the planogram's first or last column, the bay's side is in the photo, however close to its edge. */
export function alignBay(shelves: ExpectedShelves, rows: readonly FoundRow[], view: ComparedView): AlignedRow[] {
  if (view === 'whole')
    return alignRows(
      shelves,
      rows.map(({ columns }) => ({ columns, ...CLOSED })),
    );
  const first = alignRows(shelves, rows);
  const isSide = (end: (pairs: readonly AlignedPair[]) => AlignedPair | undefined): boolean => {
    const matched = first.filter(({ shelf, row }) => shelf !== null && row !== null);
    const whole = matched.filter(({ pairs }) => {
      const pair = end(pairs);
      return pair !== undefined && pair.a !== null && pair.b !== null;
    });
    return whole.length * 2 > matched.length;
  };
  const [isLeftSide, isRightSide] = [isSide((pairs) => pairs[0]), isSide((pairs) => pairs.at(-1))];
  if (!isLeftSide && !isRightSide) return first;
  return alignRows(
    shelves,
    rows.map((row) => ({ ...row, isOpenLeft: row.isOpenLeft && !isLeftSide, isOpenRight: row.isOpenRight && !isRightSide })),
  );
}

/** Which row is which shelf, and which column which. */
function alignRows(shelves: ExpectedShelves, rows: readonly FoundRow[]): AlignedRow[] {
  const inner = shelves.map(({ columns }) => rows.map((row) => alignColumns(columns, row)));
  // What the columns have in common, however many there are, so that one long row does not outweigh two short ones.
  const worth = (shelf: number, row: number): number =>
    inner[shelf]![row]!.common / Math.max(1, Math.min(shelves[shelf]!.columns.length, rows[row]!.columns.length));
  const { pairs } = alignSequences(shelves.length, rows.length, {
    pair: (shelf, row) => worth(shelf, row) + ROW_BONUS,
    skipA: () => ROW_SKIP,
    skipB: () => ROW_SKIP,
  });
  return pairs.map(({ a: shelf, b: row }): AlignedRow => {
    if (shelf !== null && row !== null) return { shelf, row, pairs: inner[shelf]![row]!.pairs, ends: rows[row]! };
    const length = (shelf === null ? rows[row!]!.columns : shelves[shelf]!.columns).length;
    const alone = Array.from({ length }, (_, i): AlignedPair => (shelf === null ? { a: null, b: i } : { a: i, b: null }));
    return { shelf, row, pairs: alone, ends: CLOSED };
  });
}

function alignColumns(
  expected: readonly ExpectedColumn[],
  { columns: found, isOpenLeft, isOpenRight }: FoundRow,
): { pairs: AlignedPair[]; common: number } {
  const { pairs } = alignSequences(expected.length, found.length, {
    pair: (a, b) => pairScore(expected[a]!.block.productId, found[b]!),
    skipA: (_, afterB) => ((afterB === 0 && isOpenLeft) || (afterB === found.length && isOpenRight) ? SKIP_OUTSIDE : SKIP),
    // A gap may be more space than the planogram has; leaving it out costs less.
    skipB: (b) => (found[b]!.gapId === null ? SKIP : SKIP / 2),
  });
  const common = pairs.filter(
    ({ a, b }) => a !== null && b !== null && pairScore(expected[a]!.block.productId, found[b]!) >= SCORE.candidate,
  ).length;
  return { pairs, common };
}

function pairScore(productId: string, column: FoundColumn): number {
  if (column.gapId !== null) return column.expectedProductId === productId ? SCORE.expectedGap : SCORE.gap;
  if (column.productId === productId) return SCORE.same;
  if (column.productId !== null) return SCORE.other;
  return isLikely(column, productId) ? SCORE.candidate : SCORE.unknown;
}

/** Above the first or below the last row that was found. */
export function isOutside(shelf: number, aligned: readonly AlignedRow[]): boolean {
  const seen = aligned.flatMap(({ shelf: number, row }) => (number !== null && row !== null ? [number] : []));
  return seen.length > 0 && (shelf < Math.min(...seen) || shelf > Math.max(...seen));
}

/** First and last pair that the photo can have shown; what stands beyond them was cut off by the frame. */
export function seenPairs(pairs: readonly AlignedPair[], { isOpenLeft, isOpenRight }: RowEnds): [number, number] {
  const found = pairs.flatMap(({ b }, at) => (b === null ? [] : [at]));
  return [isOpenLeft ? (found[0] ?? Infinity) : -Infinity, isOpenRight ? (found.at(-1) ?? -Infinity) : Infinity];
}
