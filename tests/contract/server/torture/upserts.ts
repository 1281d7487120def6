/** @file Writes and deletes batches: each is there whole or not at all, and never a version older than the last that was answered. */
import { expect } from 'vitest';
import { searchResponseSchema } from '../../../../src/contracts/server-api.ts';
import { unitVector } from '../test-server.ts';
import type { Actor, Random } from './actor.ts';
import type { ServerUnderTorture } from './server-under-torture.ts';

export const SPACE = 'test-embedding@1';
export const D = 16;
/** Items that each batch replaces, and items that it adds. */
const REPLACED = 5;
const ADDED = 3;

/** One writer with ids of its own. */
export class Upserts implements Actor {
  readonly kind = 'upsert';
  readonly spanMs = 80;
  readonly #writer: number;
  /** Last batch that was answered; -1: none. */
  acknowledged = -1;
  #inFlight: number | null = null;
  readonly #deleted = new Set<number>();
  #deleting: number | null = null;
  /** Batches before this were looked at after an earlier kill. */
  #verifiedTo = 0;

  constructor(writer: number) {
    this.#writer = writer;
  }

  async act(server: ServerUnderTorture, random: Random, sent: () => void): Promise<void> {
    const version = this.acknowledged + 1;
    this.#inFlight = version;
    const answer = server.ask([200], 'POST', '/collections/products/items', { space: SPACE, items: this.#batch(version) });
    sent();
    await answer;
    this.acknowledged = version;
    this.#inFlight = null;
    const gone = version - 2;
    if (gone < 0 || random() > 0.4 || this.#deleted.has(gone)) return;
    this.#deleting = gone;
    await server.ask([200], 'DELETE', '/collections/products/items', {
      ids: Array.from({ length: ADDED }, (_, index) => this.#addedId(gone, index)),
    });
    this.#deleted.add(gone);
    this.#deleting = null;
  }

  async verify(server: ServerUnderTorture): Promise<void> {
    const replaced = await Promise.all(
      Array.from({ length: REPLACED }, (_, index) => this.#stored(server, index, `w${this.#writer}-r${index}`)),
    );
    expect(new Set(replaced).size, `a batch is half there: ${replaced.join(' ')}`).toBe(1);
    const [version = null] = replaced;
    const allowed = [this.acknowledged, ...(this.#inFlight === null ? [] : [this.#inFlight])];
    expect(allowed, 'an answered write is lost').toContain(version ?? -1);
    const last = version ?? -1;
    for (let batch = Math.max(0, this.#verifiedTo - 3); batch <= Math.max(this.acknowledged, this.#inFlight ?? -1); batch++) {
      const added = await Promise.all(
        Array.from({ length: ADDED }, (_, index) => this.#stored(server, REPLACED + index, this.#addedId(batch, index))),
      );
      const isThere = added.every((one) => one === batch);
      expect(isThere || added.every((one) => one === null), `a batch is half there: ${added.join(' ')}`).toBe(true);
      if (batch === this.#deleting) {
        if (!isThere) this.#deleted.add(batch);
      } else expect(isThere, `batch ${batch} of writer ${this.#writer}`).toBe(batch <= last && !this.#deleted.has(batch));
    }
    this.acknowledged = last;
    this.#inFlight = null;
    this.#deleting = null;
    this.#verifiedTo = last;
  }

  #batch(version: number): object[] {
    const item = (id: string, index: number) => ({
      ...{ id, productId: `w${this.#writer}-v${version}`, metadata: { version } },
      vector: unitVector(D, this.#seed(index, version)),
    });
    return [
      ...Array.from({ length: REPLACED }, (_, index) => item(`w${this.#writer}-r${index}`, index)),
      ...Array.from({ length: ADDED }, (_, index) => item(this.#addedId(version, index), REPLACED + index)),
    ];
  }

  #addedId(version: number, index: number): string {
    return `w${this.#writer}-a${version}-${index}`;
  }

  /** Each version of an item has a vector that no other has. */
  #seed(index: number, version: number): number {
    return 1 + this.#writer * 1_000_003 + index * 10_007 + version * 101;
  }

  /** @returns version of an item; null: not there. It must be found by its id and by its vector, and be of one version. */
  async #stored(server: ServerUnderTorture, index: number, id: string): Promise<number | null> {
    const found = await server.call('GET', `/collections/products/items/${id}`);
    if (found.status === 404) return null;
    expect(found.status, found.bytes.toString()).toBe(200);
    const { productId, metadata } = JSON.parse(found.bytes.toString()) as { productId: string; metadata: { version: number } };
    expect(productId).toBe(`w${this.#writer}-v${metadata.version}`);
    const vector = unitVector(D, this.#seed(index, metadata.version));
    const { matches } = searchResponseSchema.parse(
      await server.ask([200], 'POST', '/collections/products/search', { space: SPACE, vector, k: 1 }),
    );
    expect(matches[0]).toMatchObject({ id, productId, metadata });
    expect(matches[0]?.score).toBeCloseTo(1, 5);
    return metadata.version;
  }
}
