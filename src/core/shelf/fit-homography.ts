/** @file Projective maps between photos of one flat thing, fitted to points and applied. Pure; any thread. */
import type { Box, Point } from '../../contracts/geometry.ts';

/** 3×3, row by row; the last is 1. Maps points of one frame to another. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/** A point in both photos. */
export interface PointPair {
  readonly from: Point;
  readonly to: Point;
  readonly weight: number;
}

/** Leaves everything where it is. */
export const IDENTITY: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** @returns null behind the horizon, where a point has no image. */
export function mapPoint([a, b, c, d, e, f, g, h, i]: Homography, { x, y }: Point): Point | null {
  const depth = g * x + h * y + i;
  return depth <= 1e-6 ? null : { x: (a * x + b * y + c) / depth, y: (d * x + e * y + f) / depth };
}

/** Bounds of the image of a box; null when a corner has none. */
export function mapBox(homography: Homography, { x, y, width, height }: Box): Box | null {
  const corners = [
    mapPoint(homography, { x, y }),
    mapPoint(homography, { x: x + width, y }),
    mapPoint(homography, { x: x + width, y: y + height }),
    mapPoint(homography, { x, y: y + height }),
  ];
  if (corners.some((corner) => corner === null)) return null;
  const xs = corners.map((corner) => corner!.x);
  const ys = corners.map((corner) => corner!.y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** First `first`, then `second`. */
export function chained(first: Homography, second: Homography): Homography {
  const product = Array.from({ length: 9 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3), at % 3];
    return second[3 * row]! * first[column]! + second[3 * row + 1]! * first[3 + column]! + second[3 * row + 2]! * first[6 + column]!;
  });
  return scaled(product);
}

/** @returns null for a map that flattens everything. */
export function inverse(m: Homography): Homography | null {
  const [a, b, c, d, e, f, g, h, i] = m;
  const cofactors = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  return Math.abs(a * cofactors[0]! + b * cofactors[3]! + c * cofactors[6]!) < 1e-12 || Math.abs(cofactors[8]!) < 1e-12
    ? null
    : scaled(cofactors);
}

/**
 * Least squares over all pairs (direct linear transformation; Hartley & Zisserman 2004, §4.1, with the last element fixed).
 * @param isAffine leaves the perspective out; steadier where pairs lie close together.
 * @returns null for fewer pairs than needed (3 affine, 4 projective) or pairs on one line.
 */
export function fitHomography(pairs: readonly PointPair[], isAffine = false): Homography | null {
  const unknowns = isAffine ? 6 : 8;
  if (pairs.length * 2 < unknowns) return null;
  const rows: number[][] = Array.from({ length: unknowns }, () => new Array<number>(unknowns + 1).fill(0));
  const add = (equation: readonly number[], value: number, weight: number): void => {
    for (let i = 0; i < unknowns; i++) {
      const row = rows[i]!;
      for (let j = 0; j < unknowns; j++) row[j]! += weight * equation[i]! * equation[j]!;
      row[unknowns]! += weight * equation[i]! * value;
    }
  };
  for (const { from, to, weight } of pairs) {
    // About the middle of the frame, where figures are small and alike.
    const [x, y, u, v] = [from.x - 0.5, from.y - 0.5, to.x - 0.5, to.y - 0.5];
    add([x, y, 1, 0, 0, 0, -u * x, -u * y], u, weight);
    add([0, 0, 0, x, y, 1, -v * x, -v * y], v, weight);
  }
  const solved = solve(rows);
  if (solved === null) return null;
  const [a, b, c, d, e, f, g = 0, h = 0] = solved as [number, number, number, number, number, number, number?, number?];
  const centred: Homography = [a, b, c, d, e, f, g, h, 1];
  return chained(chained([1, 0, -0.5, 0, 1, -0.5, 0, 0, 1], centred), [1, 0, 0.5, 0, 1, 0.5, 0, 0, 1]);
}

function scaled(m: readonly number[]): Homography {
  const last = m[8]!;
  return m.map((value) => value / last) as unknown as Homography;
}

/** Gauss elimination with pivoting. @param rows consumed. */
function solve(rows: number[][]): number[] | null {
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const lead = rows[column]!;
    if (Math.abs(lead[column]!) < 1e-12) return null;
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = rows[row]![column]! / lead[column]!;
      if (factor !== 0) for (let at = column; at <= size; at++) rows[row]![at]! -= factor * lead[at]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
