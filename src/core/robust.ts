/** @file Statistics that single wrong measurements do not move. Pure; any thread. */

/** Middle value; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length === 0 ? Number.NaN : sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A measured pair. */
export interface Measurement {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** y = intercept + slope × x. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/** What is believed before anything is measured. */
export interface LinePrior extends Line {
  /** Weight of the belief in the intercept, in measurements. */
  readonly interceptWeight: number;
  /** Weight of the belief in the slope, in measurements one unit of x away from the middle. */
  readonly slopeWeight: number;
}

const ROUNDS = 12;
/** Residuals beyond this many times their usual size count for nothing. */
const CUT_OFF = 4;

/**
 * Line through most of the measurements: least squares, weighted anew in each round by how well a measurement fits (Tukey's biweight;
 * Beaton & Tukey 1974), started from the least absolute deviations.
 * @param tolerance residual, in units of y, that is always taken for noise.
 */
export function robustLine(measurements: readonly Measurement[], tolerance: number, prior: LinePrior): Line {
  let line: Line = prior;
  let weightOf: (residual: number) => number = () => 1;
  for (let round = 0; round < ROUNDS; round++) {
    let [sumW, sumX, sumXx, sumY, sumXy] = [
      prior.interceptWeight,
      0,
      prior.slopeWeight,
      prior.interceptWeight * prior.intercept,
      prior.slopeWeight * prior.slope,
    ];
    for (const { x, y, weight } of measurements) {
      const w = weight * weightOf(y - line.intercept - line.slope * x);
      sumW += w;
      sumX += w * x;
      sumXx += w * x * x;
      sumY += w * y;
      sumXy += w * x * y;
    }
    const determinant = sumW * sumXx - sumX * sumX;
    if (!(Math.abs(determinant) > 1e-12)) return line;
    line = { intercept: (sumY * sumXx - sumX * sumXy) / determinant, slope: (sumW * sumXy - sumX * sumY) / determinant };
    const residuals = measurements.map(({ x, y }) => Math.abs(y - line.intercept - line.slope * x));
    const cut = CUT_OFF * Math.max(tolerance, 1.4826 * median(residuals) || 0);
    weightOf =
      round < ROUNDS / 2
        ? (residual) => tolerance / Math.max(tolerance, Math.abs(residual))
        : (residual) => (Math.abs(residual) < cut ? (1 - (residual / cut) ** 2) ** 2 : 0);
  }
  return line;
}
