/** @file Columns and levels of one row: what stands beside what, and what stands on what. Pure; any thread. */
import { sharedHeight01, sharedWidth01, type PlaneSpan } from './row-plane.ts';

/** One facing or gap of a row, by its index in the caller's list. */
export interface RowMember {
  readonly index: number;
  readonly span: PlaneSpan;
  readonly isGap: boolean;
}

/** A facing and its place in the stack. */
export interface StackedMember {
  readonly index: number;
  readonly span: PlaneSpan;
  /** From the lowest, 0. */
  readonly level: number;
}

/** What stands at one position of a row: a stack of facings, or a gap. */
export interface ShelfColumn {
  /** Lowest first; empty for a gap. */
  readonly members: readonly StackedMember[];
  /** Index of the gap; null for facings. */
  readonly gap: number | null;
  /** Of the lowest facing, or of the gap. */
  readonly span: PlaneSpan;
}

/** Two things one above the other share this much of the narrower one's width. */
const STACKED_WIDTH = 0.5;
/** Things that share more of their height stand beside or behind each other, */
const STACKED_HEIGHT = 0.4;
/** unless they share this much of their width, and their feet are this far apart: side faces and lids reach into each other's boxes. */
const SAME_COLUMN_WIDTH = 0.75;
const FEET_APART = 0.35;

/**
 * @param members of one row, any order.
 * @returns columns from the left; a gap that lies where facings stand is no column and is left out.
 */
export function stackColumns(members: readonly RowMember[]): ShelfColumn[] {
  const columns: { members: StackedMember[]; gap: number | null; span: PlaneSpan }[] = [];
  for (const { index, span } of members.filter(({ isGap }) => !isGap).sort((a, b) => b.span.bottom - a.span.bottom)) {
    let best: { column: (typeof columns)[number]; below: StackedMember; shared: number } | null = null;
    for (const column of columns) {
      const carriers = column.members.filter((below) => isAbove(span, below.span));
      if (carriers.length === 0) continue;
      // The highest thing below it carries it.
      const below = carriers.reduce((a, b) => (b.span.top < a.span.top ? b : a));
      const shared = sharedWidth01(span, below.span);
      if (best === null || shared > best.shared) best = { column, below, shared };
    }
    if (best === null) columns.push({ members: [{ index, span, level: 0 }], gap: null, span });
    else best.column.members.push({ index, span, level: best.below.level + 1 });
  }
  for (const { index, span } of members.filter(({ isGap }) => isGap))
    if (columns.every((column) => sharedWidth01(span, column.span) < STACKED_WIDTH)) columns.push({ members: [], gap: index, span });
  return columns.sort((a, b) => a.span.left + a.span.right - b.span.left - b.span.right);
}

function isAbove(span: PlaneSpan, below: PlaneSpan): boolean {
  const shared = sharedWidth01(span, below);
  if (shared < STACKED_WIDTH) return false;
  if (sharedHeight01(span, below) <= STACKED_HEIGHT) return true;
  return shared >= SAME_COLUMN_WIDTH && below.bottom - span.bottom >= FEET_APART * (below.bottom - below.top);
}
