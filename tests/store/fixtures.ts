/** @file Values that the store tests share. */
import { createDatabase, type Database, type DatabaseOptions } from '../../src/store/db.ts';
import type { HistoryEntry } from '../../src/contracts/history.ts';
import type { GalleryItem, Product } from '../../src/contracts/product.ts';

let counter = 0;

/** A database of its own for one test. */
export function freshDatabase(options: DatabaseOptions = {}): Database {
  return createDatabase({ name: `test-${++counter}`, ...options });
}

export function galleryItem(id: string, overrides: Partial<GalleryItem> = {}): GalleryItem {
  return {
    id,
    productId: 'p1',
    space: 'product-embedding@2',
    vector: Float32Array.from([0.6, 0.8]),
    colour: Float32Array.from([1, 0, 0]),
    features: {
      algorithm: 'orb',
      count: 2,
      points: Float32Array.from([0.1, 0.2, 0.3, 0.4]),
      descriptors: Uint8Array.from([1, 2, 3, 4]),
      descriptorBytes: 2,
      aspect: 0.75,
    },
    source: 'user',
    ...overrides,
  };
}

export function product(id: string, overrides: Partial<Product> = {}): Product {
  return {
    id,
    name: { en: `Product ${id}`, ja: `商品${id}` },
    gtins: [],
    kind: 'packaged',
    packWords: [],
    source: 'user',
    updatedAtMs: 1,
    ...overrides,
  };
}

export function historyEntry(id: string, overrides: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    id,
    lensId: 'product',
    atMs: 1000,
    photo: new Blob([`photo of ${id}`], { type: 'image/jpeg' }),
    thumbnail: new Blob([`thumbnail of ${id}`], { type: 'image/jpeg' }),
    box: { x: 0.1, y: 0.2, width: 0.5, height: 0.5 },
    candidates: [
      {
        productId: 'p1',
        name: 'ミルクチョコ Milk Choco',
        probability01: 0.9,
        evidence: { barcode: null, look: 0.9, colour: 0.8, text: null, samePack: true },
        computedOn: 'device',
      },
    ],
    certainty: 'likely',
    barcodes: [],
    text: null,
    editedText: null,
    judgement: null,
    isFavourite: false,
    correctedProductId: null,
    backends: { 'product-embedding': 'wasm' },
    ...overrides,
  };
}
