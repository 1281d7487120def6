/**
 * @file What the facings around one say about it: goods stand in blocks, and two facings of one photo share camera and light, so whether
 * they are the same product is far clearer than which product it is. Pure; any thread. Figures: docs/shelf.md.
 */
import type { Box } from '../../contracts/geometry.ts';
import { dot } from '../vector.ts';
import { sigmoid } from '../logistic.ts';

/** What one facing may be. */
export interface Belief {
  /** 0..1 of the frame. */
  readonly box: Box;
  /** See `look-vector.ts`. */
  readonly vector: Float32Array;
  /** By its look, by product; what is missing to 1 is "none of the products in the gallery". */
  readonly probabilities: ReadonlyMap<string, number>;
  /** Natural log odds by product that the words on it add; absent: it was not read. */
  readonly said?: ReadonlyMap<string, number>;
}

/**
 * Likeness at which two facings are as likely one product as not: side by side, and anywhere else in the photo. Higher than rendered
 * shelves want it (there 0.75): flavours of one design are more alike on real ones.
 */
const EVEN_BESIDE = 0.82;
const EVEN_APART = 0.9;
/** Natural log odds per unit of likeness. */
const SLOPE = 30;
/** Below this a pair that does not stand side by side says nothing. */
const LEAST_WEIGHT = 0.05;
/** Facings of one product repeat each other's mistakes (same print, same light): `n` of them count as `n ** INDEPENDENCE` looks. */
const INDEPENDENCE = 0.4;
/** A product that a facing does not think of at all. */
const LEAST_PROBABILITY = 1e-4;
/**
 * [Note: Blocks] Natural log odds that a sure neighbour lends its product, however different the two look: a facing that is half hidden
 * or turned. Most neighbours are one product, so this is little; a facing that clearly is another product stays so.
 */
const BLOCK_PRIOR = 1.6;
const BLOCK_LIMIT = 3;
const ROUNDS = 5;
/** Stands for "none of the products in the gallery". */
const NONE = '';

interface Neighbour {
  readonly at: number;
  readonly weight: number;
  readonly isBeside: boolean;
}

/**
 * First the beliefs of facings that look alike are pooled (a logarithmic opinion pool, weighted by how likely two facings are one product),
 * then neighbours lend each other theirs ([Note: Blocks], mean field). Words are no part of the pool: where they are needed, two products
 * look alike, so that a look says nothing of whether two facings are one product.
 * @param beliefs of one photo. @returns in the same order.
 */
export function supportNeighbours(beliefs: readonly Belief[]): Belief[] {
  const neighbours = neighboursOf(beliefs);
  const whole = beliefs.map(withNone);
  const logs = whole.map((own, i) => withWords(pooled(own, neighbours[i]!, whole), beliefs[i]!.said));
  let current = logs.map(softmax);
  for (let round = 0; round < ROUNDS; round++)
    current = logs.map((log, i) =>
      neighbours[i]!.some(({ isBeside }) => isBeside) ? softmax(withBlock(log, neighbours[i]!, current)) : current[i]!,
    );
  return beliefs.map((belief, i) => {
    const probabilities = new Map(current[i]);
    probabilities.delete(NONE);
    return { ...belief, probabilities };
  });
}

function neighboursOf(beliefs: readonly Belief[]): Neighbour[][] {
  const neighbours = beliefs.map((): Neighbour[] => []);
  beliefs.forEach((one, i) => {
    for (let j = i + 1; j < beliefs.length; j++) {
      const other = beliefs[j]!;
      const isBeside = standBeside(one.box, other.box);
      const weight = sigmoid(SLOPE * (dot(one.vector, other.vector) - (isBeside ? EVEN_BESIDE : EVEN_APART)));
      if (!isBeside && weight < LEAST_WEIGHT) continue;
      neighbours[i]!.push({ at: j, weight, isBeside });
      neighbours[j]!.push({ at: i, weight, isBeside });
    }
  });
  return neighbours;
}

/** Next to each other on one board, or one on the other. */
function standBeside(a: Box, b: Box): boolean {
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

/** Log probabilities, up to a constant, of everything that the facing or a neighbour of it may be. */
function pooled(
  own: ReadonlyMap<string, number>,
  neighbours: readonly Neighbour[],
  beliefs: readonly ReadonlyMap<string, number>[],
): ReadonlyMap<string, number> {
  const voices = [{ belief: own, weight: 1 }, ...neighbours.map(({ at, weight }) => ({ belief: beliefs[at]!, weight }))];
  const total = voices.reduce((sum, { weight }) => sum + weight, 0);
  const sharpness = total ** INDEPENDENCE / total;
  const named = new Set(voices.flatMap(({ belief }) => [...belief.keys()]));
  return new Map(
    [...named].map((product) => [
      product,
      sharpness *
        voices.reduce((sum, { belief, weight }) => sum + weight * Math.log(Math.max(LEAST_PROBABILITY, belief.get(product) ?? 0)), 0),
    ]),
  );
}

function withWords(log: ReadonlyMap<string, number>, said: Belief['said']): ReadonlyMap<string, number> {
  return said === undefined ? log : new Map([...log].map(([product, value]) => [product, value + (said.get(product) ?? 0)]));
}

/** Nothing lends "none": neighbours that nobody knows may be as many different products. */
function withBlock(
  log: ReadonlyMap<string, number>,
  neighbours: readonly Neighbour[],
  current: readonly ReadonlyMap<string, number>[],
): ReadonlyMap<string, number> {
  return new Map(
    [...log].map(([product, value]) => {
      const lent =
        product === NONE
          ? 0
          : neighbours.reduce((sum, { at, isBeside }) => sum + (isBeside ? BLOCK_PRIOR * (current[at]!.get(product) ?? 0) : 0), 0);
      return [product, value + Math.min(BLOCK_LIMIT, lent)];
    }),
  );
}

function softmax(log: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const highest = Math.max(...log.values());
  const odds = [...log].map(([product, value]) => [product, Math.exp(value - highest)] as const);
  const sum = odds.reduce((so, [, value]) => so + value, 0);
  return new Map(odds.map(([product, value]) => [product, value / sum]));
}
