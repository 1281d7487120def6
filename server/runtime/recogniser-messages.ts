/** @file What the server and a recogniser process say to each other. Plain data only: it crosses by structured clone. */
import type { Box } from '../../src/contracts/geometry.ts';
import type { ErrorCode } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Finding } from '../../src/contracts/recognise-api.ts';
import type { ScriptHint } from '../../src/contracts/results.ts';
import type { EnrolledPhoto, EnrolTask } from './enrol-photo.ts';

/** One thing to do with one image. */
export type RecogniserTask =
  | EnrolTask
  | {
      readonly kind: 'recognise';
      /** Id of the registry, or the row of a model that was added to this server: its file's `url` is an absolute path, its id its own for ever. */
      readonly model: string | ModelSpec;
      readonly region?: Box;
      readonly script?: ScriptHint;
      /** Most tags; default 5. */
      readonly limit?: number;
    }
  /** The picture upright and without metadata, at most `maxSidePx` a side. */
  | { readonly kind: 'reencode'; readonly maxSidePx: number; readonly type: 'image/jpeg' | 'image/webp'; readonly quality01: number };

/** Size of an image, upright, as stored. */
export interface ImageSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What comes of a task. */
export interface RecogniserResult {
  readonly image: ImageSize;
  /** Of `recognise`. */
  readonly finding?: Finding;
  /** Of `reencode`. */
  readonly encoded?: Uint8Array;
  /** Of `enrol`. */
  readonly enrolled?: EnrolledPhoto;
}

/** Server → process. */
export type ToRecogniser = { readonly kind: 'do'; readonly bytes: Uint8Array; readonly task: RecogniserTask } | { readonly kind: 'cancel' };

/** Process → server. */
export type FromRecogniser =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: RecogniserResult }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly stage: string | undefined };
