/** @file HTTP contract between a server that only reads its index and the one that writes: what the reader copies. Thread: any. */
import { z } from 'zod';
import { apiKeySchema, keyIdSchema } from './keys-api.ts';
import { packIdSchema, signedPackSchema } from './pack.ts';
import { collectionRulesSchema } from './records-api.ts';
import { collectionNameSchema } from './server-api.ts';

const versionSchema = z.int().nonnegative();
const timeSchema = z.int().nonnegative();
const placeSchema = z.string().min(1).max(400);

/** What the reader has; nothing of it: send everything. */
export const replicaQuerySchema = z.strictObject({
  /** {@link replicaStateSchema}'s `server` of the last answer. Of another one nothing else counts. */
  server: z.uuid().optional(),
  keys: z.coerce.number().int().nonnegative().optional(),
  rules: z.coerce.number().int().nonnegative().optional(),
  packs: z.coerce.number().int().nonnegative().optional(),
  /** Of the last page of ends. */
  cursor: z.string().max(2000).optional(),
  /** {@link replicaStateSchema}'s `atMs` of the last answer. */
  asOfMs: z.coerce.number().int().nonnegative().optional(),
});
export type ReplicaQuery = z.output<typeof replicaQuerySchema>;

/** A key with the hash of its secret, never the secret. */
const copiedKeySchema = apiKeySchema
  .pick({
    ...{
      id: true,
      name: true,
      purpose: true,
      role: true,
      collections: true,
      expiresAtMs: true,
      requestsPerMinute: true,
      requestsPerDay: true,
    },
    ...{ createdAtMs: true, createdBy: true, revokedAtMs: true, replaces: true },
  })
  .extend({
    family: keyIdSchema,
    /** SHA-256, base64. */
    secretHash: z.base64().length(44),
  });
export type CopiedKey = z.infer<typeof copiedKeySchema>;

const replicaPacksSchema = z.strictObject({
  version: versionSchema,
  /** Ed25519 key that signs this server's packs; SPKI, base64. */
  publicKey: signedPackSchema.shape.publicKey,
  /** Versions that are kept; the newest of a pack that is offered is fetched by `GET /v1/packs/:id`. */
  kept: z.array(
    z.strictObject({
      id: packIdSchema,
      version: z.int().positive(),
      isNewest: z.boolean(),
      signature: signedPackSchema.shape.signature,
    }),
  ),
});
export type ReplicaPacks = z.infer<typeof replicaPacksSchema>;

/**
 * What changed since the query, each part whole but for `ends`; null: nothing of that part.
 * [Note: Ends in pages] Ends come in the order in which they were set, so that a reader asks for what is newer than its last page. Whoever
 * has none, or was away too long to have seen every erasure begin, is sent all of them (from `isFirst` on) and drops what did not come again.
 */
export const replicaStateSchema = z.strictObject({
  /** Names this start of the server that writes: versions and cursors of another start mean nothing. */
  server: z.uuid(),
  /** The writer's clock, before it looked. */
  atMs: timeSchema,
  keys: z.strictObject({ version: versionSchema, items: z.array(copiedKeySchema) }).nullable(),
  rules: z
    .strictObject({
      version: versionSchema,
      /** All there are: one that is not among them has rules that are not known here, and is not served. */
      collections: z.array(collectionNameSchema),
      items: z.array(z.strictObject({ collection: collectionNameSchema, rules: collectionRulesSchema })),
    })
    .nullable(),
  packs: replicaPacksSchema.nullable(),
  ends: z
    .strictObject({
      /** The first page of all: what the reader has and is not sent by the last page is over. */
      isFirst: z.boolean(),
      /** Collection, item, from when on it is neither found nor read (0: at once, null: it has no end), and the erasure that hides it. */
      items: z.array(z.tuple([placeSchema, placeSchema, timeSchema.nullable(), z.string().max(40).nullable()])),
      /** Erasures under way. What another one hid is gone from the index: it need not be hidden any more. */
      erasures: z.array(z.string().max(40)),
      cursor: z.string().max(2000),
      /** Ask for the next page at once. */
      isMore: z.boolean(),
    })
    .nullable(),
});
export type ReplicaState = z.infer<typeof replicaStateSchema>;
