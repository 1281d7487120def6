/**
 * @file The collections of the store by name: those that are served, and those that exist but were set aside because they are damaged.
 * Every part of the store looks them up here.
 */
import type { CreateCollection } from '../../../src/contracts/server-api.ts';
import type { AnnEngine, AnnIndex } from '../../vectors/ann-index.ts';
import { HttpProblem } from '../http/problem.ts';
import type { DamageReport } from '../storage/damage.ts';
import { isStorageFull } from '../storage/storage-full.ts';

/** A collection that exists. */
export interface OpenCollection {
  readonly description: CreateCollection;
  /** Null: the engine could not open it; the rest is served. */
  readonly index: AnnIndex | null;
  /** It was written to since its files were flushed last. Set before and after each write: a flush that begins meanwhile must not miss it. */
  isDirty: boolean;
}

/** A collection that was not set aside. */
export type ServedCollection = OpenCollection & { readonly index: AnnIndex };

/** Iterates over all of them, also over those that come while it does. */
export class OpenCollections {
  readonly #engine: AnnEngine;
  readonly #damage: DamageReport;
  readonly #byName = new Map<string, OpenCollection>();

  constructor(engine: AnnEngine, damage: DamageReport) {
    this.#engine = engine;
    this.#damage = damage;
  }

  [Symbol.iterator](): IterableIterator<OpenCollection> {
    return this.#byName.values();
  }

  get(name: string): OpenCollection | undefined {
    return this.#byName.get(name);
  }

  /** @returns a collection, also one that was set aside. @throws HttpProblem 404 */
  known(name: string): OpenCollection {
    const found = this.#byName.get(name);
    if (found === undefined) throw new HttpProblem(404, 'invalid-input', `There is no collection "${name}".`);
    return found;
  }

  /** @throws HttpProblem 404; 503 for one that was set aside. */
  require(name: string): ServedCollection {
    const found = this.known(name);
    if (found.index === null) throw new HttpProblem(503, 'server-refused', `Collection "${name}" is damaged and was set aside.`);
    return found as ServedCollection;
  }

  /** Open a collection. One that the engine cannot open is set aside, not fatal. */
  async add(description: CreateCollection): Promise<void> {
    try {
      const index = await this.#engine.open(description);
      await index.count();
      this.#byName.set(description.name, { description, index, isDirty: false });
    } catch (error) {
      this.setAside({ description, index: null, isDirty: false }, error);
    }
  }

  /** Have exactly these. Those that are served already go on. */
  async adopt(descriptions: readonly CreateCollection[]): Promise<void> {
    const wanted = new Map(descriptions.map((description) => [description.name, description]));
    for (const [name, { description, index }] of this.#byName) {
      if (index !== null && JSON.stringify(wanted.get(name)) === JSON.stringify(description)) wanted.delete(name);
      else {
        this.#byName.delete(name);
        await index?.close();
      }
    }
    for (const description of wanted.values()) await this.add(description);
  }

  /** Serve it no longer. Whoever removes it closes its index. */
  remove(name: string): void {
    this.#byName.delete(name);
  }

  /** Serve a collection no longer, because its rows cannot be trusted or read: it stays known, and what the log holds for it is kept. */
  setAside(target: OpenCollection, cause: unknown): void {
    const { name } = target.description;
    this.#byName.set(name, { ...target, index: null });
    const reason = isStorageFull(cause)
      ? `There is no room to apply what collection "${name}" was sent before the last stop, so it was set aside. Make room and start the server again.`
      : `Collection "${name}" is damaged and was set aside; what it was sent since its last flush is kept in the log. ` +
        'Restore a backup, or remove the collection and send its items again.';
    this.#damage.clear('collection', name);
    this.#damage.note({ kind: 'collection', name, collection: name, reason }, cause);
  }
}
