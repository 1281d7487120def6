/** @file The pipeline on Node's runtimes: what `npm run evaluate`, `npm run bench` and pack building run. */
import type { Person } from '../../src/contracts/dietary.ts';
import type { GalleryItem, Product } from '../../src/contracts/product.ts';
import type { LocalFeatures } from '../../src/contracts/results.ts';
import { directIndex, directVision } from '../../src/flow/direct-service.ts';
import type { Pipeline } from '../../src/flow/pipeline.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { createIndex } from '../../workers/stages/index-service.ts';
import { createVision } from '../../workers/stages/vision.ts';
import { withoutModels } from './without-models.ts';

/** A pipeline over a gallery in memory. */
export interface NodePipeline extends Pipeline {
  /** Replace products and gallery. */
  load(products: readonly Product[], gallery: readonly GalleryItem[]): Promise<void>;
}

/**
 * @param people whose diets are checked; nobody by default.
 * @param without ids of models that this pipeline cannot have; see `without-models.ts`.
 */
export function openNodePipeline(people: readonly Person[] = [], without: readonly string[] = []): NodePipeline {
  const index = createIndex({ batches: noBatches });
  let products: readonly Product[] = [];
  let features = new Map<string, LocalFeatures>();
  return {
    vision: directVision(createVision(withoutModels(createNodeRuntime(), without))),
    index: directIndex(index),
    catalogue: {
      byId: (id) => Promise.resolve(products.find((product) => product.id === id) ?? null),
      byGtin: (gtin) => Promise.resolve(products.find(({ gtins }) => gtins.includes(gtin)) ?? null),
      all: () => Promise.resolve(products),
    },
    gallery: {
      byGalleryIds: (ids) =>
        Promise.resolve(
          new Map(
            ids.flatMap((id) => {
              const found = features.get(id);
              return found === undefined ? [] : [[id, found] as const];
            }),
          ),
        ),
    },
    server: null,
    people: () => Promise.resolve(people),
    async load(newProducts, gallery) {
      products = newProducts;
      features = new Map(gallery.flatMap(({ id, features: photo }) => (photo === null ? [] : [[id, photo] as const])));
      await index.replace(gallery, { taskId: 'load' });
    },
  };
}

/** The gallery is handed over, not read from a database. */
async function* noBatches(): AsyncGenerator<readonly GalleryItem[]> {
  // Nothing is stored.
}
