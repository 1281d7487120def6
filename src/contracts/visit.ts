/**
 * @file What the device remembers of shelves: shops, bays, routes, visits, photos of bays, what was read in them and what the user changed.
 * Thread: any. Times are milliseconds since 1970 (UTC).
 */
import { z } from 'zod';
import { correctionSchema, type Correction } from './history.ts';
import { productSchema, type Product } from './product.ts';
import { planogramSchema, type Facing, type ShelfGap, type ShelfReading } from './shelf.ts';
import { facingSchema, gapSchema, readingSchema } from './shelf-schema.ts';

const idSchema = z.string().min(1).max(100);
const timeSchema = z.number().int().nonnegative();
const nameSchema = z.string().trim().min(1).max(200);

export const shopSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  address: z.string().max(500),
  note: z.string().max(2000),
  updatedAtMs: timeSchema,
});
export type Shop = z.infer<typeof shopSchema>;

/** One bay of a shop's shelves: what one photo shows, or a few overlapping ones. */
export const baySchema = z.strictObject({
  id: idSchema,
  shopId: idSchema,
  name: nameSchema,
  /** Place in the walk through the shop, from 0. */
  order: z.number().int().min(0).max(9999),
  /** What a photo of it shows, and the shoppers' eyes, centimetres above the floor (`core/shelf/eye-level.ts`); null: as usual. */
  heights: z
    .strictObject({ lowestCm: z.number().min(0).max(1000), highestCm: z.number().min(0).max(1000), eyeCm: z.number().min(0).max(300) })
    .nullable(),
  updatedAtMs: timeSchema,
});
export type Bay = z.infer<typeof baySchema>;

/** Shops in the order in which somebody visits them. */
export const routeSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  shopIds: z.array(idSchema).max(1000),
  updatedAtMs: timeSchema,
});
export type Route = z.infer<typeof routeSchema>;

/** Capture to report, wall time, as it was on this device. */
export const stopwatchSchema = z.strictObject({
  /** The first photo was taken, or handed over. */
  captureAtMs: timeSchema,
  /** The report of the last photo was there; null while one is still read. */
  reportAtMs: timeSchema.nullable(),
  /** Photos that were read between. */
  photos: z.number().int().nonnegative(),
});
export type Stopwatch = z.infer<typeof stopwatchSchema>;

export const visitSchema = z.strictObject({
  id: idSchema,
  shopId: idSchema,
  /** Route that it was made for; null: none. */
  routeId: idSchema.nullable(),
  /** Who goes, as typed; may be empty. */
  who: z.string().max(200),
  status: z.enum(['assigned', 'open', 'done']),
  /** Day that it is wanted on; null: any. */
  plannedForMs: timeSchema.nullable(),
  startedAtMs: timeSchema.nullable(),
  endedAtMs: timeSchema.nullable(),
  note: z.string().max(2000),
  /** Its data on the way to the server. `waiting`: the user asked for it, and it goes when it can. */
  sending: z.enum(['not-asked', 'waiting', 'sent', 'refused']),
  sentAtMs: timeSchema.nullable(),
  updatedAtMs: timeSchema,
});
export type Visit = z.infer<typeof visitSchema>;

/** One photo of a bay, without its pixels: lists of them stay light. */
export const bayPhotoSchema = z.strictObject({
  id: idSchema,
  visitId: idSchema,
  shopId: idSchema,
  bayId: idSchema,
  name: z.string().max(500),
  source: z.enum(['camera', 'file', 'paste', 'drop', 'demo']),
  capturedAtMs: timeSchema,
  /** When it was handed over: the stopwatch counts from here. */
  addedAtMs: timeSchema,
  /** What it is for: the audit, or to see whether the fix-it list was worked off. */
  purpose: z.enum(['audit', 'check']),
  /** `waiting`: kept, not read yet. `failed`: cannot be read; `problem` says why. */
  state: z.enum(['waiting', 'read', 'failed']),
  /** Code of `contracts/errors.ts`; null unless failed. */
  problem: z.string().max(60).nullable(),
  /** Size of the upright photo; 0 until it was read. */
  widthPx: z.number().int().nonnegative(),
  heightPx: z.number().int().nonnegative(),
  readAtMs: timeSchema.nullable(),
});
export type BayPhoto = z.infer<typeof bayPhotoSchema>;

/** Facings and gaps that an edit takes out or puts in, whole. */
export interface ShelfPart {
  readonly facings: readonly Facing[];
  readonly gaps: readonly ShelfGap[];
}

/** One thing that the user changed in a reading. Its inverse has `removed` and `added` swapped. */
export interface ShelfEdit {
  readonly id: string;
  readonly kind: 'move' | 'add' | 'remove' | 'merge' | 'split' | 'name' | 'gap-add' | 'gap-move';
  readonly atMs: number;
  readonly removed: ShelfPart;
  readonly added: ShelfPart;
  /** What was learnt with a name; undoing it unlearns that. */
  readonly teaching?: { readonly product: Product; readonly corrections: readonly Correction[] };
}

/** What is known of one photo of a bay. */
export interface PhotoReading {
  readonly photoId: string;
  readonly visitId: string;
  readonly bayId: string;
  /** As it was read. */
  readonly found: ShelfReading;
  /** As the user left it. */
  readonly current: ShelfReading;
  /** Oldest first. */
  readonly edits: readonly ShelfEdit[];
  /** Taken back; the next to be done again last. */
  readonly undone: readonly ShelfEdit[];
  /** Milliseconds per stage. */
  readonly durationsMs: Readonly<Record<string, number>>;
  readonly readAtMs: number;
}

const partSchema = z.strictObject({ facings: z.array(facingSchema).max(2000), gaps: z.array(gapSchema).max(2000) });
const editSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(['move', 'add', 'remove', 'merge', 'split', 'name', 'gap-add', 'gap-move']),
  atMs: timeSchema,
  removed: partSchema,
  added: partSchema,
  teaching: z.strictObject({ product: productSchema, corrections: z.array(correctionSchema).max(1000) }).optional(),
});

export const photoReadingSchema = z.strictObject({
  photoId: idSchema,
  visitId: idSchema,
  bayId: idSchema,
  found: readingSchema,
  current: readingSchema,
  edits: z.array(editSchema).max(2000),
  undone: z.array(editSchema).max(2000),
  durationsMs: z.record(z.string().max(40), z.number().nonnegative()),
  readAtMs: timeSchema,
});

/** A planogram of a shop, or of one bay of it. */
export const keptPlanogramSchema = z.strictObject({
  id: idSchema,
  shopId: idSchema,
  /** Null: for every bay of the shop; its rows may name bays. */
  bayId: idSchema.nullable(),
  planogram: planogramSchema,
  updatedAtMs: timeSchema,
});
export type KeptPlanogram = z.infer<typeof keptPlanogramSchema>;
