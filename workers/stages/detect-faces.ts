/** @file Find faces, so that they can be blurred. Small ones too: the frame is looked at whole and in overlapping tiles. Runtime-neutral. */
import type { Box } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import { AppError } from '../../src/contracts/errors.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { FaceDetection } from '../../src/contracts/results.ts';
import type { Runtime, Tensor } from '../../src/contracts/runtime.ts';
import { cutToFrame, fromLetterbox, fromRegion, letterbox } from '../../src/core/letterbox.ts';
import { intersectionOverSmaller, intersectionOverUnion, suppressOverlaps } from '../../src/core/nms.ts';
import { cropPixels, shrinkFrame, toPixelBox } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { modelSpec } from '../../src/models/registry.ts';

/** Registry id of the face detector. */
export const FACE_MODEL = 'blazeface';

/** Side of the model's input. */
const SIDE_PX = 256;

/** Least overlap of neighbouring tiles: a face up to this size is whole in one of them; larger ones are seen on a coarser level. */
const TILE_OVERLAP_PX = 64;

/** [Note: Face threshold] A blurred mug costs less than a bystander shown, so the threshold is low. Chosen on photos with people. */
const MIN_CONFIDENCE = 0.5;

/** Narrower ones, in pixels of a tile, are mostly leaves and letters. */
const MIN_WIDTH_PX = 12;

/** Options of {@link detectFaces}. */
export interface FaceOptions {
  /** Part of the frame to look at; default: all of it. */
  readonly region?: Box;
  /** Longest side of the region at the finest level, 256..2048 px: faces under about 12 px there are not seen. Default 1024. */
  readonly detailPx?: number;
  /** Called between model runs; throws to stop. */
  readonly checkCancelled?: () => Promise<void>;
  /** Model runs done and planned. */
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * @param frame upright; not consumed.
 * @returns faces (forehead to chin, without hair), confidence descending; boxes 0..1 of the whole frame.
 * @throws AppError('model-unavailable' | 'gpu-lost' | 'cancelled')
 * Source: Bazarevsky et al. 2019, "BlazeFace", §4; anchors of mediapipe's `face_detection_back` (SSD, strides 16, 32, 32, 32).
 */
export async function detectFaces(frame: Frame, runtime: Runtime, options: FaceOptions = {}): Promise<FaceDetection[]> {
  const model = await runtime.tfjs(FACE_MODEL);
  const { input } = modelSpec(FACE_MODEL);
  if (input === undefined) throw new AppError('bug', `${FACE_MODEL} declares no input`);
  const region = toPixelBox(options.region ?? WHOLE_FRAME, frame);
  const fine = shrinkFrame(cropPixels(frame, region), options.detailPx ?? 1024);
  const tiles = tilesOf(fine);
  const found: FaceDetection[] = [];
  for (const [done, tile] of tiles.entries()) {
    options.onStep?.(done, tiles.length);
    await options.checkCancelled?.();
    const { frame: square, picture } = letterbox(tile.frame, SIDE_PX, SIDE_PX);
    const outputs = await model.run({ type: 'float32', data: toTensorData(square, input), dims: [1, SIDE_PX, SIDE_PX, 3] });
    for (const { box, confidence01 } of decodeFaces(outputs))
      found.push({ box: fromRegion(fromLetterbox(box, picture), tile.region), confidence01 });
  }
  options.onStep?.(tiles.length, tiles.length);
  const whole: Box = {
    x: region.x / frame.widthPx,
    y: region.y / frame.heightPx,
    width: region.width / frame.widthPx,
    height: region.height / frame.heightPx,
  };
  const distinct = suppressOverlaps(suppressOverlaps(found, 0.3, intersectionOverUnion), 0.6, intersectionOverSmaller);
  return distinct
    .map(({ box, confidence01 }) => ({ box: cutToFrame(fromRegion(box, whole)), confidence01 }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
}

interface Tile {
  readonly frame: Frame;
  /** 0..1 of the region looked at. */
  readonly region: Box;
}

/** The whole frame first, then finer and finer levels in overlapping 256-pixel tiles. */
function tilesOf(fine: Frame): Tile[] {
  const tiles: Tile[] = [{ frame: shrinkFrame(fine, SIDE_PX), region: WHOLE_FRAME }];
  const longest = Math.max(fine.widthPx, fine.heightPx);
  for (let sidePx = SIDE_PX * 2; sidePx < longest * Math.SQRT2; sidePx *= 2) {
    const level = shrinkFrame(fine, sidePx);
    for (const y of startsOf(level.heightPx))
      for (const x of startsOf(level.widthPx)) {
        const width = Math.min(SIDE_PX, level.widthPx);
        const height = Math.min(SIDE_PX, level.heightPx);
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
  if (lengthPx <= SIDE_PX) return [0];
  const gaps = Math.ceil((lengthPx - SIDE_PX) / (SIDE_PX - TILE_OVERLAP_PX));
  return Array.from({ length: gaps + 1 }, (_, i) => Math.round((i * (lengthPx - SIDE_PX)) / gaps));
}

/** Feature maps in the order of their anchors: cells a side, anchors a cell. */
const LAYERS = [
  { cells: 16, anchors: 2 },
  { cells: 8, anchors: 6 },
] as const;

/**
 * BlazeFace's outputs → faces of the square input, not suppressed yet.
 * @param outputs in any order: per layer logits `[1, n, 1]` and offsets `[1, n, 16]` in input pixels relative to the anchor's centre.
 * @returns boxes 0..1 of the square input.
 */
export function decodeFaces(outputs: readonly Tensor[]): FaceDetection[] {
  const faces: FaceDetection[] = [];
  for (const { cells, anchors } of LAYERS) {
    const count = cells * cells * anchors;
    const logits = outputOf(outputs, count, 1);
    const offsets = outputOf(outputs, count, 16);
    for (let i = 0; i < count; i++) {
      const confidence01 = 1 / (1 + Math.exp(-logits[i]!));
      if (confidence01 < MIN_CONFIDENCE) continue;
      const cell = Math.floor(i / anchors);
      const width = offsets[i * 16 + 2]! / SIDE_PX;
      const height = offsets[i * 16 + 3]! / SIDE_PX;
      const centreX = ((cell % cells) + 0.5) / cells + offsets[i * 16]! / SIDE_PX;
      const centreY = (Math.floor(cell / cells) + 0.5) / cells + offsets[i * 16 + 1]! / SIDE_PX;
      if (width * SIDE_PX >= MIN_WIDTH_PX && height > 0)
        faces.push({ box: { x: centreX - width / 2, y: centreY - height / 2, width, height }, confidence01 });
    }
  }
  return faces;
}

function outputOf(outputs: readonly Tensor[], count: number, values: number): Float32Array {
  const output = outputs.find(({ dims }) => dims[1] === count && dims[2] === values);
  if (!(output?.data instanceof Float32Array)) throw new AppError('bug', `No face output of ${count} × ${values}`, { stage: 'detect' });
  return output.data;
}
