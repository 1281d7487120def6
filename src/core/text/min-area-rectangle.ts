/** @file Convex hull and the smallest rectangle around points. Pure; any thread. */
import type { Point } from '../../contracts/geometry.ts';

/** A rectangle at any angle: four corners clockwise (image axes, y down), `longPx ≥ shortPx`. */
export interface RotatedRectangle {
  readonly centre: Point;
  /** Unit vector along the long side, pointing right (or down where it is vertical). */
  readonly along: Point;
  readonly longPx: number;
  readonly shortPx: number;
}

/** Hull of points given as x, y pairs; counter-clockwise in y-up terms. Source: Andrew 1979, monotone chain. */
export function convexHull(points: readonly Point[]): Point[] {
  if (points.length < 3) return [...points];
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (ordered: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (chain.length >= 2 && cross(chain[chain.length - 2]!, chain[chain.length - 1]!, point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

function cross(origin: Point, a: Point, b: Point): number {
  return (a.x - origin.x) * (b.y - origin.y) - (a.y - origin.y) * (b.x - origin.x);
}

/** Smallest-area rectangle around the points; one side lies on the hull. Source: Freeman and Shapira 1975. */
export function minAreaRectangle(points: readonly Point[]): RotatedRectangle {
  const hull = convexHull(points);
  let best: RotatedRectangle | null = null;
  let bestArea = Infinity;
  for (let i = 0; i < Math.max(1, hull.length); i++) {
    const a = hull[i] ?? { x: 0, y: 0 };
    const b = hull[(i + 1) % hull.length] ?? a;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const along = length === 0 ? { x: 1, y: 0 } : { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
    let low = Infinity;
    let high = -Infinity;
    let near = Infinity;
    let far = -Infinity;
    for (const { x, y } of hull) {
      const u = x * along.x + y * along.y;
      const v = -x * along.y + y * along.x;
      low = Math.min(low, u);
      high = Math.max(high, u);
      near = Math.min(near, v);
      far = Math.max(far, v);
    }
    const area = (high - low) * (far - near);
    if (area >= bestArea && best !== null) continue;
    bestArea = area;
    const u = (low + high) / 2;
    const v = (near + far) / 2;
    const centre = { x: u * along.x - v * along.y, y: u * along.y + v * along.x };
    const isLong = high - low >= far - near;
    const axis = isLong ? along : { x: -along.y, y: along.x };
    const isForward = Math.abs(axis.x) > Math.abs(axis.y) ? axis.x > 0 : axis.y > 0;
    best = {
      centre,
      along: isForward ? axis : { x: -axis.x, y: -axis.y },
      longPx: isLong ? high - low : far - near,
      shortPx: isLong ? far - near : high - low,
    };
  }
  return best ?? { centre: { x: 0, y: 0 }, along: { x: 1, y: 0 }, longPx: 0, shortPx: 0 };
}
