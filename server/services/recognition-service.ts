/** @file One image, one model, one answer; alone, in a batch or in a job. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import type { Finding, Recognition, RecogniseQuery, Tag } from '../../src/contracts/recognise-api.ts';
import { PRODUCT_COLLECTION } from '../../src/contracts/server-api.ts';
import type { Products } from '../repositories/products.ts';
import type { RecogniserResult } from '../runtime/recogniser-messages.ts';
import type { CollectionStore } from './collection-store.ts';
import { checkImage } from './image-check.ts';
import { HttpProblem } from './problem.ts';
import type { Recogniser, RecogniserCall } from './recogniser.ts';
import type { RecognitionModel, RecognitionModels } from './recognition-models.ts';
import type { RecordKeeper } from './record-keeper.ts';

/** What recognition stands on. */
export interface RecognitionParts {
  readonly recogniser: Recogniser;
  readonly models: RecognitionModels;
  readonly store: Pick<CollectionStore, 'search'>;
  readonly products: Pick<Products, 'getMany'>;
  readonly keeper: Pick<RecordKeeper, 'overAmong'>;
}

/** Photos looked at for each product that is wanted: several may be of one product. */
const PHOTOS_PER_PRODUCT = 8;
const MAX_PHOTOS = 200;

/** Recognises for the API. */
export class RecognitionService {
  readonly #parts: RecognitionParts;

  constructor(parts: RecognitionParts) {
    this.#parts = parts;
  }

  get models(): RecognitionModels {
    return this.#parts.models;
  }

  /**
   * @param bytes an image file. It is decoded elsewhere, and kept nowhere.
   * @throws HttpProblem 413 | 415 | 422 for what is no image that is taken; AppError('busy') when too many wait; what the model throws.
   */
  async recognise(bytes: Uint8Array, model: RecognitionModel, query: RecogniseQuery, call: RecogniserCall = {}): Promise<Recognition> {
    checkImage(bytes);
    const { id, version, type } = model.description;
    const { image, finding } = await this.#run(bytes, model, query, call);
    return { model: { id, version, type }, image, ...finding };
  }

  async #run(
    bytes: Uint8Array,
    { way }: RecognitionModel,
    { region, script, limit }: RecogniseQuery,
    call: RecogniserCall,
  ): Promise<{ image: RecogniserResult['image']; finding: Finding }> {
    const place = region === undefined ? {} : { region: regionOf(region) };
    const task = { kind: 'recognise', model: way.spec.id, script, limit, ...place } as const;
    const { image, finding = {} } = await this.#parts.recogniser.run(bytes, task, call).catch((error: unknown) => {
      // The decoder's own words are of no use to a caller.
      if (error instanceof AppError && error.code === 'decode-unsupported')
        throw new HttpProblem(422, 'decode-unsupported', 'The image cannot be decoded: it is damaged, or not what its first bytes say.');
      throw error;
    });
    if (way.kind === 'net') return { image, finding };
    return { image, finding: { ...finding, tags: await this.#productsLike(finding, limit) } };
  }

  /** The catalogue's products by their most similar photo, best first. */
  async #productsLike({ vector }: Finding, limit: number): Promise<Tag[]> {
    if (vector === undefined) return [];
    const { store, products, keeper } = this.#parts;
    const found = await store.search(PRODUCT_COLLECTION, vector.space, vector.values, Math.min(MAX_PHOTOS, limit * PHOTOS_PER_PRODUCT));
    const over = await keeper.overAmong(
      PRODUCT_COLLECTION,
      found.map(({ id }) => id),
    );
    const best = new Map<string, number>();
    for (const { id, productId, score } of found) if (!over.has(id)) best.set(productId, Math.max(score, best.get(productId) ?? -1));
    const ranked = [...best].sort(([, a], [, b]) => b - a).slice(0, limit);
    const known = new Map((await products.getMany(ranked.map(([id]) => id))).map((product) => [product.id, product]));
    return ranked.map(([id, score]) => ({ id, label: known.get(id)?.name ?? null, score01: Math.min(1, Math.max(0, score)) }));
  }
}

/** @throws HttpProblem 400 for a region that is empty or leaves the image. */
export function regionOf(text: string): Box {
  const [x = 0, y = 0, width = 0, height = 0] = text.split(',').map(Number);
  if (!(width > 0 && height > 0 && x + width <= 1.000_001 && y + height <= 1.000_001))
    throw new HttpProblem(400, 'invalid-input', 'A region is x,y,width,height within 0..1 of the image.');
  return { x, y, width, height };
}
