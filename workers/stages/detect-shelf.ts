/**
 * @file Find every front facing and every empty place of a shelf, whatever the goods are. The photo is looked at from afar; that tells how
 * large its facings are, and it is looked at from nearer until they have the size that the net sees best, in tiles where that is large.
 * Runtime-neutral. Thread: vision worker or Node.
 */
import type { Box, PixelBox } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import type { ShelfDetection, ShelfDetections } from '../../src/contracts/shelf.ts';
import { distinctBoxes, mergeLooks } from '../../src/core/merge-looks.ts';
import { intersectionArea } from '../../src/core/nms.ts';
import { cropPixels } from '../../src/core/resize.ts';
import { planTiles } from '../../src/core/tile-plan.ts';
import { openBoxNet, placeWhole } from './box-net.ts';
import type { FrameLevels } from './frame-levels.ts';

/** Registry id of the net. */
export const FACING_MODEL = 'facing-detector';

const MAP_SCALE = { stridePx: 4, unitPx: 16 } as const;

/** Longest side of the first look: from afar large things are whole, and what the small ones are like is soon said. */
const FIRST_SIDE_PX = 512;

/** [Note: Best size] Square root of the area at which facings are found and framed best; chosen on real photos (docs/shelf.md). */
const BEST_SIZE_PX = 62;

/** Another look is worth its time when it changes the size at least so much. */
const WORTHWHILE = 1.3;

/** One look nears by no more than this: sizes measured from afar are those of the largest things. */
const MAX_STEP = 2.2;

/** A look larger than this goes in tiles. */
const TILE_PX = 1024;

/** Facings that the tiles overlap by, in typical sizes: most are whole in one tile or the other. */
const OVERLAP_SIZES = 2.4;

/** Most and fewest pixels along the longest side of a look. */
const MAX_SIDE_PX = 3072;
const MIN_SIDE_PX = 320;

/** Square root of the area, in pixels of the nearest look, above which facings keep the box of the look before. */
const LARGE_SIZE_PX = 170;

/**
 * [Note: Facing thresholds] Facings: where misses and false alarms balance on real photos (docs/shelf.md). Gaps: what is worth telling the
 * rows, which know what fits a hole (src/core/shelf/row-holes.ts).
 */
export const SHELF_CONFIDENCE = { facing: 0.31, gap: 0.1 } as const;

/**
 * [Note: No shelf] Windows, letters and knives in a row look a little like goods. A photo shows a shelf when a few of its facings, and not too small
 * a share of them, are surer than that, or one is quite sure; chosen on photos without a shelf (docs/shelf.md).
 */
const SURE_FACINGS = { count: 3, each01: 0.5, share01: 0.35, one01: 0.65 } as const;

/** As sure as this that something stands there, a tile is worth a look. */
const MIN_HINT_CONFIDENCE = 0.15;

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
  const { widthPx, heightPx } = levels.full;
  const longest = Math.max(widthPx, heightPx);
  let side = FIRST_SIDE_PX;
  let done = 0;
  let total = 2;
  const step = async (): Promise<void> => {
    options.onStep?.(done, total);
    if (done > 0) await options.checkCancelled?.();
    done++;
  };
  await step();
  let found = await look(levels.scaled(side / longest));
  for (;;) {
    const next = nextSide(found, side, levels.full);
    if (next === null) break;
    const picture = levels.scaled(next / longest);
    const tiles = tilesFor(picture, found, (typicalSize(found.facings, levels.full) ?? BEST_SIZE_PX) * (next / longest));
    total = done + tiles.length + 1;
    const near: Found[] = [];
    for (const tile of tiles) {
      await step();
      const { facings, gaps } = await look(isWhole(tile, picture) ? picture : cropPixels(picture, tile));
      near.push({ facings: placeWhole(facings, tile, picture), gaps: placeWhole(gaps, tile, picture) });
    }
    const isNearer = next > side;
    const isLarge = ({ box }: ShelfDetection) => Math.sqrt(box.width * picture.widthPx * box.height * picture.heightPx) > LARGE_SIZE_PX;
    const merged = (of: (one: Found) => readonly ShelfDetection[]) => {
      const seen = distinctBoxes(near.flatMap(of));
      return isNearer ? mergeLooks(of(found), seen, isLarge) : seen;
    };
    found = { facings: merged(({ facings }) => facings), gaps: merged(({ gaps }) => gaps) };
    side = next;
    if (!isNearer) break;
  }
  options.onStep?.(done, done);
  if (!showsShelf(found)) return { facings: [], gaps: [] };
  const { minConfidence01 } = options;
  return {
    facings: found.facings.filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? SHELF_CONFIDENCE.facing)),
    gaps: found.gaps.filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? SHELF_CONFIDENCE.gap)),
  };
}

