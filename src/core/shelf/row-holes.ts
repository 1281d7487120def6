/**
 * @file Holes of a row that a whole number of facings would fill, and how likely each of their places is empty. Pure; any thread.
 *
 * [Note: Holes] Between two facings that are further apart than usual either something is missing, or a facing was overlooked, or two blocks
 * leave a margin. What is missing is as wide as a facing; a margin is as wide as it happens to be. The net tells a place that looks empty from
 * one where something stands, but not a gap from a margin. So both are asked, and their answers weighed by a logistic model that was fitted on
 * drawn shelves with found boxes (training/facing-detector/README.md): one for "a facing is missing here", one for "there is a column here",
 * seen or not.
 */
import { logOdds, sigmoid } from '../logistic.ts';
import { median } from '../robust.ts';
import { sharedHeight01, sharedWidth01, type PlaneSpan } from './row-plane.ts';
import type { ShelfColumn } from './stack-columns.ts';

/** A column, and what its lowest facing is. */
export interface SpacedColumn extends ShelfColumn {
  /** Same for facings of one product or group; null where nothing is known. */
  readonly key: string | null;
  /** The frame cuts it at the side: its width says little. */
  readonly isWidthCut: boolean;
}

/** What the net takes for an empty place. */
export interface SeenGap {
  readonly span: PlaneSpan;
  /** Score of the net, 0..1. */
  readonly seen01: number;
}

/** A place of a hole. */
export interface HolePlace {
  /** Index of the column to its left. */
  readonly after: number;
  readonly span: PlaneSpan;
  /** Index of the surest gap that the net sees there; null: it sees none. */
  readonly seen: number | null;
  /** That a facing is missing here, 0..1. */
  readonly empty01: number;
  /** That there is a column here: empty, or overlooked. */
  readonly column01: number;
}

/** Narrower holes, in widths of the narrower neighbour, are never asked about. */
const MIN_HOLE = 0.5;
/** A hole counts from this many times the usual space on. */
const SPARSE = 2;
/** More empty places than this are a bare board, whose columns nobody can count. */
const MAX_PLACES = 6;
/** Sizes of one product differ less than this. */
const MAX_RATIO = 1.15;
/** A gap of the net belongs to a place that it overlaps by this much of both. */
const SAME_PLACE = 0.35;
/** Evidence of the net where it sees nothing. */
const UNSEEN = 0.02;
/** Widths that are further off than this say no more. */
const MAX_RESIDUAL = 0.5;

/** Weights of [Note: Holes], in the order of {@link evidence}. */
const EMPTY = { bias: 0.6, weights: [0.85, 0.42, -2.79, -0.9, 1.08] } as const;
const COLUMN = { bias: -0.32, weights: [0.81, 0.4, -4.4, -0.68, -0.6] } as const;

/** Of a place beside the first or the last facing: difference in size to its neighbour, and what the net says. */
const END = { bias: 0.69, weights: [-1.24, 1.67] } as const;
/** Logarithm of a ratio of sizes beyond which they are simply different. */
const MAX_DIFFERENCE = 0.7;

/**
 * @param columns of facings in one row, from the left. What the user says is empty is one of them, with its `gap`.
 * @param seen by the net, in any row.
 */
export function rowHoles(columns: readonly SpacedColumn[], seen: readonly SeenGap[]): HolePlace[] {
  const usual = usualSpace(columns);
  const places: HolePlace[] = [];
  for (let after = 0; after + 1 < columns.length; after++) {
    const [a, b] = [columns[after]!, columns[after + 1]!];
    if (a.gap !== null || b.gap !== null) continue;
    const hole = { left: rightEnd(a), right: leftEnd(b) };
    // Sparse rows: a hole as wide as all the others is none.
    if (hole.right - hole.left < SPARSE * usual) continue;
    const fit = bestFit([a, b], hole.right - hole.left, usual);
    if (fit === null || fit.places > MAX_PLACES) continue;
    const isSame = a.key !== null && a.key === b.key;
    const isAlike = !isSame && (a.key === null || b.key === null) && isOneSize(a, b);
    const pitch = (hole.right - hole.left) / fit.places;
    for (let place = 0; place < fit.places; place++) {
      const middle = hole.left + pitch * (place + 0.5);
      const span = placeSpan([a, b], middle, isSame || isAlike ? null : fit.like);
      const found = surestThere(span, seen);
      const facts = evidence({ isSame, isAlike, residual: fit.residual, places: fit.places, seen01: found?.seen01 ?? 0 });
      places.push({ after, span, seen: found?.index ?? null, empty01: logistic(EMPTY, facts), column01: logistic(COLUMN, facts) });
    }
  }
  return places;
}

