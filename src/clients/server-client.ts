/** @file The companion server as the app sees it. Speaks only through the egress gate. Thread: page. */
import type { GalleryPayload, ThumbnailPayload } from '../contracts/egress.ts';
import type { Product } from '../contracts/product.ts';
import { publishedGallerySchema, takeDownsSchema, type PublishedGallery, type TakeDowns } from '../contracts/race-gallery.ts';
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
import { handedInVisitSchema } from '../contracts/shelf-visits-api.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { VisitReport } from '../contracts/visit-report.ts';
import { answerOf, answerOrNull, done } from './answer.ts';
import { createApi, json, signalOf, type Api } from './api.ts';
import type { Egress, GateFetch } from './egress.ts';
import {
  getV1Health,
  getV1Products,
  getV1RaceGalleriesTakeDowns,
  postV1CollectionsByNameSearch,
  postV1RaceGalleries,
  postV1RaceGalleriesByIdPhotosByPhoto,
  postV1ShelfVisits,
} from './generated/sdk.gen';

/** A megabyte over a shop's network. */
const HAND_IN_MS = 60_000;

export interface ServerClient {
  /**
   * Nearest products by vector.
   * @returns null when the user did not allow `vector` for the lens.
   * @throws AppError as `GateFetch` and `answerOf`; `server-refused` when the server answers in another space.
   */
  search(lensId: string, embedding: Embedding, k: number, options?: CallOptions): Promise<SearchResponse | null>;
  /**
   * Product by barcode; the code counts as `text` that leaves.
   * @param gtin GTIN-14.
   * @returns null when the user did not allow `text` for the lens, or when the server does not know the code.
   */
  lookup(lensId: string, gtin: string, options?: CallOptions): Promise<Product | null>;
  /**
   * Hand a visit in. The same visit again replaces what was there.
   * @returns null when the user did not allow `report` for the lens.
   */
  handIn(lensId: string, report: VisitReport, options?: CallOptions): Promise<{ readonly receivedAtMs: number } | null>;
  /**
   * Publish what a runner's page says; the same again changes nothing. @param secret of the user's key; null: this machine's own server.
   * @returns what is missing; null when the user did not allow `gallery` for the lens.
   */
  publishGallery(
    lensId: string,
    gallery: GalleryPayload['gallery'],
    secret: string | null,
    options?: CallOptions,
  ): Promise<PublishedGallery | null>;
  /** One picture of a page. @returns false when the user did not allow `thumbnail` for the lens. */
  publishThumbnail(
    lensId: string,
    place: { readonly galleryId: string; readonly photoId: string },
    picture: ThumbnailPayload,
    secret: string | null,
    options?: CallOptions,
  ): Promise<boolean>;
  /** Pages that runners had taken down; carries no user data. */
  takeDowns(secret: string | null, options?: CallOptions): Promise<TakeDowns>;
  /** State of the server; carries no user data. */
  health(options?: CallOptions): Promise<Health>;
}

/** @param settings where the server is; empty means the one that served the app. */
export function createServerClient(egress: Egress, settings: { get(key: 'serverUrl'): Promise<string> }, ownOrigin: string): ServerClient {
  const api = async (fetch: GateFetch): Promise<Api> => createApi((await settings.get('serverUrl')) || ownOrigin, fetch);
  return {
    async search(lensId, { space, vector }, k, options) {
      if (!(await egress.isAllowed(lensId, 'vector'))) return null;
      const call = postV1CollectionsByNameSearch({
        client: await api(egress.carrying(lensId, { type: 'vector', space, vector }, { maxAnswerBytes: 4 << 20 })),
        path: { name: PRODUCT_COLLECTION },
        body: { space, vector: [...vector], k },
        ...signalOf(options),
      });
      const answer = await answerOf(call, searchResponseSchema);
      // [Note: Two spaces are never compared] A server of another build would give plausible nonsense.
      if (answer.space !== space) throw new AppError('server-refused', `the server searched space ${answer.space}`, { stage: 'match' });
      return answer;
    },
    async lookup(lensId, gtin, options) {
      if (!/^\d{14}$/.test(gtin)) throw new AppError('invalid-input', 'not a GTIN-14', { stage: 'match' });
      if (!(await egress.isAllowed(lensId, 'text'))) return null;
      const client = await api(egress.carrying(lensId, { type: 'text', text: gtin }));
      const call = getV1Products({ client, query: { gtin }, ...signalOf(options) });
      const answer = await answerOrNull(call, productResponseSchema);
      if (answer === null) return null;
      if (!answer.product.gtins.includes(gtin))
        throw new AppError('server-refused', 'the answer is about another code', { stage: 'match' });
      return answer.product;
    },
    async handIn(lensId, report, options) {
      if (!(await egress.isAllowed(lensId, 'report'))) return null;
      const client = await api(egress.carrying(lensId, { type: 'report', report }, { timeoutMs: HAND_IN_MS }));
      return answerOf(postV1ShelfVisits({ client, body: json({ report }), ...signalOf(options) }), handedInVisitSchema);
    },
    async publishGallery(lensId, gallery, secret, options) {
      if (!(await egress.isAllowed(lensId, 'gallery'))) return null;
      const client = await api(egress.carrying(lensId, { type: 'gallery', gallery }, { timeoutMs: HAND_IN_MS, secret }));
      const answer = await answerOf(postV1RaceGalleries({ client, body: json({ gallery }), ...signalOf(options) }), publishedGallerySchema);
      if (answer.id !== gallery.id) throw new AppError('server-refused', 'the answer is about another page', { stage: 'egress' });
      return answer;
    },
    async publishThumbnail(lensId, { galleryId, photoId }, picture, secret, options) {
      if (!(await egress.isAllowed(lensId, 'thumbnail'))) return false;
      const client = await api(egress.carrying(lensId, picture, { timeoutMs: HAND_IN_MS, secret }));
      // [Note: The gate writes the request] The picture is put in there.
      await done(postV1RaceGalleriesByIdPhotosByPhoto({ client, path: { id: galleryId, photo: photoId }, ...signalOf(options) }));
      return true;
    },
    async takeDowns(secret, options) {
      const client = await api(secret === null ? egress.asking() : egress.operating(secret));
      return answerOf(getV1RaceGalleriesTakeDowns({ client, ...signalOf(options) }), takeDownsSchema);
    },
    async health(options) {
      return answerOf(getV1Health({ client: await api(egress.asking({ timeoutMs: 5000 })), ...signalOf(options) }), healthSchema);
    },
  };
}
