/** @file Gallery photos as vectors: what the on-device index searches. Thread: page or index worker. */
import { AppError } from '../contracts/errors.ts';
import type { GalleryItem } from '../contracts/product.ts';
import type { EmbeddingSpace, LocalFeatures } from '../contracts/results.ts';
import { decodePhotos } from '../core/pack-photos.ts';
import { decodeKeypoints } from '../core/keypoint-bytes.ts';
import { packBlobs, packParts } from './active-packs.ts';
import { transact, type Database, type FeaturesRow, type GalleryRow, type Within } from './db.ts';

export interface GalleryStore {
  /** Add or replace; all or none. @throws AppError('invalid-input' | 'quota-exceeded') */
  put(items: readonly GalleryItem[]): Promise<void>;
  get(id: string): Promise<GalleryItem | null>;
  remove(ids: readonly string[]): Promise<void>;
  /** Remove everything of one source. Returns how many went. */
  removeBySource(source: string): Promise<number>;
  removeByProduct(productId: string): Promise<number>;
  /** Photos of one product, with their keypoints. */
  byProduct(productId: string): Promise<GalleryItem[]>;
  /**
   * All photos of a space in batches, the device's own by id and then those of packs that have not expired (an id that came before is
   * not repeated); `features` is always null (see {@link byGalleryIds}). Each batch is one transaction, so
   * 50,000 photos never stand in memory twice.
   */
  batches(space: string, batchSize?: number): AsyncGenerator<GalleryItem[], void, void>;
  /** {@link batches} in one array. */
  bySpace(space: string): Promise<GalleryItem[]>;
  /** Keypoints of some photos, the device's own and those of packs that have not expired; those without are absent. */
  byGalleryIds(ids: readonly string[]): Promise<ReadonlyMap<string, LocalFeatures>>;
  /** Number of photos per space, to tell the user what a changed model leaves behind. */
  countBySpace(): Promise<ReadonlyMap<string, number>>;
}

/** Gallery over the device's database. */
export function createGalleryStore(database: Database): GalleryStore {
  async function* batches(space: string, batchSize = 2000): AsyncGenerator<GalleryItem[], void, void> {
    const seen = new Set<string>();
    for await (const items of ownBatches(space, batchSize)) {
      for (const { id } of items) seen.add(id);
      yield items;
    }
    for (const { packId, key } of await packParts(database, 'photos', space)) {
      const row = await transact(database, ['packParts'], 'readonly', (transaction) => transaction.objectStore('packParts').get(key));
      // Removed meanwhile.
      if (row === undefined) continue;
      const photos = decodePhotos(row.bytes).filter(({ id }) => !seen.has(id));
      for (const { id } of photos) seen.add(id);
      yield photos.map((photo) => ({ ...photo, space: space as EmbeddingSpace, features: null, source: `pack:${packId}` }));
    }
  }
  async function* ownBatches(space: string, batchSize: number): AsyncGenerator<GalleryItem[], void, void> {
    let after = '';
    while (true) {
      // An array sorts after every string, so `[space, []]` is past the last id of the space.
      const range = IDBKeyRange.bound([space, after], [space, []], true);
      const rows = await transact(database, ['gallery'], 'readonly', (transaction) =>
        transaction.objectStore('gallery').index('bySpace').getAll(range, batchSize),
      );
      if (rows.length > 0) yield rows.map((row) => ({ ...row, features: null }));
      const last = rows.at(-1);
      if (last === undefined || rows.length < batchSize) return;
      after = last.id;
    }
  }
  return {
    async put(items) {
      items.forEach(checkItem);
      await transact(database, ['gallery', 'features'], 'readwrite', (transaction) => putGallery(transaction, items));
    },
    get: (id) =>
      transact(database, ['gallery', 'features'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('gallery').get(id);
        return row === undefined ? null : join(row, await transaction.objectStore('features').get(id));
      }),
    remove: (ids) =>
      transact(database, ['gallery', 'features'], 'readwrite', async (transaction) => {
        await removeGallery(transaction, ids);
      }),
    removeBySource: (source) =>
      transact(database, ['gallery', 'features'], 'readwrite', async (transaction) => {
        const ids = await transaction.objectStore('gallery').index('bySource').getAllKeys(source);
        await removeGallery(transaction, ids);
        return ids.length;
      }),
    removeByProduct: (productId) =>
      transact(database, ['gallery', 'features'], 'readwrite', async (transaction) => {
        const ids = await transaction.objectStore('gallery').index('byProduct').getAllKeys(productId);
        await removeGallery(transaction, ids);
        return ids.length;
      }),
    byProduct: (productId) =>
      transact(database, ['gallery', 'features'], 'readonly', async (transaction) => {
        const rows = await transaction.objectStore('gallery').index('byProduct').getAll(productId);
        return Promise.all(rows.map(async (row) => join(row, await transaction.objectStore('features').get(row.id))));
      }),
    batches,
    async bySpace(space) {
      const items: GalleryItem[] = [];
      for await (const batch of batches(space)) items.push(...batch);
      return items;
    },
    async byGalleryIds(ids) {
      const { found, others } = await transact(database, ['gallery', 'features'], 'readonly', async (transaction) => {
        const rows = await Promise.all(ids.map((id) => transaction.objectStore('features').get(id)));
        const own = await Promise.all(ids.map((id) => transaction.objectStore('gallery').getKey(id)));
        return {
          found: new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.id, withoutId(row)] as const]))),
          // A photo of the device's own stands in the place of a pack's under the same id, also one without keypoints.
          others: ids.filter((_id, i) => own[i] === undefined && rows[i] === undefined),
        };
      });
      for (const [id, bytes] of await packBlobs(database, 'keypoints', others)) found.set(id, decodeKeypoints(bytes));
      return found;
    },
    countBySpace: () =>
      transact(database, ['gallery'], 'readonly', async (transaction) => {
        const counts = new Map<string, number>();
        const index = transaction.objectStore('gallery').index('bySpace');
        let cursor = await index.openKeyCursor();
        while (cursor !== null) {
          const [space] = cursor.key;
          counts.set(space, await index.count(IDBKeyRange.bound([space], [space, []])));
          cursor = await cursor.continue([space, []] as unknown as [string, string]);
        }
        return counts;
      }),
  };
}

