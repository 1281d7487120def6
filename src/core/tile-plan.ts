/** @file Overlapping tiles that cover a picture. Pure; any thread. */
import type { PixelBox } from '../contracts/geometry.ts';

/**
 * Tiles as alike and as few as the overlap allows, row by row.
 * @param tilePx longest side of a tile; a picture no larger is one tile.
 * @param overlapPx least overlap of neighbours, below `tilePx`.
 */
export function planTiles(widthPx: number, heightPx: number, tilePx: number, overlapPx: number): PixelBox[] {
  const width = Math.min(tilePx, widthPx);
  const height = Math.min(tilePx, heightPx);
  return startsOf(heightPx, height, overlapPx).flatMap((y) =>
    startsOf(widthPx, width, overlapPx).map((x) => ({ x, y, width, height }) as PixelBox),
  );
}

/** Evenly spaced tile starts along one side. */
function startsOf(lengthPx: number, tilePx: number, overlapPx: number): number[] {
  if (lengthPx <= tilePx) return [0];
  const steps = Math.ceil((lengthPx - tilePx) / Math.max(1, tilePx - overlapPx));
  return Array.from({ length: steps + 1 }, (_, i) => Math.round((i * (lengthPx - tilePx)) / steps));
}
