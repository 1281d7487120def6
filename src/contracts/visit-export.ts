/** @file A visit as a file that can be brought back, here or on another device: everything but the pictures. Thread: any. */
import { z } from 'zod';
import { productSchema } from './product.ts';
import { baySchema, bayPhotoSchema, keptPlanogramSchema, photoReadingSchema, shopSchema, visitSchema } from './visit.ts';
import { bayReportSchema } from './visit-report.ts';

/** What belongs to shops and visits, as it is kept. */
export const shelfRecordsSchema = z.object({
  shops: z.array(shopSchema).max(10_000),
  bays: z.array(baySchema).max(100_000),
  visits: z.array(visitSchema).max(100_000),
  photos: z.array(bayPhotoSchema).max(1_000_000),
  readings: z.array(photoReadingSchema).max(1_000_000),
  planograms: z.array(keptPlanogramSchema).max(100_000),
  reports: z.array(bayReportSchema).max(1_000_000),
});
export type ShelfRecords = z.infer<typeof shelfRecordsSchema>;

/** Rows and positions count from 0 in it, as in the contracts. */
export const visitExportSchema = z.object({
  format: z.literal('mekiki-shelf-visit'),
  version: z.literal(1),
  exportedAtMs: z.number().int().nonnegative(),
  records: shelfRecordsSchema,
  /** Products that the readings name, for whoever does not have them. */
  products: z.array(productSchema).max(100_000),
});
export type VisitExport = z.infer<typeof visitExportSchema>;
