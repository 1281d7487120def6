/** @file Resampling of frames: area-averaged when smaller, bilinear when larger, crops and perspective crops. Pure; any thread. */
import type { Box, PixelBox, Point, Quad } from '../contracts/geometry.ts';
import type { Frame } from '../contracts/media.ts';

/** Taps of one output position: `weights.slice(offset, offset + count)` over input positions `start …`. */
interface Taps {
  readonly start: Int32Array;
  readonly count: Int32Array;
  readonly offset: Int32Array;
  readonly weights: Float32Array;
}

/** [Note: Resampling] Pixel centres lie at `i + 0.5`. Downsizing averages the covered area, upsizing interpolates two neighbours. */
function tapsOf(from: number, to: number): Taps {
  const scale = from / to;
  const perOutput = Math.ceil(scale) + 2;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const offset = new Int32Array(to);
  const weights = new Float32Array(to * perOutput);
  for (let position = 0; position < to; position++) {
    const at = position * perOutput;
    offset[position] = at;
    if (scale > 1) {
      const low = position * scale;
      const high = Math.min(from, low + scale);
      const first = Math.floor(low);
      const last = Math.min(from, Math.ceil(high));
      start[position] = first;
      count[position] = last - first;
      for (let source = first; source < last; source++)
        weights[at + source - first] = (Math.min(high, source + 1) - Math.max(low, source)) / (high - low);
    } else {
      const centre = (position + 0.5) * scale - 0.5;
      const first = Math.max(0, Math.min(from - 1, Math.floor(centre)));
      const second = Math.min(from - 1, first + 1);
      const share = second === first ? 0 : Math.max(0, Math.min(1, centre - first));
      start[position] = first;
      count[position] = second - first + 1;
      weights[at] = 1 - share;
      if (second !== first) weights[at + 1] = share;
    }
  }
  return { start, count, offset, weights };
}

/**
 * Resample to an exact size.
 * @param frame H×W×4 u8; not consumed.
 * @param widthPx at least 1. @param heightPx at least 1.
 * @returns a new frame; the same object when the size is already right.
 */
export function resizeFrame(frame: Frame, widthPx: number, heightPx: number): Frame {
  if (frame.widthPx === widthPx && frame.heightPx === heightPx) return frame;
  const source = frame.data;
  const columns = tapsOf(frame.widthPx, widthPx);
  const rows = tapsOf(frame.heightPx, heightPx);
  const rowLength = widthPx * 4;
  const data = new Uint8ClampedArray(rowLength * heightPx);
  const sum = new Float32Array(rowLength);
  // Two neighbouring output rows share at most two input rows, so two resampled rows are kept.
  const kept = [new Float32Array(rowLength), new Float32Array(rowLength)] as const;
  const keptOf = [-1, -1];

  const resampledRow = (y: number): Float32Array => {
    const slot = (y & 1) as 0 | 1;
    const row = kept[slot];
    if (keptOf[slot] === y) return row;
    keptOf[slot] = y;
    const base = y * frame.widthPx * 4;
    for (let x = 0, out = 0; x < widthPx; x++, out += 4) {
      let red = 0;
      let green = 0;
      let blue = 0;
      let alpha = 0;
      let at = base + columns.start[x]! * 4;
      const from = columns.offset[x]!;
      const until = from + columns.count[x]!;
      for (let tap = from; tap < until; tap++, at += 4) {
        const weight = columns.weights[tap]!;
        red += source[at]! * weight;
        green += source[at + 1]! * weight;
        blue += source[at + 2]! * weight;
        alpha += source[at + 3]! * weight;
      }
      row[out] = red;
      row[out + 1] = green;
      row[out + 2] = blue;
      row[out + 3] = alpha;
    }
    return row;
  };

  for (let y = 0; y < heightPx; y++) {
    sum.fill(0);
    for (let tap = 0; tap < rows.count[y]!; tap++) {
      const weight = rows.weights[rows.offset[y]! + tap]!;
      const row = resampledRow(rows.start[y]! + tap);
      for (let i = 0; i < rowLength; i++) sum[i] = sum[i]! + row[i]! * weight;
    }
    data.set(sum, y * rowLength);
  }
  return { widthPx, heightPx, data };
}

/** Size with the longest side at most `maxSidePx`; never larger than given; each side at least 1. */
export function sizeWithin(widthPx: number, heightPx: number, maxSidePx: number): { widthPx: number; heightPx: number } {
  const scale = Math.min(1, maxSidePx / Math.max(widthPx, heightPx));
  return { widthPx: Math.max(1, Math.round(widthPx * scale)), heightPx: Math.max(1, Math.round(heightPx * scale)) };
}

/** Downsize so that the longest side is at most `maxSidePx`; the same object when it already is. */
export function shrinkFrame(frame: Frame, maxSidePx: number): Frame {
  const size = sizeWithin(frame.widthPx, frame.heightPx, maxSidePx);
  return resizeFrame(frame, size.widthPx, size.heightPx);
}

