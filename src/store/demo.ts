/** @file The demo catalogue in the device's stores: installed at first use, renewed when it changed, removable. Thread: page. */
import { z } from 'zod';
import { AppError } from '../contracts/errors.ts';
import { productSchema, type GalleryItem } from '../contracts/product.ts';
import type { EmbeddingSpace } from '../contracts/results.ts';
import { spaceSchema } from '../contracts/server-api.ts';
import { floatsFromBase64, fromBase64 } from './base64.ts';
import { transact, type Database } from './db.ts';
import { checkItem, putGallery, removeGallery } from './embeddings.ts';
import { base64Schema, FEATURES_FIELDS, frontSchema, wordsSchema } from './gallery-text.ts';
import { toProductRow } from './products.ts';

/** `source` of everything that belongs to the demo. */
export const DEMO_SOURCE = 'demo';

const VERSION_NOTE = 'demo-version';
const versionSchema = z.strictObject({ version: z.string().regex(/^[0-9a-f]{8,64}$/) });
const catalogueSchema = z.array(productSchema).max(1000);
const packSchema = z.strictObject({
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  items: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(200),
        productId: z.string().min(1).max(200),
        vector: base64Schema,
        colour: base64Schema.nullable(),
        features: z.strictObject(FEATURES_FIELDS).nullable(),
        front: frontSchema.optional(),
        words: wordsSchema.optional(),
      }),
    )
    .max(10_000),
});

export interface Demo {
  /**
   * Install, or renew when the app brought another version. Reads one small file when nothing changed.
   * @returns true when something was written.
   * @throws AppError('offline') as `fetchJson` does; `invalid-input` for a damaged demo; `quota-exceeded` with nothing written.
   */
  install(): Promise<boolean>;
  isInstalled(): Promise<boolean>;
  /** Remove; products that the user taught photos of stay, with those photos. */
  remove(): Promise<void>;
}

/** @param fetchJson reads one of the app's own files, e.g. `demo/catalogue.json`. */
export function createDemo(database: Database, fetchJson: (path: string) => Promise<unknown>): Demo {
  const installed = (): Promise<unknown> =>
    transact(database, ['notes'], 'readonly', async (transaction) => (await transaction.objectStore('notes').get(VERSION_NOTE))?.value);
  return {
    async install() {
      const { version } = parse(versionSchema, await fetchJson('demo/version.json'), 'version');
      if ((await installed()) === version) return false;
      const [catalogue, pack] = await Promise.all([fetchJson('demo/catalogue.json'), fetchJson('demo/pack.json')]);
      const rows = parse(catalogueSchema, catalogue, 'catalogue').map(toProductRow);
      const items = parsePack(pack);
      await transact(database, ['notes', 'products', 'gallery', 'features'], 'readwrite', async (transaction) => {
        const products = transaction.objectStore('products');
        const old = await transaction.objectStore('gallery').index('bySource').getAllKeys(DEMO_SOURCE);
        await removeGallery(transaction, old);
        for (const id of await products.index('bySource').getAllKeys(DEMO_SOURCE)) await products.delete(id);
        for (const row of rows) await products.put(row);
        await putGallery(transaction, items);
        await transaction.objectStore('notes').put({ key: VERSION_NOTE, value: version });
      });
      return true;
    },
    async isInstalled() {
      return (await installed()) !== undefined;
    },
    remove: () =>
      transact(database, ['notes', 'products', 'gallery', 'features'], 'readwrite', async (transaction) => {
        const gallery = transaction.objectStore('gallery');
        await removeGallery(transaction, await gallery.index('bySource').getAllKeys(DEMO_SOURCE));
        const products = transaction.objectStore('products');
        for (const id of await products.index('bySource').getAllKeys(DEMO_SOURCE))
          if ((await gallery.index('byProduct').count(id)) === 0) await products.delete(id);
        await transaction.objectStore('notes').delete(VERSION_NOTE);
      }),
  };
}

/** Gallery photos of a pack file. @throws AppError('invalid-input') */
export function parsePack(value: unknown): GalleryItem[] {
  const { space, dimensions, items } = parse(packSchema, value, 'pack');
  return items.map(({ id, productId, vector, colour, features, front, words }) => {
    const item: GalleryItem = {
      id,
      productId,
      space: space as EmbeddingSpace,
      vector: floatsFromBase64(vector),
      colour: colour === null ? null : floatsFromBase64(colour),
      features:
        features === null
          ? null
          : { ...features, points: floatsFromBase64(features.points), descriptors: fromBase64(features.descriptors) },
      source: DEMO_SOURCE,
      ...(front === undefined ? {} : { front: { layout: floatsFromBase64(front.layout), aspect: front.aspect } }),
      ...(words === undefined ? {} : { words }),
    };
    if (item.vector.length !== dimensions) throw new AppError('invalid-input', `pack item ${id} has another dimension`, { stage: 'store' });
    checkItem(item);
    return item;
  });
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new AppError('invalid-input', `the demo's ${what} is damaged at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, {
      stage: 'store',
    });
  return parsed.data;
}
