/** @file Facings that an edge of the photo cuts. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';

/** This near to an edge, 0..1 of the photo, nobody knows whether there is more of it. */
const NEAR_EDGE01 = 0.004;

/** @returns true when the box reaches an edge of the photo. */
export function isCut({ x, y, width, height }: Box): boolean {
  return x < NEAR_EDGE01 || y < NEAR_EDGE01 || x + width > 1 - NEAR_EDGE01 || y + height > 1 - NEAR_EDGE01;
}
