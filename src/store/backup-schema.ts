/** @file Shape of a backup file. Everything in it comes from outside and is checked. Thread: page. */
import { z } from 'zod';
import type { Judgement, LabelIngredient } from '../contracts/dietary.ts';
import { correctionSchema } from '../contracts/history.ts';
import { localisedTextSchema, productSchema } from '../contracts/product.ts';
import type { BarcodeReading } from '../contracts/results.ts';
import { spaceSchema } from '../contracts/server-api.ts';
import { shelfRecordsSchema } from '../contracts/visit-export.ts';
import { routeSchema } from '../contracts/visit.ts';
import { base64Schema, FEATURES_FIELDS, frontSchema, wordsSchema } from './gallery-text.ts';
import { personSchema, ruleIdSchema } from './people.ts';

const idSchema = z.string().min(1).max(200);
const timeSchema = z.number().int().nonnegative();
const shareSchema = z.number().min(0).max(1);
const textSchema = z.string().max(100_000);
const boxSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const pointSchema = z.object({ x: z.number(), y: z.number() });
const quadSchema = z.tuple([pointSchema, pointSchema, pointSchema, pointSchema]);
const spanSchema = z.object({ start: z.int().nonnegative(), end: z.int().nonnegative() });
const verdictSchema = z.enum(['suits', 'avoid', 'check']);

const barcodeSchema = z.object({
  format: z.enum(['EAN-13', 'EAN-8', 'UPC-A', 'UPC-E', 'Code128', 'QRCode', 'DataBar', 'DataMatrix', 'ITF', 'Code39', 'other']),
  text: textSchema,
  gtin: z
    .string()
    .regex(/^\d{14}$/)
    .nullable(),
  gs1: z.record(z.string(), z.string()).nullable(),
  quad: quadSchema,
}) satisfies z.ZodType<BarcodeReading>;

const textReadingSchema = z.object({
  text: textSchema,
  lines: z
    .array(
      z.object({
        text: textSchema,
        start: z.int().nonnegative(),
        end: z.int().nonnegative(),
        quad: quadSchema,
        box: boxSchema,
        confidence01: shareSchema,
        engine: z.enum(['ppocr', 'tesseract-jpn', 'tesseract-jpn-vert', 'user']),
        direction: z.enum(['horizontal', 'vertical']),
        characterBoxes: z.array(boxSchema).optional(),
      }),
    )
    .max(5000),
  script: z.enum(['japanese', 'latin', 'none']),
  confidence01: shareSchema,
});

const statedAllergenSchema = z.object({ id: z.string().max(60).nullable(), raw: textSchema, span: spanSchema });

const ingredientSchema: z.ZodType<LabelIngredient> = z.object({
  raw: textSchema,
  normalised: textSchema,
  span: spanSchema,
  isAdditive: z.boolean(),
  get children() {
    return z.array(ingredientSchema).max(500);
  },
  notes: z.array(textSchema).max(500),
  statedAllergens: z.array(statedAllergenSchema).max(200),
});

const judgementSchema: z.ZodType<Judgement> = z.object({
  label: z.object({
    language: z.enum(['ja', 'en', 'unknown']),
    text: textSchema,
    ingredientSpan: spanSchema.nullable(),
    ingredients: z.array(ingredientSchema).max(1000),
    additives: z.array(ingredientSchema).max(1000),
    additiveSeparator: z.enum(['slash', 'line', 'heading', 'none']),
    containsStatement: z.array(statedAllergenSchema).max(200),
    mayContain: z.array(statedAllergenSchema).max(200),
    sharedFactory: z.array(statedAllergenSchema).max(200),
    isIncomplete: z.boolean(),
    incompleteBecause: z.array(textSchema).max(50),
  }),
  people: z
    .array(
      z.object({
        personId: idSchema,
        verdict: verdictSchema,
        reasons: z
          .array(
            z.object({
              rule: ruleIdSchema,
              verdict: verdictSchema,
              quote: textSchema,
              span: spanSchema.nullable(),
              place: z.enum(['ingredient', 'additive', 'contains-statement', 'may-contain', 'shared-factory', 'database', 'label']),
              knowledgeId: z.string().max(200).nullable(),
              meaning: localisedTextSchema,
              explanation: localisedTextSchema,
              source: textSchema.nullable(),
            }),
          )
          .max(1000),
      }),
    )
    .max(100),
  basis: z.enum(['label', 'database', 'edited']),
  contentsUpdatedAtMs: timeSchema.nullable(),
});

/** A history entry with the names of its pictures in the file in place of the pictures. */
const historySchema = z.object({
  id: idSchema,
  lensId: z.string().min(1).max(60),
  atMs: timeSchema,
  photo: z.string().max(300),
  thumbnail: z.string().max(300),
  box: boxSchema.nullable(),
  candidates: z
    .array(
      z.object({
        productId: idSchema,
        name: z.string().max(4000),
        probability01: shareSchema,
        evidence: z.object({
          barcode: shareSchema.nullable(),
          look: shareSchema.nullable(),
          colour: shareSchema.nullable(),
          text: shareSchema.nullable(),
          samePack: z.boolean().nullable(),
        }),
        computedOn: z.enum(['device', 'server']),
      }),
    )
    .max(200),
  certainty: z.enum(['sure', 'likely', 'not-sure']),
  barcodes: z.array(barcodeSchema).max(200),
  text: textReadingSchema.nullable(),
  editedText: textSchema.nullable(),
  judgement: judgementSchema.nullable(),
  isFavourite: z.boolean(),
  correctedProductId: idSchema.nullable(),
  backends: z.record(z.string(), z.enum(['webgpu', 'wasm', 'cpu'])),
});

const gallerySchema = z.object({
  id: idSchema,
  productId: idSchema,
  space: spaceSchema,
  vector: base64Schema,
  colour: base64Schema.nullable(),
  features: z.object(FEATURES_FIELDS).nullable(),
  front: frontSchema.optional(),
  words: wordsSchema.optional(),
  source: z.string().max(100),
});

export const backupSchema = z.object({
  format: z.literal('mekiki-backup'),
  version: z.literal(1),
  exportedAtMs: timeSchema,
  history: z.array(historySchema),
  corrections: z.array(correctionSchema),
  products: z.array(productSchema),
  gallery: z.array(gallerySchema),
  people: z.array(personSchema),
  settings: z.record(z.string(), z.unknown()),
  /** Absent in backups made before there were shelves. */
  shelf: z
    .object({
      records: shelfRecordsSchema,
      routes: z.array(routeSchema),
      /** Names of the pictures in the file. */
      pictures: z.array(z.object({ photoId: idSchema, kind: z.enum(['screen', 'thumbnail']), name: z.string().max(300) })),
      /** Names of the files of looks (`look-file.ts`); absent in backups made before they were kept. */
      looks: z.array(z.string().max(300)).optional(),
    })
    .optional(),
  /** Absent in backups made before there were races: a file for each, see `contracts/race-export.ts`, and its thumbnails. */
  races: z
    .array(z.object({ file: z.string().max(300), thumbnails: z.array(z.object({ photoId: idSchema, name: z.string().max(300) })) }))
    .optional(),
});
export type Backup = z.infer<typeof backupSchema>;
export type BackupHistory = Backup['history'][number];
export type BackupGallery = Backup['gallery'][number];
