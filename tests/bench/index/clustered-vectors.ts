/**
 * @file Vectors as embeddings are: clusters of very different sizes, a spectrum that falls, and within a cluster a few directions that
 * clusters share. Uniform random vectors would make every index look good or bad for no reason. The same seed gives the same set.
 */

/** Directions that clusters draw theirs from, and how many each has. */
const SHARED_BASES = 64;
const OWN_BASES = 24;
/** Lengths of the parts before normalising. */
const CENTRE = 0.62;
const WITHIN = 0.7;
const NOISE = 0.22;
/** Noise of a query against its item: cos about 0.92. */
const QUERY_NOISE = 0.426;

/** A set of unit vectors, made block by block. */
export class ClusteredVectors {
  readonly dimensions: number;
  readonly #seed: number;
  readonly #centres: Float32Array;
  readonly #bases: Float32Array;
  readonly #clusters: number;
  /** Ends of the clusters' shares, 0..1. */
  readonly #shares: Float64Array;

  /** @param count decides how many clusters there are. */
  constructor(dimensions: number, count: number, seed = 20261121) {
    this.dimensions = dimensions;
    this.#seed = seed;
    this.#clusters = Math.max(50, Math.min(20_000, Math.round(count / 50)));
    const random = new Gaussian(seed);
    this.#centres = new Float32Array(this.#clusters * dimensions);
    for (let cluster = 0; cluster < this.#clusters; cluster++) this.#direction(random, this.#centres, cluster * dimensions);
    this.#bases = new Float32Array(SHARED_BASES * dimensions);
    for (let base = 0; base < SHARED_BASES; base++) this.#direction(random, this.#bases, base * dimensions);
    this.#shares = new Float64Array(this.#clusters);
    let sum = 0;
    for (let cluster = 0; cluster < this.#clusters; cluster++) this.#shares[cluster] = sum += 1 / (cluster + 10) ** 0.7;
    for (let cluster = 0; cluster < this.#clusters; cluster++) this.#shares[cluster]! /= sum;
  }

  /** @returns `rows × dimensions` floats: vectors `first` to `first + rows`. Blocks of equal bounds are equal. */
  block(first: number, rows: number): Float32Array {
    const { dimensions } = this;
    const out = new Float32Array(rows * dimensions);
    const random = new Gaussian(this.#seed ^ Math.imul(first + 1, 0x9e3779b1));
    for (let row = 0; row < rows; row++) {
      const cluster = this.#clusterAt(random.uniform());
      const offset = row * dimensions;
      for (let d = 0; d < dimensions; d++)
        out[offset + d] = CENTRE * this.#centres[cluster * dimensions + d]! + (NOISE / Math.sqrt(dimensions)) * random.next();
      for (let own = 0; own < OWN_BASES; own++) {
        const base = (Math.imul(cluster + 1, 2_654_435_761) + own * 40_503) >>> 0;
        const at = (base % SHARED_BASES) * dimensions;
        const weight = (WITHIN * random.next()) / Math.sqrt(OWN_BASES) / (1 + own / 8);
        for (let d = 0; d < dimensions; d++) out[offset + d]! += weight * this.#bases[at + d]!;
      }
      normalise(out, offset, dimensions);
    }
    return out;
  }

  /** @returns `items` moved by noise: what another photo of the same thing gives. */
  queriesNear(items: Float32Array): Float32Array {
    const { dimensions } = this;
    const out = Float32Array.from(items);
    const random = new Gaussian(this.#seed ^ 0x5bd1e995);
    for (let offset = 0; offset < out.length; offset += dimensions) {
      for (let d = 0; d < dimensions; d++) out[offset + d]! += (QUERY_NOISE / Math.sqrt(dimensions)) * random.next();
      normalise(out, offset, dimensions);
    }
    return out;
  }

  #clusterAt(share: number): number {
    let low = 0;
    let high = this.#clusters - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#shares[middle]! < share) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A unit vector whose components fall off as the variances of real embeddings do. */
  #direction(random: Gaussian, into: Float32Array, offset: number): void {
    for (let d = 0; d < this.dimensions; d++) into[offset + d] = random.next() / (d + 1) ** 0.25;
    normalise(into, offset, this.dimensions);
  }
}

function normalise(vectors: Float32Array, offset: number, dimensions: number): void {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += vectors[offset + d]! ** 2;
  const scale = 1 / Math.sqrt(sum);
  for (let d = 0; d < dimensions; d++) vectors[offset + d]! *= scale;
}

/** Normal numbers: sums of uniform ones are near enough and quick. */
class Gaussian {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    for (let turn = 0; turn < 8; turn++) this.#step();
  }

  uniform(): number {
    return this.#step() / 4_294_967_296;
  }

  /** Mean 0, deviation 1 (four uniform numbers out of two steps). */
  next(): number {
    const [a, b] = [this.#step(), this.#step()];
    return ((a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) - 131_070) / 37_837;
  }

  #step(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.#state = x >>> 0);
  }
}
