/** @file HTTP contract of the companion server: zod schemas shared by server and client. Thread: any. */
import { z } from 'zod';
import { AppError } from './errors.ts';
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

/** Metadata that searches may filter by: text compared whole, whole number, number, yes or no. */
export const fieldTypeSchema = z.enum(['keyword', 'int', 'float', 'bool']);
export type FieldType = z.infer<typeof fieldTypeSchema>;
const fieldNameSchema = z.string().regex(/^[a-z][A-Za-z0-9_]{0,40}$/);
/** Declared fields of a collection: each is a metadata key whose values are of one type, and indexed. */
export const fieldsSchema = z
  .record(fieldNameSchema, fieldTypeSchema)
  .refine((fields) => Object.keys(fields).length <= 16, { message: 'A collection may declare 16 fields.' });
export type Fields = z.infer<typeof fieldsSchema>;

/** How long items stay. Null: no limit. */
export const retentionSchema = z.strictObject({
  /** Items are erased this long after they were last written. */
  maximumAgeS: z
    .int()
    .min(1)
    .max(100 * 366 * 86_400)
    .nullable()
    .default(null),
  /** Beyond this many items the oldest are erased. */
  maximumItems: z.int().min(1).nullable().default(null),
});
export type Retention = z.infer<typeof retentionSchema>;

/** What a collection may hold. Writes beyond it are refused as `quota-exceeded`; nothing is erased for it. */
export const quotaSchema = z.strictObject({ maximumItems: z.int().min(1) });
export type Quota = z.infer<typeof quotaSchema>;

export const collectionSchema = z.strictObject({
  name: collectionNameSchema,
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  metric: z.literal('cosine'),
  fields: fieldsSchema.default({}),
  retention: retentionSchema.nullable().default(null),
  quota: quotaSchema.nullable().default(null),
  count: z.int().nonnegative(),
});
export type Collection = z.infer<typeof collectionSchema>;

export const createCollectionSchema = collectionSchema.omit({ count: true });
/** A collection's description, with every default filled in. */
export type CreateCollection = z.infer<typeof createCollectionSchema>;
/** What may be asked for; fields, retention and quota may be left out. */
export type CreateCollectionRequest = z.input<typeof createCollectionSchema>;

/** State of a collection's vector index. */
export const collectionStateSchema = z.strictObject({
  ...collectionSchema.shape,
  index: z.strictObject({
    /** `exact`: every vector is compared. `approximate`: the nearest cells of a trained index, then exact comparison of the best. */
    search: z.enum(['exact', 'approximate']),
    /** Items in the trained index; the rest is compared one by one, so that every write is found at once. */
    indexed: z.int().nonnegative(),
    unindexed: z.int().nonnegative(),
    /** Items that the index was trained on; null: not trained. */
    trainedOn: z.int().nonnegative().nullable(),
    isMaintaining: z.boolean(),
    /** Share of stored vectors that found themselves at the last check after maintenance; null: none was made. */
    selfFound01: z.number().min(0).max(1).nullable(),
    sizeBytes: z.int().nonnegative(),
  }),
});
export type CollectionState = z.infer<typeof collectionStateSchema>;

const scalarSchema = z.union([z.string().max(2000), z.number(), z.boolean()]);
const rangeSchema = z.strictObject({
  gte: z.number().optional(),
  gt: z.number().optional(),
  lte: z.number().optional(),
  lt: z.number().optional(),
});
/** Conditions on declared fields, all of which must hold. An item without the field matches none. */
export const filterSchema = z.strictObject({
  eq: z.record(fieldNameSchema, scalarSchema).optional(),
  in: z.record(fieldNameSchema, z.array(scalarSchema).min(1).max(1000)).optional(),
  /** On `int` and `float` fields. */
  range: z.record(fieldNameSchema, rangeSchema).optional(),
});
export type Filter = z.infer<typeof filterSchema>;

