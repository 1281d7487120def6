/** @file Products known on this device. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { productSchema, type Product } from '../contracts/product.ts';
import { isActive } from './active-packs.ts';
import { transact, type Database, type PackProductRow, type ProductRow, type Transaction } from './db.ts';
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

/** Where products are looked up. [Note: Own products first] What the user or the demo says of a product wins over what a pack says. */
const PLACES = ['products', 'packProducts', 'packs'] as const;
type Reading = Transaction<(typeof PLACES)[number], 'readonly'>;

/** Products over the device's database: its own, and those of packs that have not expired. */
export function createProductStore(database: Database): ProductStore {
  const read = <Result>(body: (transaction: Reading) => Promise<Result>): Promise<Result> => transact(database, PLACES, 'readonly', body);
  return {
    async put(products) {
      const rows = products.map(toProductRow);
      await transact(database, ['products'], 'readwrite', async (transaction) => {
        await Promise.all(rows.map((row) => transaction.objectStore('products').put(row)));
      });
    },
    byId: (id) => read((transaction) => find(transaction, id)),
    byIds: (ids) =>
      read(async (transaction) => {
        const found = await Promise.all([...new Set(ids)].map((id) => find(transaction, id)));
        const products = found.filter((product) => product !== null);
        return new Map(products.map((product) => [product.id, product]));
      }),
    byGtin: (gtin) =>
      read(async (transaction) => {
        const rows = await transaction.objectStore('products').index('byGtin').getAll(gtin);
        const own = newest(rows.map(productOf).filter((product) => product !== null));
        return own ?? newest(await active(transaction, await transaction.objectStore('packProducts').index('byGtin').getAll(gtin)));
      }),
    all: () =>
      read(async (transaction) => {
        const rows = await transaction.objectStore('products').getAll();
        const own = rows.map(productOf).filter((product) => product !== null);
        const packed = await active(transaction, await transaction.objectStore('packProducts').getAll());
        return onceEach([...own, ...packed]);
      }),
    async search(query, limit = 20) {
      const words = searchWords(query);
      if (words.length === 0) return [];
      return read(async (transaction) => {
        const hits = new Map<string, number>();
        const note = (id: string, rank: number): void => void hits.set(id, Math.min(rank, hits.get(id) ?? Infinity));
        // Keys only: products themselves are read for the hits alone.
        let cursor = await transaction.objectStore('products').index('bySearchKey').openKeyCursor();
        while (cursor !== null) {
          const rank = rankOf(cursor.key, words);
          if (rank !== null) note(cursor.primaryKey, rank);
          cursor = await cursor.continue();
        }
        let packed = await transaction.objectStore('packProducts').index('bySearchKey').openKeyCursor();
        while (packed !== null) {
          const rank = rankOf(packed.key, words);
          if (rank !== null) note(packed.primaryKey[1], rank);
          packed = await packed.continue();
        }
        const best = [...hits].sort(([, a], [, b]) => a - b);
        const found: Product[] = [];
        // A hit may be in an expired pack only.
        for (const [id] of best) {
          if (found.length >= limit) break;
          const product = await find(transaction, id);
          if (product !== null) found.push(product);
        }
        return found;
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
    count: () =>
      read(async (transaction) => {
        const own = await transaction.objectStore('products').getAllKeys();
        const packed = await active(transaction, await transaction.objectStore('packProducts').getAll());
        return new Set([...own, ...packed.map(({ id }) => id)]).size;
      }),
  };
}

/** [Note: Own products first] */
async function find(transaction: Reading, id: string): Promise<Product | null> {
  const own = productOf(await transaction.objectStore('products').get(id));
  return own ?? newest(await active(transaction, await transaction.objectStore('packProducts').index('byId').getAll(id)));
}

/** Products of packs that may be answered from. */
async function active(transaction: Reading, rows: readonly PackProductRow[]): Promise<Product[]> {
  if (rows.length === 0) return [];
  const packs = await transaction.objectStore('packs').getAll();
  const usable = new Set(packs.filter((pack) => isActive(pack)).map(({ id }) => id));
  return rows.filter(({ packId }) => usable.has(packId)).map(({ product }) => product);
}

function newest(products: readonly Product[]): Product | null {
  return [...products].sort((a, b) => b.updatedAtMs - a.updatedAtMs)[0] ?? null;
}

/** The first of each id. */
function onceEach(products: readonly Product[]): Product[] {
  const byId = new Map<string, Product>();
  for (const product of products) if (!byId.has(product.id)) byId.set(product.id, product);
  return [...byId.values()];
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
