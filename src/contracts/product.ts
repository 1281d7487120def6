/** @file Products, gallery photos of them, and the answer of the product lens. Thread: any. */
import { z } from 'zod';
import type { BarcodeReading, ComputedOn, EmbeddingSpace, Front, LocalFeatures, TextReading } from './results.ts';
import type { Box } from './geometry.ts';

/** Text in the languages of the app. At least one is present. */
export const localisedTextSchema = z.strictObject({ en: z.string().max(2000).optional(), ja: z.string().max(2000).optional() });
export type LocalisedText = z.infer<typeof localisedTextSchema>;

/** Contents of a product as printed or as a content database gives them. */
export const productContentsSchema = z.strictObject({
  /** Ingredient list as written on the pack, without its heading where the source has none. */
  ingredientsText: z.string().max(20_000),
  language: z.string().min(2).max(8),
  /** Allergen ids declared by the source beside the text (`core/dietary` ids), if any. */
  declaredAllergens: z.array(z.string().max(60)).max(60).optional(),
  /** Traces / may-contain ids declared by the source, if any. */
  declaredTraces: z.array(z.string().max(60)).max(60).optional(),
  /** Where the contents come from: `demo`, `open-food-facts`, `user`, `label`, or an operator's name. */
  source: z.string().max(100),
  /** When the source last changed them (ms since 1970), null when unknown. */
  updatedAtMs: z.number().int().nonnegative().nullable(),
});
export type ProductContents = z.infer<typeof productContentsSchema>;

/** One product (SKU). */
export const productSchema = z.strictObject({
  id: z.string().min(1).max(200),
  name: localisedTextSchema,
  brand: z.string().max(300).optional(),
  category: z.string().max(300).optional(),
  /** As the list has it, in the currency of the shop. */
  listPrice: z.number().nonnegative().optional(),
  /** The shop's own brand. */
  isOwnLabel: z.boolean().optional(),
  /** GTIN-14, left-padded with zeros. */
  gtins: z.array(z.string().regex(/^\d{14}$/)).max(20),
  kind: z.enum(['packaged', 'loose']).default('packaged'),
  /** Words on the front of the pack that tell it apart; matched against text read. */
  packWords: z.array(z.string().max(200)).max(100).default([]),
  contents: productContentsSchema.optional(),
  source: z.string().max(100),
  updatedAtMs: z.number().int().nonnegative(),
});
export type Product = z.infer<typeof productSchema>;

/** One gallery photo's descriptors. A product has one or more. */
export interface GalleryItem {
  readonly id: string;
  readonly productId: string;
  readonly space: EmbeddingSpace;
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
  readonly colour: Float32Array<ArrayBuffer> | null;
  readonly features: LocalFeatures | null;
  /** Absent for loose goods, and for photos that were described before fronts were looked at. */
  readonly front?: Front;
  /** Folded words read in the photo (`src/core/photo-words.ts`); absent when it was not read. */
  readonly words?: readonly string[];
  /** `demo`, `user`, or `pack:<id>`. */
  readonly source: string;
}

/** How sure an answer is. `not-sure` never shows a single product as the answer. */
export type Certainty = 'sure' | 'likely' | 'not-sure';

/** Evidence that a candidate was ranked by; each 0..1 or null when that cue was absent. */
export interface Evidence {
  readonly barcode: number | null;
  readonly look: number | null;
  readonly colour: number | null;
  readonly text: number | null;
  /** True: local features agree; false: they were compared and do not; null: not compared (loose goods, no features). */
  readonly samePack: boolean | null;
}

/** One ranked candidate. */
export interface Candidate {
  readonly product: Product;
  /** Calibrated probability that this is the product, 0..1. */
  readonly probability01: number;
  readonly evidence: Evidence;
  readonly computedOn: ComputedOn;
}

/** The product lens' answer for one photo. */
export interface Identification {
  readonly candidates: readonly Candidate[];
  readonly certainty: Certainty;
  /** Region of the photo that was embedded. */
  readonly box: Box;
  readonly barcodes: readonly BarcodeReading[];
  readonly text: TextReading | null;
}
