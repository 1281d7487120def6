/** @file Loads the demo catalogue and its vectors, once per version of the files. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import { productSchema, type Product } from '../../src/contracts/product.ts';
import type { LocalFeatures } from '../../src/contracts/results.ts';
import { PRODUCT_COLLECTION, itemIdSchema, spaceSchema } from '../../src/contracts/server-api.ts';
import { toGalleryMetadata } from '../../src/core/gallery-metadata.ts';
import { encodeKeypoints } from '../../src/core/keypoint-bytes.ts';
import type { AnnItem } from '../vectors/ann-index.ts';
import { itemTable } from '../vectors/item-rows.ts';
import type { Services } from './open-services.ts';

/** `catalogue.json`: the products, bare or under `products`. */
const catalogueSchema = z.union([
  z.array(productSchema),
  z.object({ products: z.array(productSchema) }).transform(({ products }) => products),
]);
/** `pack.json`: descriptors of the catalogue's photos; vectors, colours and points are base64 of float32, little-endian. */
const packSchema = z.object({
  space: spaceSchema,
  dimensions: z.int().min(2).max(4096),
  items: z.array(
    z.object({
      id: itemIdSchema,
      productId: z.string().min(1).max(200),
      vector: z.string(),
      colour: z.string().nullable().default(null),
      words: z.array(z.string().min(1).max(40)).max(60).optional(),
      features: z
        .object({
          algorithm: z.string(),
          count: z.int().nonnegative(),
          points: z.string(),
          descriptors: z.string(),
          descriptorBytes: z.int().positive(),
          aspect: z.number().positive(),
        })
        .nullable()
        .default(null),
    }),
  ),
});
const stateSchema = z.object({ hash: z.string(), itemIds: z.array(itemIdSchema) });

const LOAD_NAME = 'demo';
const BATCH = 500;

/** What a load did. */
export interface DemoLoad {
  readonly status: 'loaded' | 'unchanged' | 'absent';
  readonly products: number;
  readonly items: number;
}

/**
 * Load `catalogue.json` and `pack.json` of a folder. Idempotent; a changed file replaces what the older one brought and nothing else.
 * The hash is stored last: a load that was cut short is done again at the next start.
 * @throws AppError('invalid-input') for files of another shape, or a collection `products` of another space.
 */
export async function loadDemo(folder: string, { store, products, loads }: Services): Promise<DemoLoad> {
  const [catalogueText, packText] = await Promise.all([
    readOptional(join(folder, 'catalogue.json')),
    readOptional(join(folder, 'pack.json')),
  ]);
  if (catalogueText === null) return { status: 'absent', products: 0, items: 0 };
  const hash = createHash('sha256')
    .update(catalogueText)
    .update('\0')
    .update(packText ?? '')
    .digest('hex');
  const previous = stateSchema.nullable().parse(await loads.get(LOAD_NAME));
  const catalogue = parse(catalogueSchema, catalogueText, 'catalogue.json');
  const pack = packText === null ? null : parse(packSchema, packText, 'pack.json');
  const counts = { products: catalogue.length, items: pack?.items.length ?? 0 };
  if (previous?.hash === hash) return { status: 'unchanged', ...counts };

  // Everything is looked at before anything is changed.
  const items = pack === null ? [] : pack.items.map((item) => itemOf(item, pack.dimensions));
  if (pack !== null) await makeRoom(pack, previous?.itemIds.length ?? 0, store);

  await storeProducts(catalogue, products);
  const sources = new Set(catalogue.map(({ source }) => source));
  const ids = new Set(catalogue.map(({ id }) => id));
  // Only the demo's own source is cleared: an operator may use any other.
  if (sources.has('demo')) await products.removeOthersOf('demo', ids);

  if (pack !== null) {
    await store.create({ name: PRODUCT_COLLECTION, space: pack.space, dimensions: pack.dimensions, metric: 'cosine' });
    const unique = [...new Map(items.map((item) => [item.id, item])).values()];
    const checked = unique.map((item) => store.check(PRODUCT_COLLECTION, pack.space, item));
    // The log of single writes holds no keypoints. Cut short, the load is done again.
    if (checked.length > 0) await store.ingest(PRODUCT_COLLECTION, [itemTable(store.description(PRODUCT_COLLECTION), checked)]);
    const kept = new Set(pack.items.map(({ id }) => id));
    const gone = (previous?.itemIds ?? []).filter((id) => !kept.has(id));
    for (let start = 0; start < gone.length; start += BATCH) await store.delete(PRODUCT_COLLECTION, gone.slice(start, start + BATCH));
  }
  await loads.set(LOAD_NAME, { hash, itemIds: pack?.items.map(({ id }) => id) ?? [] });
  return { status: 'loaded', ...counts };
}

/**
 * A newer model writes into another space: a collection that holds nothing but the demo gives way, one that holds more does not.
 * @throws AppError('invalid-input') in the latter case.
 */
async function makeRoom(pack: { space: string; dimensions: number }, demoItems: number, store: Services['store']): Promise<void> {
  const existing = await store.describe(PRODUCT_COLLECTION);
  if (existing === null || (existing.space === pack.space && existing.dimensions === pack.dimensions)) return;
  if (existing.count > demoItems)
    throw new AppError(
      'invalid-input',
      `The collection "${PRODUCT_COLLECTION}" holds vectors of ${existing.space}; the demo's are of ${pack.space}. Enrol your items again with the new model, or start with another data folder.`,
    );
  await store.drop(PRODUCT_COLLECTION);
}

async function storeProducts(catalogue: readonly Product[], products: Services['products']): Promise<void> {
  for (let start = 0; start < catalogue.length; start += BATCH) await products.upsert(catalogue.slice(start, start + BATCH));
}

function itemOf(
  { id, productId, vector: text, colour, words, features }: z.infer<typeof packSchema>['items'][number],
  dimensions: number,
): AnnItem {
  const vector = floatsOf(text);
  if (vector.length !== dimensions)
    throw new AppError('invalid-input', `pack.json: the vector of "${id}" has ${vector.length} numbers, not ${dimensions}.`);
  const described = { colour: colour === null ? null : floatsOf(colour), ...(words === undefined ? {} : { words }) };
  const item = { id, productId, metadata: { source: 'demo', ...toGalleryMetadata(described) }, vector };
  return features === null ? item : { ...item, keypoints: encodeKeypoints(featuresOf(features)) };
}

function featuresOf({
  points,
  descriptors,
  ...rest
}: { points: string; descriptors: string } & Omit<LocalFeatures, 'points' | 'descriptors'>): LocalFeatures {
  return { ...rest, points: floatsOf(points), descriptors: Uint8Array.from(Buffer.from(descriptors, 'base64')) };
}

function floatsOf(base64: string): Float32Array<ArrayBuffer> {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parse<Output>(schema: z.ZodType<Output>, text: string, file: string): Output {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-input', `${file} is not JSON.`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new AppError('invalid-input', `${file}: ${z.prettifyError(result.error).slice(0, 500)}`);
  return result.data;
}
