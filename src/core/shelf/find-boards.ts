/**
 * @file Which boards carry the facings of a photo. Pure; any thread.
 *
 * [Note: Boards] Boards are heights in the row plane, chosen together: each facing belongs to the next board below its foot, and costs
 * little if it stands on the board, or on another facing of the same row; it costs much if it hangs in the air or reaches through the
 * board above. A board costs something by itself, so that a stack of cans is one row and not two: between two rows there is
 * room for a rail, between two cans of a stack there is none. The cheapest set of boards is found by dynamic programming.
 */
import { sharedWidth01, type PlaneSpan } from './row-plane.ts';

/** A facing or gap to be placed. */
export interface StandingThing {
  readonly span: PlaneSpan;
  /** How much it counts, 0..1. */
  readonly weight: number;
  /** The frame cuts off its foot: it may stand lower than it seems. */
  readonly isFootCut: boolean;
  /** The frame cuts off its head, or it may be cut: its height says little. */
  readonly isHeadCut: boolean;
}

/** Boards from the top, and the board that each thing belongs to. */
export interface Boards {
  /** Height of each board in the row plane, ascending. */
  readonly downs: readonly number[];
  /** Index into `downs` per thing; -1 only when there are no boards. */
  readonly rowOf: readonly number[];
  /** Cost of the placement: what fits badly, in things. */
  readonly cost: number;
}

/** What a board must explain to be worth it: fewer, and stacks that a detector sees in part fall apart; more, and sparse rows go under. */
export const BOARD_COST = 1.25;
/** A foot this far below a board, in heights of the thing, still stands on it. */
const BELOW = 0.3;
const MAX_CANDIDATES = 90;

interface Piece {
  readonly index: number;
  readonly top: number;
  readonly bottom: number;
  readonly height: number;
  readonly weight: number;
  readonly isFootCut: boolean;
  /** A board at or below this, and it belongs to that board or one above. */
  readonly key: number;
  /** A board at or below `key` of the support carries both; the distance to it in heights. */
  readonly supports: readonly { readonly key: number; readonly gap: number }[];
}

/** @param things in any order. */
export function findBoards(things: readonly StandingThing[]): Boards {
  if (things.length === 0) return { downs: [], rowOf: [], cost: 0 };
  const pieces = piecesOf(things);
  const candidates = candidateBoards(pieces);
  const { downs, cost } = cheapest(pieces, candidates);
  const rowOf = new Array<number>(things.length).fill(downs.length - 1);
  for (const { index, key } of pieces) {
    const row = downs.findIndex((down) => key <= down);
    if (row >= 0) rowOf[index] = row;
  }
  return { downs, rowOf, cost };
}

/** Ascending by key, so that the members of a row are neighbours. */
function piecesOf(things: readonly StandingThing[]): Piece[] {
  const heights = things.map(({ span }) => span.bottom - span.top).sort((a, b) => a - b);
  const typical = heights[heights.length >> 1]!;
  const basic = things.map(({ span, weight, isFootCut, isHeadCut }, index) => {
    const seen = span.bottom - span.top;
    const height = isFootCut || isHeadCut ? Math.max(seen, typical) : Math.max(seen, 1e-6);
    return { index, top: span.top, bottom: span.bottom, height, weight, isFootCut, key: span.bottom - BELOW * Math.min(height, 2 * seen) };
  });
  return basic
    .map((piece): Piece => {
      const { span } = things[piece.index]!;
      const supports = basic
        .filter((other) => other.bottom > piece.bottom + 0.4 * other.height && sharedWidth01(span, things[other.index]!.span) > 0.4)
        .map((other) => ({ key: other.key, gap: Math.abs(other.top - piece.bottom) / Math.min(piece.height, other.height) }))
        .filter(({ gap }) => gap < 0.25);
      return { ...piece, supports };
    })
    .sort((a, b) => a.key - b.key);
}

/** Heights at which many feet stand, lowest of each crowd. Ascending. */
function candidateBoards(pieces: readonly Piece[]): number[] {
  const crowd = (down: number): number =>
    pieces.reduce((sum, { bottom, height, weight }) => sum + weight * Math.exp(-(((bottom - down) / (0.08 * height)) ** 2)), 0);
  const ranked = pieces.map((piece) => ({ ...piece, crowd: crowd(piece.bottom) })).sort((a, b) => b.crowd - a.crowd);
  const kept: { bottom: number; height: number }[] = [];
  for (const { bottom, height } of ranked) {
    if (kept.length >= MAX_CANDIDATES) break;
    if (kept.every((other) => Math.abs(other.bottom - bottom) > 0.06 * Math.min(height, other.height))) kept.push({ bottom, height });
  }
  const lowest = Math.max(...pieces.map(({ bottom }) => bottom));
  return [...new Set([...kept.map(({ bottom }) => bottom), lowest])].sort((a, b) => a - b);
}

/** Dynamic programme over candidates from the top: cheapest set of boards whose last one is the candidate. */
function cheapest(pieces: readonly Piece[], candidates: readonly number[]): { downs: number[]; cost: number } {
  const firstAfter = (down: number): number => {
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pieces[middle]!.key <= down) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const ends = candidates.map(firstAfter);
  const best: { cost: number; before: number }[] = [];
  for (let lower = 0; lower < candidates.length; lower++) {
    let found = { cost: BOARD_COST + rowCost(pieces, 0, ends[lower]!, -Infinity, candidates[lower]!), before: -1 };
    for (let upper = 0; upper < lower; upper++) {
      if (ends[upper]! >= ends[lower]! || best[upper]!.cost + BOARD_COST >= found.cost) continue;
      const cost =
        best[upper]!.cost + BOARD_COST + rowCost(pieces, ends[upper]!, ends[lower]!, candidates[upper]!, candidates[lower]!, found.cost);
      if (cost < found.cost) found = { cost, before: upper };
    }
    best.push(found);
  }
  const last = candidates.length - 1; // The lowest foot of all: nothing is left below it.
  const downs: number[] = [];
  for (let at = last; at >= 0; at = best[at]!.before) downs.unshift(candidates[at]!);
  return { downs, cost: best[last]!.cost };
}

/** What it costs that `pieces[from..to)` stand on `board` below the board `above`. Given up beyond `limit`. */
function rowCost(pieces: readonly Piece[], from: number, to: number, above: number, board: number, limit = Infinity): number {
  let cost = 0;
  for (let i = from; i < to && cost < limit; i++) {
    const { top, bottom, height, weight, isFootCut, supports } = pieces[i]!;
    const air = (board - bottom) / height;
    let standing = air < 0 ? Math.min(0.5, -air / (2 * BELOW)) : ramp(air, 0.12, 0.65);
    if (isFootCut && air > 0) standing = 0;
    for (const { key, gap } of supports) if (key <= board) standing = Math.min(standing, 0.1 + 0.9 * ramp(gap, 0.06, 0.22));
    const room = (top - above) / height;
    const reaching = room > 0.1 ? 0 : room > 0 ? 0.4 * ramp(-room, -0.1, 0) : 0.4 + 1.1 * ramp(-room, 0, 0.5);
    cost += weight * (standing + reaching);
  }
  return cost;
}

/** 0 up to `from`, 1 from `to` on. */
function ramp(value: number, from: number, to: number): number {
  return Math.max(0, Math.min(1, (value - from) / (to - from)));
}
