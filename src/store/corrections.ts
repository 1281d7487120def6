/** @file What the user told the app: confirmations, corrections, new products. They outlive re-indexing and can be undone. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import type { Correction } from '../contracts/history.ts';
import type { GalleryItem } from '../contracts/product.ts';
import { transact, type Database } from './db.ts';
import { checkItem, putGallery, removeGallery } from './embeddings.ts';
import { toHistoryRow } from './history.ts';

export interface CorrectionStore {
  /**
   * Remember a correction, mark its history entry and learn the gallery photo, all or nothing.
   * @param learnt the photo to learn; its id is the correction's `galleryId`.
   * @throws AppError('invalid-input' | 'quota-exceeded')
   */
  add(correction: Correction, learnt?: GalleryItem | null): Promise<void>;
  /** Newest first. */
  list(): Promise<Correction[]>;
  ofHistory(historyId: string): Promise<Correction[]>;
  /**
   * Take a correction back: the learnt photo goes, the history entry returns to the correction before (or none), and a product that
   * was added by it goes when nothing else refers to it. Returns the correction; null when it was undone already.
   */
  undo(id: string): Promise<Correction | null>;
  removeAll(): Promise<void>;
}

const STORES = ['corrections', 'history', 'gallery', 'features', 'products'] as const;

/** Corrections over the device's database. */
export function createCorrectionStore(database: Database): CorrectionStore {
  return {
    async add(correction, learnt = null) {
      if ((learnt?.id ?? null) !== correction.galleryId)
        throw new AppError('invalid-input', 'a correction names exactly the gallery photo that it brings', { stage: 'store' });
      if (learnt !== null) checkItem(learnt);
      await transact(database, STORES, 'readwrite', async (transaction) => {
        await transaction.objectStore('corrections').add(correction);
        if (learnt !== null) await putGallery(transaction, [learnt]);
        const row = await transaction.objectStore('history').get(correction.historyId);
        if (row !== undefined)
          await transaction.objectStore('history').put(toHistoryRow({ ...row.entry, correctedProductId: correction.productId }));
      });
    },
    list: () =>
      transact(database, ['corrections'], 'readonly', async (transaction) =>
        (await transaction.objectStore('corrections').index('byTime').getAll()).reverse(),
      ),
    ofHistory: (historyId) =>
      transact(database, ['corrections'], 'readonly', async (transaction) =>
        newestFirst(await transaction.objectStore('corrections').index('byHistory').getAll(historyId)),
      ),
    undo: (id) =>
      transact(database, STORES, 'readwrite', async (transaction) => {
        const corrections = transaction.objectStore('corrections');
        const correction = await corrections.get(id);
        if (correction === undefined) return null;
        await corrections.delete(id);
        if (correction.galleryId !== null) await removeGallery(transaction, [correction.galleryId]);
        const row = await transaction.objectStore('history').get(correction.historyId);
        if (row !== undefined) {
          const before = newestFirst(await corrections.index('byHistory').getAll(correction.historyId))[0];
          const correctedProductId = before?.productId ?? null;
          await transaction.objectStore('history').put(toHistoryRow({ ...row.entry, correctedProductId }));
        }
        if (correction.kind === 'added') {
          const isUsed = (await corrections.getAll()).some(({ productId }) => productId === correction.productId);
          const photos = await transaction.objectStore('gallery').index('byProduct').count(correction.productId);
          if (!isUsed && photos === 0) await transaction.objectStore('products').delete(correction.productId);
        }
        return correction;
      }),
    removeAll: () => transact(database, ['corrections'], 'readwrite', (transaction) => transaction.objectStore('corrections').clear()),
  };
}

function newestFirst(corrections: readonly Correction[]): Correction[] {
  return [...corrections].sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
}