export const searchRequestSchema = z.strictObject({
  space: spaceSchema,
  vector: vectorSchema,
  k: z.int().min(1).max(200).default(20),
  filter: filterSchema.optional(),
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

/** Somebody agreed to be in a collection. */
export const consentSchema = z.strictObject({
  atMs: z.int().nonnegative(),
  /** What was agreed to, or where that is written. */
  text: z.string().trim().min(1).max(500),
});
export type Consent = z.infer<typeof consentSchema>;

export const upsertItemSchema = z.strictObject({
  id: itemIdSchema,
  productId: z.string().min(1).max(200),
  vector: vectorSchema,
  metadata: metadataSchema.default({}),
  /** From here on the item is neither found nor read, and then erased. The collection's rules may end it sooner. */
  validUntilMs: z.int().positive().optional(),
  /** Of the person whom the item shows: its `productId`, in a collection of persons. */
  consent: consentSchema.optional(),
});
export const upsertRequestSchema = z.strictObject({ space: spaceSchema, items: z.array(upsertItemSchema).min(1).max(1000) });
export type UpsertRequest = z.input<typeof upsertRequestSchema>;
export const upsertResponseSchema = z.strictObject({ upserted: z.int().nonnegative() });

/** Name of a bulk ingest, chosen by the sender: the same name goes on where it stopped. */
export const ingestJobSchema = z.string().regex(/^\w[\w.-]{0,99}$/);
export const ingestProgressSchema = z.strictObject({
  job: ingestJobSchema,
  /** `applying`: rows are durable but not all searchable yet. `done`: all are searchable. */
  state: z.enum(['receiving', 'applying', 'done', 'failed']),
  /** Rows that survive a power loss: go on from here. */
  durableRows: z.int().nonnegative(),
  /** Rows that searches find. */
  searchableRows: z.int().nonnegative(),
  /** Why a part was refused, if it was. */
  problem: z.string().nullable(),
});
export type IngestProgress = z.infer<typeof ingestProgressSchema>;

export const deleteRequestSchema = z.strictObject({ ids: z.array(itemIdSchema).min(1).max(1000) });
export const deleteResponseSchema = z.strictObject({ deleted: z.int().nonnegative() });

export const productUpsertRequestSchema = z.strictObject({ products: z.array(productSchema).min(1).max(500) });
export type ProductUpsertRequest = z.input<typeof productUpsertRequestSchema>;
export const productResponseSchema = z.strictObject({ product: productSchema });

/** Something stored that is not as it was written. */
export const damageSchema = z.strictObject({
  kind: z.enum(['database', 'collection', 'ingest', 'pack', 'thumbnail']),
  /** E.g. of the collection; empty where there is only one. */
  name: z.string(),
  /** Whose data this is about; null: nobody's in particular. */
  collection: collectionNameSchema.nullable(),
  /** What is wrong, what it means and what to do. */
  reason: z.string(),
});
export type Damage = z.infer<typeof damageSchema>;

/** How a server that only reads stands with the one that writes. */
const writerStateSchema = z.strictObject({
  isHeard: z.boolean(),
  /** Null: never. */
  heardAtMs: z.int().nonnegative().nullable(),
  /** From then on only this route answers, unless the writer does. Null: now. */
  servesUntilMs: z.int().nonnegative().nullable(),
});
export type WriterState = z.infer<typeof writerStateSchema>;

export const healthSchema = z.strictObject({
  status: z.enum(['ok', 'starting', 'degraded']),
  version: z.string(),
  uptimeS: z.number().nonnegative(),
  collections: z.array(collectionSchema),
  products: z.int().nonnegative(),
  /** Set aside, or lost and named; the rest is served. */
  damaged: z.array(damageSchema),
  /** Null: this server writes. */
  writer: writerStateSchema.nullable(),
});
export type Health = z.infer<typeof healthSchema>;

/** RFC 9457 problem details; `code` is one of `ERROR_CODES`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string(),
  })
  .meta({
    examples: [
      {
        type: 'urn:mekiki:problem:decode-unsupported',
        title: 'Unsupported media type',
        status: 415,
        detail: 'An image is a JPEG, PNG, WebP or AVIF; its first bytes say otherwise.',
        code: 'decode-unsupported',
      },
    ],
  });
export type Problem = z.infer<typeof problemSchema>;

/** What the server refused, and how it put it. */
export class ServerRefusal extends AppError {
  readonly status: number;
  /** Null: it said nothing that is understood. */
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super('server-refused', problem?.detail ?? `the server answered ${status}`, {
      retryable: status >= 500 || status === 429,
      stage: 'egress',
    });
    this.name = 'ServerRefusal';
    this.status = status;
    this.problem = problem;
  }
}

/** A row of a bulk ingest was refused; those before it are kept. The message names it. */
export class RowRefusal extends AppError {
  readonly durableRows: number;

  constructor(problem: string, durableRows: number) {
    super('invalid-input', problem, { stage: 'egress' });
    this.name = 'RowRefusal';
    this.durableRows = durableRows;
  }
}

/** Name of the collection that the demo catalogue is loaded into. */
export const PRODUCT_COLLECTION = 'products';
