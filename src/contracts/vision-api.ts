/**
 * @file What the vision worker offers. The page sees `VisionClient`, Node builds the same interface over its own runtimes
 * (`server/runtime/`), both from `workers/stages/vision.ts`.
 */
import type { Box } from './geometry.ts';
import type { OpenedFrame } from './media.ts';
import type {
  Backend,
  BarcodeReading,
  EmbeddingSpace,
  FaceDescription,
  FaceDetection,
  LocalFeatures,
  Look,
  PackVerification,
  ScriptHint,
  TextReading,
} from './results.ts';
import type { BibScores, RaceDetections, RunnerLook } from './race.ts';
import type { ShelfDetections } from './shelf.ts';
import type { TaskOptions } from './task.ts';

/** A reference photo to verify a crop against. */
export interface VerificationReference {
  readonly galleryId: string;
  readonly features: LocalFeatures;
}

/** How a crop leaves the worker as an image. */
export interface CropImageOptions {
  readonly box: Box;
  /** Longest side in pixels, 1..4096. The egress gate allows 512. */
  readonly maxSidePx: number;
  readonly type: 'image/jpeg' | 'image/webp' | 'image/png';
  /** Blur every face found (default of sharing). */
  readonly blurFaces: boolean;
  /**
   * Of the frame: the face of this person stays, every other that may be one is blurred, doubtful ones too. For a picture that goes to this
   * person. Only with `blurFaces`.
   */
  readonly sparedPerson?: Box;
  /** False for pictures that stay on this device as they are: saves the face detector's run; `faceCount` is then 0. Default true. */
  readonly lookForFaces?: boolean;
}

/** An encoded crop. */
export interface CropImage {
  readonly blob: Blob;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Faces that were found in the crop (and blurred when asked to). */
  readonly faceCount: number;
}

/** How a photo is opened. */
export interface OpenOptions {
  /** Longest side of the frame in pixels, at least 1. A smaller one is decoded faster and takes less memory. Default and most: `MAX_FRAME_SIDE_PX`. */
  readonly maxSidePx?: number;
}

/** State of one model on this device. */
export interface ModelRuntimeStatus {
  readonly modelId: string;
  readonly backend: Backend;
  /** Median of the runs so far in ms; null before the first run. */
  readonly medianRunMs: number | null;
  readonly runs: number;
  /** What the golden self-test said about WebGPU here. */
  readonly selfTest: 'passed' | 'failed' | 'not-needed' | 'pending';
}

/**
 * Every method may throw `AppError('cancelled' | 'model-unavailable' | 'model-integrity' | 'gpu-lost' | 'out-of-memory' | 'bug')`;
 * those that take a `frameId` throw `AppError('invalid-input')` for one that is not open.
 */
export interface VisionApi {
  /**
   * Decode to an upright frame that the worker keeps until {@link close}. At most 6 are kept; the oldest goes first.
   * @param source a photo as stored (EXIF orientation is applied), or a bitmap (transferred and consumed).
   * @throws AppError('decode-unsupported') for corrupt, empty, animated-only, oversized or unknown images.
   */
  open(source: Blob | ImageBitmap, options: TaskOptions & OpenOptions): Promise<OpenedFrame>;
  close(frameId: string): Promise<void>;
  /** All codes of the frame; most prominent first. Empty when there are none. */
  readBarcodes(frameId: string, options: TaskOptions): Promise<BarcodeReading[]>;
  /** Printed text of the frame or of a region of it. */
  readText(frameId: string, input: { script: ScriptHint; region?: Box }, options: TaskOptions): Promise<TextReading>;
  /** Embedding and colour of each crop, in the order of `boxes`. */
  embed(frameId: string, boxes: readonly Box[], options: TaskOptions): Promise<Look[]>;
  /** Box of the thing that the photo shows (a centred product), for `embed`. */
  proposeBox(frameId: string, options: TaskOptions): Promise<Box>;
  /** Keypoints of a crop, to be stored with a gallery photo. */
  extractFeatures(frameId: string, box: Box, options: TaskOptions): Promise<LocalFeatures>;
  /** Compare a crop's keypoints to references by homography. */
  verify(frameId: string, box: Box, references: readonly VerificationReference[], options: TaskOptions): Promise<PackVerification[]>;
  /** Faces of the frame or of a region; confidence descending. */
  detectFaces(frameId: string, options: TaskOptions & { region?: Box }): Promise<FaceDetection[]>;
  /** The face in the middle of each region as numbers, in the order of `regions`; null where none is sure. */
  describeFaces(frameId: string, regions: readonly Box[], options: TaskOptions): Promise<(FaceDescription | null)[]>;
  /** Front facings and empty places of a shelf; both empty when there is none. */
  detectShelf(frameId: string, options: TaskOptions): Promise<ShelfDetections>;
  /** Runners of a race and their bibs; both empty when there are none. */
  detectRunners(frameId: string, options: TaskOptions): Promise<RaceDetections>;
  /** Colours and sharpness of each runner, in the order of `boxes` (whole bodies). No net runs. */
  lookAtRunners(frameId: string, boxes: readonly Box[], options: TaskOptions): Promise<RunnerLook[]>;
  /** What stands on each bib, in the order of `boxes`; null where nothing does. `core/race/decode-bibs.ts` says which numbers that means. */
  readBibs(frameId: string, boxes: readonly Box[], options: TaskOptions): Promise<readonly (BibScores | null)[]>;
  /** Encode a crop of the frame. */
  cropImage(frameId: string, crop: CropImageOptions, options: TaskOptions): Promise<CropImage>;
  /** Make models ready (download, verify, start) without running them. */
  prepare(modelIds: readonly string[], options: TaskOptions): Promise<void>;
  /** Space that `embed` writes into. */
  embeddingSpace(): Promise<EmbeddingSpace>;
  modelStatus(): Promise<ModelRuntimeStatus[]>;
  /** Stop the task between two stages; its promise rejects with `cancelled`. */
  cancel(taskId: string): Promise<void>;
  /** Answers at once; used to see whether the worker is alive. */
  ping(): Promise<'pong'>;
}
