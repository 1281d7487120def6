/**
 * @file Keypoints of packs and their comparison by homography. Packs have corners that repeat; fruit has none. Runtime-neutral (OpenCV.js
 * is injected). Thread: vision worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { LocalFeatures, PackVerification } from '../../src/contracts/results.ts';
import type { OpenCv, Runtime } from '../../src/contracts/runtime.ts';
import type { VerificationReference } from '../../src/contracts/vision-api.ts';
import { matchDescriptors, type DescriptorMatch } from '../../src/core/match-descriptors.ts';
import { isPlausibleHomography } from '../../src/core/plausible-homography.ts';
import { cropFrame, sizeWithin, resizeFrame } from '../../src/core/resize.ts';
import { toGrey } from '../../src/core/tensor-layout.ts';

/** Features of two algorithms or settings are never compared. */
export const LOCAL_FEATURES_ALGORITHM = 'akaze-mldb-1';

/** Longest side of the crop that keypoints are sought in. */
export const LOCAL_FEATURES_SIDE_PX = 400;
const SIDE_PX = LOCAL_FEATURES_SIDE_PX;
/** Strongest keypoints kept: 400 × 61 bytes are stored with each gallery photo, and two photos compare in about 10 ms. */
const MAX_KEYPOINTS = 400;
/** A full-length MLDB descriptor: 486 bits. */
const DESCRIPTOR_BYTES = 61;
/** Below this the detector's pyramid has no level (OpenCV throws). */
const MIN_SIDE_PX = 32;
const DETECTOR_THRESHOLD = 0.0003;
/** Nearest against second nearest descriptor (Lowe 2004, §7.1), in bits. */
const MATCH_RATIO = 0.85;
/** Pixels of `SIDE_PX` that a matched point may lie off. */
const REPROJECTION_PX = 6;
/** Matches below which no homography is sought, and inliers below which it says nothing. */
const MIN_MATCHES = 8;
export const MIN_INLIERS = 15;

/** The part of OpenCV.js used here. Every object it hands out must be deleted. */
interface Disposable {
  delete(): void;
}
interface Mat extends Disposable {
  readonly rows: number;
  readonly cols: number;
  readonly data: Uint8Array;
  readonly data64F: Float64Array;
}
interface KeyPoint {
  readonly pt: { readonly x: number; readonly y: number };
  readonly response: number;
}
interface KeyPointVector extends Disposable {
  size(): number;
  get(index: number): KeyPoint;
}
interface Akaze extends Disposable {
  setThreshold(threshold: number): void;
  detectAndCompute(image: Mat, mask: Mat, keypoints: KeyPointVector, descriptors: Mat): void;
}
interface Cv {
  readonly CV_8UC1: number;
  readonly CV_32FC2: number;
  readonly RANSAC: number;
  readonly Mat: new () => Mat;
  readonly AKAZE: new () => Akaze;
  readonly KeyPointVector: new () => KeyPointVector;
  matFromArray(rows: number, cols: number, type: number, values: ArrayLike<number>): Mat;
  findHomography(from: Mat, to: Mat, method: number, threshold: number, mask: Mat, maxIterations: number, confidence: number): Mat;
}

