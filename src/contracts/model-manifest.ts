/** @file Manifest of a model that is added to a server: a partner's endpoint, or an ONNX file described by its numbers. Thread: any. */
import { z } from 'zod';
import { localisedTextSchema } from './product.ts';
import { figureSchema, foundBoxSchema, foundTextSchema, modelIdSchema, tagSchema } from './recognise-api.ts';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const part01 = z.number().min(0).max(1);
const channels = z.tuple([z.number(), z.number(), z.number()]);

const labelSchema = z.strictObject({
  id: z.string().min(1).max(200),
  en: z.string().max(200).optional(),
  ja: z.string().max(200).optional(),
});

/** The model runs at its provider's: each image is sent there, upright, without metadata. */
const endpointSchema = z.strictObject({
  kind: z.literal('endpoint'),
  /** HTTPS. Gets `POST` with a JPEG as the body; answers with a {@link partnerAnswerSchema}. */
  url: z.string().min(1).max(2000),
  /** Longest side of what is sent. */
  maxSidePx: z.int().min(64).max(4096).default(1024),
  timeoutS: z.int().min(1).max(60).default(20),
});

/** The model runs here: what goes in and what comes out, by numbers. */
const onnxSchema = z.strictObject({
  kind: z.literal('onnx'),
  sha256: sha256Schema,
  bytes: z
    .int()
    .min(1)
    .max(512 * 1024 * 1024),
  input: z.strictObject({
    name: z.string().min(1).max(200),
    layout: z.enum(['NCHW', 'NHWC']),
    widthPx: z.int().min(8).max(1024),
    heightPx: z.int().min(8).max(1024),
    colour: z.enum(['RGB', 'BGR']).default('RGB'),
    /** Value of black and of white, before mean and deviation. */
    range: z.tuple([z.number(), z.number()]).default([0, 1]),
    mean: channels.default([0, 0, 0]),
    std: channels.default([1, 1, 1]).refine((values) => values.every((value) => value > 0), 'must be above 0'),
    fit: z.enum(['squash', 'cover', 'contain']).default('squash'),
  }),
  output: z.strictObject({
    name: z.string().min(1).max(200),
    /** Tags: what makes 0..1 of the numbers. */
    activation: z.enum(['none', 'softmax', 'sigmoid']).default('none'),
    /** Tags: one for each number, in order. */
    labels: z.array(labelSchema).min(1).max(5000).optional(),
  }),
});

/** What a golden image must give, so that a model that is not the one described is noticed. */
const expectedSchema = z.strictObject({
  /** Scores within 0.05. */
  tags: z
    .array(z.strictObject({ id: z.string(), score01: part01 }))
    .min(1)
    .max(50)
    .optional(),
  /** Cosine at least 0.985. */
  vector: z.array(z.number()).min(2).max(4096).optional(),
  /** The same text. */
  text: z.string().max(5000).optional(),
  /** As many, same labels, overlap (IoU) at least 0.8. */
  boxes: z
    .array(foundBoxSchema.omit({ score01: true }))
    .max(100)
    .optional(),
});

export const modelManifestSchema = z
  .strictObject({
    format: z.literal('mekiki-model'),
    formatVersion: z.literal(1),
    id: modelIdSchema,
    version: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,40}$/),
    type: z.enum(['embedding', 'tags', 'text', 'boxes']),
    provider: z.strictObject({ name: z.string().trim().min(1).max(200), url: z.url().max(2000).optional() }),
    licence: z.string().trim().min(1).max(200),
    /** Paper, repository, contract. */
    source: z.string().trim().min(1).max(1000),
    purpose: localisedTextSchema,
    weaknesses: localisedTextSchema,
    figures: z.array(figureSchema).max(50).default([]),
    where: z.discriminatedUnion('kind', [endpointSchema, onnxSchema]),
    golden: z.strictObject({
      /** Base64 of a small JPEG, PNG, WebP or AVIF. */
      image: z.base64().min(40).max(140_000),
      expected: expectedSchema,
    }),
  })
  .superRefine(({ type, where, golden: { expected } }, context) => {
    if (where.kind === 'onnx' && type !== 'embedding' && type !== 'tags')
      context.addIssue({ code: 'custom', path: ['type'], message: 'An ONNX file gives an embedding or tags.' });
    if (where.kind === 'onnx' && (type === 'tags') !== (where.output.labels !== undefined))
      context.addIssue({ code: 'custom', path: ['where', 'output', 'labels'], message: 'Tags, and only they, have labels.' });
    const key = type === 'embedding' ? 'vector' : type;
    if (Object.keys(expected).join() !== key)
      context.addIssue({ code: 'custom', path: ['golden', 'expected'], message: `Expected is of this type: ${key} alone.` });
  })
  .meta({
    examples: [
      {
        format: 'mekiki-model',
        formatVersion: 1,
        id: 'acme-scenes',
        version: '2',
        type: 'tags',
        provider: { name: 'Acme Vision', url: 'https://acme.example' },
        licence: 'contract 2026-04',
        source: 'https://acme.example/models/scenes',
        purpose: { en: 'Names the scene of a photo.' },
        weaknesses: { en: 'Weak indoors.' },
        where: { kind: 'endpoint', url: 'https://api.acme.example/v2/scenes', maxSidePx: 640, timeoutS: 10 },
        golden: { image: 'UklGRhwAAABXRUJQVlA4TA8AAAAvAAAAAAcQEf0PRET/Aw==', expected: { tags: [{ id: 'beach', score01: 0.87 }] } },
      },
    ],
  });
export type ModelManifest = z.output<typeof modelManifestSchema>;

/** What a partner's endpoint answers: the one key of its type. */
export const partnerAnswerSchema = z.strictObject({
  tags: z
    .array(z.strictObject({ ...tagSchema.shape, label: tagSchema.shape.label.default(null) }))
    .max(200)
    .optional(),
  boxes: foundBoxSchema.array().max(1000).optional(),
  text: foundTextSchema.optional(),
  vector: z.array(z.number()).min(2).max(4096).optional(),
});

/** Request of an admin. */
export const addModelSchema = z.strictObject({
  manifest: modelManifestSchema,
  /** Value of the `authorization` header for the endpoint. Kept encrypted, never shown. */
  authorization: z.string().min(1).max(2000).optional(),
});
export const modelFileParamsSchema = z.strictObject({ sha256: sha256Schema });
export const modelFileSchema = z.strictObject({ sha256: sha256Schema, bytes: z.int().positive() });
