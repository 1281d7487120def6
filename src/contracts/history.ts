/** @file What the device remembers: looks taken, favourites, corrections. Thread: page, IndexedDB. */
import { z } from 'zod';
import type { Box } from './geometry.ts';
import type { Judgement } from './dietary.ts';
import type { Certainty, Evidence } from './product.ts';
import type { Backend, BarcodeReading, ComputedOn, TextReading } from './results.ts';

/** A candidate as remembered (products may change later). */
export interface RememberedCandidate {
  readonly productId: string;
  readonly name: string;
  readonly probability01: number;
  readonly evidence: Evidence;
  readonly computedOn: ComputedOn;
}

/** One photo looked at. The photo itself stays on the device, downsized. */
export interface HistoryEntry {
  readonly id: string;
  readonly lensId: string;
  readonly atMs: number;
  /** JPEG, longest side 1280 px. */
  readonly photo: Blob;
  /** JPEG, longest side 256 px. */
  readonly thumbnail: Blob;
  readonly box: Box | null;
  readonly candidates: readonly RememberedCandidate[];
  readonly certainty: Certainty;
  readonly barcodes: readonly BarcodeReading[];
  readonly text: TextReading | null;
  /** Text as edited by the user; null when not edited. */
  readonly editedText: string | null;
  readonly judgement: Judgement | null;
  readonly isFavourite: boolean;
  /** Product that the user confirmed or chose; null when not corrected. */
  readonly correctedProductId: string | null;
  /** Backend per model that answered. */
  readonly backends: Readonly<Record<string, Backend>>;
}

/** A correction outlives re-indexing and is reversible. */
export interface Correction {
  readonly id: string;
  readonly historyId: string;
  readonly atMs: number;
  readonly kind: 'confirmed' | 'corrected' | 'added';
  readonly productId: string;
  /** Gallery photo that was learnt from it; removed when undone. */
  readonly galleryId: string | null;
}

export const correctionSchema = z.object({
  id: z.string().min(1).max(200),
  historyId: z.string().max(200),
  atMs: z.number().int().nonnegative(),
  kind: z.enum(['confirmed', 'corrected', 'added']),
  productId: z.string().min(1).max(200),
  galleryId: z.string().min(1).max(200).nullable(),
}) satisfies z.ZodType<Correction>;
