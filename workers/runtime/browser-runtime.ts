/** @file The runtime of the stages in the browser. Models start at first use and stay. Thread: vision worker. */
import { AppError } from '../../src/contracts/errors.ts';
import type { ModelRuntime, ModelSpec } from '../../src/contracts/model-spec.ts';
import type { TesseractModel } from '../../src/contracts/runtime.ts';
import type { WorkerSetup } from '../../src/contracts/wire.ts';
import { memoise } from '../../src/core/memoise.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { decodePhoto, encodeFrame } from '../decode.ts';
import type { VisionRuntime } from '../stages/vision.ts';
import { startBarcodeModel } from './barcode.ts';
import { startOpenCv } from './opencv.ts';
import { OrtRuntime } from './ort-session.ts';
import { Place } from './place.ts';
import { createTesseract } from './tesseract.ts';
import { TfjsRuntime } from './tfjs-session.ts';

/** @param setup what only the page knows. */
export function createBrowserRuntime(setup: WorkerSetup): VisionRuntime {
  const place = new Place(setup);
  const ortRuntime = new OrtRuntime(place);
  const tfjsRuntime = new TfjsRuntime(place);
  const specFor = (modelId: string, runtime: ModelRuntime): ModelSpec => {
    const spec = modelSpec(modelId);
    if (spec.runtime !== runtime) throw new AppError('bug', `${modelId} is a model of ${spec.runtime}, not of ${runtime}`);
    return spec;
  };
  const ort = memoise(async (id) => ortRuntime.start(specFor(id, 'ort')));
  const tfjs = memoise(async (id) => tfjsRuntime.start(specFor(id, 'tfjs')));
  const tesseract = memoise(async (id) => startTesseract(specFor(id, 'tesseract')));
  const barcodes = memoise(async (id) => startBarcodeModel(specFor(id, 'zxing'), place));
  const openCv = memoise(async (id) => startOpenCv(specFor(id, 'opencv'), place));

  async function startTesseract(spec: ModelSpec): Promise<TesseractModel> {
    const model = await createTesseract(spec.id, () => place.load(spec.files[0]!, { label: spec.id }));
    place.statistics.started(spec.id, 'wasm');
    void place.keepOnly(spec.id, spec.files);
    return {
      modelId: spec.id,
      recognise: (...given) => place.serial.run(() => place.statistics.timed(spec.id, () => model.recognise(...given))),
    };
  }

  return {
    ort,
    tfjs,
    tesseract,
    barcodes: () => barcodes('zxing'),
    openCv: () => openCv('opencv'),
    decode: decodePhoto,
    encode: encodeFrame,
    modelStatus: () => place.statistics.status(),
    watchDownloads: (listener) => place.watchDownloads(listener),
  };
}
