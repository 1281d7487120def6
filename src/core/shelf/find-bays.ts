/** @file Bays side by side: where boards step, each side of the upright has boards of its own. Pure; any thread. */
import { BOARD_COST, findBoards, type Boards, type StandingThing } from './find-boards.ts';

/** Part of a photo in which every board runs through. */
export interface Bay {
  /** Indexes of the things in it. */
  readonly members: readonly number[];
  /** Of `members`, in that order. */
  readonly boards: Boards;
}

/** A bay with fewer things tells nothing about its boards. */
const MIN_THINGS = 8;
/** What stands badly, per thing, before it is worth looking for uprights. */
const DOUBTFUL = 0.12;
/** What an upright must explain, in things, beside the boards that it adds. */
const UPRIGHT_COST = 2;
const CUTS = 24;
/** Share of things that may reach across an upright: boxes are not exact. */
const MAX_ACROSS = 0.03;

/**
 * Boards that run through the whole photo, unless they fit so much better when they step that the boards on both sides are worth it.
 * @returns bays from the left.
 */
export function findBays(things: readonly StandingThing[]): Bay[] {
  return split(
    things,
    things.map((_, i) => i),
  );
}

function split(things: readonly StandingThing[], members: readonly number[]): Bay[] {
  const whole: Bay = { members, boards: boardsOf(things, members) };
  const misfit = whole.boards.cost - BOARD_COST * whole.boards.downs.length;
  if (members.length < 2 * MIN_THINGS || misfit < DOUBTFUL * members.length) return [whole];
  let best: { left: number[]; right: number[]; cost: number } | null = null;
  for (const cut of cutsOf(things, members)) {
    const left = members.filter((i) => middleOf(things[i]!) < cut);
    const right = members.filter((i) => middleOf(things[i]!) >= cut);
    if (left.length < MIN_THINGS || right.length < MIN_THINGS) continue;
    const cost = boardsOf(things, left).cost + boardsOf(things, right).cost + UPRIGHT_COST;
    if (cost < (best?.cost ?? whole.boards.cost)) best = { left, right, cost };
  }
  return best === null ? [whole] : [...split(things, best.left), ...split(things, best.right)];
}

function boardsOf(things: readonly StandingThing[], members: readonly number[]): Boards {
  return findBoards(members.map((i) => things[i]!));
}

/** Places between things where hardly anything reaches across, spread over the photo. */
function cutsOf(things: readonly StandingThing[], members: readonly number[]): number[] {
  const sides = members.flatMap((i) => [things[i]!.span.left, things[i]!.span.right]).sort((a, b) => a - b);
  const cuts = Array.from({ length: CUTS }, (_, i) => sides[Math.floor(((i + 1) * sides.length) / (CUTS + 1))]!);
  return cuts.filter((cut) => {
    const across = members.filter((i) => {
      const { left, right } = things[i]!.span;
      const margin = 0.2 * (right - left);
      return left < cut - margin && right > cut + margin;
    });
    return across.length <= MAX_ACROSS * members.length;
  });
}

function middleOf({ span: { left, right } }: StandingThing): number {
  return (left + right) / 2;
}
