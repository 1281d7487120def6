/** @file A box as four numbers alone. Pure; any thread. */
import type { Box } from '../contracts/geometry.ts';

/** What is found may hold more than the four numbers of its box; what is kept or sent does not. */
export function plainBox({ x, y, width, height }: Box): Box {
  return { x, y, width, height };
}
