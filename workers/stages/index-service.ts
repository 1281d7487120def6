/** @file The index worker's interface: exact neighbours over a gallery that is read from where it is stored. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import type { IndexApi } from '../../src/contracts/index-api.ts';
import type { GalleryItem } from '../../src/contracts/product.ts';
import type { TaskOptions } from '../../src/contracts/task.ts';
import { indexPhotoWords, type PhotoWordIndex, type WordedPhoto } from '../../src/core/photo-words.ts';
import { createNearest } from './nearest.ts';

/** Where the gallery is stored; see `GalleryStore` in `src/store/embeddings.ts`. */
export interface StoredGallery {
  batches(space: string): AsyncIterable<readonly GalleryItem[]>;
}

/** @returns the interface; the gallery in memory is its own. */
export function createIndex(gallery: StoredGallery): IndexApi {
  const nearest = createNearest();
  let words: PhotoWordIndex = indexPhotoWords([]);
  const cancelled = new Set<string>();
  const running = new Set<string>();

  async function run<Result>({ taskId }: TaskOptions, job: (check: () => void) => Promise<Result>): Promise<Result> {
    running.add(taskId);
    try {
      return await job(() => {
        if (cancelled.has(taskId)) throw new AppError('cancelled', 'The task was cancelled', { stage: 'match' });
      });
    } finally {
      running.delete(taskId);
      cancelled.delete(taskId);
    }
  }

  function replace(items: readonly GalleryItem[]): number {
    const count = nearest.replace(items);
    words = indexPhotoWords(wordedPhotos(items));
    return count;
  }

  return {
    reload: (space, options) =>
      run(options, async (check) => {
        const items: GalleryItem[] = [];
        for await (const batch of gallery.batches(space)) {
          check();
          items.push(...batch);
        }
        return replace(items);
      }),
    replace: (items, options) => run(options, () => Promise.resolve().then(() => replace(items))),
    search: (probe, k, options) => run(options, () => Promise.resolve().then(() => nearest.search(probe, k))),
    matchWords: (asked, k, options) => run(options, () => Promise.resolve().then(() => words.match(asked, k))),
    cancel(taskId) {
      if (running.has(taskId)) cancelled.add(taskId);
      return Promise.resolve();
    },
    ping: () => Promise.resolve('pong'),
  };
}

function* wordedPhotos(items: readonly GalleryItem[]): Generator<WordedPhoto> {
  for (const { productId, words } of items) if (words !== undefined) yield { productId, words };
}
