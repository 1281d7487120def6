/** @file Probability map of a text detector → one quadrilateral per line. Pure; any thread. */
import type { Point } from '../../contracts/geometry.ts';
import { minAreaRectangle } from './min-area-rectangle.ts';

/** Corners clockwise from the text's own top left, in pixels of the map (or of whatever it is scaled to). */
export type Corners = readonly [Point, Point, Point, Point];

/** One detected line. */
export interface TextRegion {
  readonly corners: Corners;
  /** Mean probability inside, 0..1. */
  readonly score01: number;
}

/** Thresholds of {@link findTextRegions}; the defaults are those of PP-OCRv4. */
export interface TextRegionOptions {
  readonly pixelThreshold?: number;
  readonly regionThreshold?: number;
  /** How much a shrunk region is grown back: distance = area × ratio / perimeter. */
  readonly unclipRatio?: number;
  readonly minSidePx?: number;
}

/**
 * @param map H×W float32, probability that a pixel lies in the shrunk core of a line.
 * @returns regions in no particular order.
 * Source: Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization", §3.4; PaddleOCR `db_postprocess.py`.
 */
export function findTextRegions(map: Float32Array, widthPx: number, heightPx: number, options: TextRegionOptions = {}): TextRegion[] {
  const { pixelThreshold = 0.3, regionThreshold = 0.55, unclipRatio = 1.6, minSidePx = 3 } = options;
  const seen = new Uint8Array(widthPx * heightPx);
  const stack: number[] = [];
  const regions: TextRegion[] = [];
  for (let seed = 0; seed < map.length; seed++) {
    if (seen[seed] === 1 || map[seed]! < pixelThreshold) continue;
    seen[seed] = 1;
    stack.push(seed);
    let sum = 0;
    let count = 0;
    const extremes = new Map<number, { low: number; high: number }>();
    while (stack.length > 0) {
      const at = stack.pop()!;
      const x = at % widthPx;
      const y = (at - x) / widthPx;
      sum += map[at]!;
      count++;
      const row = extremes.get(y);
      if (row === undefined) extremes.set(y, { low: x, high: x });
      else {
        row.low = Math.min(row.low, x);
        row.high = Math.max(row.high, x);
      }
      for (let dy = -1; dy <= 1; dy++) {
        const ny = y + dy;
        if (ny < 0 || ny >= heightPx) continue;
        for (let dx = -1; dx <= 1; dx++) {
          const nx = x + dx;
          if (nx < 0 || nx >= widthPx) continue;
          const next = ny * widthPx + nx;
          if (seen[next] === 1 || map[next]! < pixelThreshold) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    const score01 = sum / count;
    if (score01 < regionThreshold) continue;
    // The hull of a component is the hull of its rows' ends; pixels are squares, so both of their edges count.
    const points: Point[] = [];
    for (const [y, { low, high }] of extremes)
      points.push({ x: low, y }, { x: high + 1, y }, { x: low, y: y + 1 }, { x: high + 1, y: y + 1 });
    const rectangle = minAreaRectangle(points);
    if (rectangle.shortPx < minSidePx) continue;
    const grow = (rectangle.longPx * rectangle.shortPx * unclipRatio) / (2 * (rectangle.longPx + rectangle.shortPx));
    const long = rectangle.longPx + 2 * grow;
    const short = rectangle.shortPx + 2 * grow;
    regions.push({ corners: cornersOf(rectangle, long, short), score01 });
  }
  return regions;
}

/** Upright corners: the width runs to the right, whichever side is the long one. */
function cornersOf({ centre, along }: { readonly centre: Point; readonly along: Point }, long: number, short: number): Corners {
  const isColumn = Math.abs(along.y) > Math.abs(along.x);
  const right = isColumn ? { x: along.y, y: -along.x } : along;
  const down = { x: -right.y, y: right.x };
  const [width, height] = isColumn ? [short, long] : [long, short];
  const corner = (u: number, v: number): Point => ({
    x: centre.x + (right.x * u * width + down.x * v * height) / 2,
    y: centre.y + (right.y * u * width + down.y * v * height) / 2,
  });
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}
