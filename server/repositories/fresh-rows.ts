/**
 * @file The newest rows of a collection, in memory: what was written and not yet committed to the engine. Compared one by one, so a
 * write is found by the next search without a commit of its own. Not durable by itself: the write-ahead log is.
 */
import type { Filter } from '../../src/contracts/server-api.ts';
import type { AnnItem, AnnMatch, AnnSpec } from './ann-index.ts';
import { normalised, requireFields } from './item-rows.ts';
import { matchesFilter } from './scalar-filter.ts';

/** Rows by id; a later write of an id replaces the earlier one. */
export class FreshRows {
  readonly #spec: Pick<AnnSpec, 'dimensions' | 'fields'>;
  readonly #rows = new Map<string, AnnItem>();

  constructor(spec: Pick<AnnSpec, 'dimensions' | 'fields'>, rows: Iterable<AnnItem> = []) {
    this.#spec = spec;
    for (const row of rows) this.#rows.set(row.id, row);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Whole or not at all. @throws AppError('invalid-input') for a vector of another length, not finite or zero, or a field of another type. */
  add(items: readonly AnnItem[]): void {
    for (const { metadata } of items) requireFields(this.#spec, metadata);
    const rows = items.map((item) => ({ ...item, vector: normalised(item.vector, this.#spec.dimensions) }));
    for (const row of rows) this.#rows.set(row.id, row);
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  get(id: string): AnnItem | undefined {
    return this.#rows.get(id);
  }

  /** In the order in which ids were first written. Vectors have length 1. */
  all(): AnnItem[] {
    return [...this.#rows.values()];
  }

  /** @param unit of length 1. @returns every row (that matches) with its cosine, in no particular order. */
  compare(unit: Float32Array, filter: Filter | undefined): AnnMatch[] {
    const matches: AnnMatch[] = [];
    for (const { id, productId, metadata, vector } of this.#rows.values()) {
      if (filter !== undefined && !matchesFilter(filter, metadata)) continue;
      let [a, b] = [0, 0];
      let d = 0;
      for (; d + 1 < unit.length; d += 2) {
        a += unit[d]! * vector[d]!;
        b += unit[d + 1]! * vector[d + 1]!;
      }
      if (d < unit.length) a += unit[d]! * vector[d]!;
      matches.push({ id, productId, metadata, score: Math.max(-1, Math.min(1, a + b)) });
    }
    return matches;
  }
}
