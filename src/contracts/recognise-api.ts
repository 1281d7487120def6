/** @file HTTP contract of recognition for developers: an image in, tags, boxes, text, codes or a vector out. Thread: any. */
import { z } from 'zod';
import { localisedTextSchema } from './product.ts';
import { spaceSchema } from './server-api.ts';

/** What can be recognised. `product` is the look compared with the catalogue; `tags` and `boxes` are of models that declare their labels. */
export const RECOGNITION_TYPES = ['barcode', 'text', 'face', 'embedding', 'product', 'tags', 'boxes'] as const;
export const recognitionTypeSchema = z.enum(RECOGNITION_TYPES);
export type RecognitionType = z.infer<typeof recognitionTypeSchema>;

/** What one image may be. Types are told by the file's own first bytes, not by a header or a name. */
export const IMAGE_LIMITS = {
  types: ['image/jpeg', 'image/png', 'image/webp', 'image/avif'],
  maxBytes: 20 * 1024 * 1024,
  /** As stored, before it is decoded. */
  maxPixels: 50_000_000,
} as const;
/** What one request of several images may be. */
export const BATCH_LIMITS = {
  /** Answered at once. */
  maxImages: 16,
  /** Answered later, as a job. */
  maxJobImages: 100,
  /** Of the whole body. */
  maxBytes: 64 * 1024 * 1024,
  /** Results of a job are kept so long after it is over. */
  keptHours: 24,
} as const;

/** Id of a model, or a type: then the model that stands for it is meant. */
export const modelIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

const part01 = z.number().min(0).max(1);
/** 0..1 of the upright image. */
export const boxSchema = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const pointSchema = z.strictObject({ x: z.number(), y: z.number() });
/** Four corners, clockwise from the text's or code's own top left. */
const quadSchema = z.tuple([pointSchema, pointSchema, pointSchema, pointSchema]);

export const tagSchema = z.strictObject({
  id: z.string().max(200),
  label: localisedTextSchema.nullable(),
  /** Products: cosine of the looks, cut at 0; not a probability. Other models: what their card says. */
  score01: part01,
});
export type Tag = z.infer<typeof tagSchema>;

export const foundBoxSchema = z.strictObject({ box: boxSchema, label: z.string().max(200), score01: part01 });
export type FoundBox = z.infer<typeof foundBoxSchema>;

export const foundTextSchema = z.strictObject({
  /** Lines in reading order, joined by line feeds. */
  text: z.string(),
  script: z.enum(['japanese', 'latin', 'none']),
  confidence01: part01,
  lines: z.array(
    z.strictObject({
      text: z.string(),
      quad: quadSchema,
      box: boxSchema,
      confidence01: part01,
      direction: z.enum(['horizontal', 'vertical']),
    }),
  ),
});

export const foundBarcodeSchema = z.strictObject({
  format: z.string(),
  text: z.string(),
  /** GTIN-14 whose check digit is right, or null. */
  gtin: z.string().nullable(),
  /** GS1 application identifiers, or null. */
  gs1: z.record(z.string(), z.string()).nullable(),
  quad: quadSchema,
});

export const foundVectorSchema = z.strictObject({
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  /** Of length 1. */
  values: z.array(z.number()).min(2).max(4096),
  /** Part of the image that was described. */
  box: boxSchema,
});

/** What a model found: the keys that its type has. */
export const findingSchema = z.strictObject({
  tags: z.array(tagSchema).max(200).optional(),
  boxes: z.array(foundBoxSchema).max(1000).optional(),
  text: foundTextSchema.optional(),
  barcodes: z.array(foundBarcodeSchema).max(100).optional(),
  vector: foundVectorSchema.optional(),
});
export type Finding = z.infer<typeof findingSchema>;

export const recognitionSchema = z
  .strictObject({
    model: z.strictObject({ id: modelIdSchema, version: z.string(), type: recognitionTypeSchema }),
    /** Upright, as stored. */
    image: z.strictObject({ widthPx: z.int().positive(), heightPx: z.int().positive() }),
    ...findingSchema.shape,
  })
  .meta({
    examples: [
      {
        model: { id: 'zxing', version: '3.1.4', type: 'barcode' },
        image: { widthPx: 900, heightPx: 600 },
        barcodes: [
          {
            format: 'EAN-13',
            text: '4901234567894',
            gtin: '04901234567894',
            gs1: null,
            quad: [
              { x: 0.12, y: 0.33 },
              { x: 0.42, y: 0.33 },
              { x: 0.42, y: 0.6 },
              { x: 0.12, y: 0.6 },
            ],
          },
        ],
      },
      {
        model: { id: 'product', version: '3', type: 'product' },
        image: { widthPx: 1350, heightPx: 1800 },
        tags: [{ id: 'minamori-milk-chocolate', label: { en: 'Milk chocolate', ja: 'ミルクチョコレート' }, score01: 0.91 }],
      },
    ],
  });
