/** @file Where the line of the number stands in one look at a bib. Pure; any thread. */
import { sigmoid } from '../logistic.ts';

/** A straight line of characters, 0..1 of the look. */
export interface NumberLine {
  readonly left01: number;
  readonly right01: number;
  /** At its left and at its right end. */
  readonly top01: readonly [number, number];
  readonly bottom01: readonly [number, number];
}

/** Columns that a number takes at least. */
const LEAST_STEPS = 2;
/** Height below which it is none. */
const LEAST_HEIGHT = 0.04;

/**
 * @param steps × channels, as the net gives them: at `at` the logit of "the number is in this column", then its top and bottom there.
 * @returns null when there is no number.
 */
export function lineOfNumber(all: Float32Array, steps: number, channels: number, at: number): NumberLine | null {
  let left = -1;
  let right = -1;
  const sums = { weight: 0, x: 0, xx: 0, top: 0, bottom: 0, xTop: 0, xBottom: 0 };
  for (let step = 0; step < steps; step++) {
    const logit = all[step * channels + at]!;
    if (logit <= 0) continue;
    if (left < 0) left = step;
    right = step;
    const weight = sigmoid(logit);
    const x = (step + 0.5) / steps;
    const top = all[step * channels + at + 1]!;
    const bottom = all[step * channels + at + 2]!;
    sums.weight += weight;
    sums.x += weight * x;
    sums.xx += weight * x * x;
    sums.top += weight * top;
    sums.bottom += weight * bottom;
    sums.xTop += weight * x * top;
    sums.xBottom += weight * x * bottom;
  }
  if (left < 0 || right - left + 1 < LEAST_STEPS) return null;
  const meanX = sums.x / sums.weight;
  const spread = sums.xx / sums.weight - meanX * meanX;
  const fit = (sum: number, xSum: number): ((x: number) => number) => {
    const mean = sum / sums.weight;
    const slope = spread > 1e-6 ? (xSum / sums.weight - meanX * mean) / spread : 0;
    return (x) => mean + slope * (x - meanX);
  };
  const top = fit(sums.top, sums.xTop);
  const bottom = fit(sums.bottom, sums.xBottom);
  const [left01, right01] = [left / steps, (right + 1) / steps];
  const line: NumberLine = { left01, right01, top01: [top(left01), top(right01)], bottom01: [bottom(left01), bottom(right01)] };
  const height = (line.bottom01[0] + line.bottom01[1] - line.top01[0] - line.top01[1]) / 2;
  return height < LEAST_HEIGHT ? null : line;
}
