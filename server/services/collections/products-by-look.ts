/** @file A look → the catalogue's products that look most like it. */
import type { Finding, Tag } from '../../../src/contracts/recognise-api.ts';
import { PRODUCT_COLLECTION } from '../../../src/contracts/server-api.ts';
import type { Products } from '../../repositories/products.ts';
import type { CollectionStore } from './collection-store.ts';
import type { RecordKeeper } from '../records/record-keeper.ts';

/** Photos looked at for each product that is wanted: several may be of one product. */
const PHOTOS_PER_PRODUCT = 8;
const MAX_PHOTOS = 200;

/** Gives products for a vector. */
export type ProductsByLook = (vector: NonNullable<Finding['vector']>, limit: number) => Promise<Tag[]>;

/** @returns a look-up in the collection of products: each product once, by its most similar photo, best first; what is over is left out. */
export function productsByLook(
  store: Pick<CollectionStore, 'search'>,
  products: Pick<Products, 'getMany'>,
  keeper: Pick<RecordKeeper, 'overAmong'>,
): ProductsByLook {
  return async ({ space, values }, limit) => {
    const found = await store.search(PRODUCT_COLLECTION, space, values, Math.min(MAX_PHOTOS, limit * PHOTOS_PER_PRODUCT));
    const ids = found.map(({ id }) => id);
    const over = await keeper.overAmong(PRODUCT_COLLECTION, ids);
    const best = new Map<string, number>();
    for (const { id, productId, score } of found) if (!over.has(id)) best.set(productId, Math.max(score, best.get(productId) ?? -1));
    const ranked = [...best].sort(([, a], [, b]) => b - a).slice(0, limit);
    const known = new Map((await products.getMany(ranked.map(([id]) => id))).map((product) => [product.id, product]));
    return ranked.map(([id, score]) => ({ id, label: known.get(id)?.name ?? null, score01: Math.min(1, Math.max(0, score)) }));
  };
}
