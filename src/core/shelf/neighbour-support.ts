/**
 * @file What the facings around one say about it: goods stand in blocks, and two facings of one photo share camera and light, so whether
 * they are the same product is far clearer than which product it is. Pure; any thread. Figures: docs/shelf.md.
 */
import type { Box } from '../../contracts/geometry.ts';
import { dot } from '../vector.ts';

/** What one facing may be. */
export interface Belief {
  /** 0..1 of the frame. */
  readonly box: Box;
  /** See `look-vector.ts`. */
  readonly vector: Float32Array;
  /** By product; what is missing to 1 is "none of the products in the gallery". */
  readonly probabilities: ReadonlyMap<string, number>;
}

/** Likeness at which two facings are as likely one product as not: side by side, and anywhere else in the photo. */
const EVEN_BESIDE = 0.88;
const EVEN_APART = 0.94;
/** Natural log odds per unit of likeness. */
const SLOPE = 60;
/** Below this a pair says nothing. */
const LEAST_WEIGHT = 0.05;
/**
 * Facings of one product repeat each other's mistakes (same print, same light): `n` of them count as `n ** INDEPENDENCE` looks.
 */
const INDEPENDENCE = 0.4;
/** A product that a facing does not think of at all. */
const LEAST_PROBABILITY = 1e-4;
/** Stands for "none of the products in the gallery". */
const NONE = '';

/**
 * Pool the beliefs of facings that look alike (a logarithmic opinion pool, weighted by how likely two facings are one product).
 * @param beliefs of one photo. @returns in the same order.
 */
export function supportNeighbours(beliefs: readonly Belief[]): Belief[] {
  const weights = beliefs.map((): [number, number][] => []);
  beliefs.forEach((one, i) => {
    for (let j = i + 1; j < beliefs.length; j++) {
      const weight = sameness(one, beliefs[j]!);
      if (weight < LEAST_WEIGHT) continue;
      weights[i]!.push([j, weight]);
      weights[j]!.push([i, weight]);
    }
  });
  const whole = beliefs.map(withNone);
  return beliefs.map((belief, i) =>
    weights[i]!.length === 0 ? belief : { ...belief, probabilities: pooled(whole, [[i, 1], ...weights[i]!]) },
  );
}

/** Probability that two facings are one product, by their likeness and place. */
function sameness(a: Belief, b: Belief): number {
  const even = isBeside(a.box, b.box) ? EVEN_BESIDE : EVEN_APART;
  return 1 / (1 + Math.exp(-SLOPE * (dot(a.vector, b.vector) - even)));
}

/** Next to each other on one board, or one on the other. */
function isBeside(a: Box, b: Box): boolean {
  const gapX = Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width);
  const gapY = Math.max(a.y, b.y) - Math.min(a.y + a.height, b.y + b.height);
  const width = Math.min(a.width, b.width);
  const height = Math.min(a.height, b.height);
  return (gapX < width * 0.6 && gapY < -height * 0.3) || (gapY < height * 0.3 && gapX < -width * 0.3);
}

function withNone({ probabilities }: Belief): ReadonlyMap<string, number> {
  const known = [...probabilities.values()].reduce((sum, value) => sum + value, 0);
  return new Map([...probabilities, [NONE, Math.max(LEAST_PROBABILITY, 1 - known)]]);
}

function pooled(beliefs: readonly ReadonlyMap<string, number>[], voices: readonly (readonly [number, number])[]): Map<string, number> {
  const total = voices.reduce((sum, [, weight]) => sum + weight, 0);
  const sharpness = total ** INDEPENDENCE / total;
  const named = new Set(voices.flatMap(([i]) => [...beliefs[i]!.keys()]));
  const logs = [...named].map((product) => {
    const log = voices.reduce((sum, [i, weight]) => sum + weight * Math.log(Math.max(LEAST_PROBABILITY, beliefs[i]!.get(product) ?? 0)), 0);
    return [product, log * sharpness] as const;
  });
  const highest = Math.max(...logs.map(([, log]) => log));
  const odds = logs.map(([product, log]) => [product, Math.exp(log - highest)] as const);
  const sum = odds.reduce((so, [, value]) => so + value, 0);
  return new Map(odds.flatMap(([product, value]) => (product === NONE ? [] : [[product, value / sum] as const])));
}
