/** @file Which facings of one product are worth remembering as photos of it. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import type { Facing, FacingLook } from '../../contracts/shelf.ts';
import { dot, meanDirection } from '../vector.ts';
import { lookVector } from './look-vector.ts';

/** A facing this near to the frame's edge is likely cut by it. */
const EDGE = 0.004;
/** Smaller than this share of the largest, a facing shows too little to learn from. */
const LEAST_AREA = 0.35;
/** More alike than this to the first example, a second one teaches nothing new. */
const SAME_VIEW = 0.985;

/**
 * @param facings that show one product. @param looks of the photo.
 * @returns the most typical facing, and where there is one that looks differently (other light, turned), that one too. Small facings and
 * those at the frame's edge only when there is nothing better. Empty when none was looked at.
 */
export function chooseExamples(facings: readonly Facing[], looks: readonly FacingLook[]): Facing[] {
  const byFacing = new Map(looks.map((look) => [look.facingId, look]));
  const seen = facings.flatMap((facing) => {
    const look = byFacing.get(facing.id);
    return look === undefined ? [] : [{ facing, vector: lookVector(look.look) }];
  });
  if (seen.length === 0) return [];
  const whole = seen.filter(({ facing }) => !isAtEdge(facing.box));
  const candidates = whole.length === 0 ? seen : whole;
  const largest = Math.max(...candidates.map(({ facing }) => areaOf(facing.box)));
  const large = candidates.filter(({ facing }) => areaOf(facing.box) >= largest * LEAST_AREA);
  const centre = meanDirection(large.map(({ vector }) => vector));
  const [first, ...others] = large
    .map((one) => ({ ...one, typical: dot(one.vector, centre) }))
    .sort((a, b) => b.typical - a.typical || (a.facing.id < b.facing.id ? -1 : 1));
  const second = others
    .map((one) => ({ ...one, likeness: dot(one.vector, first!.vector) }))
    .filter(({ likeness }) => likeness < SAME_VIEW)
    .sort((a, b) => a.likeness - b.likeness || (a.facing.id < b.facing.id ? -1 : 1))[0];
  return [first!.facing, ...(second === undefined ? [] : [second.facing])];
}

function isAtEdge({ x, y, width, height }: Box): boolean {
  return x < EDGE || y < EDGE || x + width > 1 - EDGE || y + height > 1 - EDGE;
}

function areaOf({ width, height }: Box): number {
  return width * height;
}
