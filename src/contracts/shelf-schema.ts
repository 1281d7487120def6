/** @file Shapes of shelf data that comes from outside: a backup, an exported visit. Thread: any. */
import { z } from 'zod';
import type { Facing, PriceTag, ShelfGap, ShelfLayout, ShelfReading } from './shelf.ts';

const idSchema = z.string().min(1).max(200);
const shareSchema = z.number().min(0).max(1);
const placeSchema = z.number().int().min(0).max(9999);
const pointSchema = z.object({ x: z.number(), y: z.number() });
const boxSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

/** Photos with more than this are nobody's shelf. */
const MAX_FACINGS = 20_000;

const identitySchema = z.object({
  productId: idSchema.nullable(),
  probability01: shareSchema,
  certainty: z.enum(['sure', 'likely', 'not-sure']),
  candidates: z.array(z.object({ productId: idSchema, probability01: shareSchema })).max(20),
  groupId: z.string().max(200).nullable(),
  saidBy: z.enum(['look', 'words', 'server', 'neighbours', 'user']),
});

export const facingSchema = z.object({
  id: idSchema,
  box: boxSchema,
  confidence01: shareSchema,
  identity: identitySchema.nullable(),
  isEdited: z.boolean(),
}) satisfies z.ZodType<Facing>;

export const gapSchema = z.object({
  id: idSchema,
  box: boxSchema,
  row: placeSchema,
  position: placeSchema,
  confidence01: shareSchema,
  expectedProductId: idSchema.nullable(),
  saidBy: z.enum(['net', 'spacing', 'user']),
  seen01: shareSchema.exactOptional(),
}) satisfies z.ZodType<ShelfGap>;

const tagSchema = z.object({
  id: idSchema,
  box: boxSchema,
  text: z.string().max(2000),
  price: z.number().nullable(),
  confidence01: shareSchema,
  row: placeSchema.nullable(),
  facingIds: z.array(idSchema).max(MAX_FACINGS),
}) satisfies z.ZodType<PriceTag>;

const layoutSchema = z.object({
  rows: z
    .array(
      z.object({
        row: placeSchema,
        rail: z.object({ from: pointSchema, to: pointSchema }),
        eyeLevel: z.enum(['stretch', 'eye', 'touch', 'stoop']),
        columns: placeSchema,
      }),
    )
    .max(200),
  placements: z
    .array(
      z.object({
        facingId: idSchema,
        row: placeSchema,
        position: placeSchema,
        level: placeSchema,
        block: placeSchema,
        confidence01: shareSchema,
      }),
    )
    .max(MAX_FACINGS),
  blocks: z
    .array(
      z.object({
        row: placeSchema,
        firstPosition: placeSchema,
        columns: placeSchema,
        facingIds: z.array(idSchema).max(MAX_FACINGS),
        productId: idSchema.nullable(),
        groupId: z.string().max(200).nullable(),
        box: boxSchema,
      }),
    )
    .max(MAX_FACINGS),
  gaps: z.array(gapSchema).max(MAX_FACINGS),
}) satisfies z.ZodType<ShelfLayout>;

export const readingSchema = z.object({
  facings: z.array(facingSchema).max(MAX_FACINGS),
  layout: layoutSchema,
  tags: z.array(tagSchema).max(5000),
}) satisfies z.ZodType<ShelfReading>;
