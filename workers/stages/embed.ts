/** @file Crop → what it looks like: learnt embedding and colour. Runtime-neutral. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { Look } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { COLOUR_SIDE_PX, colourHistogram } from '../../src/core/colour-histogram.ts';
import { cropFrame, resizeFrame } from '../../src/core/resize.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { normalised } from '../../src/core/vector.ts';
import { modelSpec } from '../../src/models/registry.ts';

/** Registry id of the net. */
export const EMBEDDING_MODEL = 'product-embedding';

/** Crops that go through the net in one run: more gains nothing and holds memory. */
const MAX_BATCH = 8;

/**
 * Describe crops.
 * @param frame upright; not consumed.
 * @param boxes 0..1 of the frame; parts outside are cut off.
 * @returns one look per box, in order; vectors are unit vectors.
 * @param checkCancelled called between runs of the net; throws to stop.
 * @throws AppError('invalid-input') for an empty box; AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'bug') from the net.
 */
export async function embedCrops(
  frame: Frame,
  boxes: readonly Box[],
  runtime: Runtime,
  checkCancelled: () => Promise<void> = () => Promise.resolve(),
): Promise<Look[]> {
  if (boxes.length === 0) return [];
  for (const box of boxes) if (!(box.width > 0 && box.height > 0)) throw new AppError('invalid-input', 'Empty crop', { stage: 'embed' });
  const spec = modelSpec(EMBEDDING_MODEL);
  const { input, embeddingSpace } = spec;
  if (input === undefined || embeddingSpace === undefined) throw new AppError('bug', `${spec.id} declares no input or space`);
  const model = await runtime.ort(EMBEDDING_MODEL);
  const heightPx = input.shape[2]!;
  const widthPx = input.shape[3]!;
  const looks: Look[] = [];
  for (let from = 0; from < boxes.length; from += MAX_BATCH) {
    if (from > 0) await checkCancelled();
    // Squashed, not padded: the net was trained so (training/product-embedding).
    const crops = boxes.slice(from, from + MAX_BATCH).map((box) => cropFrame(frame, box));
    const perCrop = 3 * widthPx * heightPx;
    const data = new Float32Array(crops.length * perCrop);
    crops.forEach((crop, i) => toTensorData(resizeFrame(crop, widthPx, heightPx), input, data, i * perCrop));
    const outputs = await model.run({ [input.name]: { type: 'float32', data, dims: [crops.length, 3, heightPx, widthPx] } });
    const output = outputs[spec.outputs?.[0] ?? ''];
    if (output === undefined || !(output.data instanceof Float32Array))
      throw new AppError('bug', `${spec.id} gave no float32 ${spec.outputs?.[0] ?? 'output'}`, { stage: 'embed' });
    const dimensions = output.data.length / crops.length;
    for (const [i, crop] of crops.entries()) {
      const vector = normalised(output.data.subarray(i * dimensions, (i + 1) * dimensions));
      const colour = colourHistogram(resizeFrame(crop, COLOUR_SIDE_PX, COLOUR_SIDE_PX));
      looks.push({ embedding: { space: embeddingSpace, vector, backend: model.backend }, colour });
    }
  }
  return looks;
}