async function opened(runtime: Runtime): Promise<Look> {
  const run = await openBoxNet(runtime, FACING_MODEL);
  return async (picture) => {
    const boxes = await run(picture);
    return { facings: distinctBoxes(boxes(0, 0, MAP_SCALE)), gaps: distinctBoxes(boxes(0, 1, MAP_SCALE)) };
  };
}

/** Median of the square roots of the facings' areas, in pixels of the frame; null when there are too few. */
function typicalSize(facings: readonly ShelfDetection[], { widthPx, heightPx }: Frame): number | null {
  const sizes = facings
    .filter(({ confidence01 }) => confidence01 >= SHELF_CONFIDENCE.facing)
    .map(({ box }) => Math.sqrt(box.width * widthPx * box.height * heightPx))
    .sort((a, b) => a - b);
  return sizes.length < MIN_SAMPLE ? null : sizes[sizes.length >> 1]!;
}

/** Longest side of the next look; null when this one was about right, or shows no shelf. */
function nextSide(found: Found, side: number, full: Frame): number | null {
  const longest = Math.max(full.widthPx, full.heightPx);
  const most = Math.min(MAX_SIDE_PX, longest * 1.5);
  const size = typicalSize(found.facings, full);
  if (size === null) {
    // Goods so small that from afar they are hardly seen.
    const isHint = found.facings.length >= 2 * MIN_SAMPLE && side === FIRST_SIDE_PX;
    return isHint && most >= side * WORTHWHILE ? Math.min(most, side * 2) : null;
  }
  const wanted = (BEST_SIZE_PX / size) * longest;
  const next = Math.round(Math.max(MIN_SIDE_PX, Math.min(wanted, most, side * MAX_STEP)));
  if (next >= side * WORTHWHILE) return next;
  return side === FIRST_SIDE_PX && next * WORTHWHILE <= side ? next : null;
}

/** See [Note: No shelf]. */
function showsShelf({ facings }: Found): boolean {
  const taken = facings.filter(({ confidence01 }) => confidence01 >= SHELF_CONFIDENCE.facing);
  const sure = taken.filter(({ confidence01 }) => confidence01 >= SURE_FACINGS.each01);
  const isFew = sure.length < SURE_FACINGS.count || sure.length < SURE_FACINGS.share01 * taken.length;
  return !isFew || sure.some(({ confidence01 }) => confidence01 >= SURE_FACINGS.one01);
}

/** Tiles of the next look in which this one saw anything; one tile when the picture is small. */
function tilesFor(picture: Frame, first: Found, size: number): PixelBox[] {
  const overlapPx = Math.min(TILE_PX / 2, Math.round(size * OVERLAP_SIZES));
  const all =
    Math.max(picture.widthPx, picture.heightPx) <= TILE_PX * 1.25
      ? [{ x: 0, y: 0, width: picture.widthPx, height: picture.heightPx } as PixelBox]
      : planTiles(picture.widthPx, picture.heightPx, TILE_PX, overlapPx);
  const seen = [...first.facings, ...first.gaps]
    .filter(({ confidence01 }) => confidence01 >= MIN_HINT_CONFIDENCE)
    .map(({ box }) => toPixels(box, picture));
  return all.filter((tile) => seen.some((box) => intersectionArea(tile, box) > 0));
}

function toPixels(box: Box, { widthPx, heightPx }: Frame) {
  return { x: box.x * widthPx, y: box.y * heightPx, width: box.width * widthPx, height: box.height * heightPx };
}

function isWhole(tile: PixelBox, { widthPx, heightPx }: Frame): boolean {
  return tile.width === widthPx && tile.height === heightPx;
}
