/** @file Crop → what it looks like: learnt embedding and colour. Runtime-neutral. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Embedding, EmbeddingSpace, Look } from '../../src/contracts/results.ts';
import type { Runtime } from '../../src/contracts/runtime.ts';
import { COLOUR_SIDE_PX, colourHistogram } from '../../src/core/colour-histogram.ts';
import { colourLayout } from '../../src/core/colour-layout.ts';
import { cropFrame, resizeFrame } from '../../src/core/resize.ts';
import { normalised } from '../../src/core/vector.ts';
import { modelSpec } from '../../src/models/registry.ts';
import { NET_BATCH, runDeclaredNet } from './declared-net.ts';

/**
 * [Note: Small crops] A crop whose longest side is below `belowPx` holds no more than a picture of `sidePx` shows: the app's own net, which was
 * trained at 112 to 160 px and takes any size, then needs less than half the time and is right as often (docs/shelf.md).
 */
const SMALL = { belowPx: 160, sidePx: 128 } as const;

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
    const embeddings = await embedBySize(crops, { ...spec, embeddingSpace }, runtime);
    for (const [i, crop] of crops.entries()) {
      const small = resizeFrame(crop, COLOUR_SIDE_PX, COLOUR_SIDE_PX);
      looks.push({
        embedding: embeddings[i]!,
        colour: colourHistogram(small),
        front: { layout: colourLayout(small), aspect: crop.widthPx / crop.heightPx },
      });
    }
  }
  return looks;
}

/** Squashed, not padded: the app's own net was trained so (training/product-embedding). @returns in the order of `crops`. */
async function embedBySize(
  crops: readonly Frame[],
  spec: ModelSpec & { readonly embeddingSpace: EmbeddingSpace },
  runtime: Runtime,
): Promise<Embedding[]> {
  const isSmall = ({ widthPx, heightPx }: Frame): boolean => spec.id === EMBEDDING_MODEL && Math.max(widthPx, heightPx) < SMALL.belowPx;
  const embeddings: Embedding[] = [];
  for (const small of [false, true]) {
    const places = [...crops.keys()].filter((i) => isSmall(crops[i]!) === small);
    if (places.length === 0) continue;
    const some = places.map((i) => crops[i]!);
    const size = small ? { widthPx: SMALL.sidePx, heightPx: SMALL.sidePx } : undefined;
    const { rows, backend } = await runDeclaredNet(some, spec, runtime, size);
    places.forEach((place, i) => (embeddings[place] = { space: spec.embeddingSpace, vector: normalised(rows[i]!), backend }));
  }
  return embeddings;
}
