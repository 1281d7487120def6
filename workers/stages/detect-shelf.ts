/**
 * @file Find every front facing and every empty place of a shelf, whatever the goods are. The photo is looked at whole; that tells how large
 * its facings are, and it is looked at once more at the size at which the net sees such facings best, in tiles where that is large.
 * Runtime-neutral. Thread: vision worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box, PixelBox } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { ShelfDetection, ShelfDetections } from '../../src/contracts/shelf.ts';
import { facingPeaks } from '../../src/core/facing-peaks.ts';
import { cutToFrame } from '../../src/core/letterbox.ts';
import { intersectionOverSmaller, intersectionOverUnion, suppressOverlaps } from '../../src/core/nms.ts';
import { cropPixels, resizeFrame } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { planTiles } from '../../src/core/tile-plan.ts';
import { modelSpec } from '../../src/models/registry.ts';
import type { FrameLevels } from './frame-levels.ts';

/** Registry id of the net. */
export const FACING_MODEL = 'facing-detector';

/** The net halves five times. */
const SIDE_STEP = 32;

/** Longest side of the first look. */
const FIRST_SIDE_PX = 832;

/** [Note: Best size] Square root of the area at which facings are found and framed best; chosen on real photos (docs/shelf.md). */
const BEST_SIZE_PX = 64;

/** A second look is worth its time when it changes the size at least so much. */
const WORTHWHILE = 1.3;

/** A second look larger than this goes in tiles. */
const TILE_PX = 1024;

/** Facings that the tiles overlap by, in typical sizes: most are whole in one tile or the other. */
const OVERLAP_SIZES = 2.4;

/** Most pixels along the longest side of the second look. */
const MAX_SIDE_PX = 3072;

/** Facings larger than this in the second look keep the box of the first: the net sees them whole there. */
const LARGE_PX = 300;

/** [Note: Facing thresholds] Where misses and false alarms balance on real photos (docs/shelf.md). */
export const SHELF_CONFIDENCE = { facing: 0.35, gap: 0.3 } as const;

/** What is less sure is never read out of the maps. */
const LEAST_CONFIDENCE = 0.05;

/** Two boxes of which one lies in the other to this share are one facing and a part of it. */
const MAX_INSIDE = 0.82;

/** Fewer facings than this say nothing about their size. */
const MIN_SAMPLE = 4;

/** Options of {@link detectShelf}. */
export interface ShelfOptions {
  /** Less sure ones are left out, of both kinds; default {@link SHELF_CONFIDENCE}. */
  readonly minConfidence01?: number;
  /** Called between model runs; throws to stop. */
  readonly checkCancelled?: () => Promise<void>;
  /** Model runs done and planned. */
  readonly onStep?: (done: number, total: number) => void;
}

interface Found {
  readonly facings: readonly ShelfDetection[];
  readonly gaps: readonly ShelfDetection[];
}

/** Runs the net on a picture; boxes are 0..1 of it. */
type Look = (picture: Frame) => Promise<Found>;

/**
 * @param levels an upright photo; not consumed.
 * @returns facings and gaps, each at most once; boxes 0..1 of the frame. Both empty for a photo without a shelf.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'cancelled' | 'bug')
 */
