/**
 * @file The newest rows of a collection, in memory, compared one by one: what the engine does not hold yet, or holds in small files that
 * its index does not know. Not durable by itself: the write-ahead log is.
 */
import type { Filter } from '../../src/contracts/server-api.ts';
import { TopK } from '../../src/core/top-k.ts';
import type { AnnItem, AnnMatch, AnnSpec } from './ann-index.ts';
import { normalised, requireFields } from './item-rows.ts';
import { filterTest } from './scalar-filter.ts';

/** Rows that room is made for at first. */
const FIRST_ROWS = 64;

/** Rows by id; a later write of an id replaces the earlier one. */
export class FreshRows {
  readonly #spec: Pick<AnnSpec, 'dimensions' | 'fields'>;
  readonly #slots = new Map<string, number>();
  /** By slot; null: it was removed. */
  readonly #rows: (Omit<AnnItem, 'vector'> | null)[] = [];
  /** Slots of removed rows. */
  readonly #free: number[] = [];
  /** Unit vectors, one block, a slot after the other. */
  #vectors: Float32Array<ArrayBuffer>;

  constructor(spec: Pick<AnnSpec, 'dimensions' | 'fields'>) {
    this.#spec = spec;
    this.#vectors = new Float32Array(0);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Whole or not at all. @throws AppError('invalid-input') for a vector of another length, not finite or zero, or a field of another type. */
  add(items: readonly AnnItem[]): void {
    for (const { metadata } of items) requireFields(this.#spec, metadata);
    const units = items.map(({ vector }) => normalised(vector, this.#spec.dimensions));
    items.forEach((item, row) => this.#put(item, units[row]!));
  }

  /** Take over the rows of a later layer. */
  absorb(later: FreshRows): void {
    for (const [id, slot] of later.#slots) this.#put({ ...later.#rows[slot]!, id }, later.#vectorAt(slot));
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      const slot = this.#slots.get(id);
      if (slot === undefined) continue;
      this.#slots.delete(id);
      this.#rows[slot] = null;
      this.#vectorAt(slot).fill(0);
      this.#free.push(slot);
    }
  }

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  get(id: string): AnnItem | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : { ...this.#rows[slot]!, vector: this.#vectorAt(slot).slice() };
  }

  /** Everything (that matches). Vectors have length 1 and are views of the block. */
  all(filter?: Filter): AnnItem[] {
    const rows = [...this.#slots.values()].map((slot) => ({ ...this.#rows[slot]!, vector: this.#vectorAt(slot) }));
    if (filter === undefined) return rows;
    const isMatching = filterTest(filter);
    return rows.filter(({ metadata }) => isMatching(metadata));
  }

  /**
   * @param unit of length 1. @param isHidden true for ids that a later layer replaces.
   * @returns the best `k` (that match), score descending.
   */
  nearest(unit: Float32Array, k: number, filter: Filter | undefined, isHidden: (id: string) => boolean): AnnMatch[] {
    const { dimensions } = this.#spec;
    const vectors = this.#vectors;
    const rows = this.#rows;
    const best = new TopK(Math.min(k, this.size));
    const isMatching = filter === undefined ? () => true : filterTest(filter);
    for (let slot = 0, at = 0; slot < rows.length; slot++, at += dimensions) {
      let a = 0;
      let b = 0;
      let c = 0;
      let e = 0;
      let d = 0;
      for (; d + 3 < dimensions; d += 4) {
        a += unit[d]! * vectors[at + d]!;
        b += unit[d + 1]! * vectors[at + d + 1]!;
        c += unit[d + 2]! * vectors[at + d + 2]!;
        e += unit[d + 3]! * vectors[at + d + 3]!;
      }
      for (; d < dimensions; d++) a += unit[d]! * vectors[at + d]!;
      const score = a + b + c + e;
      if (score <= best.floor) continue;
      const row = rows[slot] ?? null;
      // Asked last: most rows are not near enough.
      if (row === null || isHidden(row.id) || !isMatching(row.metadata)) continue;
      best.push(score, slot);
    }
    return best.sorted().map(({ score, index }) => {
      const { id, productId, metadata } = this.#rows[index]!;
      return { id, productId, metadata, score: Math.max(-1, Math.min(1, score)) };
    });
  }

  #put({ id, productId, metadata }: Omit<AnnItem, 'vector'>, unit: Float32Array): void {
    const slot = this.#slots.get(id) ?? this.#free.pop() ?? this.#rows.length;
    this.#slots.set(id, slot);
    this.#rows[slot] = { id, productId, metadata };
    if ((slot + 1) * this.#spec.dimensions > this.#vectors.length) this.#grow();
    this.#vectorAt(slot).set(unit);
  }

  #grow(): void {
    const larger = new Float32Array(Math.max(FIRST_ROWS * this.#spec.dimensions, this.#vectors.length * 2));
    larger.set(this.#vectors);
    this.#vectors = larger;
  }

  #vectorAt(slot: number): Float32Array<ArrayBuffer> {
    const { dimensions } = this.#spec;
    return this.#vectors.subarray(slot * dimensions, (slot + 1) * dimensions);
  }
}
