/**
 * @file Box of a thing before a plain surrounding: pixels unlike the colours of the frame's border. Pure; any thread.
 * Cluttered borders say nothing about where the product is; the answer is then null, which costs nothing (docs/fusion.md).
 */
import type { Box } from '../contracts/geometry.ts';
import type { Frame } from '../contracts/media.ts';

/** Mean distance of the border's pixels from its nearest main colour, 0..255, above which the border is clutter. */
const MAX_BORDER_SPREAD = 16;
/** Main colours of the border: table and wall, say. */
const BORDER_COLOURS = 3;
/** Distance from every main colour that makes a pixel part of the thing. */
const MIN_DISTANCE = 36;
/** Share of its pixels that a row or column of the box must at least have. */
const MIN_LINE_SHARE = 0.06;
const MIN_SIDE = 0.15;
const MARGIN = 0.04;

/**
 * @param frame small (about 64 × 64), squashed; not consumed.
 * @returns null when the border is clutter, nothing stands out, or what does leaves the centre free.
 */
export function salientBox(frame: Frame): Box | null {
  const { widthPx, heightPx } = frame;
  const border = borderPixels(frame);
  const colours = mainColours(frame, border);
  const spread = border.reduce((sum, pixel) => sum + nearest(frame, pixel, colours), 0) / border.length;
  if (spread > MAX_BORDER_SPREAD) return null;
  const perColumn = new Float32Array(widthPx);
  const perRow = new Float32Array(heightPx);
  let isCentreTaken = 0;
  for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
    if (nearest(frame, pixel, colours) < MIN_DISTANCE) continue;
    const x = pixel % widthPx;
    const y = Math.floor(pixel / widthPx);
    perColumn[x]! += 1 / heightPx;
    perRow[y]! += 1 / widthPx;
    if (Math.abs(x / widthPx - 0.5) < 0.15 && Math.abs(y / heightPx - 0.5) < 0.15) isCentreTaken++;
  }
  const isCentred = isCentreTaken > 0.25 * 0.3 * widthPx * 0.3 * heightPx;
  const across = span(perColumn);
  const down = span(perRow);
  if (!isCentred || across === null || down === null) return null;
  const x = Math.max(0, across[0] / widthPx - MARGIN);
  const y = Math.max(0, down[0] / heightPx - MARGIN);
  const width = Math.min(1, (across[1] + 1) / widthPx + MARGIN) - x;
  const height = Math.min(1, (down[1] + 1) / heightPx + MARGIN) - y;
  return width < MIN_SIDE || height < MIN_SIDE ? null : { x, y, width, height };
}

/** Indices of the outermost two rows and columns. */
function borderPixels({ widthPx, heightPx }: Frame): number[] {
  const pixels: number[] = [];
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) if (Math.min(x, y, widthPx - 1 - x, heightPx - 1 - y) < 2) pixels.push(y * widthPx + x);
  return pixels;
}

/** A few steps of k-means from evenly spread pixels. */
function mainColours(frame: Frame, pixels: readonly number[]): number[][] {
  let colours = Array.from({ length: BORDER_COLOURS }, (_, i) => {
    const at = pixels[Math.floor(((i + 0.5) / BORDER_COLOURS) * pixels.length)]! * 4;
    return [frame.data[at]!, frame.data[at + 1]!, frame.data[at + 2]!];
  });
  for (let step = 0; step < 6; step++) {
    const sums = colours.map(() => [0, 0, 0, 0]);
    for (const pixel of pixels) {
      const own = colours.map((colour) => distance(frame, pixel, colour));
      const sum = sums[own.indexOf(Math.min(...own))]!;
      for (let channel = 0; channel < 3; channel++) sum[channel]! += frame.data[pixel * 4 + channel]!;
      sum[3]! += 1;
    }
    colours = colours.map((colour, i) => (sums[i]![3]! === 0 ? colour : [0, 1, 2].map((channel) => sums[i]![channel]! / sums[i]![3]!)));
  }
  return colours;
}

function nearest(frame: Frame, pixel: number, colours: readonly (readonly number[])[]): number {
  return Math.min(...colours.map((colour) => distance(frame, pixel, colour)));
}

function distance({ data }: Frame, pixel: number, colour: readonly number[]): number {
  const at = pixel * 4;
  return Math.hypot(data[at]! - colour[0]!, data[at + 1]! - colour[1]!, data[at + 2]! - colour[2]!);
}

/** First and last line that the thing reaches; null when none does. */
function span(shares: Float32Array): [number, number] | null {
  const first = shares.findIndex((share) => share >= MIN_LINE_SHARE);
  return first < 0 ? null : [first, shares.findLastIndex((share) => share >= MIN_LINE_SHARE)];
}
