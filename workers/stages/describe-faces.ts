/**
 * @file Faces → numbers that are close for photos of one person: find → find again from near → align by eyes and mouth → embed. Nobody is named here,
 * and nothing is kept. Runtime-neutral. Thread: vision worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { FaceDescription } from '../../src/contracts/results.ts';
import type { Runtime, TfjsModel } from '../../src/contracts/runtime.ts';
import { distanceFromMiddle } from '../../src/core/distance-from-middle.ts';
import { alignedFace } from '../../src/core/faces/align-face.ts';
import { cutToFrame } from '../../src/core/letterbox.ts';
import { sharpnessOf } from '../../src/core/race/sharpness.ts';
import { cropPixels, toPixelBox, warpQuad } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { normalised } from '../../src/core/vector.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { FACE_INPUT_PX, FACE_MODEL, faceFromRegion, findFaces, MIN_MOUTH_DROP, type FaceCandidate } from './blazeface.ts';
import { NET_BATCH, inputSizeOf } from './declared-net.ts';
import type { FrameLevels } from './frame-levels.ts';

/** Registry id of the describing net. */
export const FACE_EMBEDDING = 'face-embedding';

/** Less sure than this, what was found is no face worth describing: its numbers would be near to other mistakes. */
const MIN_CONFIDENCE = 0.6;

/** At first sight a face may be less sure: it is looked at again. */
const MIN_FIRST_CONFIDENCE = 0.4;

/** How much of the second look's cut-out a face takes: its points are then found to within a pixel or two of the net's input. */
const SECOND_LOOK_SIDES = 2;

/** What a stage wants to hear and to ask while it works. */
export interface DescribeFacesOptions {
  readonly checkCancelled?: () => Promise<void>;
  /** Regions done and asked for. */
  readonly onStep?: (done: number, total: number) => void;
}

/**
 * @param regions 0..1 of the frame; in the middle of each a face is expected (the head of a runner, a face that was found). May reach beyond the frame.
 * @returns in the order of `regions`, the face nearest to the middle of each; null where none is sure.
 * @throws AppError('invalid-input') for an empty region; AppError('model-unavailable' | 'gpu-lost' | 'cancelled' | 'bug')
 */
export async function describeFaces(
  levels: FrameLevels,
  regions: readonly Box[],
  runtime: Runtime,
  { checkCancelled = () => Promise.resolve(), onStep = () => {} }: DescribeFacesOptions = {},
): Promise<(FaceDescription | null)[]> {
  for (const { width, height } of regions)
    if (!(width > 0 && height > 0)) throw new AppError('invalid-input', 'Empty region', { stage: 'detect' });
  onStep(0, regions.length);
  if (regions.length === 0) return [];
  const detector = await runtime.tfjs(FACE_MODEL);
  const described: (FaceDescription | null)[] = [];
  for (let from = 0; from < regions.length; from += NET_BATCH) {
    const faces: (FaceCandidate | null)[] = [];
    for (const region of regions.slice(from, from + NET_BATCH)) {
      await checkCancelled();
      faces.push(await faceIn(levels, region, detector));
      onStep(from + faces.length, regions.length);
    }
    const found = await embedFaces(
      levels,
      faces.filter((face) => face !== null),
      runtime,
    );
    let next = 0;
    described.push(...faces.map((face) => (face === null ? null : found[next++]!)));
  }
  return described;
}

/** Two looks: at the region, and at the face alone, where its points are seen best. */
async function faceIn(levels: FrameLevels, region: Box, detector: TfjsModel): Promise<FaceCandidate | null> {
  const first = await nearestFace(levels, region, detector, MIN_FIRST_CONFIDENCE);
  if (first === null) return null;
  const { widthPx, heightPx } = levels.full;
  const sidePx = SECOND_LOOK_SIDES * Math.max(first.box.width * widthPx, first.box.height * heightPx);
  const [width, height] = [sidePx / widthPx, sidePx / heightPx];
  const middle = { x: first.box.x + first.box.width / 2, y: first.box.y + first.box.height / 2 };
  const again = await nearestFace(
    levels,
    { x: middle.x - width / 2, y: middle.y - height / 2, width, height },
    detector,
    MIN_FIRST_CONFIDENCE,
  );
  if (again === null) return null;
  const confidence01 = (first.confidence01 + again.confidence01) / 2;
  return confidence01 < MIN_CONFIDENCE ? null : { ...again, confidence01 };
}

/** @returns the face that is surest and nearest to the middle of a region; boxes and points 0..1 of the frame. */
async function nearestFace(levels: FrameLevels, region: Box, detector: TfjsModel, minConfidence01: number): Promise<FaceCandidate | null> {
  const inside = cutToFrame(region);
  if (inside.width === 0 || inside.height === 0) return null;
  const frame = levels.atLeast(FACE_INPUT_PX, FACE_INPUT_PX, inside, 1);
  const pixels = toPixelBox(inside, frame);
  const cut: Box = {
    x: pixels.x / frame.widthPx,
    y: pixels.y / frame.heightPx,
    width: pixels.width / frame.widthPx,
    height: pixels.height / frame.heightPx,
  };
  let best: FaceCandidate | null = null;
  let most = 0;
  for (const each of await findFaces(cropPixels(frame, pixels), detector, minConfidence01)) {
    if (each.mouthDrop < MIN_MOUTH_DROP) continue;
    const face = faceFromRegion(each, cut);
    const worth = face.confidence01 * Math.max(0, 1 - distanceFromMiddle(face.box, region));
    if (worth > most) [best, most] = [face, worth];
  }
  return best;
}

/** One run of the net over straightened faces. */
async function embedFaces(levels: FrameLevels, faces: readonly FaceCandidate[], runtime: Runtime): Promise<FaceDescription[]> {
  if (faces.length === 0) return [];
  const spec = modelSpec(FACE_EMBEDDING);
  const { input, embeddingSpace } = spec;
  if (input === undefined || embeddingSpace === undefined) throw new AppError('bug', `${FACE_EMBEDDING} declares no input or no space`);
  const { widthPx, heightPx } = inputSizeOf(spec);
  const model = await runtime.tfjs(FACE_EMBEDDING);
  const perFace = 3 * widthPx * heightPx;
  const data = new Float32Array(faces.length * perFace);
  const chips = faces.map((face): Frame => {
    const frame = levels.atLeast(widthPx, heightPx, cutToFrame(face.box), 1);
    return warpQuad(frame, alignedFace(face.landmarks, frame), widthPx, heightPx);
  });
  chips.forEach((chip, i) => toTensorData(chip, input, data, i * perFace));
  const [output] = await model.run({ type: 'float32', data, dims: [faces.length, heightPx, widthPx, 3] });
  const dimensions = output?.dims.at(-1) ?? 0;
  if (!(output?.data instanceof Float32Array) || output.data.length !== faces.length * dimensions)
    throw new AppError('bug', `${FACE_EMBEDDING} gave no vector for each face`, { stage: 'embed' });
  const vectors = output.data;
  return faces.map(({ box, confidence01, landmarks: { rightEye, leftEye } }, i) => ({
    box: cutToFrame(box),
    confidence01,
    eyeDistancePx: Math.hypot((leftEye.x - rightEye.x) * levels.full.widthPx, (leftEye.y - rightEye.y) * levels.full.heightPx),
    sharpness01: sharpnessOf(chips[i]!),
    embedding: {
      space: embeddingSpace,
      vector: normalised(vectors.subarray(i * dimensions, (i + 1) * dimensions)),
      backend: model.backend,
    },
  }));
}
