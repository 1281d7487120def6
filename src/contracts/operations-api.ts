/** @file HTTP contract of what an operator watches: load, times of answers, event loop, memory, and what lies on the disk. Thread: any. */
import { z } from 'zod';
import { collectionNameSchema } from './server-api.ts';

const msSchema = z.number().nonnegative();
const bytesSchema = z.int().nonnegative();
const countSchema = z.int().nonnegative();

/** Some seconds of the server's life. Requests of {@link operationsSchema}'s own route, of storage and of metrics are not counted. */
export const loadPointSchema = z.strictObject({
  /** End of the step. */
  atMs: countSchema,
  requests: countSchema,
  /** Of these: answered with 5xx. */
  failed: countSchema,
  /** Of these: 401, 403 or 429. */
  refused: countSchema,
  /** Time to answer, median; null: there was no request. */
  p50Ms: msSchema.nullable(),
  p99Ms: msSchema.nullable(),
  /** How late the event loop came to its timers. */
  loopP99Ms: msSchema,
  residentBytes: bytesSchema,
});
export type LoadPoint = z.infer<typeof loadPointSchema>;

/** One route over the last one to two minutes. Times to within 1 %. */
export const routeLoadSchema = z.strictObject({
  /** e.g. `POST /v1/collections/:name/search` */
  route: z.string(),
  requests: countSchema,
  failed: countSchema,
  p50Ms: msSchema,
  p90Ms: msSchema,
  p99Ms: msSchema,
  maximumMs: msSchema,
});
export type RouteLoad = z.infer<typeof routeLoadSchema>;

export const operationsSchema = z.strictObject({
  atMs: countSchema,
  uptimeS: z.number().nonnegative(),
  /** Seconds of one point. */
  stepS: z.int().positive(),
  /** Oldest first, at most the last quarter of an hour. */
  points: z.array(loadPointSchema).max(180),
  /** Busiest first. */
  routes: z.array(routeLoadSchema).max(200),
  memory: z.strictObject({ residentBytes: bytesSchema, heapUsedBytes: bytesSchema, externalBytes: bytesSchema }),
});
export type Operations = z.infer<typeof operationsSchema>;

/** What lies where. Read from the disk at most every ten seconds. */
export const storageSchema = z.strictObject({
  atMs: countSchema,
  /** Those that the key reaches. Data and indexes, without old versions. */
  collections: z.array(z.strictObject({ name: collectionNameSchema, items: countSchema, sizeBytes: bytesSchema })),
  /** Parts of the data folder, largest first. */
  folder: z.array(z.strictObject({ part: z.enum(['vectors', 'database', 'packs', 'ingest', 'other']), sizeBytes: bytesSchema })),
  /** Null where the system does not say. */
  disk: z.strictObject({ freeBytes: bytesSchema, totalBytes: bytesSchema }).nullable(),
});
export type StorageReport = z.infer<typeof storageSchema>;