/** Write gallery photos inside a wider transaction. Check them with {@link checkItem} first. */
export async function putGallery(transaction: Within<'gallery' | 'features', 'readwrite'>, items: readonly GalleryItem[]): Promise<void> {
  // Each photo in an async function of its own: whichever write throws, no other is left with a rejection that nobody hears.
  await Promise.all(
    items.map(async ({ features, ...row }) => {
      // A view into a larger buffer would be stored with all of that buffer.
      const front = row.front === undefined ? {} : { front: { ...row.front, layout: row.front.layout.slice() } };
      const own = { ...row, ...front, vector: row.vector.slice(), colour: row.colour?.slice() ?? null };
      await transaction.objectStore('gallery').put(own);
      const store = transaction.objectStore('features');
      if (features === null) await store.delete(row.id);
      else await store.put({ ...features, id: row.id, points: features.points.slice(), descriptors: features.descriptors.slice() });
    }),
  );
}

/** Delete gallery photos inside a wider transaction. */
export async function removeGallery(transaction: Within<'gallery' | 'features', 'readwrite'>, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.flatMap((id) => [transaction.objectStore('gallery').delete(id), transaction.objectStore('features').delete(id)]));
}

/** @throws AppError('invalid-input') for a vector that no search could use. */
export function checkItem(item: GalleryItem): void {
  const { vector, colour, features, front } = item;
  const isUsable =
    item.id !== '' &&
    item.productId !== '' &&
    vector.length >= 2 &&
    vector.every(Number.isFinite) &&
    (colour === null || colour.every(Number.isFinite)) &&
    (front === undefined || (front.aspect > 0 && front.layout.every(Number.isFinite))) &&
    (features === null ||
      (features.points.length === features.count * 2 && features.descriptors.length === features.count * features.descriptorBytes));
  if (!isUsable) throw new AppError('invalid-input', `gallery photo ${item.id} is malformed`, { stage: 'store' });
}

function join(row: GalleryRow, features: FeaturesRow | undefined): GalleryItem {
  return { ...row, features: features === undefined ? null : withoutId(features) };
}

function withoutId({ algorithm, count, points, descriptors, descriptorBytes, aspect }: FeaturesRow): LocalFeatures {
  return { algorithm, count, points, descriptors, descriptorBytes, aspect };
}
