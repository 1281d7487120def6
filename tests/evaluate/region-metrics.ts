/** @file How well detected regions cover words. Pure. */
import type { Point } from '../../src/contracts/geometry.ts';

/** x, y, width, height in pixels. */
export type WordBox = readonly [number, number, number, number];

/** A word is found when this share of its box lies in regions; ascent and descent of a word box are partly empty. */
const FOUND_SHARE = 0.6;

/** Least share of a region's points that lie in words; the rest is the gap between words and the margin around them. */
const TRUE_SHARE = 0.3;

/** @returns words found, and regions that lie on words. @param regions convex, corners in order, pixels. */
export function coverage(
  words: readonly WordBox[],
  regions: readonly (readonly Point[])[],
): { readonly found: number; readonly trueRegions: number } {
  const shareOf = ([x, y, width, height]: WordBox, isHit: (point: Point) => boolean): number => {
    let hits = 0;
    for (let row = 0; row < STEPS; row++)
      for (let column = 0; column < STEPS; column++)
        if (isHit({ x: x + ((column + 0.5) / STEPS) * width, y: y + ((row + 0.5) / STEPS) * height })) hits++;
    return hits / STEPS ** 2;
  };
  const inRegions = (point: Point): boolean => regions.some((region) => isInside(point, region));
  const inWords = ({ x, y }: Point): boolean => words.some(([left, top, w, h]) => x >= left && x < left + w && y >= top && y < top + h);
  return {
    found: words.filter((word) => shareOf(word, inRegions) >= FOUND_SHARE).length,
    trueRegions: regions.filter((region) => shareOf(boundsOf(region), (p) => isInside(p, region) && inWords(p)) >= TRUE_SHARE).length,
  };
}

/** Points a side that a box is sampled at. */
const STEPS = 16;

function boundsOf(region: readonly Point[]): WordBox {
  const xs = region.map(({ x }) => x);
  const ys = region.map(({ y }) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
}

function isInside({ x, y }: Point, corners: readonly Point[]): boolean {
  return corners.every((a, i) => {
    const b = corners[(i + 1) % corners.length]!;
    return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x) >= 0;
  });
}
