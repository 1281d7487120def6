/** @file The runtime of the stages in Node: the companion server, `npm run evaluate` and the tests compute with it. */
import { AppError } from '../../src/contracts/errors.ts';
import type { ModelRuntime, ModelSpec } from '../../src/contracts/model-spec.ts';
import { memoise } from '../../src/core/memoise.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { RunStatistics } from '../../workers/stages/run-statistics.ts';
import type { VisionRuntime } from '../../workers/stages/vision.ts';
import { startBarcodeModel } from './barcode.ts';
import { decodePhoto, encodeFrame } from './image-codec.ts';
import { readModelFile } from './model-files.ts';
import { startOpenCv } from './opencv.ts';
import { startOrtModel } from './ort-session.ts';
import { createTesseract } from './tesseract.ts';
import { startTfjsModel } from './tfjs-session.ts';

/** Options of {@link createNodeRuntime}. */
export interface NodeRuntimeOptions {
  /** Threads of one ONNX run. Default 0: the runtime takes all cores. */
  readonly threads?: number;
  /** Row of a model; default: the registry's. */
  readonly specOf?: (modelId: string) => ModelSpec;
}

/** Models start at first use and stay. */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): VisionRuntime {
  const statistics = new RunStatistics();
  const specFor = (modelId: string, runtime: ModelRuntime): ModelSpec => {
    const spec = (options.specOf ?? modelSpec)(modelId);
    if (spec.runtime !== runtime) throw new AppError('bug', `${modelId} is a model of ${spec.runtime}, not of ${runtime}`);
    return spec;
  };
  const ort = memoise(async (id) => startOrtModel(specFor(id, 'ort'), options.threads ?? 0, statistics));
  const tfjs = memoise(async (id) => startTfjsModel(specFor(id, 'tfjs'), statistics));
  const barcodes = memoise(async (id) => startBarcodeModel(specFor(id, 'zxing'), statistics));
  const openCv = memoise(startOpenCv);
  const tesseract = memoise(async (id) => {
    const spec = specFor(id, 'tesseract');
    const model = await createTesseract(id, () => readModelFile(spec.files[0]!));
    statistics.started(id, 'wasm');
    return {
      ...model,
      recognise: (...given: Parameters<typeof model.recognise>) => statistics.timed(id, () => model.recognise(...given)),
    };
  });
  return {
    ort,
    tfjs,
    tesseract,
    barcodes: () => barcodes('zxing'),
    openCv: () => openCv('opencv'),
    decode(source, maxSidePx) {
      if (source instanceof Blob) return decodePhoto(source, maxSidePx);
      return Promise.reject(new AppError('invalid-input', 'Node has no bitmaps; give the file', { stage: 'decode' }));
    },
    encode: encodeFrame,
    modelStatus: () => statistics.status(),
  };
}
