/** @file Which product a planogram's SKU is: files name products by barcode number, by article number, or by the id that the server gave. Pure; any thread. */
import type { Product } from '../../contracts/product.ts';
import { toGtin14 } from '../barcode/gtin.ts';

/**
 * @returns finds the product of a SKU: by id, else by barcode number, else by the last part of its id (`shop/4711` is 4711), where that
 * names one product only. Null for a SKU of which nothing is known.
 */
export function productOfSku(products: Iterable<Pick<Product, 'id' | 'gtins'>>): (sku: string) => string | null {
  const ids = new Set<string>();
  const byGtin = new Map<string, string>();
  const byLastPart = new Map<string, string | null>();
  for (const { id, gtins } of products) {
    ids.add(id);
    for (const gtin of gtins) byGtin.set(gtin, id);
    const lastPart = id.slice(id.lastIndexOf('/') + 1);
    byLastPart.set(lastPart, byLastPart.has(lastPart) ? null : id);
  }
  return (sku) => {
    if (ids.has(sku)) return sku;
    const gtin = toGtin14(sku.replaceAll('-', ''));
    return (gtin === null ? undefined : byGtin.get(gtin)) ?? byLastPart.get(sku) ?? null;
  };
}
