/**
 * @file What a flow needs from the place it runs in. The page builds it from workers and stores (`open-pipeline.ts`),
 * `npm run evaluate` from Node's runtimes. Thread: page or Node.
 */
import type { IndexService, VisionService } from '../contracts/client-api.ts';
import type { Person } from '../contracts/dietary.ts';
import type { Product } from '../contracts/product.ts';
import type { Embedding, LocalFeatures } from '../contracts/results.ts';
import type { SearchResponse } from '../contracts/server-api.ts';
import type { CallOptions } from '../contracts/task.ts';

/** Products known on this device. */
export interface Catalogue {
  byId(id: string): Promise<Product | null>;
  /** @param gtin GTIN-14. */
  byGtin(gtin: string): Promise<Product | null>;
  all(): Promise<readonly Product[]>;
}

/** Local features of gallery photos on this device. */
export interface GalleryFeatures {
  /** Null per photo that has none (loose goods, or not extracted). */
  byGalleryIds(ids: readonly string[]): Promise<ReadonlyMap<string, LocalFeatures>>;
}

/** The companion server, as far as the user allowed it for this lens; every call goes through the egress gate. */
export interface ProductServer {
  /** Null when the user did not allow `vector` for the lens. */
  search(lensId: string, embedding: Embedding, k: number, options: CallOptions): Promise<SearchResponse | null>;
  /** Null when not allowed, or when the server does not know the code. */
  lookup(lensId: string, gtin: string, options: CallOptions): Promise<Product | null>;
}

/** Everything that the flows join. */
export interface Pipeline {
  readonly vision: VisionService;
  readonly index: IndexService;
  readonly catalogue: Catalogue;
  readonly gallery: GalleryFeatures;
  readonly server: ProductServer | null;
  /** People whose diets are checked. */
  people(): Promise<readonly Person[]>;
}
