/** @file Crop → what it looks like: learnt embedding and colour. Runtime-neutral. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Look } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { COLOUR_SIDE_PX, colourHistogram } from '../../src/core/colour-histogram.ts';
import { cropFrame, resizeFrame } from '../../src/core/resize.ts';
import { normalised } from '../../src/core/vector.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { NET_BATCH, runDeclaredNet } from './declared-net.ts';

/** Registry id of the net. */
export const EMBEDDING_MODEL = 'product-embedding';

/**
 * Describe crops.
 * @param frame upright; not consumed.
 * @param boxes 0..1 of the frame; parts outside are cut off.
 * @returns one look per box, in order; vectors are unit vectors.
 * @param checkCancelled called between runs of the net; throws to stop.
 * @param spec of another net than the app's own.
 * @throws AppError('invalid-input') for an empty box; AppError('model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'bug') from the net.
 */
export async function embedCrops(
  frame: Frame,
  boxes: readonly Box[],
  runtime: Runtime,
  checkCancelled: () => Promise<void> = () => Promise.resolve(),
  spec: ModelSpec = modelSpec(EMBEDDING_MODEL),
): Promise<Look[]> {
  if (boxes.length === 0) return [];
  for (const box of boxes) if (!(box.width > 0 && box.height > 0)) throw new AppError('invalid-input', 'Empty crop', { stage: 'embed' });
  const { embeddingSpace } = spec;
  if (embeddingSpace === undefined) throw new AppError('bug', `${spec.id} declares no space`);
  const looks: Look[] = [];
  for (let from = 0; from < boxes.length; from += NET_BATCH) {
    if (from > 0) await checkCancelled();
    const crops = boxes.slice(from, from + NET_BATCH).map((box) => cropFrame(frame, box));
    // Squashed, not padded: the app's own net was trained so (training/product-embedding).
    const { rows, backend } = await runDeclaredNet(crops, spec, runtime);
    for (const [i, crop] of crops.entries()) {
      const colour = colourHistogram(resizeFrame(crop, COLOUR_SIDE_PX, COLOUR_SIDE_PX));
      looks.push({ embedding: { space: embeddingSpace, vector: normalised(rows[i]!), backend }, colour });
    }
  }
  return looks;
}
