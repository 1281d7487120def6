/** @file Find faces, so that they can be blurred or kept here. Small ones too: the frame is looked at whole and in overlapping tiles. Runtime-neutral. */
import type { Box } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { FaceDetection } from '../../src/contracts/results.ts';
import type { Runtime, TfjsModel } from '../../src/contracts/runtime.ts';
import { cutToFrame, fromRegion } from '../../src/core/letterbox.ts';
import { intersectionOverSmaller, intersectionOverUnion, suppressOverlaps } from '../../src/core/nms.ts';
import { cropPixels, shrinkFrame, toPixelBox } from '../../src/core/resize.ts';
import { FACE_INPUT_PX, FACE_MODEL, faceFromRegion, findFaces, MIN_MOUTH_DROP, type FaceCandidate } from './blazeface.ts';

/** Least overlap of neighbouring tiles: a face up to this size is whole in one of them; larger ones are seen on a coarser level. */
const TILE_OVERLAP_PX = 64;

/** Narrower ones, in pixels of a tile, are mostly leaves and letters. */
const MIN_WIDTH_PX = 12;

/**
 * [Note: Face thresholds] From which confidence on what is done, chosen with `npm run evaluate -- --kind faces` (docs/models.md, Faces).
 * Blurring: a bystander shown costs more than a blurred logo, but logos are what people share. Refusing: the crop stays here and
 * nothing is spoilt, so doubt is enough.
 */
export const FACE_CONFIDENCE = { blur: 0.5, refuse: 0.45 } as const;

/** Less sure than this at first sight, a candidate gets no second look. */
const MIN_FIRST_CONFIDENCE = 0.4;

/**
 * [Note: Second look] Each candidate is looked at again in a cut-out around it, once close and once from afar and mirrored. A face stays
 * one; a pattern that happened to fall on the grid of the tile does not.
 */
const SECOND_LOOKS = [
  { sides: 3.2, isMirrored: false },
  { sides: 5, isMirrored: true },
] as const;

/** Options of {@link detectFaces}. */
export interface FaceOptions {
  /** Part of the frame to look at; default: all of it. */
  readonly region?: Box;
  /** Longest side of the region at the finest level, 256..2048 px: faces under about 12 px there are not seen. Default 1024. */
  readonly detailPx?: number;
  /** Less sure ones are left out; default {@link FACE_CONFIDENCE}`.refuse`. */
  readonly minConfidence01?: number;
  /** Called between model runs; throws to stop. */
  readonly checkCancelled?: () => Promise<void>;
  /** Model runs done and planned; more are planned when there is something to look at again. */
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * @param frame upright; not consumed.
 * @returns faces (forehead to chin, without hair), confidence descending; boxes 0..1 of the whole frame.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'cancelled')
 */
