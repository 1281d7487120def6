/** @file What the registry says about a model. Thread: any. */
import type { RecognitionType } from './recognise-api.ts';
import type { Backend, EmbeddingSpace } from './results.ts';

/** One file of a model or of a runtime. */
export interface ModelFile {
  /** Path below the app's base URL, e.g. `models/product-embedding-2.1a2b3c4d.onnx`. */
  readonly url: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** How an input tensor is laid out. */
export interface ModelInput {
  readonly name: string;
  /** -1 = any. */
  readonly shape: readonly number[];
  readonly layout: 'NCHW' | 'NHWC';
  readonly dtype: 'float32' | 'int32' | 'uint8';
  /** Value range before mean and std, e.g. `[0, 1]`. */
  readonly range: readonly [number, number];
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly colour: 'RGB' | 'BGR';
  /** How a picture of another shape is made to fit; default `squash`. `cover` cuts the longer side, `contain` adds black borders. */
  readonly fit?: 'squash' | 'cover' | 'contain';
}

/** What the numbers of a model's first output mean as tags. */
export interface TagOutput {
  /** One for each number, in order. */
  readonly labels: readonly { readonly id: string; readonly en?: string; readonly ja?: string }[];
  /** What makes 0..1 of the numbers; `none`: they are it already. */
  readonly activation: 'none' | 'softmax' | 'sigmoid';
}

/** A measured figure; never a claim without its command. */
export interface ModelFigure {
  readonly metric: string;
  readonly value: number;
  readonly unit?: string;
  readonly dataset: string;
  /** Size of the test. */
  readonly count: number;
  readonly command: string;
}

/** What the user reads about a model. */
export interface ModelCard {
  readonly purpose: { readonly en: string; readonly ja: string };
  readonly figures: readonly ModelFigure[];
  readonly weaknesses: { readonly en: string; readonly ja: string };
}

/** Runtimes that a model file can be run by. */
export type ModelRuntime = 'ort' | 'tfjs' | 'tesseract' | 'zxing' | 'opencv';

/** One row of the registry. */
export interface ModelSpec {
  readonly id: string;
  readonly version: string;
  readonly task:
    | 'embedding'
    | 'tags'
    | 'text-detection'
    | 'text-recognition'
    | 'face-detection'
    | 'facing-detection'
    | 'runner-detection'
    | 'barcode'
    | 'local-features';
  /**
   * [Note: Recognition by registry] What the model offers by itself: it is then listed at `GET /v1/models` and reachable at
   * `POST /v1/recognise/<id>`. The first row of a type stands for the type. Absent: it only serves other stages.
   */
  readonly recognises?: Exclude<RecognitionType, 'product'>;
  readonly runtime: ModelRuntime;
  readonly files: readonly ModelFile[];
  readonly input?: ModelInput;
  readonly outputs?: readonly string[];
  readonly embeddingSpace?: EmbeddingSpace;
  readonly tags?: TagOutput;
  /** In measured order; the first that passes its golden is used. */
  readonly backends: readonly Backend[];
  /** Peak memory of one run, estimated; a device below is told so. */
  readonly memoryMB: number;
  readonly licence: string;
  /** Paper, repository, package. */
  readonly source: string;
  readonly card: ModelCard;
  /** Path of the golden below `tests/golden/`, or of the golden bundled for self-test. */
  readonly golden: string | null;
}
