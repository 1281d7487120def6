/** @file A part of a pack: products as JSON, sorted by id, one spelling only. Pure; any thread. */
import { z } from 'zod';
import { PackRefusal } from '../contracts/pack.ts';
import { productSchema, type Product } from '../contracts/product.ts';

const partSchema = z.strictObject({ products: z.array(productSchema).max(1024) });

/** The same products give the same bytes, in whatever order they and their fields come. */
export function encodeProducts(products: readonly Product[]): Uint8Array<ArrayBuffer> {
  const sorted = [...products].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  // Parsing orders the fields as the schema has them.
  return new TextEncoder().encode(JSON.stringify({ products: sorted.map((product) => productSchema.parse(product)) }));
}

/** @throws PackRefusal('tampered') */
export function decodeProducts(bytes: Uint8Array<ArrayBuffer>): Product[] {
  try {
    return partSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).products;
  } catch (error) {
    throw new PackRefusal('tampered', 'a products part cannot be read', { cause: error });
  }
}
