/** @file HTTP contract of the companion server: zod schemas shared by server and client. Thread: any. */
import { z } from 'zod';
import { productSchema } from './product.ts';

/** `<model id>@<version>` */
export const spaceSchema = z
  .string()
  .regex(/^[a-z0-9-]+@[a-z0-9.-]+$/)
  .max(100);
/** Finite numbers; length checked against the collection. */
export const vectorSchema = z.array(z.number().min(-1e3).max(1e3)).min(2).max(4096);
export const collectionNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
export const itemIdSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:@/-]+$/);

/** Scalar metadata of an item, filterable. */
export const metadataSchema = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9_]{0,40}$/),
  z.union([z.string().max(2000), z.number(), z.boolean()]),
);

export const collectionSchema = z.strictObject({
  name: collectionNameSchema,
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  metric: z.literal('cosine'),
  count: z.int().nonnegative(),
});
export type Collection = z.infer<typeof collectionSchema>;

export const createCollectionSchema = collectionSchema.omit({ count: true });
export type CreateCollection = z.infer<typeof createCollectionSchema>;

export const searchRequestSchema = z.strictObject({
  space: spaceSchema,
  vector: vectorSchema,
  k: z.int().min(1).max(200).default(20),
});
export type SearchRequest = z.input<typeof searchRequestSchema>;

export const searchMatchSchema = z.strictObject({
  id: itemIdSchema,
  productId: z.string().max(200),
  /** Cosine similarity, -1..1. */
  score: z.number(),
  metadata: metadataSchema,
});
export const searchResponseSchema = z.strictObject({
  space: spaceSchema,
  matches: z.array(searchMatchSchema).max(200),
  /** Products that the matches name, each once. */
  products: z.array(productSchema).max(200),
});
export type SearchResponse = z.infer<typeof searchResponseSchema>;

export const upsertItemSchema = z.strictObject({
  id: itemIdSchema,
  productId: z.string().min(1).max(200),
  vector: vectorSchema,
  metadata: metadataSchema.default({}),
});
export const upsertRequestSchema = z.strictObject({ space: spaceSchema, items: z.array(upsertItemSchema).min(1).max(1000) });
export type UpsertRequest = z.input<typeof upsertRequestSchema>;
export const upsertResponseSchema = z.strictObject({ upserted: z.int().nonnegative() });

export const deleteRequestSchema = z.strictObject({ ids: z.array(itemIdSchema).min(1).max(1000) });
export const deleteResponseSchema = z.strictObject({ deleted: z.int().nonnegative() });

export const productUpsertRequestSchema = z.strictObject({ products: z.array(productSchema).min(1).max(500) });
export type ProductUpsertRequest = z.input<typeof productUpsertRequestSchema>;
export const productResponseSchema = z.strictObject({ product: productSchema });

export const healthSchema = z.strictObject({
  status: z.enum(['ok', 'starting', 'degraded']),
  version: z.string(),
  uptimeS: z.number().nonnegative(),
  collections: z.array(collectionSchema),
  products: z.int().nonnegative(),
});
export type Health = z.infer<typeof healthSchema>;

/** RFC 9457 problem details; `code` is one of `ERROR_CODES`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Name of the collection that the demo catalogue is loaded into. */
export const PRODUCT_COLLECTION = 'products';
