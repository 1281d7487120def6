/**
 * @file Find runners and their bibs in a race photo. The photo is looked at whole; where people are so small that their bibs can hardly be
 * seen, that part is looked at again from nearer. Runtime-neutral. Thread: vision worker or Node.
 */
import type { Box, PixelBox } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { BibDetection, RaceDetection, RaceDetections } from '../../src/contracts/race.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { boundsOf } from '../../src/core/box-bounds.ts';
import type { MapScale } from '../../src/core/box-peaks.ts';
import { intersectionOverSmaller, suppressOverlaps } from '../../src/core/nms.ts';
import { cropPixels } from '../../src/core/resize.ts';
import { openBoxNet, placeWhole } from './box-net.ts';
import type { FrameLevels } from './frame-levels.ts';

/** Registry id of the net. */
export const BIB_MODEL = 'bib-detector';

/** Longest side of the first look. */
const FAR_SIDE_PX = 640;

/** Longest side of the photo in the second look, of which only a part is looked at, with a margin. */
const NEAR_SIDE_PX = 1280;
const MARGIN_PX = 32;

/** A second look is worth its time when it nears by so much. */
const WORTHWHILE = 1.3;

/**
 * [Note: Small runners] Heights in the first look. Below the upper one a person's bib is too small to be found surely from afar; below the
 * lower one its number could not be read in a photo of twelve megapixels either (docs/bib.md).
 */
const SMALL_PERSON_PX = { least: 50, most: 130 } as const;

/** As sure as this that somebody stands there, it is worth a nearer look. */
const HINT_CONFIDENCE = 0.3;

/**
 * [Note: Runner thresholds] People: where misses and false alarms balance on real photos. Bibs: lower, since the reader tells a number from a print
 * on a shirt, and a bib that is not looked at is a photo that is not sold (docs/bib.md).
 */
export const RACE_CONFIDENCE = { person: 0.35, bib: 0.2 } as const;

/**
 * [Note: Faint bibs] With bibs less sure than this, 68 of 71 numbers of group photos are found, without them 65 (docs/bib.md), but most that nobody
 * can read are no bibs.
 */
const FAINT_BIB = 0.3;

/**
 * [Note: Runners in the back] A photo is of the runners in front. What looks like a bib far behind them is more often none, or none that anybody
 * wants, than the net can tell from so few pixels: confidences are multiplied by (height / height of the tallest sure bib) ^ BACK_POWER, after the
 * thresholds, so that everything is still read. Chosen on the photos kept for choosing (docs/bib.md).
 */
const BACK_POWER = 0.5;
const SURE_BIB = 0.5;

/** What the two maps stand for, and how much of one box another of its kind may share: union, and the smaller box. */
const KINDS = {
  people: { stridePx: 16, unitPx: 64, maxUnion: 0.6, maxInside: 0.9 },
  bibs: { stridePx: 4, unitPx: 16, maxUnion: 0.5, maxInside: 0.8 },
} as const satisfies Readonly<Record<keyof RaceDetections, MapScale & { maxUnion: number; maxInside: number }>>;

/** Options of {@link detectRunners}. */
export interface RunnerOptions {
  /** Less sure ones are left out, of both kinds; default {@link RACE_CONFIDENCE}. */
  readonly minConfidence01?: number;
  /** Called between model runs; throws to stop. */
  readonly checkCancelled?: () => Promise<void>;
  /** Model runs done and planned. */
  readonly onStep?: (done: number, total: number) => void;
}

/** People and bibs as the net alone sees them. */
interface RunnersSeen {
  readonly people: readonly RaceDetection[];
  readonly bibs: readonly RaceDetection[];
}

/** Runs the net on a picture; boxes are 0..1 of it. */
type Look = (picture: Frame) => Promise<RunnersSeen>;

/**
 * @param levels an upright photo; not consumed.
 * @returns people and bibs, each at most once; boxes 0..1 of the frame, cut to it. Both empty for a photo without any.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'cancelled' | 'bug')
 */
