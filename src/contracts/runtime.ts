/**
 * @file What a place that computes (Web Worker or Node) gives to the stages. Stages in `workers/stages/` see these interfaces only,
 * never onnxruntime, tfjs, tesseract, zxing or OpenCV packages themselves.
 */
import type { Frame } from './media.ts';
import type { Backend } from './results.ts';

/** A dense tensor in plain memory. */
export interface Tensor {
  readonly type: 'float32' | 'int32' | 'uint8' | 'int64';
  readonly data: Float32Array | Int32Array | Uint8Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** A started ONNX model. One run at a time; the runtime queues. Inputs are copied or consumed by the runtime, outputs belong to the caller. */
export interface OrtModel {
  readonly modelId: string;
  readonly backend: Backend;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @throws AppError('gpu-lost' | 'out-of-memory' | 'bug') */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
}

/** A started tfjs graph model. */
export interface TfjsModel {
  readonly modelId: string;
  readonly backend: Backend;
  /** Run on one NHWC float32 input; outputs in the graph's own order, each copied to plain memory and disposed. */
  run(input: Tensor): Promise<Tensor[]>;
}

/** 8-bit single-channel image, row-major. */
export interface GreyImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** One character as tesseract saw it; boxes in pixels of the image given. */
export interface TesseractSymbol {
  readonly text: string;
  readonly confidence01: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** One line as tesseract saw it. `symbols` joined is `text` less the spaces that tesseract put in. */
export interface TesseractLine {
  readonly text: string;
  readonly confidence01: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly symbols: readonly TesseractSymbol[];
}

/** A started tesseract with one language. */
export interface TesseractModel {
  readonly modelId: string;
  /** @param pageSegmentation tesseract's PSM number, e.g. 4 column, 6 block, 7 line, 5 vertical block. */
  recognise(image: GreyImage, pageSegmentation: number, parameters?: Readonly<Record<string, string>>): Promise<TesseractLine[]>;
}

/** What zxing found; positions in pixels of the frame given. */
export interface RawBarcode {
  readonly format: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** zxing's content type, e.g. `Text`, `GS1`. */
  readonly contentType: string;
  /** Clockwise from top left. */
  readonly corners: readonly [x: number, y: number][];
}

/** A started barcode reader. */
export interface BarcodeModel {
  read(frame: Frame, options: { tryHarder: boolean; maxSymbols: number }): Promise<RawBarcode[]>;
}

/** The OpenCV.js module; typed where it is used (`workers/stages/local-features.ts`). */
export type OpenCv = unknown;

/** Everything that stages may ask of the place they run in. Each loader memoises, and forgets a failure. */
export interface Runtime {
  ort(modelId: string): Promise<OrtModel>;
  tfjs(modelId: string): Promise<TfjsModel>;
  tesseract(modelId: string): Promise<TesseractModel>;
  barcodes(): Promise<BarcodeModel>;
  openCv(): Promise<OpenCv>;
  /** Decode to an upright frame whose longest side is at most `maxSidePx` (area-averaged when downsized), never upsized. */
  decode(source: Blob | ImageBitmap, maxSidePx: number): Promise<{ frame: Frame; originalWidthPx: number; originalHeightPx: number }>;
  encode(frame: Frame, type: 'image/jpeg' | 'image/webp' | 'image/png', quality01: number): Promise<Blob>;
}
