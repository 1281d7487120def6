/**
 * @file Items as rows of an Arrow table: id, product, what is not declared of the metadata as JSON, one typed column for each declared
 * field (null where an item lacks it), keypoints (null where none are known), and the vector at length 1. The engine's tables, bulk segments and exports have this schema.
 */
import { Field, Binary, RecordBatch, Schema, Struct, Table, Utf8, makeData, type Data } from 'apache-arrow';
import { metadataSchema } from '../../src/contracts/server-api.ts';
import type { AnnItem, AnnSpec, ItemMetadata } from './ann-index.ts';
import {
  fieldColumn,
  fieldColumnType,
  keypointColumn,
  putUnit,
  textColumn,
  textLayout,
  vectorColumn,
  vectorColumnType,
} from './item-columns.ts';
import { columnOf, requireType, type Scalar } from './scalar-filter.ts';

/** What a row needs to know of its collection. */
export type RowSpec = Pick<AnnSpec, 'dimensions' | 'fields'>;

/** One row as it is read; fields are under their column's name. */
export interface ItemRow {
  readonly id: string;
  readonly productId: string;
  readonly metadata: string;
  readonly vector?: { toArray(): ArrayLike<number> };
  readonly keypoints?: Uint8Array | null;
  readonly [column: string]: unknown;
}

/** Column of [Note: Layout of keypoints]. */
export const KEYPOINTS = 'keypoints';

/** The schema of a collection's rows. */
export function itemSchema({ dimensions, fields }: RowSpec): Schema {
  return new Schema([
    new Field('id', new Utf8(), false),
    new Field('productId', new Utf8(), false),
    new Field('metadata', new Utf8(), false),
    ...Object.entries(fields).map(([field, type]) => new Field(columnOf(field), fieldColumnType(type), true)),
    new Field(KEYPOINTS, new Binary(), true),
    new Field('vector', vectorColumnType(dimensions), false),
  ]);
}

/** Names of the columns that make an item without its vector and keypoints. */
export function itemColumns({ fields }: RowSpec): string[] {
  return ['id', 'productId', 'metadata', ...Object.keys(fields).map(columnOf)];
}

/** Columns of some rows, in the schema's order; fields in the order of their declaration. */
interface ItemColumns {
  readonly id: Data;
  readonly productId: Data;
  readonly metadata: Data;
  readonly fields: readonly Data[];
  readonly keypoints: Data;
  readonly vector: Data;
}

/** @returns one record batch of columns that were checked. */
export function tableOf(spec: RowSpec, { id, productId, metadata, fields, keypoints, vector }: ItemColumns): Table {
  const schema = itemSchema(spec);
  const children = [id, productId, metadata, ...fields, keypoints, vector];
  const struct = makeData({ type: new Struct(schema.fields), length: id.length, nullCount: 0, children });
  return new Table(schema, new RecordBatch(schema, struct));
}

/**
 * @returns one record batch; the vectors are one block of `items × dimensions` floats, each at length 1.
 * @throws AppError('invalid-input') for a vector of another length, not finite or zero, or a field of another type.
 */
export function itemTable(spec: RowSpec, items: readonly AnnItem[]): Table {
  const { dimensions, fields } = spec;
  const flat = new Float32Array(items.length * dimensions);
  items.forEach(({ vector }, row) => putUnit(vector, 0, vector.length, flat, row * dimensions, dimensions));
  const text = (values: string[]) => textColumn(textLayout(values));
  return tableOf(spec, {
    id: text(items.map(({ id }) => id)),
    productId: text(items.map(({ productId }) => productId)),
    metadata: text(items.map(({ metadata }) => undeclaredText(spec, metadata))),
    fields: Object.entries(fields).map(([field, type]) =>
      fieldColumn(field, type, items.length, (row) => ownValue(items[row]!.metadata, field)),
    ),
    keypoints: keypointColumn(items.length, (row) => items[row]!.keypoints),
    vector: vectorColumn(flat, dimensions),
  });
}

/** @returns the rows of a table of {@link itemSchema} as items; their vectors and keypoints are copies. */
export function itemsOf(spec: RowSpec, table: Table): AnnItem[] {
  return (table.toArray() as ItemRow[]).map((row) => itemOf(spec, row));
}

/** @returns a row as an item; its vector and keypoints are copies. */
export function itemOf(spec: RowSpec, row: ItemRow): AnnItem {
  return {
    id: row.id,
    productId: row.productId,
    metadata: metadataOf(spec, row),
    vector: floatsOf(row.vector),
    ...(row.keypoints == null ? {} : { keypoints: Uint8Array.from(row.keypoints) }),
  };
}

/** @returns the table without items that are gone; the same one when none is. */
export function withoutItems(spec: RowSpec, table: Table, isGone: (id: string) => boolean): Table {
  const isHit = [...(table.getChild('id') ?? [])].some((id) => isGone(id as string));
  if (!isHit) return table;
  return itemTable(
    spec,
    itemsOf(spec, table).filter(({ id }) => !isGone(id)),
  );
}

/** @returns the item's metadata: what was not declared, and the declared fields that it has. */
export function metadataOf(spec: Pick<RowSpec, 'fields'>, row: ItemRow): ItemMetadata {
  return { ...metadataSchema.parse(JSON.parse(row.metadata)), ...fieldsOf(spec, row) };
}

/** @returns the declared fields that a row has, of those that were read. */
export function fieldsOf({ fields }: Pick<RowSpec, 'fields'>, row: ItemRow): ItemMetadata {
  const found: Record<string, Scalar> = {};
  for (const [field, type] of Object.entries(fields)) {
    const value = row[columnOf(field)];
    if (value === null || value === undefined) continue;
    // Whole numbers come as bigint; for the last, see [Note: Yes and no].
    found[field] = type === 'int' ? Number(value) : type === 'bool' ? value === 1 : (value as Scalar);
  }
  return found;
}

/** @throws AppError('invalid-input') when a declared field's value is of another type. */
export function requireFields({ fields }: Pick<RowSpec, 'fields'>, metadata: ItemMetadata): void {
  for (const [field, type] of Object.entries(fields)) if (Object.hasOwn(metadata, field)) requireType(field, type, metadata[field]);
}

/** @returns a unit copy. @throws AppError('invalid-input') for a wrong length, a value that is not finite, or length 0. */
export function normalised(vector: Float32Array, dimensions: number): Float32Array {
  const unit = new Float32Array(dimensions);
  putUnit(vector, 0, vector.length, unit, 0, dimensions);
  return unit;
}

/** @returns what is not declared of an item's metadata, as it is stored. */
export function undeclaredText({ fields }: Pick<RowSpec, 'fields'>, metadata: ItemMetadata): string {
  const undeclared = Object.entries(metadata).filter(([key]) => !Object.hasOwn(fields, key));
  return undeclared.length === 0 ? '{}' : JSON.stringify(Object.fromEntries(undeclared));
}

/** @returns the value of a key that the metadata have themselves; else undefined. */
export function ownValue(metadata: ItemMetadata, key: string): ItemMetadata[string] | undefined {
  return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
}

/** A copy: the row's memory belongs to the engine's batch. */
export function floatsOf(vector: ItemRow['vector']): Float32Array {
  return Float32Array.from(vector?.toArray() ?? []);
}
