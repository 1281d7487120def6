/** @file Products known on this device. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { productSchema, type Product } from '../contracts/product.ts';
import { transact, type Database, type ProductRow, type Transaction } from './db.ts';
import { searchKey, searchWords } from './search-key.ts';

export interface ProductStore {
  /** Add or replace; all or none. @throws AppError('invalid-input' | 'quota-exceeded') */
  put(products: readonly Product[]): Promise<void>;
  byId(id: string): Promise<Product | null>;
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Product>>;
  /** @param gtin GTIN-14. The most recently changed product when several carry it. */
  byGtin(gtin: string): Promise<Product | null>;
  all(): Promise<readonly Product[]>;
  /** Products whose names, brand, pack words or barcode contain every word of the query; best first. */
  search(query: string, limit?: number): Promise<Product[]>;
  /** Remove products together with their gallery photos. */
  remove(ids: readonly string[]): Promise<void>;
  /** Returns how many went. Gallery photos are left to the gallery store. */
  removeBySource(source: string): Promise<number>;
  count(): Promise<number>;
}

/** Products over the device's database. */
export function createProductStore(database: Database): ProductStore {
  const read = <Result>(body: (transaction: Transaction<'products', 'readonly'>) => Promise<Result>): Promise<Result> =>
    transact(database, ['products'], 'readonly', body);
  return {
    async put(products) {
      const rows = products.map(toProductRow);
      await transact(database, ['products'], 'readwrite', async (transaction) => {
        await Promise.all(rows.map((row) => transaction.objectStore('products').put(row)));
      });
    },
    byId: (id) => read(async (transaction) => productOf(await transaction.objectStore('products').get(id))),
    byIds: (ids) =>
      read(async (transaction) => {
        const rows = await Promise.all([...new Set(ids)].map((id) => transaction.objectStore('products').get(id)));
        const products = rows.map(productOf).filter((product) => product !== null);
        return new Map(products.map((product) => [product.id, product]));
      }),
    byGtin: (gtin) =>
      read(async (transaction) => {
        const rows = await transaction.objectStore('products').index('byGtin').getAll(gtin);
        const products = rows.map(productOf).filter((product) => product !== null);
        return products.sort((a, b) => b.updatedAtMs - a.updatedAtMs)[0] ?? null;
      }),
    all: () =>
      read(async (transaction) => {
        const rows = await transaction.objectStore('products').getAll();
        return rows.map(productOf).filter((product) => product !== null);
      }),
    async search(query, limit = 20) {
      const words = searchWords(query);
      if (words.length === 0) return [];
      const hits: { id: string; rank: number }[] = [];
      return read(async (transaction) => {
        const store = transaction.objectStore('products');
        // Keys only: products themselves are read for the hits alone.
        let cursor = await store.index('bySearchKey').openKeyCursor();
        while (cursor !== null) {
          const rank = rankOf(cursor.key, words);
          if (rank !== null) hits.push({ id: cursor.primaryKey, rank });
          cursor = await cursor.continue();
        }
        const best = hits.sort((a, b) => a.rank - b.rank).slice(0, limit);
        const rows = await Promise.all(best.map(({ id }) => store.get(id)));
        return rows.map(productOf).filter((product) => product !== null);
      });
    },
    remove: (ids) =>
      transact(database, ['products', 'gallery', 'features'], 'readwrite', async (transaction) => {
        for (const id of ids) {
          await transaction.objectStore('products').delete(id);
          for (const galleryId of await transaction.objectStore('gallery').index('byProduct').getAllKeys(id)) {
            await transaction.objectStore('gallery').delete(galleryId);
            await transaction.objectStore('features').delete(galleryId);
          }
        }
      }),
    removeBySource: (source) =>
      transact(database, ['products'], 'readwrite', async (transaction) => {
        const ids = await transaction.objectStore('products').index('bySource').getAllKeys(source);
        await Promise.all(ids.map((id) => transaction.objectStore('products').delete(id)));
        return ids.length;
      }),
    count: () => read((transaction) => transaction.objectStore('products').count()),
  };
}

/** @throws AppError('invalid-input') when the product breaks its schema. */
export function toProductRow(product: Product): ProductRow {
  const parsed = productSchema.safeParse(product);
  if (!parsed.success)
    throw new AppError('invalid-input', `product is malformed at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, { stage: 'store' });
  const { id, name, brand, gtins, packWords, source } = parsed.data;
  // Half-width bars keep parts apart: no word of a query matches across two of them.
  const key = [name.ja, name.en, brand, ...packWords, ...gtins].flatMap((part) => (part === undefined ? [] : [searchKey(part)])).join('|');
  return { id, product: parsed.data, gtins, source, searchKey: key };
}

/** Rows that an older app wrote in a shape no longer valid are as good as absent. */
function productOf(row: ProductRow | undefined): Product | null {
  if (row === undefined) return null;
  const parsed = productSchema.safeParse(row.product);
  return parsed.success ? parsed.data : null;
}

/** Lower is better; null when a word is missing. */
function rankOf(key: string, words: readonly string[]): number | null {
  let rank = 0;
  for (const word of words) {
    const at = key.indexOf(word);
    if (at < 0) return null;
    rank += at === 0 || key[at - 1] === '|' ? 0 : 1000 + at;
  }
  return rank + key.length / 1000;
}
