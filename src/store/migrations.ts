/**
 * @file Every version of the database, as steps. A step is never edited after it was released: a change of the schema is a new step,
 * and `tests/store/migrations.test.ts` opens every old version.
 */
import type { IDBPDatabase, IDBPTransaction } from 'idb';

/** From version `i` to `i + 1`, inside the version-change transaction. Untyped on purpose: it sees the schema of its own time. */
export type Migration = (database: IDBPDatabase, transaction: IDBPTransaction<unknown, string[], 'versionchange'>) => void;

const toVersion1: Migration = (database) => {
  const gallery = database.createObjectStore('gallery', { keyPath: 'id' });
  gallery.createIndex('bySpace', ['space', 'id']);
  gallery.createIndex('byProduct', 'productId');
  gallery.createIndex('bySource', 'source');
  database.createObjectStore('features', { keyPath: 'id' });
  const products = database.createObjectStore('products', { keyPath: 'id' });
  products.createIndex('byGtin', 'gtins', { multiEntry: true });
  products.createIndex('bySearchKey', 'searchKey');
  products.createIndex('bySource', 'source');
  const history = database.createObjectStore('history', { keyPath: 'id' });
  history.createIndex('byTime', ['atMs', 'id']);
  history.createIndex('byFavourite', ['favourite', 'atMs', 'id']);
  const corrections = database.createObjectStore('corrections', { keyPath: 'id' });
  corrections.createIndex('byTime', ['atMs', 'id']);
  corrections.createIndex('byHistory', 'historyId');
  database.createObjectStore('ledger', { keyPath: 'sequence' });
  database.createObjectStore('people', { keyPath: 'id' });
  database.createObjectStore('settings', { keyPath: 'key' });
  database.createObjectStore('notes', { keyPath: 'key' });
};

/** Photos chosen and not answered yet. */
const toVersion2: Migration = (database) => {
  database.createObjectStore('waiting', { keyPath: 'id' });
};

/** Packs, their parts and products, and the keys of the servers that they come from. */
const toVersion3: Migration = (database) => {
  database.createObjectStore('packs', { keyPath: 'id' });
  database.createObjectStore('packManifests', { keyPath: 'key' });
  database.createObjectStore('packParts', { keyPath: 'key' });
  const products = database.createObjectStore('packProducts', { keyPath: ['packId', 'id'] });
  products.createIndex('byId', 'id');
  products.createIndex('byGtin', 'gtins', { multiEntry: true });
  products.createIndex('bySearchKey', 'searchKey');
  products.createIndex('byPart', ['packId', 'part']);
  database.createObjectStore('packKeys', { keyPath: 'origin' });
};

/** Their number is the database's version. */
export const MIGRATIONS: readonly Migration[] = [toVersion1, toVersion2, toVersion3];
