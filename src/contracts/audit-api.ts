/** @file HTTP contract of the audit log and of the ledger of what arrived. Thread: any. */
import { z } from 'zod';
import { PAYLOAD_TYPES } from './egress.ts';
import { pageQuerySchema } from './page-api.ts';
import { collectionNameSchema } from './server-api.ts';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * One row of the audit log. [Note: Audit chain] `hash = sha256(JSON.stringify([previousHash, sequence, atMs, actor, operation, collection,
 * subject, count, outcome, status]))`; the first row's `previousHash` is 64 zeros, sequences begin at 1 and have no gaps.
 */
export const auditRowSchema = z.strictObject({
  sequence: z.int().positive(),
  /** Of a summed row: when its first request came. */
  atMs: z.int().nonnegative(),
  /** Id of a key, `local` (a program on this machine), `anonymous` or `server` (its own rules, e.g. retention). */
  actor: z.string(),
  /** e.g. `items.upsert` */
  operation: z.string(),
  collection: z.string().nullable(),
  /** Id of the key, request or erasure that this was done to; never a person's. */
  subject: z.string().nullable(),
  /** Items of a write; requests of a summed row. */
  count: z.int().nonnegative(),
  outcome: z.enum(['done', 'refused', 'failed']),
  status: z.int(),
  previousHash: sha256Schema,
  hash: sha256Schema,
});
export type AuditRow = z.infer<typeof auditRowSchema>;

/** Conditions on rows of the audit log, all of which must hold. */
export const auditFilterSchema = z.strictObject({
  actor: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .optional(),
  /** One operation, e.g. `keys.create`, or all on one noun, e.g. `keys`. */
  operation: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?$/)
    .max(60)
    .optional(),
  collection: collectionNameSchema.optional(),
  outcome: auditRowSchema.shape.outcome.optional(),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;
export const auditQuerySchema = z.strictObject({ ...pageQuerySchema.shape, ...auditFilterSchema.shape });

/** What a check of the chain found. */
export const auditCheckSchema = z.strictObject({
  isIntact: z.boolean(),
  rows: z.int().nonnegative(),
  /** Hash of the newest row: keep it elsewhere, and rows that are cut off the end are noticed too. */
  head: sha256Schema,
  /** First sequence that does not fit; null: all fit. */
  brokenAtSequence: z.int().nullable(),
});
export type AuditCheck = z.infer<typeof auditCheckSchema>;

/** One payload that arrived from a phone, to be held against that phone's own ledger. */
export const arrivalSchema = z.strictObject({
  sequence: z.int().positive(),
  atMs: z.int().nonnegative(),
  /** Id of a key, `local` or `anonymous`. */
  actor: z.string(),
  /** Tells devices of one day apart; made from the address with a salt that is thrown away every day. */
  device: z.string(),
  /** e.g. `POST /v1/collections/products/search` */
  route: z.string(),
  type: z.enum(PAYLOAD_TYPES),
  /** Of the body; of the query for a look-up. */
  bytes: z.int().nonnegative(),
  /** Of the same. */
  sha256: sha256Schema,
  status: z.int(),
});
export type Arrival = z.infer<typeof arrivalSchema>;