export async function detectRunners(levels: FrameLevels, runtime: Runtime, options: RunnerOptions = {}): Promise<RaceDetections> {
  const look = await opened(runtime);
  const { widthPx, heightPx } = levels.full;
  const longest = Math.max(widthPx, heightPx);
  options.onStep?.(0, 1);
  const farSide = Math.min(FAR_SIDE_PX, longest);
  let found = await look(levels.scaled(farSide / longest));
  const nearSide = Math.min(NEAR_SIDE_PX, longest);
  const region = nearSide >= farSide * WORTHWHILE ? smallRunners(found, (heightPx * farSide) / longest) : null;
  const looks = region === null ? 1 : 2;
  if (region !== null) {
    options.onStep?.(1, looks);
    await options.checkCancelled?.();
    const picture = levels.scaled(nearSide / longest);
    const part = partOf(region, picture);
    const near = await look(cropPixels(picture, part));
    // What an inner edge of the part cuts is left to the first look.
    found = merged(found, { people: placeWhole(near.people, part, picture), bibs: placeWhole(near.bibs, part, picture) });
  }
  options.onStep?.(looks, looks);
  const { minConfidence01 } = options;
  return {
    people: found.people.filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? RACE_CONFIDENCE.person)),
    bibs: frontFirst(found.bibs.filter(({ confidence01 }) => confidence01 >= (minConfidence01 ?? RACE_CONFIDENCE.bib))),
  };
}

/** Bibs that are much smaller than the tallest sure one count for less, see [Note: Runners in the back]. Confidence descending. */
function frontFirst(bibs: readonly RaceDetection[]): BibDetection[] {
  const tallest = Math.max(0, ...bibs.filter(({ confidence01 }) => confidence01 >= SURE_BIB).map(({ box }) => box.height));
  const share = ({ height }: Box) => (tallest === 0 ? 1 : Math.min(1, height / tallest) ** BACK_POWER);
  return bibs
    .map(({ box, confidence01 }) => ({ box, confidence01: confidence01 * share(box), isFaint: confidence01 < FAINT_BIB }))
    .sort((a, b) => b.confidence01 - a.confidence01);
}

async function opened(runtime: Runtime): Promise<Look> {
  const run = await openBoxNet(runtime, BIB_MODEL);
  return async (picture) => {
    const boxes = await run(picture);
    return { people: distinct('people', boxes(0, 0, KINDS.people)), bibs: distinct('bibs', boxes(1, 0, KINDS.bibs)) };
  };
}

/** Each person or bib once: of boxes that overlap much, or lie in one another, the surest stays. Confidence descending. */
function distinct(kind: keyof RaceDetections, found: readonly RaceDetection[]): RaceDetection[] {
  const { maxUnion, maxInside } = KINDS[kind];
  return suppressOverlaps(suppressOverlaps(found, maxUnion), maxInside, intersectionOverSmaller);
}

function merged(far: RunnersSeen, near: RunnersSeen): RunnersSeen {
  return { people: distinct('people', [...far.people, ...near.people]), bibs: distinct('bibs', [...far.bibs, ...near.bibs]) };
}

/** The part of the photo where runners are that a nearer look is worth; null when there are none. See [Note: Small runners]. */
function smallRunners({ people }: RunnersSeen, heightPx: number): Box | null {
  const isSmall = (px: number) => px >= SMALL_PERSON_PX.least && px < SMALL_PERSON_PX.most;
  const small = people.filter(({ box, confidence01 }) => confidence01 >= HINT_CONFIDENCE && isSmall(box.height * heightPx));
  return small.length === 0 ? null : boundsOf(small.map(({ box }) => box));
}

/** A region of the picture with a margin. */
function partOf(region: Box, { widthPx, heightPx }: Frame): PixelBox {
  const x = Math.max(0, Math.floor(region.x * widthPx - MARGIN_PX));
  const y = Math.max(0, Math.floor(region.y * heightPx - MARGIN_PX));
  const width = Math.min(widthPx, Math.ceil((region.x + region.width) * widthPx + MARGIN_PX)) - x;
  const height = Math.min(heightPx, Math.ceil((region.y + region.height) * heightPx + MARGIN_PX)) - y;
  return { x, y, width, height } as PixelBox;
}
