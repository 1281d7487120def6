/** @file How the boards of a shelf run in a photo, told from neighbouring facings. Pure; any thread. */
import type { Box } from '../../contracts/geometry.ts';
import { robustLine, type Line, type Measurement } from '../robust.ts';
import { FRONTAL, type RowPlane } from './row-plane.ts';

/** Steeper boards and stronger perspective than this are mistakes: phones see about 70°. */
const MAX_SLOPE = 0.7;
const MAX_CONVERGENCE = 1.2;
/** Slopes of single pairs are this noisy at best. */
const SLOPE_NOISE = 0.02;
/** How strongly a camera that faces the shelf is expected. */
const FRONTAL_PRIOR = { interceptWeight: 0.02, slopeWeight: 0.004 };
const ROUNDS = 4;

interface SlopeSample {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
  readonly weight: number;
}

/**
 * From pairs of neighbours that stand on one board: feet level with each other, or heads where heights are alike.
 * @param boxes facings and gaps, any order.
 */
export function fitRowPlane(boxes: readonly Box[]): RowPlane {
  return planeOfSlopes(neighbourSlopes(boxes));
}

/** A board as measured: height and slope in the middle of the frame, and how much both are worth. */
export interface MeasuredBoard {
  readonly line: Line;
  readonly weight: number;
}

/** From whole boards; better than from neighbours once rows are known. @param boards lines of y - 0.5 over x - 0.5. */
export function planeOfBoards(boards: readonly MeasuredBoard[]): RowPlane {
  return clamped(
    robustLine(
      boards.map(({ line, weight }): Measurement => ({ x: line.intercept, y: line.slope, weight })),
      SLOPE_NOISE / 4,
      { ...asLine(FRONTAL), ...FRONTAL_PRIOR },
    ),
  );
}

function planeOfSlopes(samples: readonly SlopeSample[]): RowPlane {
  let plane = FRONTAL;
  for (let round = 0; round < ROUNDS; round++) {
    const measurements = samples.map(({ x, y, slope, weight }): Measurement => ({ x: y - 0.5 - slope * (x - 0.5), y: slope, weight }));
    plane = clamped(robustLine(measurements, SLOPE_NOISE, { ...asLine(plane), ...FRONTAL_PRIOR, intercept: 0, slope: 0 }));
  }
  return plane;
}

function asLine({ slope, convergence }: RowPlane): Line {
  return { intercept: slope, slope: convergence };
}

function clamped({ intercept, slope }: Line): RowPlane {
  const within = (value: number, limit: number): number => Math.max(-limit, Math.min(limit, value));
  return { slope: within(intercept, MAX_SLOPE), convergence: within(slope, MAX_CONVERGENCE) };
}

/** Each box with the next ones to its right; a longer way measures better and counts more. */
function neighbourSlopes(boxes: readonly Box[]): SlopeSample[] {
  const samples: SlopeSample[] = [];
  const sorted = [...boxes].filter((box) => !isCut(box)).sort((a, b) => a.x + a.width / 2 - b.x - b.width / 2);
  sorted.forEach((left, i) => {
    for (const right of sorted.slice(i + 1)) {
      const way = right.x + right.width / 2 - left.x - left.width / 2;
      const wider = Math.max(left.width, right.width);
      if (way > 3.2 * wider) {
        if (way > 8 * wider) break;
        continue;
      }
      if (way < 0.5 * Math.min(left.width, right.width)) continue;
      const higher = Math.max(left.height, right.height);
      const drop = right.y + right.height - left.y - left.height;
      if (Math.abs(drop) > 0.35 * higher + MAX_SLOPE * way * 0.5) continue;
      const x = (left.x + left.width / 2 + right.x + right.width / 2) / 2;
      const add = (slope: number, y: number, weight: number): void => {
        if (Math.abs(slope) <= MAX_SLOPE) samples.push({ x, y, slope, weight: weight * way });
      };
      add(drop / way, (left.y + left.height + right.y + right.height) / 2, 0.5);
      // Heads level with each other tell how slopes change with height, even of a single row.
      if (Math.abs(left.height - right.height) < 0.1 * higher) add((right.y - left.y) / way, (left.y + right.y) / 2, 0.5);
    }
  });
  return samples;
}

/** The frame's edge, not a board, ends it. */
function isCut({ y, height }: Box): boolean {
  return y < 0.004 || y + height > 0.996;
}
