/** @file Which facings are worth reading: their look leaves two known products or more, and their print is large enough. Pure; any thread. */
import type { Facing, FacingLook, ShelfReading } from '../../contracts/shelf.ts';

/** Less likely than this that it is any product of the gallery at all: there is nothing to decide between. */
const LEAST_KNOWN = 0.1;
/** A second candidate this many times less likely than the first is no rival. */
const RIVAL = 100;
/** Print on narrower packs is too small to read. */
const LEAST_SIDE_PX = 28;

/**
 * @param reading as named by looks and neighbours. @param frame size of the photo that would be read.
 * @returns facings that nobody is sure of and that were not read yet. The largest of each block first, then the second largest of each: what
 * one shows, helps its neighbours.
 */
export function undecidedFacings(
  { facings, layout }: Pick<ShelfReading, 'facings' | 'layout'>,
  looks: readonly FacingLook[],
  frame: { readonly widthPx: number; readonly heightPx: number },
): Facing[] {
  const unread = new Set(looks.filter(({ words }) => words === undefined).map(({ facingId }) => facingId));
  const blockOf = new Map(layout.placements.map(({ facingId, block }) => [facingId, block]));
  const sideOf = ({ box }: Facing): number => Math.min(box.width * frame.widthPx, box.height * frame.heightPx);
  const taken = new Map<number, number>();
  return facings
    .filter((facing) => unread.has(facing.id) && isUndecided(facing) && sideOf(facing) >= LEAST_SIDE_PX)
    .map((facing) => ({ facing, side: sideOf(facing) }))
    .sort((a, b) => b.side - a.side)
    .map(({ facing, side }) => {
      const block = blockOf.get(facing.id) ?? -1;
      const turn = taken.get(block) ?? 0;
      taken.set(block, turn + 1);
      return { facing, side, turn };
    })
    .sort((a, b) => a.turn - b.turn || b.side - a.side)
    .map(({ facing }) => facing);
}

function isUndecided({ identity }: Facing): boolean {
  if (identity === null || identity.saidBy === 'user' || identity.certainty === 'sure') return false;
  const [first, second] = identity.candidates;
  if (first === undefined || second === undefined) return false;
  const known = identity.candidates.reduce((sum, { probability01 }) => sum + probability01, 0);
  return known >= LEAST_KNOWN && second.probability01 * RIVAL >= first.probability01;
}