export async function detectShelf(levels: FrameLevels, runtime: Runtime, options: ShelfOptions = {}): Promise<ShelfDetections> {
  const look = await opened(runtime);
  options.onStep?.(0, 2);
  const { widthPx, heightPx } = levels.full;
  const longest = Math.max(widthPx, heightPx);
  const first = await look(scaled(levels, FIRST_SIDE_PX / longest));
  const size = typicalSize(first.facings, widthPx, heightPx);
  const scale = size === null ? null : secondScale(size, longest);
  if (scale === null) {
    options.onStep?.(2, 2);
    return sure([first], options.minConfidence01);
  }
  const picture = scaled(levels, scale);
  const tiles = tilesFor(picture, first, size! * scale);
  const second: Found[] = [];
  for (const [done, tile] of tiles.entries()) {
    options.onStep?.(1 + done, 1 + tiles.length);
    await options.checkCancelled?.();
    second.push(wholeOnes(await look(tiles.length === 1 && isWhole(tile, picture) ? picture : cropPixels(picture, tile)), tile, picture));
  }
  options.onStep?.(1 + tiles.length, 1 + tiles.length);
  const isLarge = ({ box }: ShelfDetection) => Math.max(box.width * picture.widthPx, box.height * picture.heightPx) > LARGE_PX;
  const coarse = scale * longest > FIRST_SIDE_PX ? isLarge : () => false;
  return sure(
    [
      { facings: first.facings.filter(coarse), gaps: first.gaps.filter(coarse) },
      ...second.map(({ facings, gaps }) => ({
        facings: facings.filter((found) => !coarse(found)),
        gaps: gaps.filter((found) => !coarse(found)),
      })),
    ],
    options.minConfidence01,
  );
}

async function opened(runtime: Runtime): Promise<Look> {
  const { input, outputs } = modelSpec(FACING_MODEL);
  if (input === undefined) throw new AppError('bug', `${FACING_MODEL} declares no input`);
  const model = await runtime.ort(FACING_MODEL);
  return async (picture) => {
    const padded = paddedTo(picture, SIDE_STEP);
    const { widthPx, heightPx } = padded;
    const results = await model.run({
      [input.name]: { type: 'float32', data: toTensorData(padded, input), dims: [1, 3, heightPx, widthPx] },
    });
    const maps = results[outputs?.[0] ?? ''];
    if (maps === undefined || !(maps.data instanceof Float32Array)) throw new AppError('bug', `${FACING_MODEL} gave no float32 maps`);
    const [, , heightCells = 0, widthCells = 0] = maps.dims;
    const read = (channel: 0 | 5): ShelfDetection[] =>
      distinct(
        facingPeaks(maps.data as Float32Array, widthCells, heightCells, channel, LEAST_CONFIDENCE)
          .map(({ box, confidence01 }) => ({
            box: cutToFrame({
              x: box.x / picture.widthPx,
              y: box.y / picture.heightPx,
              width: box.width / picture.widthPx,
              height: box.height / picture.heightPx,
            }),
            confidence01,
          }))
          .filter(({ box }) => box.width > 0 && box.height > 0),
      );
    return { facings: read(0), gaps: read(5) };
  };
}

/** The frame at another size, made from the smallest level that serves. */
function scaled(levels: FrameLevels, scale: number): Frame {
  const widthPx = Math.max(1, Math.round(levels.full.widthPx * scale));
  const heightPx = Math.max(1, Math.round(levels.full.heightPx * scale));
  return resizeFrame(levels.atLeast(widthPx, heightPx, undefined, 1), widthPx, heightPx);
}

/** Grey below and to the right, up to multiples of `step`. */
function paddedTo(frame: Frame, step: number): Frame {
  const widthPx = Math.ceil(frame.widthPx / step) * step;
  const heightPx = Math.ceil(frame.heightPx / step) * step;
  if (widthPx === frame.widthPx && heightPx === frame.heightPx) return frame;
  const data = new Uint8ClampedArray(widthPx * heightPx * 4).fill(114);
  for (let y = 0; y < frame.heightPx; y++)
    data.set(frame.data.subarray(y * frame.widthPx * 4, (y + 1) * frame.widthPx * 4), y * widthPx * 4);
  return { widthPx, heightPx, data };
}

/** Median of the square roots of the facings' areas, in pixels of the frame; null when there are too few. */
function typicalSize(facings: readonly ShelfDetection[], widthPx: number, heightPx: number): number | null {
  const sizes = facings
    .filter(({ confidence01 }) => confidence01 >= SHELF_CONFIDENCE.facing)
    .map(({ box }) => Math.sqrt(box.width * widthPx * box.height * heightPx))
    .sort((a, b) => a - b);
  return sizes.length < MIN_SAMPLE ? null : sizes[sizes.length >> 1]!;
}