/** Whole pixels that a normalised box covers, cut to the frame; at least 1 × 1. */
export function toPixelBox(box: Box, frame: { readonly widthPx: number; readonly heightPx: number }): PixelBox {
  const left = Math.max(0, Math.min(frame.widthPx - 1, Math.floor(box.x * frame.widthPx)));
  const top = Math.max(0, Math.min(frame.heightPx - 1, Math.floor(box.y * frame.heightPx)));
  const right = Math.max(left + 1, Math.min(frame.widthPx, Math.ceil((box.x + box.width) * frame.widthPx)));
  const bottom = Math.max(top + 1, Math.min(frame.heightPx, Math.ceil((box.y + box.height) * frame.heightPx)));
  return { x: left, y: top, width: right - left, height: bottom - top } as PixelBox;
}

/** Copy of the pixels in `box`. @param box whole pixels within the frame, as {@link toPixelBox} gives. */
export function cropPixels(frame: Frame, box: PixelBox): Frame {
  const data = new Uint8ClampedArray(box.width * box.height * 4);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.y + y) * frame.widthPx + box.x) * 4;
    data.set(frame.data.subarray(from, from + box.width * 4), y * box.width * 4);
  }
  return { widthPx: box.width, heightPx: box.height, data };
}

/** Copy of the pixels that a normalised box covers. */
export function cropFrame(frame: Frame, box: Box): Frame {
  return cropPixels(frame, toPixelBox(box, frame));
}

/** Row-major 3×3 projective map; the last element is 1. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/**
 * Projective map that takes the corners of `0 … widthPx × 0 … heightPx` (clockwise from top left) to `corners`.
 * Source: Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", §2.2.3 (square to quadrilateral).
 */
export function rectangleToQuad(widthPx: number, heightPx: number, corners: readonly [Point, Point, Point, Point]): Homography {
  const [p0, p1, p2, p3] = corners;
  const dx1 = p1.x - p2.x;
  const dx2 = p3.x - p2.x;
  const dy1 = p1.y - p2.y;
  const dy2 = p3.y - p2.y;
  const sx = p0.x - p1.x + p2.x - p3.x;
  const sy = p0.y - p1.y + p2.y - p3.y;
  const denominator = dx1 * dy2 - dx2 * dy1 || Number.EPSILON;
  const g = (sx * dy2 - dx2 * sy) / denominator;
  const h = (dx1 * sy - sx * dy1) / denominator;
  return [
    (p1.x - p0.x + g * p1.x) / widthPx,
    (p3.x - p0.x + h * p3.x) / heightPx,
    p0.x,
    (p1.y - p0.y + g * p1.y) / widthPx,
    (p3.y - p0.y + h * p3.y) / heightPx,
    p0.y,
    g / widthPx,
    h / heightPx,
    1,
  ];
}

/**
 * Cut a quadrilateral out of the frame and straighten it.
 * @param quad clockwise from its own top left, 0..1 of the frame; parts outside repeat the frame's edge.
 * @returns `widthPx × heightPx` pixels, bilinear, with up to 4 × 4 samples a pixel where the quad is larger than the result.
 */
export function warpQuad(frame: Frame, quad: Quad, widthPx: number, heightPx: number): Frame {
  const corners = quad.map(({ x, y }) => ({ x: x * frame.widthPx, y: y * frame.heightPx })) as [Point, Point, Point, Point];
  const side = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
  const stretchX = Math.max(side(corners[0], corners[1]), side(corners[3], corners[2])) / widthPx;
  const stretchY = Math.max(side(corners[0], corners[3]), side(corners[1], corners[2])) / heightPx;
  const samplesX = Math.max(1, Math.min(4, Math.round(stretchX)));
  const samplesY = Math.max(1, Math.min(4, Math.round(stretchY)));
  const fine = sampleQuad(
    frame,
    rectangleToQuad(widthPx * samplesX, heightPx * samplesY, corners),
    widthPx * samplesX,
    heightPx * samplesY,
  );
  return resizeFrame(fine, widthPx, heightPx);
}

/** One bilinear sample per output pixel; `map` takes output pixels to frame pixels. */
function sampleQuad(frame: Frame, map: Homography, widthPx: number, heightPx: number): Frame {
  const [a, b, c, d, e, f, g, h] = map;
  const data = new Uint8ClampedArray(widthPx * heightPx * 4);
  const source = frame.data;
  const maxX = frame.widthPx - 1;
  const maxY = frame.heightPx - 1;
  for (let v = 0, out = 0; v < heightPx; v++) {
    const py = v + 0.5;
    for (let u = 0; u < widthPx; u++, out += 4) {
      const px = u + 0.5;
      const w = g * px + h * py + 1;
      const x = Math.max(0, Math.min(maxX, (a * px + b * py + c) / w - 0.5));
      const y = Math.max(0, Math.min(maxY, (d * px + e * py + f) / w - 0.5));
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const topLeft = (y0 * frame.widthPx + x0) * 4;
      const topRight = x0 < maxX ? topLeft + 4 : topLeft;
      const down = y0 < maxY ? frame.widthPx * 4 : 0;
      const w00 = (1 - fx) * (1 - fy);
      const w10 = fx * (1 - fy);
      const w01 = (1 - fx) * fy;
      const w11 = fx * fy;
      for (let channel = 0; channel < 4; channel++)
        data[out + channel] =
          source[topLeft + channel]! * w00 +
          source[topRight + channel]! * w10 +
          source[topLeft + down + channel]! * w01 +
          source[topRight + down + channel]! * w11;
    }
  }
  return { widthPx, heightPx, data };
}
