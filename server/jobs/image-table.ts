/** @file A table of photos (CSV) as rows for the ingest: which column is what, and what is wrong with a row. */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { AppError } from '../../src/contracts/errors.ts';
import type { Product } from '../../src/contracts/product.ts';
import { itemIdSchema, type Fields, type FieldType } from '../../src/contracts/server-api.ts';
import { parsePrice } from '../../src/core/shelf/parse-price.ts';
import { toGtin14 } from '../../src/core/barcode/gtin.ts';
import { idOf, namedIn, type ImageList, type ImageRow, type ProductFacts, type RefusedRow } from './image-rows.ts';

/** What a column may be, besides a declared field of the collection. */
const COLUMNS = [
  'image',
  'id',
  'product',
  'name',
  'name_en',
  'name_ja',
  'brand',
  'category',
  'price',
  'own_label',
  'gtin',
  'kind',
] as const;
type Column = (typeof COLUMNS)[number];
const MAX_BYTES = 512 << 20;

/** How to read a table. */
export interface TableOptions {
  /** Images are looked for here; default: beside the table. */
  readonly folder?: string;
  /** `column=header`, e.g. `image=写真`. Headers that are a column's own name need none. */
  readonly mapping: readonly string[];
  /** Declared fields of the collection: their columns become metadata. */
  readonly fields: Fields;
  readonly source: string;
}

/** @throws AppError('invalid-input') for a table that is none, or lacks the column of images. */
export async function rowsOfTable(file: string, options: TableOptions): Promise<ImageList & { readonly encoding: string }> {
  const { text, encoding } = await readText(file);
  const records = parsed(text);
  const headers = Object.keys(records[0] ?? {});
  const column = columnsOf(headers, options);
  if (column.get('image') === undefined)
    throw new AppError(
      'invalid-input',
      `The table has no column "image". Say which one is it: --map image=<header>. It has ${headers.join(', ')}.`,
    );
  const folder = resolve(options.folder ?? dirname(file));
  const rows: ImageRow[] = [];
  const refused: RefusedRow[] = [];
  const products = new Map<string, ProductFacts>();
  const ids = new Set<string>();
  records.forEach((record, index) => {
    const value = (name: Column | `field ${string}`): string => record[column.get(name) ?? '']?.trim() ?? '';
    const image = value('image');
    try {
      const product = productOf(value, image, options.source);
      if (image === '') {
        products.set(product.id, product);
        return;
      }
      const id = value('id') === '' ? idOf(image) : value('id');
      if (!itemIdSchema.safeParse(id).success)
        throw new AppError('invalid-input', `the id "${id.slice(0, 60)}" has other characters than letters, digits and .:@/-_`);
      if (ids.has(id)) throw new AppError('invalid-input', `the id "${id.slice(0, 60)}" was used in a row before`);
      ids.add(id);
      const metadata = Object.fromEntries(
        Object.entries(options.fields).flatMap(([field, type]) => {
          const given = value(`field ${field}`);
          return given === '' ? [] : [[field, typed(field, type, given)]];
        }),
      );
      rows.push({ id, path: isAbsolute(image) ? image : join(folder, image), file: image, product, metadata });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.push({ file: image === '' ? `row ${index + 2}` : image, problem: `row ${index + 2}: ${error.message}` });
    }
  });
  return { rows, refused, products: [...products.values()], others: 0, encoding };
}

function productOf(value: (name: Column) => string, image: string, source: string): ProductFacts {
  const gtins = value('gtin')
    .split(/[\s;|]+/)
    .filter((code) => code !== '')
    .map((code) => {
      const gtin = toGtin14(code.replaceAll('-', ''));
      if (gtin === null) throw new AppError('invalid-input', `"${code.slice(0, 30)}" is no barcode number`);
      return gtin;
    });
  const [first] = gtins;
  const id = value('product') || (first === undefined ? '' : `${source}/${first}`) || (image === '' ? '' : `${source}/${image}`);
  if (id === '') throw new AppError('invalid-input', 'it names neither an image nor a product');
  if (id.length > 200) throw new AppError('invalid-input', 'the id of its product is longer than 200 characters');
  const name = { ...(value('name') === '' ? {} : namedIn(value('name'))), ...languages(value) };
  const kind = value('kind').toLowerCase();
  if (kind !== '' && kind !== 'packaged' && kind !== 'loose')
    throw new AppError('invalid-input', `kind is "packaged" or "loose", not "${kind.slice(0, 30)}"`);
  return {
    ...{ id, title: id, gtins: [...new Set(gtins)] },
    ...(Object.keys(name).length === 0 ? {} : { name }),
    ...(value('brand') === '' ? {} : { brand: value('brand').slice(0, 300) }),
    ...(value('category') === '' ? {} : { category: value('category').slice(0, 300) }),
    ...(value('price') === '' ? {} : { listPrice: priceOf(value('price')) }),
    ...(value('own_label') === '' ? {} : { isOwnLabel: typed('own_label', 'bool', value('own_label')) === true }),
    ...(kind === '' ? {} : { kind }),
  };
}

