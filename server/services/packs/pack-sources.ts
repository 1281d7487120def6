/** @file Where packs take photos from on a running server: the collections, without what is over or being erased. */
import { AppError } from '../../../src/contracts/errors.ts';
import type { CollectionStore } from '../collections/collection-store.ts';
import type { PackSources } from './pack-selection.ts';
import type { RecordKeeper } from '../records/record-keeper.ts';
import type { ThumbnailService } from '../records/thumbnail-service.ts';

export function packSources(
  store: CollectionStore,
  keeper: Pick<RecordKeeper, 'holdsPersons' | 'overAmong' | 'rulesOf'>,
  thumbnails: Pick<ThumbnailService, 'get'>,
): PackSources {
  return {
    describe: (name) => store.describe(name),
    holdsPersons: (name) => keeper.holdsPersons(name),
    keypoints: (name, ids) => store.keypoints(name, ids),
    thumbnail: async (collection, id) =>
      keeper.rulesOf(collection)?.thumbnails === true
        ? ((await thumbnails.get({ collection, id }).catch(unlessDamaged))?.bytes ?? null)
        : null,
    async *scan(name, filter) {
      for await (const items of store.scan(name, filter === undefined ? {} : { filter })) {
        const over = await keeper.overAmong(
          name,
          items.map(({ id }) => id),
        );
        yield over.size === 0 ? items : items.filter(({ id }) => !over.has(id));
      }
    },
  };
}

/** A picture that does not open is named by its service; the pack does without it. */
function unlessDamaged(error: unknown): null {
  if (error instanceof AppError && error.code === 'model-integrity') return null;
  throw error;
}