/** Scale of the second look; null when the first was about right. A little enlarging helps tiny facings, more invents nothing. */
function secondScale(size: number, longest: number): number | null {
  const first = FIRST_SIDE_PX / longest;
  const wanted = Math.min(BEST_SIZE_PX / size, MAX_SIDE_PX / longest, 1.5);
  const scale = Math.max(wanted, 384 / longest);
  return scale / first > WORTHWHILE || first / scale > WORTHWHILE ? scale : null;
}

/** Tiles of the second look in which the first saw anything; one tile when the picture is small. */
function tilesFor(picture: Frame, first: Found, size: number): PixelBox[] {
  const overlapPx = Math.min(TILE_PX / 2, Math.round(size * OVERLAP_SIZES));
  const all =
    Math.max(picture.widthPx, picture.heightPx) <= TILE_PX * 1.25
      ? [{ x: 0, y: 0, width: picture.widthPx, height: picture.heightPx } as PixelBox]
      : planTiles(picture.widthPx, picture.heightPx, TILE_PX, overlapPx);
  const seen = [...first.facings, ...first.gaps]
    .filter(({ confidence01 }) => confidence01 >= 0.15)
    .map(({ box }) => toPixels(box, picture));
  return all.filter((tile) => seen.some((box) => touches(tile, box)));
}

function toPixels(box: Box, { widthPx, heightPx }: Frame) {
  return { x: box.x * widthPx, y: box.y * heightPx, width: box.width * widthPx, height: box.height * heightPx };
}

type Rectangle = ReturnType<typeof toPixels>;

function touches(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function isWhole(tile: PixelBox, { widthPx, heightPx }: Frame): boolean {
  return tile.width === widthPx && tile.height === heightPx;
}

/** What is not cut by an inner edge of the tile, as boxes of the frame: the neighbour sees it whole. */
function wholeOnes(found: Found, tile: PixelBox, { widthPx, heightPx }: Frame): Found {
  const marginPx = 3;
  const isCut = ({ box }: ShelfDetection): boolean => {
    const left = box.x * tile.width;
    const top = box.y * tile.height;
    const right = (box.x + box.width) * tile.width;
    const bottom = (box.y + box.height) * tile.height;
    return (
      (tile.x > 0 && left < marginPx) ||
      (tile.y > 0 && top < marginPx) ||
      (tile.x + tile.width < widthPx && right > tile.width - marginPx) ||
      (tile.y + tile.height < heightPx && bottom > tile.height - marginPx)
    );
  };
  const placed = ({ box, confidence01 }: ShelfDetection): ShelfDetection => ({
    confidence01,
    box: {
      x: (tile.x + box.x * tile.width) / widthPx,
      y: (tile.y + box.y * tile.height) / heightPx,
      width: (box.width * tile.width) / widthPx,
      height: (box.height * tile.height) / heightPx,
    },
  });
  return {
    facings: found.facings.filter((one) => !isCut(one)).map(placed),
    gaps: found.gaps.filter((one) => !isCut(one)).map(placed),
  };
}

function sure(parts: readonly Found[], minConfidence01?: number): ShelfDetections {
  return {
    facings: distinct(
      parts.flatMap(({ facings }) => facings).filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? SHELF_CONFIDENCE.facing)),
    ),
    gaps: distinct(
      parts.flatMap(({ gaps }) => gaps).filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? SHELF_CONFIDENCE.gap)),
    ),
  };
}

function distinct(found: readonly ShelfDetection[]): ShelfDetection[] {
  return suppressOverlaps(suppressOverlaps(found, 0.5, intersectionOverUnion), MAX_INSIDE, intersectionOverSmaller);
}
