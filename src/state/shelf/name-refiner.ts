/**
 * @file Names that get better in the background, photo by photo, once nothing waits to be read any more: packs are read, and the server is asked
 * as far as the user allowed it. Thread: page.
 */
import { toAppError } from '../../contracts/errors.ts';
import type { Product } from '../../contracts/product.ts';
import type { FacingNews } from '../../contracts/shelf.ts';
import { m } from '../../paraglide/messages.js';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { nameOfProduct } from '../product-name.ts';
import { tasks } from '../tasks.svelte.ts';

/** Packs of one photo are read for at most so long. */
const LIMIT_MS = 30_000;
/** Nobody waits for better names: what cannot be had now is no failure to tell of. */
const NOT_NOW: ReadonlySet<string> = new Set(['model-unavailable', 'worker-died', 'gpu-lost', 'busy', 'out-of-memory']);

/** A photo that was read. */
export interface RefinablePhoto {
  readonly photoId: string;
  /** The server was not asked about it yet. */
  readonly mayAsk: boolean;
}

/** Whoever shows a photo takes the news of it, so that nothing that is on the screen is overwritten. @returns false for other photos. */
export type NewsTaker = (photoId: string, news: readonly FacingNews[]) => Promise<boolean>;

/** What the refiner stands on. */
export interface RefinerPlaces {
  /** True while photos wait to be read, which goes first. */
  isBusy(): boolean;
  /** Names of a photo that nobody shows have changed. */
  onChange(): void;
}

/** The photos of one page whose names are refined. */
export class NameRefiner {
  readonly #places: RefinerPlaces;
  readonly #waiting = new Map<string, RefinablePhoto>();
  readonly #takers = new Set<NewsTaker>();
  /** Once is enough until the page is opened again, also for those that were stopped. */
  readonly #begun = new Set<string>();
  #isRunning = false;

  constructor(places: RefinerPlaces) {
    this.#places = places;
  }

  /** Refine a photo when its turn comes: one that was just read, or one that an earlier visit of the page left behind. */
  want({ photoId, mayAsk }: RefinablePhoto): void {
    if (!mayAsk && (this.#begun.has(photoId) || this.#waiting.has(photoId))) return;
    this.#waiting.set(photoId, { photoId, mayAsk });
    void this.go();
  }

  /** @returns takes it back */
  follow(taker: NewsTaker): () => void {
    this.#takers.add(taker);
    return () => this.#takers.delete(taker);
  }

  /** Begin, unless photos wait to be read. Again is harmless; never rejects. */
  async go(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (!this.#places.isBusy()) {
        const [next] = this.#waiting.values();
        if (next === undefined) return;
        this.#waiting.delete(next.photoId);
        this.#begun.add(next.photoId);
        await this.#refine(next);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #refine({ photoId, mayAsk }: RefinablePhoto): Promise<void> {
    try {
      const { bayPhotos } = device();
      const [reading, looks] = await Promise.all([bayPhotos.reading(photoId), bayPhotos.looks(photoId)]);
      if (reading === null || looks.length === 0) return;
      const { isWorthReading, refineNames } = await import('../../flow/refine-names.ts');
      const shelf = { reading: reading.current, looks };
      const isWanted = isWorthReading(shelf) || (mayAsk && (await device().settings.mayLeave('shelf', 'vector')));
      const picture = isWanted ? await bayPhotos.picture(photoId, 'screen') : null;
      if (picture === null) return;
      const { pipeline } = await engine();
      let isUnseen = false;
      await tasks.run(m.shelf_task_refine(), async ({ signal, onProgress }) => {
        try {
          await refineNames({ picture, ...shelf }, pipeline, {
            ...{ signal, onProgress, priority: 'batch', limitMs: LIMIT_MS, mayAsk },
            onNews: async ({ news, products }) => {
              // Before the names that they carry.
              if (products.length > 0) await this.#learn(products);
              if (!(await this.#hand(photoId, news))) isUnseen = true;
            },
          });
        } catch (caught) {
          if (!NOT_NOW.has(toAppError(caught).code)) throw caught;
        } finally {
          if (isUnseen) await this.#summarise(photoId);
        }
      });
    } catch {
      // The names stay as they are; the task tray says why.
    }
  }

  /** Products that only the server knew are known here from now on; what the user or a pack says of one stays. */
  async #learn(products: readonly Product[]): Promise<void> {
    const known = await device().products.byIds(products.map(({ id }) => id));
    const fresh = products.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    await device().products.put(fresh);
    (await engine()).forgetCatalogue();
  }

  /** @returns false when nobody shows the photo: its bay is still to be summed up */
  async #hand(photoId: string, news: readonly FacingNews[]): Promise<boolean> {
    for (const taker of this.#takers) if (await taker(photoId, news)) return true;
    const { bayPhotos, products, shops } = device();
    const [photo, { takeNews }] = await Promise.all([bayPhotos.get(photoId), import('../../flow/name-on-shelf.ts')]);
    const heights = photo === null ? null : ((await shops.bay(photo.bayId))?.heights ?? null);
    await takeNews(photoId, news, { bayPhotos, products, heightsOf: () => heights });
    return false;
  }

  async #summarise(photoId: string): Promise<void> {
    const photo = await device().bayPhotos.get(photoId);
    if (photo === null) return;
    const { summariseBay } = await import('../../flow/summarise-bay.ts');
    await summariseBay({ id: photo.visitId, shopId: photo.shopId }, photo.bayId, device(), nameOfProduct);
    this.#places.onChange();
  }
}