export async function detectFaces(frame: Frame, runtime: Runtime, options: FaceOptions = {}): Promise<FaceDetection[]> {
  const model = await runtime.tfjs(FACE_MODEL);
  const region = toPixelBox(options.region ?? WHOLE_FRAME, frame);
  const fine = shrinkFrame(cropPixels(frame, region), options.detailPx ?? 1024);
  const tiles = tilesOf(fine);
  const seen: FaceCandidate[] = [];
  for (const [done, tile] of tiles.entries()) {
    options.onStep?.(done, tiles.length);
    await options.checkCancelled?.();
    for (const face of await findFaces(tile.frame, model, MIN_FIRST_CONFIDENCE, MIN_WIDTH_PX))
      if (face.mouthDrop >= MIN_MOUTH_DROP) seen.push(faceFromRegion(face, tile.region));
  }
  const candidates = distinct(seen);
  const faces: FaceDetection[] = [];
  for (const [done, candidate] of candidates.entries()) {
    options.onStep?.(tiles.length + done, tiles.length + candidates.length);
    await options.checkCancelled?.();
    faces.push({ box: candidate.box, confidence01: await lookAgain(candidate, fine, model) });
  }
  options.onStep?.(tiles.length + candidates.length, tiles.length + candidates.length);
  const whole: Box = {
    x: region.x / frame.widthPx,
    y: region.y / frame.heightPx,
    width: region.width / frame.widthPx,
    height: region.height / frame.heightPx,
  };
  return faces
    .filter(({ confidence01 }) => confidence01 >= (options.minConfidence01 ?? FACE_CONFIDENCE.refuse))
    .sort((a, b) => b.confidence01 - a.confidence01)
    .map(({ box, confidence01 }) => ({ box: cutToFrame(fromRegion(box, whole)), confidence01 }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
}

function distinct(faces: readonly FaceCandidate[]): FaceCandidate[] {
  return suppressOverlaps(suppressOverlaps(faces, 0.3, intersectionOverUnion), 0.6, intersectionOverSmaller);
}

/** See [Note: Second look]. @returns mean of the first confidence and of what the second looks say, 0..1. */
async function lookAgain({ box, confidence01 }: FaceCandidate, frame: Frame, model: TfjsModel): Promise<number> {
  const sidePx = Math.max(box.width * frame.widthPx, box.height * frame.heightPx);
  let sum01 = 0;
  for (const { sides, isMirrored } of SECOND_LOOKS) {
    const width = (sides * sidePx) / frame.widthPx;
    const height = (sides * sidePx) / frame.heightPx;
    const around = toPixelBox({ x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height }, frame);
    const cut = shrinkFrame(cropPixels(frame, around), FACE_INPUT_PX);
    const expected: Box = {
      x: (box.x * frame.widthPx - around.x) / around.width,
      y: (box.y * frame.heightPx - around.y) / around.height,
      width: (box.width * frame.widthPx) / around.width,
      height: (box.height * frame.heightPx) / around.height,
    };
    const faces = await findFaces(isMirrored ? mirrored(cut) : cut, model, 0.05);
    const again = faces.filter((face) => intersectionOverUnion(isMirrored ? mirroredBox(face.box) : face.box, expected) > 0.3);
    sum01 += Math.max(0, ...again.map((face) => face.confidence01));
  }
  return (confidence01 + sum01 / SECOND_LOOKS.length) / 2;
}

function mirroredBox(box: Box): Box {
  return { ...box, x: 1 - box.x - box.width };
}

function mirrored({ widthPx, heightPx, data }: Frame): Frame {
  const from = new Uint32Array(data.buffer, data.byteOffset, widthPx * heightPx);
  const to = new Uint32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) for (let x = 0; x < widthPx; x++) to[y * widthPx + x] = from[(y + 1) * widthPx - 1 - x]!;
  return { widthPx, heightPx, data: new Uint8ClampedArray(to.buffer) };
}

interface Tile {
  readonly frame: Frame;
  /** 0..1 of the region looked at. */
  readonly region: Box;
}

/** The whole frame first, then finer and finer levels in overlapping 256-pixel tiles. */
function tilesOf(fine: Frame): Tile[] {
  const tiles: Tile[] = [{ frame: shrinkFrame(fine, FACE_INPUT_PX), region: WHOLE_FRAME }];
  const longest = Math.max(fine.widthPx, fine.heightPx);
  for (let sidePx = FACE_INPUT_PX * 2; sidePx < longest * Math.SQRT2; sidePx *= 2) {
    const level = shrinkFrame(fine, sidePx);
    for (const y of startsOf(level.heightPx))
      for (const x of startsOf(level.widthPx)) {
        const width = Math.min(FACE_INPUT_PX, level.widthPx);
        const height = Math.min(FACE_INPUT_PX, level.heightPx);
        const box = toPixelBox(
          { x: x / level.widthPx, y: y / level.heightPx, width: width / level.widthPx, height: height / level.heightPx },
          level,
        );
        tiles.push({
          frame: cropPixels(level, box),
          region: {
            x: box.x / level.widthPx,
            y: box.y / level.heightPx,
            width: box.width / level.widthPx,
            height: box.height / level.heightPx,
          },
        });
      }
  }
  return tiles;
}

/** Evenly spaced tile starts along one side. */
function startsOf(lengthPx: number): number[] {
  if (lengthPx <= FACE_INPUT_PX) return [0];
  const gaps = Math.ceil((lengthPx - FACE_INPUT_PX) / (FACE_INPUT_PX - TILE_OVERLAP_PX));
  return Array.from({ length: gaps + 1 }, (_, i) => Math.round((i * (lengthPx - FACE_INPUT_PX)) / gaps));
}
