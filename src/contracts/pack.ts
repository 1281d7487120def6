/**
 * @file Packs: what makes the phone know one shop, event, diet or site without a network. Manifest, parts, rule, and the refusals.
 * Thread: any. Layout of the parts: `src/core/pack-photos.ts`, `pack-products.ts`, `pack-blobs.ts`, `pack-planograms.ts`; the whole of it: docs/packs.md.
 */
import { z } from 'zod';
import { DIETS } from './dietary.ts';
import { AppError, type ErrorCode } from './errors.ts';
import { localisedTextSchema } from './product.ts';
import { collectionNameSchema, filterSchema, spaceSchema } from './server-api.ts';
import { planogramSchema } from './shelf.ts';

export const PACK_FORMAT = 'mekiki-pack';
/** A phone refuses formats that it does not know. 2 added keypoints and thumbnails, 3 fronts of packs, planograms, and products with category and price. */
export const PACK_FORMAT_VERSION = 3;
const READABLE_VERSIONS = [1, 2, PACK_FORMAT_VERSION] as const;
/** Keypoints of a photo that a pack carries when its rule does not say: all. Fewer were measured to do harm, see docs/packs.md. */
const KEYPOINTS = 400;
/** What one pack may hold: what a phone searches exactly and at once. */
export const PACK_LIMITS = { photos: 50_000, products: 50_000, parts: 4096, partBytes: 4 << 20, manifestBytes: 4 << 20 } as const;

export const PACK_KINDS = ['shop', 'event', 'diet', 'site'] as const;
export type PackKind = (typeof PACK_KINDS)[number];
export const packIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const timeSchema = z.int().nonnegative();
const productIdSchema = z.string().min(1).max(200);

/** One rule that a person follows; see `RuleId`. */
export const dietRuleSchema = z.union([
  z.enum(DIETS),
  z.templateLiteral(['allergen:', z.string().min(1).max(60)]),
  z.templateLiteral(['word:', z.string().min(1).max(60)]),
]);

/** How vectors are kept. `int8`: a byte per dimension. Figures: docs/packs.md. */
export const quantisationSchema = z.enum(['int8', 'float32']);
export type Quantisation = z.infer<typeof quantisationSchema>;

/** What goes into a pack. */
export const packRuleSchema = z.strictObject({
  id: packIdSchema,
  kind: z.enum(PACK_KINDS),
  title: localisedTextSchema.refine(({ en, ja }) => (en ?? ja ?? '') !== '', { message: 'A pack needs a title.' }),
  /** Photos (vectors) come from these; all of one space. None may hold persons. */
  collections: z
    .array(z.strictObject({ name: collectionNameSchema, filter: filterSchema.optional() }))
    .min(1)
    .max(20),
  /** Products by id or by source, with or without photos. Absent: the products that the photos show. */
  products: z
    .strictObject({
      ids: z.array(productIdSchema).max(10_000).optional(),
      sources: z.array(z.string().min(1).max(100)).max(50).optional(),
    })
    .optional(),
  /**
   * Only products whose contents are known. Products to avoid always stay: a phone that did not know them could take one for a like
   * product that suits.
   */
  diet: z
    .strictObject({
      rules: z.array(dietRuleSchema).min(1).max(20),
      /** Keep products that the rules cannot decide. */
      isCheckKept: z.boolean().default(true),
    })
    .optional(),
  /** After these days the phone no longer answers from the pack. */
  validForDays: z.int().min(1).max(366).default(30),
  quantisation: quantisationSchema.default('int8'),
  /** Keypoints of each photo, the strongest; they tell packs of one design apart. 0: none; 400: all. */
  keypoints: z.int().min(0).max(400).default(KEYPOINTS),
  /** A small picture of each product, from collections whose rules allow thumbnails. */
  thumbnails: z.boolean().default(true),
});
export type PackRule = z.output<typeof packRuleSchema>;
/** As it is written: defaults may be left out. */
export type PackRuleInput = z.input<typeof packRuleSchema>;

/** A rule, and the planograms of the shop. */
export const packBuildRequestSchema = packRuleSchema.extend({
  /** Left out: those of the version before stay. Empty: none. */
  planograms: z.array(planogramSchema).max(500).optional(),
});
export type PackBuildRequest = z.output<typeof packBuildRequestSchema>;

/** What a part holds, for each id of its bucket: of photos in `photos` and `keypoints`, of planograms, of products in the others. */
export const PACK_PART_KINDS = ['photos', 'products', 'keypoints', 'thumbnails', 'planograms'] as const;
export type PackPartKind = (typeof PACK_PART_KINDS)[number];

/** One part. Its name is its hash, so what did not change is not fetched again. */
export const packPartSchema = z.strictObject({
  kind: z.enum(PACK_PART_KINDS),
  /** First bits of the SHA-256 of the ids in it. */
  bucket: z.string().regex(/^[01]{0,32}$/),
  items: z.int().min(1).max(1024),
  sizeBytes: z.int().min(1).max(PACK_LIMITS.partBytes),
  sha256: sha256Schema,
});
export type PackPart = z.infer<typeof packPartSchema>;

