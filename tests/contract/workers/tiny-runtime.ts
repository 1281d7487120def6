/** @file The runtime of the stages with tiny nets in place of the real ones; decoding, barcodes and OpenCV are the real ones of Node. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { createNodeRuntime } from '../../../server/runtime/node-runtime.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import type { OrtModel, Tensor, TfjsModel } from '../../../src/contracts/runtime.ts';
import japaneseCharacters from '../../../src/core/text/japanese-characters.json' with { type: 'json' };
import { memoise } from '../../../src/core/memoise.ts';
import { modelSpec } from '../../../src/models/registry.ts';
import { RunStatistics } from '../../../workers/stages/run-statistics.ts';
import type { VisionRuntime } from '../../../workers/stages/vision.ts';
import { tinyEmbedding, tinyFacingDetector, tinyLineReader, tinyRunnerDetector, tinyTextDetection } from './tiny-onnx.ts';

/** Length of the real net's vectors. */
export const TINY_DIMENSIONS = 128;

const TINY: Readonly<Record<string, (input: string, ...outputs: [string, string]) => Uint8Array>> = {
  'product-embedding': (input, output) => tinyEmbedding(input, output, TINY_DIMENSIONS),
  'facing-detector': tinyFacingDetector,
  'bib-detector': tinyRunnerDetector,
  'ppocr-detection': tinyTextDetection,
  'japanese-text': (input, output) => tinyLineReader(input, output, Array.from(japaneseCharacters.characters).length + 1),
};

/** @param runMs least time that a run takes, so that a test can come in between. */
export function createTinyRuntime(runMs: number): VisionRuntime {
  const node = createNodeRuntime({ threads: 1 });
  const statistics = new RunStatistics();
  const ort = memoise(async (modelId): Promise<OrtModel> => {
    const write = TINY[modelId];
    if (write === undefined) throw new AppError('model-unavailable', `there is no tiny ${modelId}`, { stage: 'model' });
    const { input, outputs } = modelSpec(modelId);
    const session = await InferenceSession.create(write(input?.name ?? 'x', outputs?.[0] ?? 'y', outputs?.[1] ?? 'z'), {
      intraOpNumThreads: 1,
    });
    statistics.started(modelId, 'cpu');
    return {
      modelId,
      backend: 'cpu',
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      run: (feeds) =>
        statistics.timed(modelId, async () => {
          await new Promise((resolve) => void setTimeout(resolve, runMs));
          const given = Object.entries(feeds).map(
            ([name, { type, data, dims }]) => [name, new OrtTensor(type, data as Float32Array, dims)] as const,
          );
          const results = await session.run(Object.fromEntries(given));
          return Object.fromEntries(
            Object.entries(results).map(([name, { data, dims }]): [string, Tensor] => [
              name,
              { type: 'float32', data: data as Float32Array, dims: [...dims] },
            ]),
          );
        }),
    };
  });
  return {
    ...node,
    ort,
    tfjs: (modelId) => Promise.resolve(oneFace(modelId)),
    tesseract: (modelId) => Promise.reject(new AppError('model-unavailable', `there is no tiny ${modelId}`, { stage: 'model' })),
    modelStatus: () => [...node.modelStatus(), ...statistics.status()],
  };
}

/** BlazeFace's outputs with one sure face: a quarter of the picture wide, at the first anchor of the middle cell. */
function oneFace(modelId: string): TfjsModel {
  const cells = 16;
  const middle = (8 * cells + 8) * 2;
  const layer = (count: number, face: number | null): Tensor[] => {
    const logits = new Float32Array(count).fill(-20);
    const offsets = new Float32Array(count * 16);
    if (face !== null) {
      logits[face] = 9;
      offsets.set([0, 0, 64, 64], face * 16);
      // Key points where a face has them: eyes above the nose above the mouth, ears outside.
      offsets.set([-14, -14, 14, -14, 0, 2, 0, 16, -26, -10, 26, -10], face * 16 + 4);
    }
    return [
      { type: 'float32', data: logits, dims: [1, count, 1] },
      { type: 'float32', data: offsets, dims: [1, count, 16] },
    ];
  };
  return { modelId, backend: 'cpu', run: () => Promise.resolve([...layer(512, middle), ...layer(384, null)]) };
}
