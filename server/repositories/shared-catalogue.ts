/** @file Which collections a shared store holds, for the servers that only read it and for a writer on a fresh machine. */
import { z } from 'zod';
import { createCollectionSchema, type CreateCollection } from '../../src/contracts/server-api.ts';
import type { ConditionalStore } from './conditional-store.ts';

const KEY = 'collections.json';

/** The list beside the tables. Only the elected writer writes it. */
export class SharedCatalogue {
  readonly #store: ConditionalStore;

  constructor(store: ConditionalStore) {
    this.#store = store;
  }

  async publish(collections: readonly CreateCollection[]): Promise<void> {
    await this.#store.put(KEY, JSON.stringify(collections));
  }

  /** @returns none when nothing was published yet. @throws when it is damaged. */
  async read(): Promise<CreateCollection[]> {
    const text = await this.#store.read(KEY);
    return text === null ? [] : z.array(createCollectionSchema).parse(JSON.parse(text));
  }
}