const describedShape = {
  id: packIdSchema,
  /** Counts up; a phone takes no older one than it had. */
  version: z.int().positive(),
  previousVersion: z.int().positive().nullable(),
  kind: z.enum(PACK_KINDS),
  title: packRuleSchema.shape.title,
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  quantisation: quantisationSchema,
  /** E.g. 1,204 of 1,500 products have photos. */
  coverage: z.strictObject({
    products: z.int().nonnegative().max(PACK_LIMITS.products),
    withPhotos: z.int().nonnegative(),
    withContents: z.int().nonnegative(),
    photos: z.int().nonnegative().max(PACK_LIMITS.photos),
    /** Of a pack with planograms: SKUs that they name, and those of which there is a photo. */
    skus: z.strictObject({ listed: z.int().nonnegative(), withPhotos: z.int().nonnegative() }).optional(),
  }),
  builtAtMs: timeSchema,
  expiresAtMs: timeSchema,
};

export const packManifestSchema = z.strictObject({
  format: z.literal(PACK_FORMAT),
  formatVersion: z.literal(READABLE_VERSIONS),
  ...describedShape,
  rule: packRuleSchema,
  parts: z.array(packPartSchema).max(PACK_LIMITS.parts),
});
export type PackManifest = z.infer<typeof packManifestSchema>;

/** A manifest exactly as it was signed, so that nobody has to write JSON the same way twice. */
export const signedPackSchema = z.strictObject({
  manifest: z.string().max(PACK_LIMITS.manifestBytes),
  /** Ed25519, SPKI, base64. */
  publicKey: z.string().max(200),
  /** Over {@link PACK_FORMAT}'s message, see `src/core/pack-signature.ts`; base64. */
  signature: z.string().max(200),
});
export type SignedPack = z.infer<typeof signedPackSchema>;

/** What a list says of a pack; nothing is believed before the signed manifest is there. */
export const packSummarySchema = z.strictObject({
  ...describedShape,
  sizeBytes: z.int().nonnegative(),
  /** Bytes by what they hold; together `sizeBytes`. */
  sizes: z.strictObject({
    photos: z.int().nonnegative(),
    products: z.int().nonnegative(),
    keypoints: z.int().nonnegative(),
    thumbnails: z.int().nonnegative(),
    planograms: z.int().nonnegative(),
  }),
});
export type PackSummary = z.infer<typeof packSummarySchema>;
export const packListSchema = z.strictObject({ publicKey: z.string().max(200), packs: z.array(packSummarySchema).max(1000) });
export type PackList = z.infer<typeof packListSchema>;

export const packBuildIdSchema = z.string().regex(/^[0-9a-f-]{36}$/);
/** A build under way or over. */
export const packBuildSchema = z.strictObject({
  id: packBuildIdSchema,
  packId: packIdSchema,
  state: z.enum(['queued', 'running', 'done', 'failed']),
  /** Parts written so far, of `total`; total is 0 until it is known. */
  done: z.int().nonnegative(),
  total: z.int().nonnegative(),
  /** Version that came of it. */
  version: z.int().positive().nullable(),
  problem: z.string().nullable(),
  requestedAtMs: timeSchema,
  finishedAtMs: timeSchema.nullable(),
});
export type PackBuild = z.infer<typeof packBuildSchema>;

/** Why a phone takes no pack; every reason has words of its own under `pack_refused_<reason>`. */
export const PACK_REFUSALS = [
  /** A part is not what the manifest says, or the manifest is not what was signed. */
  'tampered',
  /** Not a pack, or one of a format that this version does not know. */
  'unreadable',
  'expired',
  /** Made for another model than the one on this device. */
  'wrong-space',
  /** Signed, but not with the key that this device knows this server by. */
  'wrong-key',
  /** Signed and whole, but older than what this device has. */
  'older',
] as const;
export type PackRefusalReason = (typeof PACK_REFUSALS)[number];

const CODE_OF: Readonly<Record<PackRefusalReason, ErrorCode>> = {
  tampered: 'model-integrity',
  unreadable: 'invalid-input',
  expired: 'invalid-input',
  'wrong-space': 'invalid-input',
  'wrong-key': 'permission-denied',
  older: 'invalid-input',
};

/** An {@link AppError} that also says which of {@link PACK_REFUSALS} it was. Nothing of the pack was used. */
export class PackRefusal extends AppError {
  readonly reason: PackRefusalReason;

  constructor(reason: PackRefusalReason, message: string, options: { readonly cause?: unknown } = {}) {
    super(CODE_OF[reason], message, { ...options, stage: 'store', retryable: false });
    this.name = 'PackRefusal';
    this.reason = reason;
  }
}
