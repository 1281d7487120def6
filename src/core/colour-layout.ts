/**
 * @file Where the colours of a pack's front lie: means of a coarse grid in CIELAB. A pack on a shelf is seen from the front and boxed
 * tightly, so its print lies where the pack shot has it; a photo held in the hand is turned and cut anyhow, and this says little of it.
 * Pure; any thread. Figures: docs/shelf.md.
 */
import type { Frame } from '../contracts/media.ts';
import { COLOUR_SIDE_PX } from './colour-histogram.ts';
import { LINEAR, linearToLab } from './lab.ts';
import { normalised } from './vector.ts';

const COLUMNS = 6;
const ROWS = 8;
/** Share of the crop left out at each side: boxes are never exact, and round packs are dark there. */
const INSET = 0.05;
/** How much of the mean tint stays. Light has no say at all, since shelves are darker below; its tint has half. */
const MEAN_TINT = 0.5;

/** Length of the descriptor. */
export const LAYOUT_DIMENSIONS = COLUMNS * ROWS * 3;

/**
 * @param frame exactly {@link COLOUR_SIDE_PX} squared (the crop, squashed); not consumed.
 * @returns {@link LAYOUT_DIMENSIONS} numbers, L2-normalised (all 0 for a crop of one grey); their dot product is the likeness, -1..1.
 */
export function colourLayout({ data }: Frame): Float32Array<ArrayBuffer> {
  const grid = new Float32Array(LAYOUT_DIMENSIONS);
  const edge = (i: number, of: number): number => (INSET + (i / of) * (1 - 2 * INSET)) * COLOUR_SIDE_PX;
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      const [top, bottom] = [Math.floor(edge(row, ROWS)), Math.ceil(edge(row + 1, ROWS))];
      const [left, right] = [Math.floor(edge(column, COLUMNS)), Math.ceil(edge(column + 1, COLUMNS))];
      const sum = [0, 0, 0];
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          for (let channel = 0; channel < 3; channel++) sum[channel]! += LINEAR[data[(y * COLOUR_SIDE_PX + x) * 4 + channel]!]!;
      const count = (bottom - top) * (right - left);
      linearToLab(sum[0]! / count, sum[1]! / count, sum[2]! / count, grid, (row * COLUMNS + column) * 3);
    }
  const mean = [0, 0, 0];
  grid.forEach((value, i) => (mean[i % 3]! += value / (COLUMNS * ROWS)));
  grid.forEach((value, i) => (grid[i] = value - mean[i % 3]! * (i % 3 === 0 ? 1 : 1 - MEAN_TINT)));
  return normalised(grid);
}
