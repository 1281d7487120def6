/** @file What the stages return: barcodes, text, looks, faces, matches. Thread: any. */
import type { Box, Quad } from './geometry.ts';

/** Backends a model can run on. `cpu` is Node's native runtime or tfjs' plain one. */
export type Backend = 'webgpu' | 'wasm' | 'cpu';

/** Where an answer was computed. */
export type ComputedOn = 'device' | 'server';

/** Barcode formats that the product lens understands. */
export type BarcodeFormat =
  'EAN-13' | 'EAN-8' | 'UPC-A' | 'UPC-E' | 'Code128' | 'QRCode' | 'DataBar' | 'DataMatrix' | 'ITF' | 'Code39' | 'other';

/** One code read from a frame. */
export interface BarcodeReading {
  readonly format: BarcodeFormat;
  /** Raw text as encoded. */
  readonly text: string;
  /** GTIN-14 (left-padded with zeros) when the code or its GS1 element string (AI 01) or GS1 Digital Link carries one, check digit verified. */
  readonly gtin: string | null;
  /** GS1 application identifiers when the code is a GS1 element string, e.g. `{ '01': '…', '17': '261231' }`. */
  readonly gs1: Readonly<Record<string, string>> | null;
  readonly quad: Quad;
}

/** Which reader produced a line. */
export type TextEngine = 'ppocr' | 'japanese-text' | 'tesseract-jpn' | 'tesseract-jpn-vert' | 'user';

/** One line of printed text. `text.slice(start, end)` of the {@link TextReading} is exactly this line's `text`. */
export interface TextLine {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly quad: Quad;
  readonly box: Box;
  /** 0..1, mean over characters. */
  readonly confidence01: number;
  readonly engine: TextEngine;
  readonly direction: 'horizontal' | 'vertical';
  /** Box of each UTF-16 unit of `text` where the engine knows it (same length as `text`), else absent. */
  readonly characterBoxes?: readonly Box[];
}

/** All text of a frame in reading order; lines joined by `\n`. */
export interface TextReading {
  readonly text: string;
  readonly lines: readonly TextLine[];
  /** Script that most of the text is written in. */
  readonly script: 'japanese' | 'latin' | 'none';
  /** 0..1, character-weighted mean over lines; 0 when nothing was read. */
  readonly confidence01: number;
}

/** Which script to read; `auto` decides from the frame. */
export type ScriptHint = 'auto' | 'japanese' | 'latin';

/** Versioned embedding space, `<model id>@<version>`. Vectors of two spaces are never compared. */
export type EmbeddingSpace = `${string}@${string}`;

/** A unit vector and the space that it lives in. */
export interface Embedding {
  readonly space: EmbeddingSpace;
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
  readonly backend: Backend;
}

/** A pack as its front stands in a tight box: what tells packs on a shelf apart, and says little of things held in a hand. */
export interface Front {
  /** Where its colours lie, see `core/colour-layout.ts`; L2-normalised. */
  readonly layout: Float32Array<ArrayBuffer>;
  /** Width over height, in pixels. */
  readonly aspect: number;
}

/** What a crop looks like: learnt embedding, colour descriptor and front. */
export interface Look {
  readonly embedding: Embedding;
  /** Colour descriptor, see `core/colour-histogram.ts`; L2-normalised. */
  readonly colour: Float32Array<ArrayBuffer>;
  /** Absent in looks that were kept before fronts were looked at. */
  readonly front?: Front;
}

/** Keypoints and descriptors of a pack photo, for verification. Coordinates 0..1 of the crop. */
export interface LocalFeatures {
  readonly algorithm: string;
  readonly count: number;
  /** `count × 2`, x then y. */
  readonly points: Float32Array<ArrayBuffer>;
  /** `count × descriptorBytes`. */
  readonly descriptors: Uint8Array<ArrayBuffer>;
  readonly descriptorBytes: number;
  /** Width over height of the crop that the points refer to. */
  readonly aspect: number;
}

/** Result of matching a crop's local features against one gallery photo by homography. */
export interface PackVerification {
  readonly galleryId: string;
  readonly inliers: number;
  readonly matches: number;
  /** Plausible homography with enough inliers. */
  readonly isSamePack: boolean;
}

/** A face found in a frame. */
export interface FaceDetection {
  readonly box: Box;
  /** 0..1. */
  readonly confidence01: number;
}

/** A face as numbers, with what says how much they can be trusted. */
export interface FaceDescription extends FaceDetection {
  /** Between the middles of the eyes, in pixels of the frame: how much there is to go by. */
  readonly eyeDistancePx: number;
  /** 0 blurred … 1 sharp, of the face alone, see `core/race/sharpness.ts`; null where nothing has an edge. */
  readonly sharpness01: number | null;
  /** Biometric data: kept only where the user said so, and never sent. */
  readonly embedding: Embedding;
}

/** A product whose gallery photos show the same words as a photo. */
export interface WordMatch {
  readonly productId: string;
  /** 0..1; see `src/core/photo-words.ts`. */
  readonly similarity01: number;
}

/** How well the words that were read fit a product. */
export interface ProductWords {
  readonly productId: string;
  /** 0..1: the words of its catalogue entry were read; see `src/core/pack-words.ts`. */
  readonly named01: number;
  /** 0..1: the words read in its gallery photos were; see `src/core/photo-words.ts`. */
  readonly shown01: number;
}

/** A gallery photo that matches a probe. */
export interface Match {
  readonly galleryId: string;
  readonly productId: string;
  /** Cosine similarity of the embeddings, -1..1. */
  readonly cosine: number;
  /** Similarity of colour, 0..1; null where the index holds no colour for the photo. */
  readonly colour: number | null;
  /** Likeness of the layouts, -1..1, and the gallery photo's aspect; absent where either side has no front, or none was asked for. */
  readonly front?: { readonly likeness: number; readonly aspect: number };
  readonly computedOn: ComputedOn;
}
