/** @file HTTP contract of shelf visits that phones hand in: counts, names and places, never a picture. Thread: any. */
import { z } from 'zod';
import { pageQuerySchema, pageSchema } from './page-api.ts';
import { visitReportSchema } from './visit-report.ts';

const idSchema = z.string().min(1).max(200);
const timeSchema = z.int().nonnegative();

/** Body of the hand-in. A visit that is handed in again replaces what was there. */
export const handInVisitSchema = z.strictObject({ report: visitReportSchema });
export const handedInVisitSchema = z.strictObject({ id: idSchema, receivedAtMs: timeSchema });

/** A visit in lists. */
export const shelfVisitSummarySchema = z.strictObject({
  id: idSchema,
  shop: visitReportSchema.shape.shop,
  who: z.string().max(200),
  /** When it began. */
  atMs: timeSchema,
  receivedAtMs: timeSchema,
  bays: z
    .array(
      z.strictObject({
        bayId: idSchema,
        bayName: z.string().max(200),
        atMs: timeSchema,
        facings: z.int().nonnegative(),
        unknown: z.int().nonnegative(),
        gaps: z.int().nonnegative(),
        compliance01: z.number().min(0).max(1).nullable(),
      }),
    )
    .max(500),
});
export type ShelfVisitSummary = z.infer<typeof shelfVisitSummarySchema>;

/** Newest first. */
export const shelfVisitQuerySchema = z.strictObject({
  ...pageQuerySchema.shape,
  /** Of this shop. */
  shop: idSchema.optional(),
  /** With this bay. */
  bay: idSchema.optional(),
});
export const shelfVisitPageSchema = pageSchema(shelfVisitSummarySchema);