export type Recognition = z.infer<typeof recognitionSchema>;

/** Query of a recognition; what does not concern a model is ignored by it. */
export const recogniseQuerySchema = z.strictObject({
  /** Look only here: `x,y,width,height`, 0..1 of the upright image. */
  region: z
    .string()
    .max(100)
    .regex(/^\d(\.\d+)?(,\d(\.\d+)?){3}$/)
    .optional()
    .meta({ description: 'Look only here: `x,y,width,height`, 0..1 of the upright image, e.g. `0.1,0.1,0.8,0.5`.' }),
  /** Which script to read. */
  script: z.enum(['auto', 'japanese', 'latin']).default('auto'),
  /** Most tags to answer with. */
  limit: z.coerce.number().int().min(1).max(50).default(5),
});
export type RecogniseQuery = z.output<typeof recogniseQuerySchema>;

export const figureSchema = z.strictObject({
  metric: z.string(),
  value: z.number(),
  unit: z.string().optional(),
  dataset: z.string(),
  count: z.number(),
  command: z.string(),
});

/** A model as developers see it. */
export const modelDescriptionSchema = z.strictObject({
  id: modelIdSchema,
  version: z.string(),
  type: recognitionTypeSchema,
  /** Stands for its type: `POST /v1/recognise/<type>` means it. */
  isDefault: z.boolean(),
  /** Keys of a recognition that this model fills. */
  answers: z.array(z.enum(['tags', 'boxes', 'text', 'barcodes', 'vector'])),
  /** Space of its vectors, or null. */
  space: spaceSchema.nullable(),
  licence: z.string(),
  source: z.string(),
  provider: z.string(),
  /** Origin that images are sent to, for a partner's model that runs elsewhere; null: they stay on this server. */
  sendsTo: z.string().nullable(),
  purpose: localisedTextSchema,
  weaknesses: localisedTextSchema,
  figures: z.array(figureSchema),
  limits: z.strictObject({ types: z.array(z.string()), maxBytes: z.int(), maxPixels: z.int() }),
});
export type ModelDescription = z.infer<typeof modelDescriptionSchema>;
export const modelListSchema = z.strictObject({ models: z.array(modelDescriptionSchema) });

/** Why one image of several gave nothing. `code` is one of `ERROR_CODES`. */
export const imageProblemSchema = z.strictObject({ code: z.string(), detail: z.string() });
/** One image of a request of several. */
export const batchResultSchema = z.strictObject({
  /** Place in the request, from 0. */
  position: z.int().nonnegative(),
  /** File name as it was sent, or null. */
  name: z.string().max(200).nullable(),
  recognition: recognitionSchema.nullable(),
  problem: imageProblemSchema.nullable(),
});
export const batchResponseSchema = z.strictObject({ results: z.array(batchResultSchema).max(BATCH_LIMITS.maxImages) });
export type BatchResponse = z.infer<typeof batchResponseSchema>;

export const jobIdSchema = z.uuid();
export const jobQuerySchema = z.strictObject({ model: modelIdSchema, ...recogniseQuerySchema.shape });

/** Several images to be recognised later. */
export const recognitionJobSchema = z
  .strictObject({
    id: jobIdSchema,
    /** As it was asked for: an id, or a type. */
    model: modelIdSchema,
    /** `done` says that nothing waits any more: some images may have failed. */
    state: z.enum(['queued', 'running', 'done', 'cancelled']),
    total: z.int().positive(),
    done: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    createdAtMs: z.int().nonnegative(),
    finishedAtMs: z.int().nonnegative().nullable(),
    /** From here on job and results are gone; null while it is not over. */
    expiresAtMs: z.int().nonnegative().nullable(),
  })
  .meta({
    examples: [
      {
        id: '0b4c9d1e-6a52-4f0e-9c37-2f6d1f0f8a11',
        model: 'text',
        state: 'running',
        total: 12,
        done: 4,
        failed: 0,
        createdAtMs: 1_795_000_000_000,
        finishedAtMs: null,
        expiresAtMs: null,
      },
    ],
  });
export type RecognitionJob = z.infer<typeof recognitionJobSchema>;

/** One image of a job. Its bytes are destroyed as soon as it is no longer `waiting` or `running`. */
export const jobResultSchema = z.strictObject({
  ...batchResultSchema.shape,
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
});
export type JobResult = z.infer<typeof jobResultSchema>;
