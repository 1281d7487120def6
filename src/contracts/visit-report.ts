/**
 * @file A visit in numbers and names: what charts are drawn from, what is exported, and what may be sent (`report`). No picture, no box, no vector.
 * Thread: any.
 */
import { z } from 'zod';
import { shopSchema, stopwatchSchema, visitSchema } from './visit.ts';

const idSchema = z.string().min(1).max(200);
const timeSchema = z.number().int().nonnegative();
const countSchema = z.number().int().nonnegative();
const shareSchema = z.number().min(0).max(1);
const placeSchema = z.number().int().min(0).max(9999);

/** One block of one product on one row; of several photos of a bay each block once. */
export const reportBlockSchema = z.strictObject({
  /** Null: not named. */
  sku: idSchema.nullable(),
  /** Name as it was shown; empty when not named. */
  name: z.string().max(500),
  brand: z.string().max(300).nullable(),
  category: z.string().max(300).nullable(),
  isOwnLabel: z.boolean().nullable(),
  row: placeSchema,
  position: placeSchema,
  /** Columns; `facings` counts stacked ones, too. */
  columns: countSchema,
  facings: countSchema,
  eyeLevel: z.enum(['stretch', 'eye', 'touch', 'stoop']),
  certainty: z.enum(['sure', 'likely', 'not-sure']),
  /** Mean over its facings. */
  probability01: shareSchema,
  /** As its tag has it; null when none was read with certainty. */
  price: z.number().nonnegative().nullable(),
  listPrice: z.number().nonnegative().nullable(),
});
export type ReportBlock = z.infer<typeof reportBlockSchema>;

/** An empty place. */
export const reportGapSchema = z.strictObject({
  row: placeSchema,
  position: placeSchema,
  /** Product that belongs there; null when nothing says. */
  sku: idSchema.nullable(),
  name: z.string().max(500),
  confidence01: shareSchema,
});
export type ReportGap = z.infer<typeof reportGapSchema>;

/** One part of the shelf. */
export const reportShareSchema = z.strictObject({
  by: z.enum(['product', 'brand', 'category', 'own-label']),
  /** SKU, brand, category; for `own-label`: `own` or `other`. Empty: not known. */
  key: z.string().max(300),
  name: z.string().max(500),
  facings: countSchema,
  /** Of all facings that stand on the shelf. */
  share01: shareSchema,
  /** Of the shelf's length in use, perspective corrected. */
  linearShare01: shareSchema,
});
export type ReportShare = z.infer<typeof reportShareSchema>;

/** One thing to mend, in walking order. */
export const reportFixSchema = z.strictObject({
  /** Of the difference. */
  id: idSchema,
  kind: z.enum(['missing', 'out-of-stock', 'misplaced', 'wrong-facings', 'foreign']),
  /** What one has to do. */
  action: z.enum(['refill', 'put', 'move', 'add-facings', 'remove-facings', 'take-away']),
  sku: idSchema,
  name: z.string().max(500),
  expected: z.strictObject({ row: placeSchema, position: placeSchema, facings: countSchema }).nullable(),
  found: z.strictObject({ row: placeSchema, position: placeSchema, facings: countSchema }).nullable(),
  confidence01: shareSchema,
  state: z.enum(['open', 'done', 'dismissed']),
  /** Who says so; null while open. */
  saidBy: z.enum(['user', 'photo']).nullable(),
  changedAtMs: timeSchema.nullable(),
});
export type ReportFix = z.infer<typeof reportFixSchema>;

export const reportComplianceSchema = z.strictObject({
  score01: shareSchema,
  expectedFacings: countSchema,
  rightFacings: countSchema,
  counts: z.strictObject({
    missing: countSchema,
    'out-of-stock': countSchema,
    misplaced: countSchema,
    'wrong-facings': countSchema,
    foreign: countSchema,
  }),
});

/** One bay of one visit. */
export const bayReportSchema = z.strictObject({
  visitId: idSchema,
  shopId: idSchema,
  bayId: idSchema,
  bayName: z.string().max(200),
  /** When its last photo was taken. */
  atMs: timeSchema,
  photos: countSchema,
  facings: countSchema,
  /** Different products among those named. */
  products: countSchema,
  /** Facings that nothing names. */
  unknown: countSchema,
  /** Facings with a name that is not sure. */
  notSure: countSchema,
  gaps: countSchema,
  rows: countSchema,
  blocks: z.array(reportBlockSchema).max(5000),
  gapPlaces: z.array(reportGapSchema).max(5000),
  shares: z.array(reportShareSchema).max(5000),
  /** Null: no planogram. */
  compliance: reportComplianceSchema.nullable(),
  /** By the photos that check the fix-it list; null: none was taken. */
  complianceAfter: reportComplianceSchema.nullable(),
  fixes: z.array(reportFixSchema).max(5000),
  stopwatch: stopwatchSchema.nullable(),
});
export type BayReport = z.infer<typeof bayReportSchema>;

/** Names that tell shop, bay and visit, without notes. */
export const visitReportSchema = z.strictObject({
  format: z.literal('mekiki-visit-report'),
  version: z.literal(1),
  visit: visitSchema.pick({ id: true, shopId: true, who: true, startedAtMs: true, endedAtMs: true }),
  shop: shopSchema.pick({ id: true, name: true, address: true }),
  bays: z.array(bayReportSchema).max(500),
  stopwatch: stopwatchSchema.nullable(),
});
export type VisitReport = z.infer<typeof visitReportSchema>;

/** Largest report that may leave, bytes of its JSON; the server refuses more. */
export const MAX_REPORT_BYTES = 1 << 20;
