/** @file How far something lies from the middle of where it was looked for. Pure; any thread. */
import type { Box } from '../contracts/geometry.ts';

/** Middle to middle, in shares of the region's width and height: 0 in its middle, 0.5 at the middle of a side. */
export function distanceFromMiddle(box: Box, region: Box): number {
  return Math.hypot(
    (box.x + box.width / 2 - region.x - region.width / 2) / region.width,
    (box.y + box.height / 2 - region.y - region.height / 2) / region.height,
  );
}
