/**
 * @file Exact nearest neighbours in memory: embeddings as one matrix, colour for the best of them. Runtime-neutral: the index worker,
 * `npm run evaluate` and tests use it. Thread: index worker or Node.
 */
import { AppError } from '../../src/contracts/errors.ts';
import type { Probe } from '../../src/contracts/index-api.ts';
import type { GalleryItem } from '../../src/contracts/product.ts';
import type { EmbeddingSpace, Match } from '../../src/contracts/results.ts';
import { facingScore, facingWeights } from '../../src/core/fuse/facing-score.ts';
import { fusedLook, lookWeights } from '../../src/core/fuse/look-score.ts';
import { isFiniteVector } from '../../src/core/vector.ts';
import { TopK } from '../../src/core/top-k.ts';

/** Photos whose colour is compared: the best by embedding. All of a small gallery, so that colour can overrule. */
const COLOUR_CANDIDATES = 1000;

/** The gallery in memory. Not re-entrant; every call is synchronous. */
export interface Nearest {
  /** Gallery photos held. */
  readonly size: number;
  /** Null while empty. */
  readonly space: EmbeddingSpace | null;
  /**
   * Replace the gallery. Vectors are copied; 50,000 photos of 128 dimensions take 26 MB, and colour a byte per bin.
   * @returns photos held.
   * @throws AppError('invalid-input') when items differ in space or dimension, or a vector is not finite; the old gallery then stays.
   */
  replace(items: readonly GalleryItem[]): number;
  /**
   * Best `k` photos by fused look score (cosine + weighted colour), descending; by [Note: Facing score] for a probe with a front.
   * @throws AppError('invalid-input') when the probe is of another space or dimension, or not finite.
   */
  search(probe: Probe, k: number): Match[];
}

/** Colour descriptors of the gallery, `levels × scale` of each; unit vectors have no bin above 1. */
interface ColourTable {
  readonly bins: number;
  readonly levels: Uint8Array;
  readonly isKnown: Uint8Array;
}

/** Fronts of the gallery. */
interface FrontTable {
  readonly dimensions: number;
  /** `value × LAYOUT_SCALE` of each. */
  readonly layouts: Int8Array;
  /** 0: the photo has none. */
  readonly aspects: Float32Array;
}

/** A unit vector of 144 numbers rarely has one above a half. */
const LAYOUT_SCALE = 254;

interface Gallery {
  readonly space: EmbeddingSpace;
  readonly dimensions: number;
  readonly galleryIds: readonly string[];
  readonly productIds: readonly string[];
  /** `count × dimensions`, row-major. */
  readonly matrix: Float32Array;
  readonly colour: ColourTable;
  readonly fronts: FrontTable;
}

/** An empty index. */
export function createNearest(): Nearest {
  let gallery: Gallery | null = null;
  return {
    get size() {
      return gallery?.galleryIds.length ?? 0;
    },
    get space() {
      return gallery?.space ?? null;
    },
    replace(items) {
      gallery = buildGallery(items);
      return items.length;
    },
    search(probe, k) {
      if (!Number.isInteger(k) || k < 0) throw new AppError('invalid-input', `k is ${k}`, { stage: 'match' });
      return gallery === null ? [] : searchGallery(gallery, probe, k);
    },
  };
}

function buildGallery(items: readonly GalleryItem[]): Gallery | null {
  const first = items[0];
  if (first === undefined) return null;
  const dimensions = first.vector.length;
  const matrix = new Float32Array(items.length * dimensions);
  items.forEach((item, i) => {
    if (item.space !== first.space || item.vector.length !== dimensions || !isFiniteVector(item.vector))
      throw new AppError(
        'invalid-input',
        `Gallery photo ${i} is of ${item.space}, ${item.vector.length}-d; expected finite ${first.space}, ${dimensions}-d`,
        { stage: 'match' },
      );
    matrix.set(item.vector, i * dimensions);
  });
  return {
    space: first.space,
    dimensions,
    galleryIds: items.map(({ id }) => id),
    productIds: items.map(({ productId }) => productId),
    matrix,
    colour: buildColourTable(items),
    fronts: buildFrontTable(items),
  };
}

