/**
 * @file Products of a server that only reads its index: asked of the one that writes, kept here. [Note: Products of a reader] What was asked within
 * a while is answered from here; older ones are asked for again; when the writer does not answer, what was kept is good enough. A product that
 * was never asked for cannot be known while the writer is away.
 */
import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import type { Product } from '../../../src/contracts/product.ts';
import { productResponseSchema } from '../../../src/contracts/server-api.ts';
import type { Products } from '../../repositories/products.ts';
import { HttpProblem } from '../http/problem.ts';
import type { AskWriter } from './writer-link.ts';

/** What routes and jobs need of products. */
export type ProductTable = Pick<Products, 'get' | 'getMany' | 'findByGtin' | 'upsert' | 'removeOthersOf' | 'count'>;

/** A change on the writer is seen after so long at most. */
const FRESH_MS = 10_000;
/** A writer that did not answer is left alone for so long: searches must not wait for it one by one. */
const REST_MS = 5_000;
const TIMEOUT_MS = 2_000;
/** Products asked for beside one another. */
const LANES = 8;
/** Answers whose age is remembered; a forgotten one is asked for again. */
const REMEMBERED = 100_000;

/** What it stands on. */
export interface WriterProductsParts {
  readonly own: Products;
  /** Calls the server that writes. */
  readonly ask: AskWriter;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
  readonly now?: () => number;
}

/** [Note: Products of a reader] */
export class WriterProducts implements ProductTable {
  readonly #parts: WriterProductsParts;
  readonly #now: () => number;
  /** When a product or a code was last asked for, and whether there was one. */
  readonly #asked = new Map<string, { readonly atMs: number; readonly id: string | null }>();
  #restUntilMs = 0;

  constructor(parts: WriterProductsParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  async get(id: string): Promise<Product | null> {
    return (await this.getMany([id]))[0] ?? null;
  }

  async getMany(ids: readonly string[]): Promise<Product[]> {
    const waiting = [...new Set(ids)].filter((id) => this.#isOld(`id ${id}`));
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await this.#ask(`id ${id}`, `/${encodeURIComponent(id)}`);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    // What the writer does not know (any more) is not answered from an older copy.
    const unknown = new Set(ids.filter((id) => this.#asked.get(`id ${id}`)?.id === null));
    return (await this.#parts.own.getMany(ids)).filter(({ id }) => !unknown.has(id));
  }

  async findByGtin(gtin: string): Promise<Product | null> {
    if (this.#isOld(`gtin ${gtin}`)) await this.#ask(`gtin ${gtin}`, `?gtin=${gtin}`);
    const asked = this.#asked.get(`gtin ${gtin}`);
    if (asked === undefined) return this.#parts.own.findByGtin(gtin);
    return asked.id === null ? null : this.get(asked.id);
  }

  /** @throws HttpProblem 403 */
  upsert(): Promise<void> {
    return Promise.reject(refused());
  }

  /** @throws HttpProblem 403 */
  removeOthersOf(): Promise<number> {
    return Promise.reject(refused());
  }

  /** Those that were kept here. */
  count(): Promise<number> {
    return this.#parts.own.count();
  }

  #isOld(name: string): boolean {
    const now = this.#now();
    return now >= this.#restUntilMs && now - (this.#asked.get(name)?.atMs ?? -Infinity) >= FRESH_MS;
  }

  async #ask(name: string, path: string): Promise<void> {
    const { own, ask, logger } = this.#parts;
    if (this.#now() < this.#restUntilMs) return;
    try {
      const answer = await ask(`/v1/products${path}`, TIMEOUT_MS);
      if (!answer.ok && answer.status !== 404) throw new Error(`the writer answered ${answer.status}`);
      const product = answer.ok ? productResponseSchema.parse(await answer.json()).product : null;
      if (product !== null) await own.upsert([product]);
      this.#remember(name, product?.id ?? null);
      if (product !== null) this.#remember(`id ${product.id}`, product.id);
    } catch (error) {
      const isNew = this.#now() >= this.#restUntilMs;
      this.#restUntilMs = this.#now() + REST_MS;
      const reason = error instanceof z.ZodError ? 'its answer is of another version' : error instanceof Error ? error.message : '';
      if (isNew) logger.warn({ reason }, 'the server that writes gives no products; those that are known here are served');
    }
  }

  #remember(name: string, id: string | null): void {
    this.#asked.delete(name);
    this.#asked.set(name, { atMs: this.#now(), id });
    if (this.#asked.size > REMEMBERED) this.#asked.delete(this.#asked.keys().next().value!);
  }
}

function refused(): HttpProblem {
  return new HttpProblem(403, 'server-refused', 'This server only reads. Send products to the one that writes.');
}
