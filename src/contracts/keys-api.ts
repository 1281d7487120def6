/** @file HTTP contract of API keys and of requests for them: zod schemas shared by server and client. Thread: any. */
import { z } from 'zod';
import { collectionNameSchema } from './server-api.ts';

/**
 * From least to most: each may do what the ones before it may. But for `replica`, the role of a server that only reads: it may copy what such a
 * server needs, which nobody else may, and do what needs no key.
 */
export const ROLES = ['replica', 'viewer', 'operator', 'admin'] as const;
export const roleSchema = z.enum(ROLES);
export type Role = (typeof ROLES)[number];

/** Public part of a key: its name in lists, logs and the audit log. */
export const keyIdSchema = z.string().regex(/^[a-z2-7]{16}$/);
/** `mk_<id>_<256 random bits>`; shown once, never stored. */
export const keySecretSchema = z.string().regex(/^mk_[a-z2-7]{16}_[\w-]{43}$/);
/** Collections that a key reaches; null: every one that holds no persons. */
const scopeSchema = z.array(collectionNameSchema).min(1).max(100).nullable();
const timeSchema = z.int().nonnegative();

/** Limits and reach of a key. */
const grantShape = {
  role: roleSchema,
  collections: scopeSchema.default(null),
  /** Null: never. */
  expiresAtMs: timeSchema.nullable().default(null),
  /** Null: the server's own limit. */
  requestsPerMinute: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Requests a day, UTC. Null: no limit. */
  requestsPerDay: z.int().min(1).max(1_000_000_000).nullable().default(null),
};
export const grantSchema = z.strictObject(grantShape);
const describedShape = {
  /** Who or what uses it, e.g. `till 3`. */
  name: z.string().trim().min(1).max(100),
  /** What for, in a sentence. */
  purpose: z.string().trim().min(1).max(500),
};

export const createKeySchema = z.strictObject({ ...describedShape, ...grantShape });
export type CreateKey = z.input<typeof createKeySchema>;

export const apiKeySchema = z.strictObject({
  id: keyIdSchema,
  /** Start of the secret, to tell keys apart. */
  prefix: z.string(),
  ...describedShape,
  role: roleSchema,
  collections: scopeSchema,
  expiresAtMs: timeSchema.nullable(),
  requestsPerMinute: z.int().nullable(),
  requestsPerDay: z.int().nullable(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAtMs: timeSchema,
  /** Id of the key that made it, `local` or `first-run`. */
  createdBy: z.string(),
  revokedAtMs: timeSchema.nullable(),
  /** To a minute. */
  lastUsedAtMs: timeSchema.nullable(),
  /** Id of the key that this one replaces. */
  replaces: keyIdSchema.nullable(),
  requestsToday: z.int().nonnegative(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** The only answer that ever holds the secret. */
export const issuedKeySchema = z.strictObject({ key: apiKeySchema, secret: keySecretSchema });
export type IssuedKey = z.infer<typeof issuedKeySchema>;

export const rotateKeySchema = z.strictObject({
  /** How long the old secret works beside the new one, seconds. */
  overlapS: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
});

/** A wish for a key. Nobody can ask for the admin role. */
export const requestKeySchema = z.strictObject({
  ...describedShape,
  role: z.enum(['viewer', 'operator']),
  collections: scopeSchema.default(null),
});
export type RequestKey = z.input<typeof requestKeySchema>;

export const keyRequestSchema = z.strictObject({
  id: keyIdSchema,
  ...describedShape,
  role: roleSchema,
  collections: scopeSchema,
  state: z.enum(['pending', 'approved', 'rejected', 'claimed', 'lapsed']),
  createdAtMs: timeSchema,
  decidedAtMs: timeSchema.nullable(),
});
export type KeyRequest = z.infer<typeof keyRequestSchema>;

export const claimTokenSchema = z.string().regex(/^mc_[\w-]{43}$/);
/** Answer to a request: keep the claim token, it fetches the secret once. */
export const requestedKeySchema = z.strictObject({ request: keyRequestSchema, claimToken: claimTokenSchema });
export const claimKeySchema = z.strictObject({ claimToken: claimTokenSchema });
/** `issued` is null until an admin approved, and after the secret was handed out. */
export const claimedKeySchema = z.strictObject({ request: keyRequestSchema, issued: issuedKeySchema.nullable() });
/** What an admin grants instead of what was wished; what is left out is granted as wished. */
export const approveRequestSchema = z.strictObject({
  role: roleSchema.optional(),
  collections: scopeSchema.optional(),
  expiresAtMs: timeSchema.nullable().optional(),
  requestsPerMinute: grantShape.requestsPerMinute.unwrap().optional(),
  requestsPerDay: grantShape.requestsPerDay.unwrap().optional(),
});
export type ApproveRequest = z.infer<typeof approveRequestSchema>;
