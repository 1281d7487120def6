/** @file Empty places that a row's spacing gives away: a hole as wide as a facing between two facings. Pure; any thread. */
import { median } from './robust.ts';
import type { ShelfColumn } from './stack-columns.ts';

/** A column, and what its lowest facing is. */
export interface SpacedColumn extends ShelfColumn {
  /** Same for facings of one product or group; null where nothing is known. */
  readonly key: string | null;
  /** The frame cuts it at the side: its width says little. */
  readonly isWidthCut: boolean;
}

/** One empty place; lengths along the row. */
export interface SpacingGap {
  /** Index of the column to its left. */
  readonly after: number;
  readonly left: number;
  readonly right: number;
  readonly confidence01: number;
}

/**
 * How wide a hole must be, in facings, to be a place, and how likely the place is empty rather than its facing overlooked (measured with the
 * facing detector, docs/shelf.md). Between two different products a hole is a margin more often than not.
 */
const RULES = {
  /** Between two of one product. */
  same: { hole: 0.72, confidence01: 0.4 },
  /** Between two of one size that nobody named yet. */
  alike: { hole: 0.8, confidence01: 0.3 },
} as const;
/** Sizes of one product differ less than this. */
const MAX_RATIO = 1.15;
/** More empty places in a row than this are a bare board, whose columns nobody can count. */
const MAX_PLACES = 6;

/** @param columns of one row, from the left, gaps that were seen among them. */
export function spacingGaps(columns: readonly SpacedColumn[]): SpacingGap[] {
  const usual = usualSpace(columns);
  const gaps: SpacingGap[] = [];
  for (let after = 0; after + 1 < columns.length; after++) {
    const [a, b] = [columns[after]!, columns[after + 1]!];
    if (a.gap !== null || b.gap !== null) continue;
    const widths = [a, b].filter(({ isWidthCut }) => !isWidthCut).map(({ span }) => span.right - span.left);
    if (widths.length === 0) continue;
    const relation = relationOf(a, b);
    if (relation === null) continue;
    const width = (Math.min(...widths) + Math.max(...widths)) / 2;
    const [left, right] = [rightEnd(a), leftEnd(b)];
    // Sparse rows: a hole as wide as all the others is none.
    if (right - left < SPARSE * usual) continue;
    const { hole, confidence01 } = RULES[relation];
    const places = Math.floor((right - left) / (width + Math.min(usual, width)) + 1 - hole);
    if (places < 1 || places > MAX_PLACES) continue;
    const pitch = (right - left) / places;
    for (let place = 0; place < places; place++) {
      const middle = left + pitch * (place + 0.5);
      gaps.push({ after, left: middle - width / 2, right: middle + width / 2, confidence01 });
    }
  }
  return gaps;
}

/** A hole counts from this many times the usual space on. */
const SPARSE = 2;

function relationOf(a: SpacedColumn, b: SpacedColumn): keyof typeof RULES | null {
  if (a.key !== null && b.key !== null) return a.key === b.key ? 'same' : null;
  const ratio = (x: number, y: number): number => Math.max(x, y) / Math.max(1e-9, Math.min(x, y));
  const isOneSize =
    ratio(a.span.right - a.span.left, b.span.right - b.span.left) < MAX_RATIO &&
    ratio(a.span.bottom - a.span.top, b.span.bottom - b.span.top) < MAX_RATIO;
  return isOneSize ? 'alike' : null;
}

/** Space that facings of the row leave between each other anyway. */
function usualSpace(columns: readonly SpacedColumn[]): number {
  const spaces: number[] = [];
  for (let i = 0; i + 1 < columns.length; i++) spaces.push(Math.max(0, leftEnd(columns[i + 1]!) - rightEnd(columns[i]!)));
  return spaces.length === 0 ? 0 : median(spaces);
}

/** Anything in the column may reach into the hole. */
function rightEnd({ span, members }: SpacedColumn): number {
  return Math.max(span.right, ...members.filter(({ level }) => level === 0).map((member) => member.span.right));
}

function leftEnd({ span, members }: SpacedColumn): number {
  return Math.min(span.left, ...members.filter(({ level }) => level === 0).map((member) => member.span.left));
}