/** Deletes what it was given, last first, whatever happened. */
class Disposables {
  readonly #held: Disposable[] = [];
  keep<T extends Disposable>(object: T): T {
    this.#held.push(object);
    return object;
  }
  dispose(): void {
    for (const object of this.#held.reverse()) object.delete();
  }
}

/**
 * Keypoints of a crop.
 * @param frame upright; not consumed.
 * @returns at most 400 keypoints, strongest first; `count` 0 for a crop without corners. Coordinates 0..1 of the crop.
 * @throws AppError('model-unavailable' | 'out-of-memory' | 'bug')
 */
export async function extractFeatures(frame: Frame, box: Box, runtime: Runtime): Promise<LocalFeatures> {
  const cv = (await runtime.openCv()) as Cv;
  const crop = cropFrame(frame, box);
  const { widthPx, heightPx } = sizeWithin(crop.widthPx, crop.heightPx, SIDE_PX);
  if (Math.min(widthPx, heightPx) < MIN_SIDE_PX) return pack(null, widthPx, heightPx);
  const grey = toGrey(resizeFrame(crop, widthPx, heightPx));
  const held = new Disposables();
  try {
    const image = held.keep(cv.matFromArray(heightPx, widthPx, cv.CV_8UC1, grey));
    const detector = held.keep(new cv.AKAZE());
    const keypoints = held.keep(new cv.KeyPointVector());
    const descriptors = held.keep(new cv.Mat());
    detector.setThreshold(DETECTOR_THRESHOLD);
    detector.detectAndCompute(image, held.keep(new cv.Mat()), keypoints, descriptors);
    return pack({ keypoints, descriptors }, widthPx, heightPx);
  } catch (error) {
    throw asAppError(error);
  } finally {
    held.dispose();
  }
}

/** Copy the strongest out of OpenCV's memory; none of them for null. */
function pack(found: { keypoints: KeyPointVector; descriptors: Mat } | null, widthPx: number, heightPx: number): LocalFeatures {
  const all = Array.from({ length: found?.keypoints.size() ?? 0 }, (_, row) => ({ row, keypoint: found!.keypoints.get(row) }));
  const kept = all.sort((a, b) => b.keypoint.response - a.keypoint.response).slice(0, MAX_KEYPOINTS);
  const descriptorBytes = DESCRIPTOR_BYTES;
  const points = new Float32Array(kept.length * 2);
  const bytes = new Uint8Array(kept.length * descriptorBytes);
  kept.forEach(({ row, keypoint }, i) => {
    points[2 * i] = keypoint.pt.x / widthPx;
    points[2 * i + 1] = keypoint.pt.y / heightPx;
    bytes.set(found!.descriptors.data.subarray(row * descriptorBytes, (row + 1) * descriptorBytes), i * descriptorBytes);
  });
  return {
    algorithm: LOCAL_FEATURES_ALGORITHM,
    count: kept.length,
    points,
    descriptors: bytes,
    descriptorBytes,
    aspect: widthPx / heightPx,
  };
}

/**
 * Compare a crop with reference photos of packs.
 * @returns one verdict per reference, in order. References of another algorithm count as not matching.
 * @throws as {@link extractFeatures}.
 */
export async function verifyPack(
  frame: Frame,
  box: Box,
  references: readonly VerificationReference[],
  runtime: Runtime,
): Promise<PackVerification[]> {
  if (references.length === 0) return [];
  const probe = await extractFeatures(frame, box, runtime);
  const cv = await runtime.openCv();
  return references.map(({ galleryId, features }) => compareFeatures(galleryId, probe, features, cv));
}

/** Compare two sets of keypoints; the probe's were found already. @param openCv as `runtime.openCv()` gives it. */
export function compareFeatures(galleryId: string, probe: LocalFeatures, reference: LocalFeatures, openCv: OpenCv): PackVerification {
  const cv = openCv as Cv;
  if (probe.algorithm !== reference.algorithm) return { galleryId, inliers: 0, matches: 0, isSamePack: false };
  const matches = matchDescriptors(probe, reference, MATCH_RATIO);
  if (matches.length < MIN_MATCHES) return { galleryId, inliers: 0, matches: matches.length, isSamePack: false };
  const inliers = countInliers(probe, reference, matches, cv);
  return { galleryId, inliers, matches: matches.length, isSamePack: inliers >= MIN_INLIERS };
}

/** Inliers of the best plausible homography from reference to probe; 0 when there is none. */
function countInliers(probe: LocalFeatures, reference: LocalFeatures, matches: readonly DescriptorMatch[], cv: Cv): number {
  const held = new Disposables();
  try {
    const from = held.keep(
      cv.matFromArray(
        matches.length,
        1,
        cv.CV_32FC2,
        matches.flatMap(({ reference: i }) => pixelsOf(reference, i)),
      ),
    );
    const to = held.keep(
      cv.matFromArray(
        matches.length,
        1,
        cv.CV_32FC2,
        matches.flatMap(({ probe: i }) => pixelsOf(probe, i)),
      ),
    );
    const mask = held.keep(new cv.Mat());
    const homography = held.keep(cv.findHomography(from, to, cv.RANSAC, REPROJECTION_PX, mask, 1000, 0.995));
    if (homography.rows !== 3 || !isPlausibleHomography(homography.data64F, sizeOf(reference))) return 0;
    return mask.data.reduce((sum, isInlier) => sum + isInlier, 0);
  } catch (error) {
    throw asAppError(error);
  } finally {
    held.dispose();
  }
}

/** Size of the picture that the keypoints were found in. */
function sizeOf({ aspect }: LocalFeatures): { widthPx: number; heightPx: number } {
  return aspect >= 1 ? { widthPx: SIDE_PX, heightPx: SIDE_PX / aspect } : { widthPx: SIDE_PX * aspect, heightPx: SIDE_PX };
}

function pixelsOf(features: LocalFeatures, index: number): [number, number] {
  const { widthPx, heightPx } = sizeOf(features);
  return [features.points[2 * index]! * widthPx, features.points[2 * index + 1]! * heightPx];
}

/** OpenCV.js throws numbers (pointers to exceptions); running out of memory aborts the module. */
function asAppError(error: unknown): AppError {
  const isMemory = error instanceof WebAssembly.RuntimeError || /memory|abort/i.test(String(error));
  return new AppError(isMemory ? 'out-of-memory' : 'bug', `OpenCV: ${String(error)}`, { cause: error, stage: 'verify' });
}
