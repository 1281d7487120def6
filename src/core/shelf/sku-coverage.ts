/** @file How much of a shop's list a pack knows by sight: "1,204 of 1,500 SKUs". Pure; any thread. */
import type { Product } from '../../contracts/product.ts';
import type { Planogram } from '../../contracts/shelf.ts';
import { productOfSku } from './product-of-sku.ts';

/** SKUs that planograms name, each once, and those of which there is a photo. */
export interface SkuCoverage {
  readonly listed: number;
  readonly withPhotos: number;
}

/** @param withPhotos ids of products that have a photo. */
export function skuCoverage(
  planograms: readonly Pick<Planogram, 'rows'>[],
  products: Iterable<Pick<Product, 'id' | 'gtins'>>,
  withPhotos: ReadonlySet<string>,
): SkuCoverage {
  const skus = new Set(planograms.flatMap(({ rows }) => rows.map(({ sku }) => sku)));
  const productOf = productOfSku(products);
  const known = [...skus].filter((sku) => withPhotos.has(productOf(sku) ?? ''));
  return { listed: skus.size, withPhotos: known.length };
}
