/**
 * @file Colour descriptor of a crop: a soft CIELAB histogram, weighted towards the centre, where the product is. Pure; any thread.
 * Figures of this and of what it replaced: docs/fusion.md.
 */
import type { Frame } from '../contracts/media.ts';
import { LINEAR, linearToLab } from './lab.ts';
import { normalised } from './vector.ts';

/** Side of the square that a crop is squashed to before it is described. */
export const COLOUR_SIDE_PX = 64;

const LIGHTNESS_BINS = 4;
const CHROMA_BINS = 8;
/** Length of the descriptor. */
export const COLOUR_DIMENSIONS = LIGHTNESS_BINS * CHROMA_BINS * CHROMA_BINS;

/** Variance of the centre weight, in units of the side: pixels beyond the middle 40 % hardly count. */
const CENTRE_VARIANCE = 0.035;
/** Chroma is bent so that greyish tones, which most packs and fruit are, get more bins. */
const CHROMA_EXPONENT = 0.7;
const CHROMA_LIMIT = 0.6 * 100 ** CHROMA_EXPONENT;
/** Flattens peaks, so that one large patch does not drown the rest. */
const PEAK_EXPONENT = 0.35;

const CENTRE_WEIGHT = Float32Array.from({ length: COLOUR_SIDE_PX * COLOUR_SIDE_PX }, (_, i) => {
  const x = (i % COLOUR_SIDE_PX) / (COLOUR_SIDE_PX - 1) - 0.5;
  const y = Math.floor(i / COLOUR_SIDE_PX) / (COLOUR_SIDE_PX - 1) - 0.5;
  return Math.exp(-(x * x + y * y) / CENTRE_VARIANCE);
});

/**
 * @param frame exactly {@link COLOUR_SIDE_PX} squared (the crop, squashed); not consumed.
 * @returns {@link COLOUR_DIMENSIONS} non-negative numbers, L2-normalised; their dot product is the similarity of colour, 0..1.
 */
export function colourHistogram(frame: Frame): Float32Array<ArrayBuffer> {
  const histogram = new Float32Array(COLOUR_DIMENSIONS);
  const lab = new Float32Array(3);
  for (let i = 0, at = 0; i < CENTRE_WEIGHT.length; i++, at += 4) {
    linearToLab(LINEAR[frame.data[at]!]!, LINEAR[frame.data[at + 1]!]!, LINEAR[frame.data[at + 2]!]!, lab);
    addSoftly(histogram, binOf(lab[0]! / 100, LIGHTNESS_BINS), chromaBin(lab[1]!), chromaBin(lab[2]!), CENTRE_WEIGHT[i]!);
  }
  for (let bin = 0; bin < histogram.length; bin++) histogram[bin] = histogram[bin]! ** PEAK_EXPONENT;
  return normalised(histogram);
}

/** Position among bin centres; the first centre is 0. */
function binOf(share01: number, bins: number): number {
  return share01 * bins - 0.5;
}

function chromaBin(value: number): number {
  const bent = Math.sign(value) * Math.abs(value) ** CHROMA_EXPONENT;
  const limited = Math.max(-CHROMA_LIMIT, Math.min(CHROMA_LIMIT, bent));
  return binOf((limited + CHROMA_LIMIT) / (2 * CHROMA_LIMIT), CHROMA_BINS);
}

/** Share a weight among the eight nearest bins; positions beyond the outer centres go to the outer bins. */
function addSoftly(histogram: Float32Array, l: number, a: number, b: number, weight: number): void {
  const l0 = Math.floor(l);
  const a0 = Math.floor(a);
  const b0 = Math.floor(b);
  for (let corner = 0; corner < 8; corner++) {
    const dl = corner & 1;
    const da = (corner >> 1) & 1;
    const db = corner >> 2;
    const share = (dl ? l - l0 : 1 - l + l0) * (da ? a - a0 : 1 - a + a0) * (db ? b - b0 : 1 - b + b0);
    const bin = (within(l0 + dl, LIGHTNESS_BINS) * CHROMA_BINS + within(a0 + da, CHROMA_BINS)) * CHROMA_BINS + within(b0 + db, CHROMA_BINS);
    histogram[bin]! += share * weight;
  }
}

function within(bin: number, bins: number): number {
  return bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
}
