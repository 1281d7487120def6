/** @file A runtime that lacks some models, so that what the app falls back to can be measured. */
import { AppError } from '../../src/contracts/errors.ts';
import type { VisionRuntime } from '../../workers/stages/vision.ts';

/** @param ids models that answer `model-unavailable`, as on a device that never fetched them. */
export function withoutModels(runtime: VisionRuntime, ids: readonly string[]): VisionRuntime {
  function unlessLeftOut<Model>(id: string, open: () => Promise<Model>): Promise<Model> {
    if (!ids.includes(id)) return open();
    return Promise.reject(new AppError('model-unavailable', `${id} is left out`, { retryable: false }));
  }
  return {
    ...runtime,
    ort: (id) => unlessLeftOut(id, () => runtime.ort(id)),
    tfjs: (id) => unlessLeftOut(id, () => runtime.tfjs(id)),
    tesseract: (id) => unlessLeftOut(id, () => runtime.tesseract(id)),
  };
}
