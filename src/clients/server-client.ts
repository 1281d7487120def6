/** @file The companion server as the app sees it. Speaks only through the egress gate. Thread: page. */
import type { Product } from '../contracts/product.ts';
import type { Embedding } from '../contracts/results.ts';
import { AppError } from '../contracts/errors.ts';
import {
  healthSchema,
  PRODUCT_COLLECTION,
  productResponseSchema,
  searchResponseSchema,
  type Health,
  type SearchResponse,
} from '../contracts/server-api.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { Egress } from './egress.ts';

export interface ServerClient {
  /**
   * Nearest products by vector.
   * @returns null when the user did not allow `vector` for the lens.
   * @throws AppError as `egress.send`; `server-refused` when the server answers in another space.
   */
  search(lensId: string, embedding: Embedding, k: number, options?: CallOptions): Promise<SearchResponse | null>;
  /**
   * Product by barcode; the code counts as `text` that leaves.
   * @param gtin GTIN-14.
   * @returns null when the user did not allow `text` for the lens, or when the server does not know the code.
   */
  lookup(lensId: string, gtin: string, options?: CallOptions): Promise<Product | null>;
  /** State of the server; carries no user data. */
  health(options?: CallOptions): Promise<Health>;
}

/** @param settings where the server is; empty means the one that served the app. */
export function createServerClient(egress: Egress, settings: { get(key: 'serverUrl'): Promise<string> }, ownOrigin: string): ServerClient {
  const destination = async (): Promise<string> => (await settings.get('serverUrl')) || ownOrigin;
  return {
    async search(lensId, { space, vector }, k, { signal } = {}) {
      if (!(await egress.isAllowed(lensId, 'vector'))) return null;
      const answer = await egress.send(
        lensId,
        await destination(),
        { type: 'vector', space, vector },
        {
          method: 'POST',
          path: `/v1/collections/${PRODUCT_COLLECTION}/search`,
          options: { k },
          answer: searchResponseSchema,
          maxAnswerBytes: 4 << 20,
        },
        signal === undefined ? {} : { signal },
      );
      // [Note: Two spaces are never compared] A server of another build would give plausible nonsense.
      if (answer !== null && answer.space !== space)
        throw new AppError('server-refused', `the server searched space ${answer.space}`, { stage: 'match' });
      return answer;
    },
    async lookup(lensId, gtin, { signal } = {}) {
      if (!/^\d{14}$/.test(gtin)) throw new AppError('invalid-input', 'not a GTIN-14', { stage: 'match' });
      if (!(await egress.isAllowed(lensId, 'text'))) return null;
      const answer = await egress.send(
        lensId,
        await destination(),
        { type: 'text', text: gtin },
        { method: 'GET', path: '/v1/products', textParameter: 'gtin', answer: productResponseSchema, canBeAbsent: true },
        signal === undefined ? {} : { signal },
      );
      if (answer === null) return null;
      if (!answer.product.gtins.includes(gtin))
        throw new AppError('server-refused', 'the answer is about another code', { stage: 'match' });
      return answer.product;
    },
    async health({ signal } = {}) {
      const answer = await egress.ask(
        await destination(),
        { method: 'GET', path: '/v1/health', answer: healthSchema, timeoutMs: 5000 },
        signal === undefined ? {} : { signal },
      );
      if (answer === null) throw new AppError('bug', 'health cannot be absent');
      return answer;
    },
  };
}