/**
 * What the net sees beside the first or the last facing of a row, where no second neighbour tells how wide a place is.
 * @param columns of the row. @param seen01 score of the net.
 * @returns that a facing is missing there, 0..1.
 */
export function emptyEnd01(span: PlaneSpan, columns: readonly ShelfColumn[], seen01: number): number {
  const width = span.right - span.left;
  const beside = columns.filter((column) => Math.max(column.span.left - span.right, span.left - column.span.right) < width / 2);
  const likeness = beside.map(
    (column) => ratio(column.span.right - column.span.left, width) * ratio(column.span.bottom - column.span.top, span.bottom - span.top),
  );
  const difference = Math.min(MAX_DIFFERENCE, ...likeness.map((product) => Math.log(product)));
  return logistic(END, [difference, logOdds(seen01, UNSEEN)]);
}

interface HoleFacts {
  readonly isSame: boolean;
  readonly isAlike: boolean;
  /** How far the hole is from whole facings, in facings. */
  readonly residual: number;
  readonly places: number;
  readonly seen01: number;
}

function evidence({ isSame, isAlike, residual, places, seen01 }: HoleFacts): number[] {
  return [Number(isSame), Number(isAlike), Math.min(MAX_RESIDUAL, residual), Math.log(places), logOdds(seen01, UNSEEN)];
}

function logistic({ bias, weights }: { readonly bias: number; readonly weights: readonly number[] }, facts: readonly number[]): number {
  return sigmoid(weights.reduce((sum, weight, i) => sum + weight * facts[i]!, bias));
}

interface HoleFit {
  /** The neighbour whose width fits best. */
  readonly like: ShelfColumn;
  readonly places: number;
  readonly residual: number;
}

/** How many of which neighbour fill the hole best; null when it is too narrow, or the frame cuts both. */
function bestFit(neighbours: readonly SpacedColumn[], hole: number, usual: number): HoleFit | null {
  let best: HoleFit | null = null;
  const widths = neighbours.filter(({ isWidthCut }) => !isWidthCut).map((like) => ({ like, width: like.span.right - like.span.left }));
  if (widths.length === 0 || hole < MIN_HOLE * Math.min(...widths.map(({ width }) => width))) return null;
  for (const { like, width } of widths) {
    const space = Math.min(usual, width / 2);
    const places = Math.max(1, Math.round((hole - space) / (width + space)));
    const residual = Math.abs(hole - space - places * (width + space)) / width;
    if (best === null || residual < best.residual) best = { like, places, residual };
  }
  return best;
}

/** As wide and high as its neighbours, or as one of them, on the line that their feet stand on. */
function placeSpan([a, b]: readonly [ShelfColumn, ShelfColumn], middle: number, like: ShelfColumn | null): PlaneSpan {
  const of = like === null ? [a, b] : [like];
  const mean = (length: (span: PlaneSpan) => number): number => of.reduce((sum, { span }) => sum + length(span), 0) / of.length;
  const width = mean(({ left, right }) => right - left);
  const height = mean(({ top, bottom }) => bottom - top);
  const at = ({ span }: ShelfColumn): number => (span.left + span.right) / 2;
  const share = (middle - at(a)) / Math.max(1e-9, at(b) - at(a));
  const bottom = a.span.bottom + (b.span.bottom - a.span.bottom) * share;
  return { left: middle - width / 2, right: middle + width / 2, top: bottom - height, bottom };
}

function surestThere(place: PlaneSpan, seen: readonly SeenGap[]): { readonly index: number; readonly seen01: number } | null {
  let best: { index: number; seen01: number } | null = null;
  seen.forEach(({ span, seen01 }, index) => {
    if (overlapOverUnion(place, span) >= SAME_PLACE && (best === null || seen01 > best.seen01)) best = { index, seen01 };
  });
  return best;
}

function overlapOverUnion(a: PlaneSpan, b: PlaneSpan): number {
  const [aWidth, aHeight, bWidth, bHeight] = [a.right - a.left, a.bottom - a.top, b.right - b.left, b.bottom - b.top];
  const shared = sharedWidth01(a, b) * Math.min(aWidth, bWidth) * sharedHeight01(a, b) * Math.min(aHeight, bHeight);
  return shared / Math.max(1e-12, aWidth * aHeight + bWidth * bHeight - shared);
}

function ratio(x: number, y: number): number {
  return Math.max(x, y) / Math.max(1e-9, Math.min(x, y));
}

function isOneSize(a: ShelfColumn, b: ShelfColumn): boolean {
  return (
    ratio(a.span.right - a.span.left, b.span.right - b.span.left) < MAX_RATIO &&
    ratio(a.span.bottom - a.span.top, b.span.bottom - b.span.top) < MAX_RATIO
  );
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
