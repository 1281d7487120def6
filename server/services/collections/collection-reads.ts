/**
 * @file Searches and other reads of collections, beside writes. One that fails is tried again; then its collection is looked at for damage, and a
 * search goes on without the index.
 */
import type { Filter } from '../../../src/contracts/server-api.ts';
import type { AnnItem, AnnMatch, ListedItem, ScanOptions } from '../../vectors/ann-index.ts';
import { isOurs, type CollectionDamage } from './collection-damage.ts';
import { checkedVector } from './item-check.ts';
import type { OpenCollections } from './open-collections.ts';

/** Reads; every method throws HttpProblem 404 for a collection that does not exist, 503 for one that was set aside. */
export class CollectionReads {
  readonly #open: OpenCollections;
  readonly #damage: CollectionDamage;

  constructor(open: OpenCollections, damage: CollectionDamage) {
    this.#open = open;
    this.#damage = damage;
  }

  /**
   * Best `k` of a collection (that match a filter).
   * @throws HttpProblem 400 for another space or dimension, or a vector without a direction.
   * @throws AppError('invalid-input') for a filter on what is not a declared field.
   */
  async search(name: string, space: string, vector: readonly number[], k: number, filter?: Filter): Promise<AnnMatch[]> {
    const { description, index } = this.#open.require(name);
    const checked = checkedVector(description, space, vector);
    try {
      return await twice(() => index.search(checked, k, { filter }));
    } catch (error) {
      if (isOurs(error)) throw error;
      try {
        // A damaged index is made again from the rows, which are searched one by one meanwhile.
        const matches = await index.search(checked, k, { filter, effort: 'exact' });
        this.#damage.mendIndexes(name, error);
        return matches;
      } catch (second) {
        throw await this.#damage.explain(name, second, true);
      }
    }
  }

  /** Everything in a collection (that matches), as it is now. */
  scan(name: string, options: ScanOptions): AsyncIterable<AnnItem[]> {
    return this.#damage.explained(name, this.#open.require(name).index.scan(options));
  }

  /** The same without vectors and keypoints. */
  listItems(name: string): AsyncIterable<ListedItem[]> {
    return this.#damage.explained(name, this.#open.require(name).index.list());
  }

  /** Keypoints of those among `ids` that have some, by id. */
  async keypoints(name: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const { index } = this.#open.require(name);
    try {
      return await twice(() => index.keypoints(ids));
    } catch (error) {
      throw await this.#damage.explain(name, error, true);
    }
  }

  /** @returns the item, or null. */
  async get(name: string, id: string): Promise<AnnItem | null> {
    const { index } = this.#open.require(name);
    try {
      const [item] = await twice(() => index.get([id]));
      return item ?? null;
    } catch (error) {
      throw await this.#damage.explain(name, error, true);
    }
  }
}

/** A file that a clean-up took away from under a read is there in the newest version. */
async function twice<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (isOurs(error)) throw error;
    return read();
  }
}
