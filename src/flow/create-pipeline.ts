/** @file The pipeline of this page: workers, stores and, as far as the user allows it, the companion server. Thread: page. */
import type { IndexService, VisionService } from '../contracts/client-api.ts';
import type { Product } from '../contracts/product.ts';
import type { CallOptions } from '../contracts/task.ts';
import { createEgress } from '../clients/egress.ts';
import { createIndexClient } from '../clients/index-client.ts';
import { createServerClient, type ServerClient } from '../clients/server-client.ts';
import { createVisionClient, setBackendOverride } from '../clients/vision-client.ts';
import type { CorrectionStore } from '../store/corrections.ts';
import type { GalleryStore } from '../store/embeddings.ts';
import type { Ledger } from '../store/ledger.ts';
import type { PeopleStore } from '../store/people.ts';
import type { ProductStore } from '../store/products.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { Memory } from './learn.ts';
import type { Catalogue, Pipeline } from './pipeline.ts';

/** What the page brings: its stores and its wishes. */
export interface PagePlaces {
  readonly settings: SettingsStore;
  readonly people: PeopleStore;
  readonly products: ProductStore;
  readonly gallery: GalleryStore;
  readonly corrections: CorrectionStore;
  readonly ledger: Ledger;
  /** Where models must run; null lets the golden at first use decide. */
  readonly backend: 'webgpu' | 'wasm' | null;
  /** Origin that served the app. */
  readonly ownOrigin: string;
}

/** The page's pipeline, what it learns into, and the server as far as it may be asked. */
export interface PagePipeline {
  readonly pipeline: Pipeline;
  readonly memory: Memory;
  readonly server: ServerClient;
  /** Products changed (demo, pack, import): the next look sees them. */
  forgetCatalogue(): void;
}

/** Join workers and stores. Nothing is opened, loaded or asked before the first look. */
export function createPipeline(places: PagePlaces): PagePipeline {
  const { settings, people, products, gallery, corrections, ledger, backend, ownOrigin } = places;
  setBackendOverride(backend);
  const vision = createVisionClient();
  const index = createIndexClient();
  const egress = createEgress({ ledger, settings, ownOrigin });
  const server = createServerClient(egress, settings, ownOrigin);
  const { catalogue, forget } = cachedCatalogue(products);
  const reloading: IndexService = {
    ...index,
    reload: (space, options) => {
      forget();
      return index.reload(space, options);
    },
  };
  return {
    pipeline: { vision, index: withGallery(reloading, vision), catalogue, gallery, server, people: () => people.list() },
    memory: { vision, index: reloading, products, gallery, corrections },
    server,
    forgetCatalogue: forget,
  };
}

/** The whole catalogue is asked for with every look; the same array is handed out until something changed. */
function cachedCatalogue(products: ProductStore): { catalogue: Catalogue; forget: () => void } {
  let all: Promise<readonly Product[]> | null = null;
  const forget = (): void => {
    all = null;
  };
  const load = (): Promise<readonly Product[]> => {
    all ??= products.all().catch((error: unknown) => {
      forget();
      throw error;
    });
    return all;
  };
  return { catalogue: { byId: (id) => products.byId(id), byGtin: (gtin) => products.byGtin(gtin), all: load }, forget };
}

/** The index reads the device's gallery before its first question. */
function withGallery(index: IndexService, vision: VisionService): IndexService {
  let loaded: Promise<number> | null = null;
  const load = async (options?: CallOptions): Promise<void> => {
    loaded ??= vision.embeddingSpace().then((space) => index.reload(space, options));
    try {
      await loaded;
    } catch (error) {
      loaded = null;
      throw error;
    }
  };
  return {
    ...index,
    search: async (probe, k, options) => {
      await load(options);
      return index.search(probe, k, options);
    },
    matchWords: async (words, k, options) => {
      await load(options);
      return index.matchWords(words, k, options);
    },
  };
}
