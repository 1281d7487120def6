/** @file BlazeFace on one square picture: from pixels to candidates with key points. Runtime-neutral. */
import type { Box, Point } from '../../src/contracts/geometry.ts';
import { AppError } from '../../src/contracts/errors.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Tensor, TfjsModel } from '../../src/contracts/runtime.ts';
import { fromLetterbox, fromRegion, letterbox } from '../../src/core/letterbox.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { sigmoid } from '../../src/core/logistic.ts';

/** Registry id of the face detector. */
export const FACE_MODEL = 'blazeface';

/** Side of the model's input. */
export const FACE_INPUT_PX = 256;

/** Candidates with a lower {@link FaceCandidate.mouthDrop} form no face: stripes, letters, leaves. Faces from the side come down to this. */
export const MIN_MOUTH_DROP = 0.38;

/** Points of a face, in the same frame as its box; right and left as the person has them. */
export interface FaceLandmarks {
  readonly rightEye: Point;
  readonly leftEye: Point;
  readonly mouth: Point;
}

/** Something that may be a face. */
export interface FaceCandidate {
  readonly box: Box;
  readonly landmarks: FaceLandmarks;
  /** 0..1, of one run. */
  readonly confidence01: number;
  /** From between the eyes to the mouth, over the side of the box. About 0.45 in a face seen from the front; less when the points do not form a face. */
  readonly mouthDrop: number;
}

/**
 * Run the model on a picture of any shape.
 * @param frame not consumed; enlarged or reduced to the model's input.
 * @param minConfidence01 below it, nothing is returned. @param minWidthPx as that, in pixels of the model's input.
 * @returns candidates, unordered and overlapping; boxes 0..1 of `frame`, may reach beyond it.
 * @throws AppError('gpu-lost' | 'bug')
 */
export async function findFaces(frame: Frame, model: TfjsModel, minConfidence01: number, minWidthPx = 0): Promise<FaceCandidate[]> {
  const { input } = modelSpec(FACE_MODEL);
  if (input === undefined) throw new AppError('bug', `${FACE_MODEL} declares no input`);
  const { frame: square, picture } = letterbox(frame, FACE_INPUT_PX, FACE_INPUT_PX);
  const dims = [1, FACE_INPUT_PX, FACE_INPUT_PX, 3];
  const outputs = await model.run({ type: 'float32', data: toTensorData(square, input), dims });
  return decodeFaces(outputs, minConfidence01, minWidthPx).map((face) => moved(face, (box) => fromLetterbox(box, picture)));
}

/** Face of a region (0..1 of the region) → face of the frame that the region was cut from. */
export function faceFromRegion(face: FaceCandidate, region: Box): FaceCandidate {
  return moved(face, (box) => fromRegion(box, region));
}

function moved(face: FaceCandidate, move: (box: Box) => Box): FaceCandidate {
  const pointTo = ({ x, y }: Point): Point => {
    const place = move({ x, y, width: 0, height: 0 });
    return { x: place.x, y: place.y };
  };
  const { rightEye, leftEye, mouth } = face.landmarks;
  return {
    ...face,
    box: move(face.box),
    landmarks: { rightEye: pointTo(rightEye), leftEye: pointTo(leftEye), mouth: pointTo(mouth) },
  };
}

/** Feature maps in the order of their anchors: cells a side, anchors a cell. */
const LAYERS = [
  { cells: 16, anchors: 2 },
  { cells: 8, anchors: 6 },
] as const;

/** Box (4), then x and y of right eye, left eye, nose, mouth, right ear, left ear. */
const VALUES = 16;

/**
 * BlazeFace's outputs → faces of the square input, not suppressed yet.
 * @param outputs in any order: per layer logits `[1, n, 1]` and offsets `[1, n, 16]` in input pixels relative to the anchor's centre.
 * @returns boxes 0..1 of the square input.
 * Source: Bazarevsky et al. 2019, "BlazeFace", §4; anchors of mediapipe's `face_detection_back` (SSD, strides 16, 32, 32, 32).
 */
export function decodeFaces(outputs: readonly Tensor[], minConfidence01: number, minWidthPx = 0): FaceCandidate[] {
  const faces: FaceCandidate[] = [];
  for (const { cells, anchors } of LAYERS) {
    const count = cells * cells * anchors;
    const logits = outputOf(outputs, count, 1);
    const offsets = outputOf(outputs, count, VALUES);
    for (let i = 0; i < count; i++) {
      const confidence01 = sigmoid(logits[i]!);
      if (confidence01 < minConfidence01) continue;
      const cell = Math.floor(i / anchors);
      const point = (at: number): Point => ({
        x: ((cell % cells) + 0.5) / cells + offsets[i * VALUES + at]! / FACE_INPUT_PX,
        y: (Math.floor(cell / cells) + 0.5) / cells + offsets[i * VALUES + at + 1]! / FACE_INPUT_PX,
      });
      const centre = point(0);
      const width = offsets[i * VALUES + 2]! / FACE_INPUT_PX;
      const height = offsets[i * VALUES + 3]! / FACE_INPUT_PX;
      if (!(width > 0 && height > 0) || width * FACE_INPUT_PX < minWidthPx) continue;
      const [rightEye, leftEye, , mouth] = [point(4), point(6), point(8), point(10)] as const;
      const between: Point = { x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2 };
      faces.push({
        box: { x: centre.x - width / 2, y: centre.y - height / 2, width, height },
        landmarks: { rightEye, leftEye, mouth },
        confidence01,
        mouthDrop: Math.hypot(mouth.x - between.x, mouth.y - between.y) / Math.sqrt(width * height),
      });
    }
  }
  return faces;
}

function outputOf(outputs: readonly Tensor[], count: number, values: number): Float32Array {
  const output = outputs.find(({ dims }) => dims[1] === count && dims[2] === values);
  if (!(output?.data instanceof Float32Array)) throw new AppError('bug', `No face output of ${count} × ${values}`, { stage: 'detect' });
  return output.data;
}
