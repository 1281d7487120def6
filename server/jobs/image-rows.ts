/**
 * @file Photos to ingest: what a folder says of them by its names, or a table by its rows. Nothing is decoded here.
 * A folder: `<product>/<photo>` or `<product>.<type>`; a name that is a barcode number gives the product its GTIN.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import type { Product } from '../../src/contracts/product.ts';
import { itemIdSchema } from '../../src/contracts/server-api.ts';
import { toGtin14 } from '../../src/core/barcode/gtin.ts';
import type { ItemMetadata } from '../vectors/ann-index.ts';

/** What is known of a product before its photos are seen; what is absent is left as the server has it. */
export interface ProductFacts {
  readonly id: string;
  readonly name?: Product['name'];
  /** Name of a product that the server does not know yet and that has no other. */
  readonly title: string;
  readonly brand?: string;
  readonly category?: string;
  readonly listPrice?: number;
  readonly isOwnLabel?: boolean;
  readonly gtins: readonly string[];
  readonly kind?: Product['kind'];
}

/** One photo of one product. */
export interface ImageRow {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  /** As people know it, for reports. */
  readonly file: string;
  readonly product: ProductFacts;
  readonly metadata: ItemMetadata;
}

/** A photo that cannot be taken, and why. */
export interface RefusedRow {
  readonly file: string;
  readonly problem: string;
}

/** Everything that was listed, in a fixed order. */
export interface ImageList {
  readonly rows: readonly ImageRow[];
  readonly refused: readonly RefusedRow[];
  /** Products without a photo. */
  readonly products: readonly ProductFacts[];
  /** Files beside them that are no photos. */
  readonly others: number;
}

/** HEIC is listed and then refused by name where it cannot be decoded: better than passed over. */
const PHOTOS = /\.(jpe?g|png|webp|avif|gif|bmp|heic|heif|jfif)$/i;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const MAX_ID = 200;

/** @param source first part of the products' ids, so that they are nobody else's. @throws when the folder cannot be read. */
export async function rowsOfFolder(folder: string, source: string): Promise<ImageList> {
  const root = resolve(folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(sep).some((part) => part.startsWith('.')))
    .sort();
  const photos = files.filter((file) => PHOTOS.test(file));
  const rows = photos.map((file): ImageRow => {
    const shown = file.split(sep).join('/').normalize('NFC');
    const name = dirname(shown) === '.' ? basename(shown, extname(shown)) : dirname(shown);
    const title = basename(name).replaceAll('_', ' ').trim();
    const gtin = toGtin14(basename(name));
    return {
      ...{ id: idOf(shown), path: join(root, file), file: shown, metadata: {} },
      product: { id: cut(`${source}/${name}`), title: title === '' ? name : title, gtins: gtin === null ? [] : [gtin] },
    };
  });
  return { rows, refused: [], products: [], others: files.length - photos.length };
}

/** A name in the language that it is written in. */
export function namedIn(name: string): Product['name'] {
  return JAPANESE.test(name) ? { ja: name } : { en: name };
}

/** @returns an id that the server takes; the same for the same file. Other characters give way to a hash. */
export function idOf(file: string): string {
  if (itemIdSchema.safeParse(file).success) return file;
  const hash = createHash('sha256').update(file).digest('hex').slice(0, 12);
  const plain = file.replaceAll(/[^\w.:@/-]+/g, '_').slice(0, MAX_ID - 14);
  return `${plain}.${hash}`;
}

/**
 * What tells whether a photo must be described again: its file, its product and fields, and how it is described.
 * @param recipe of the description. @throws when the file is not there.
 */
export async function stampOf({ path, product, metadata }: ImageRow, recipe: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const said = JSON.stringify([size, Math.round(mtimeMs), product.id, product.kind ?? null, metadata, recipe]);
  return createHash('sha256').update(said).digest('hex').slice(0, 16);
}

function cut(id: string): string {
  return id.length <= MAX_ID ? id : `${id.slice(0, MAX_ID - 13)}.${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}