/** [Note: Colour in a byte] Unit histograms have bins of 0..1 and mostly below 0.5; 255 levels cost under 0.002 of a cosine. */
function buildColourTable(items: readonly GalleryItem[]): ColourTable {
  const bins = items.find(({ colour }) => colour !== null)?.colour?.length ?? 0;
  const levels = new Uint8Array(items.length * bins);
  const isKnown = new Uint8Array(items.length);
  items.forEach(({ colour }, i) => {
    if (colour?.length !== bins || bins === 0) return;
    isKnown[i] = 1;
    for (let bin = 0; bin < bins; bin++) levels[i * bins + bin] = Math.round(Math.max(0, Math.min(1, colour[bin]!)) * 255);
  });
  return { bins, levels, isKnown };
}

function buildFrontTable(items: readonly GalleryItem[]): FrontTable {
  const dimensions = items.find(({ front }) => front !== undefined)?.front?.layout.length ?? 0;
  const layouts = new Int8Array(items.length * dimensions);
  const aspects = new Float32Array(items.length);
  items.forEach(({ front }, i) => {
    if (front?.layout.length !== dimensions || dimensions === 0) return;
    aspects[i] = front.aspect;
    for (let at = 0; at < dimensions; at++)
      layouts[i * dimensions + at] = Math.max(-127, Math.min(127, Math.round(front.layout[at]! * LAYOUT_SCALE)));
  });
  return { dimensions, layouts, aspects };
}

function searchGallery(gallery: Gallery, probe: Probe, k: number): Match[] {
  const { space, vector } = probe.embedding;
  if (space !== gallery.space || vector.length !== gallery.dimensions || !isFiniteVector(vector))
    throw new AppError(
      'invalid-input',
      `The probe is of ${space}, ${vector.length}-d; the index holds ${gallery.space}, ${gallery.dimensions}-d`,
      { stage: 'match' },
    );
  const byCosine = new TopK(Math.min(gallery.galleryIds.length, Math.max(k, COLOUR_CANDIDATES)));
  scanCosines(gallery, vector, byCosine);
  const best = new TopK(Math.min(k, gallery.galleryIds.length));
  const matches = byCosine.sorted().map(({ score, index }): Match => {
    const front = frontLikeness(gallery.fronts, index, probe);
    return {
      galleryId: gallery.galleryIds[index]!,
      productId: gallery.productIds[index]!,
      cosine: score,
      colour: colourSimilarity(gallery.colour, index, probe),
      ...(front === null ? {} : { front }),
      computedOn: 'device',
    };
  });
  const score = scorerOf(probe);
  matches.forEach((match, row) => best.push(score(match), row));
  return best.sorted().map(({ index }) => matches[index]!);
}

function scorerOf({ embedding: { space }, front }: Probe): (match: Match) => number {
  if (front === undefined) {
    const weights = lookWeights(space);
    return ({ cosine, colour }) => fusedLook(cosine, colour, weights);
  }
  const weights = facingWeights(space);
  return (match) => facingScore(match, front.aspect, weights);
}

/** One pass over the matrix; four sums at a time keep the floating-point unit busy. */
function scanCosines({ matrix, dimensions, galleryIds }: Gallery, vector: Float32Array, best: TopK): void {
  const unrolled = dimensions - (dimensions % 4);
  for (let row = 0, at = 0; row < galleryIds.length; row++) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i < unrolled; i += 4, at += 4) {
      a += matrix[at]! * vector[i]!;
      b += matrix[at + 1]! * vector[i + 1]!;
      c += matrix[at + 2]! * vector[i + 2]!;
      d += matrix[at + 3]! * vector[i + 3]!;
    }
    for (; i < dimensions; i++, at++) a += matrix[at]! * vector[i]!;
    const cosine = a + b + c + d;
    if (cosine > best.floor) best.push(cosine, row);
  }
}

function colourSimilarity({ bins, levels, isKnown }: ColourTable, index: number, { colour }: Probe): number | null {
  if (colour?.length !== bins || isKnown[index] !== 1) return null;
  let product = 0;
  let squares = 0;
  for (let bin = 0, at = index * bins; bin < bins; bin++, at++) {
    const level = levels[at]!;
    product += level * colour[bin]!;
    squares += level * level;
  }
  return squares === 0 ? 0 : Math.max(0, Math.min(1, product / Math.sqrt(squares)));
}

/** Null where the probe or the photo has no front. */
function frontLikeness({ dimensions, layouts, aspects }: FrontTable, index: number, { front }: Probe): NonNullable<Match['front']> | null {
  const aspect = aspects[index]!;
  if (front?.layout.length !== dimensions || dimensions === 0 || aspect === 0) return null;
  let product = 0;
  for (let i = 0, at = index * dimensions; i < dimensions; i++, at++) product += layouts[at]! * front.layout[i]!;
  return { likeness: product / LAYOUT_SCALE, aspect };
}
