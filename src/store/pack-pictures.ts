/** @file Small pictures of products, as packs bring them. Thread: page. */
import { packBlobs } from './active-packs.ts';
import type { Database } from './db.ts';

export interface PackPictures {
  /** Pictures of those among the products that packs which have not expired hold one of. */
  byProductIds(ids: readonly string[]): Promise<ReadonlyMap<string, Blob>>;
}

/** Pictures over the device's database. */
export function createPackPictures(database: Database): PackPictures {
  return {
    async byProductIds(ids) {
      const found = await packBlobs(database, 'thumbnails', ids);
      // A copy: the bytes are a view into their part.
      return new Map([...found].map(([id, bytes]) => [id, new Blob([bytes.slice()], { type: 'image/webp' })]));
    },
  };
}
