/** @file HTTP contract of what is kept, how long, about whom, and of its erasure. Thread: any. */
import { z } from 'zod';
import { collectionNameSchema, consentSchema, itemIdSchema, metadataSchema, retentionSchema } from './server-api.ts';

const timeSchema = z.int().nonnegative();

/**
 * What a collection is for and how long it keeps. A collection of persons exists only with a purpose and a maximum age; in it an item's
 * `productId` is the person whom it shows.
 */
export const collectionRulesSchema = z
  .strictObject({
    holds: z.enum(['things', 'persons']).default('things'),
    /** Shown to whoever is asked for consent. */
    purpose: z.string().trim().max(1000).default(''),
    /** Replaces the retention that the collection was made with. */
    retention: retentionSchema,
    /** May items have thumbnails? They are encrypted at rest. */
    thumbnails: z.boolean().default(false),
    /** Refuse items of persons without `consent`. */
    needsConsent: z.boolean().default(true),
  })
  .refine(({ holds, purpose, retention }) => holds === 'things' || (purpose !== '' && retention.maximumAgeS !== null), {
    message: 'A collection of persons needs a purpose and a maximum age.',
  });
export type CollectionRules = z.output<typeof collectionRulesSchema>;

/** What a record says beside its vector and metadata. */
export const recordSchema = z.strictObject({
  collection: collectionNameSchema,
  id: itemIdSchema,
  /** Null: shows no person. */
  personId: z.string().nullable(),
  consent: consentSchema.nullable(),
  writtenAtMs: timeSchema,
  /** From here on it is neither found nor read, and then erased. Null: no end. */
  validUntilMs: timeSchema.nullable(),
});
export type ItemRecord = z.infer<typeof recordSchema>;

/** Person's id in paths; anything that an item's `productId` may be. */
export const personIdSchema = z.string().min(1).max(200);

/** Everything that is kept about one person, for that person. */
export const personExportSchema = z.strictObject({
  format: z.literal('mekiki-person'),
  version: z.literal(1),
  personId: personIdSchema,
  atMs: timeSchema,
  collections: z.array(
    z.strictObject({
      name: collectionNameSchema,
      space: z.string(),
      rules: collectionRulesSchema.nullable(),
      items: z.array(
        z.strictObject({
          id: itemIdSchema,
          metadata: metadataSchema,
          consent: consentSchema.nullable(),
          writtenAtMs: timeSchema.nullable(),
          validUntilMs: timeSchema.nullable(),
          /** Base64 of float32, little-endian. */
          vector: z.string(),
          thumbnail: z.strictObject({ type: z.string(), base64: z.string() }).nullable(),
          /** There is one, and it does not open any more. */
          isThumbnailDamaged: z.boolean(),
        }),
      ),
    }),
  ),
});
export type PersonExport = z.infer<typeof personExportSchema>;

/** Where pictures of runners' pages lie among the thumbnails: no name that a collection can have. */
export const GALLERY_COLLECTION = 'race galleries';

/**
 * Proof of an erasure. `signature` is Ed25519 over the JSON of everything else, keys in the order of this schema, base64. `subject` is
 * `sha256(salt + personId)` or, for items, of their ids joined with line feeds: who knows the id can check, nobody else can read it.
 */
export const erasureReceiptSchema = z.strictObject({
  format: z.literal('mekiki-erasure'),
  version: z.literal(1),
  id: z.string(),
  reason: z.enum(['person', 'items', 'expired', 'too-many']),
  requestedBy: z.string(),
  requestedAtMs: timeSchema,
  finishedAtMs: timeSchema,
  salt: z.string(),
  subject: z.string(),
  erased: z.array(
    z.strictObject({
      collection: z.union([collectionNameSchema, z.literal(GALLERY_COLLECTION)]),
      items: z.int().nonnegative(),
      thumbnails: z.int().nonnegative(),
    }),
  ),
  /** How it was verified. */
  verified: z.strictObject({
    /** Files of the data folder that were read, whole. */
    files: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    /** Erased vectors and keys whose bytes were looked for; none was found. */
    needles: z.int().nonnegative(),
    /** Table files with removed rows that were written anew. */
    rewritten: z.int().nonnegative(),
    atMs: timeSchema,
  }),
  /** Ed25519, SPKI, base64. */
  publicKey: z.string(),
  signature: z.string(),
});
export type ErasureReceipt = z.infer<typeof erasureReceiptSchema>;

/** An erasure under way or done. */
export const erasureSchema = z.strictObject({
  id: z.string(),
  reason: erasureReceiptSchema.shape.reason,
  /** `hidden`: nobody finds or decrypts it any more; `done`: its bytes are gone and the receipt is there. */
  state: z.enum(['hidden', 'rewritten', 'done']),
  requestedBy: z.string(),
  requestedAtMs: timeSchema,
  items: z.int().nonnegative(),
  /** Tries that did not succeed, e.g. while a backup was being made; it is tried again by itself. */
  failures: z.int().nonnegative(),
  receipt: erasureReceiptSchema.nullable(),
});
export type Erasure = z.infer<typeof erasureSchema>;

/** Limits of a thumbnail as it is sent; it is stored re-encoded, without metadata. */
export const THUMBNAIL_LIMITS = { maxSidePx: 320, maxBytes: 65_536 } as const;
