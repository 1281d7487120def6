/** @file A box with room around it. Pure; any thread. */
import type { Box } from '../contracts/geometry.ts';

/** Room on each side of a box, as shares of its width (left and right each) and of its height. */
export interface BoxMargin {
  readonly sides: number;
  readonly above: number;
  readonly below: number;
}

/** @param share of a box's width and height. @returns as much room on all four sides. */
export function evenMargin(share: number): BoxMargin {
  return { sides: share, above: share, below: share };
}

/** @returns may reach beyond the frame. */
export function widenBox({ x, y, width, height }: Box, { sides, above, below }: BoxMargin): Box {
  return { x: x - width * sides, y: y - height * above, width: width * (1 + 2 * sides), height: height * (1 + above + below) };
}