/** `¥1,280`, `1280円` or `12.80`. */
function priceOf(text: string): number {
  const price = parsePrice(/^[\d.,]+$/.test(text) ? `¥${text}` : text)?.amount ?? null;
  if (price === null) throw new AppError('invalid-input', `"${text.slice(0, 30)}" is no price`);
  return price;
}

function languages(value: (name: Column) => string): Product['name'] {
  const [en, ja] = [value('name_en'), value('name_ja')];
  return { ...(en === '' ? {} : { en }), ...(ja === '' ? {} : { ja }) };
}

function typed(field: string, type: FieldType, text: string): string | number | boolean {
  const wrong = () => new AppError('invalid-input', `"${text.slice(0, 30)}" of ${field} is no ${type}`);
  if (type === 'keyword') return text.slice(0, 2000);
  if (type === 'bool') {
    if (/^(true|yes|1)$/i.test(text)) return true;
    if (/^(false|no|0)$/i.test(text)) return false;
    throw wrong();
  }
  const number = Number(text);
  if (!Number.isFinite(number) || (type === 'int' && !Number.isSafeInteger(number))) throw wrong();
  return number;
}

/** Header of each column; headers are compared without case. @throws AppError('invalid-input') for a mapping that names nothing. */
function columnsOf(headers: readonly string[], { mapping, fields }: TableOptions): ReadonlyMap<Column | `field ${string}`, string> {
  const find = (name: string) => headers.find((header) => header.trim().toLowerCase() === name.toLowerCase());
  const columns = new Map<Column | `field ${string}`, string>();
  const set = (name: string, header: string) =>
    columns.set((COLUMNS as readonly string[]).includes(name) ? (name as Column) : `field ${name}`, header);
  // A declared field of the same name as a column is both.
  for (const name of Object.keys(fields)) if (find(name) !== undefined) columns.set(`field ${name}`, find(name)!);
  for (const name of COLUMNS) if (find(name) !== undefined) columns.set(name, find(name)!);
  for (const one of mapping) {
    const [, name = '', wanted = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    const isKnown = (COLUMNS as readonly string[]).includes(name) || Object.hasOwn(fields, name);
    if (!isKnown)
      throw new AppError(
        'invalid-input',
        `--map ${one}: give one of ${[...COLUMNS, ...Object.keys(fields)].join(', ')}, "=", and a header.`,
      );
    const header = find(wanted);
    if (header === undefined)
      throw new AppError('invalid-input', `--map ${one}: the table has no such header. It has ${headers.join(', ')}.`);
    set(name, header);
  }
  return columns;
}

function parsed(text: string): Record<string, string>[] {
  try {
    const delimiter = /^[^\n"]*\t/.test(text) ? '\t' : /^[^\n",]*;/.test(text) ? ';' : ',';
    return parse(text, { columns: true, bom: true, skip_empty_lines: true, relax_column_count: true, delimiter });
  } catch (error) {
    throw new AppError('invalid-input', `The table cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : ''}`, {
      cause: error,
    });
  }
}

/** Spreadsheets in Japan still write Shift_JIS. */
async function readText(file: string): Promise<{ text: string; encoding: string }> {
  const bytes = await readFile(file);
  if (bytes.byteLength > MAX_BYTES) throw new AppError('invalid-input', 'The table is larger than 512 MB: cut it into several.');
  for (const encoding of ['utf-8', 'shift_jis']) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
    } catch {
      // The next one.
    }
  }
  throw new AppError('invalid-input', 'The table is neither UTF-8 nor Shift_JIS.');
}
