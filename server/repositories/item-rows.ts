/**
 * @file Items as rows of an Arrow table: id, product, what is not declared of the metadata as JSON, one typed column for each declared
 * field (null where an item lacks it), keypoints (null where none are known), and the vector at length 1. The engine's tables, bulk segments and exports have this schema.
 */
import {
  Binary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int64,
  Int8,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  makeData,
  type Data,
  type DataType,
} from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import { metadataSchema, type FieldType } from '../../src/contracts/server-api.ts';
import type { AnnItem, AnnSpec, ItemMetadata } from './ann-index.ts';
import { columnOf, requireType, type Scalar } from './scalar-filter.ts';

/** What a row needs to know of its collection. */
type RowSpec = Pick<AnnSpec, 'dimensions' | 'fields'>;

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
    ...Object.entries(fields).map(([field, type]) => new Field(columnOf(field), arrowType(type), true)),
    new Field(KEYPOINTS, new Binary(), true),
    new Field('vector', vectorType(dimensions), false),
  ]);
}

/** Names of the columns that make an item without its vector and keypoints. */
export function itemColumns({ fields }: RowSpec): string[] {
  return ['id', 'productId', 'metadata', ...Object.keys(fields).map(columnOf)];
}

/**
 * @returns one record batch; the vectors are one block of `items × dimensions` floats, each at length 1.
 * @throws AppError('invalid-input') for a vector of another length, not finite or zero, or a field of another type.
 */
export function itemTable(spec: RowSpec, items: readonly AnnItem[]): Table {
  const { dimensions, fields } = spec;
  const schema = itemSchema(spec);
  const flat = new Float32Array(items.length * dimensions);
  items.forEach(({ vector }, row) => putNormalised(vector, dimensions, flat, row * dimensions));
  const declared = Object.entries(fields);
  const text = (values: string[]) => makeData({ type: new Utf8(), length: values.length, nullCount: 0, ...textBuffers(values) });
  const children: Data[] = [
    text(items.map(({ id }) => id)),
    text(items.map(({ productId }) => productId)),
    text(items.map(({ metadata }) => JSON.stringify(declared.length === 0 ? metadata : undeclared(spec, metadata)))),
    ...declared.map(([field, type]) => fieldColumn(field, type, items)),
    keypointColumn(items),
    makeData({
      type: vectorType(dimensions),
      length: items.length,
      nullCount: 0,
      child: makeData({ type: new Float32(), length: flat.length, nullCount: 0, data: flat }),
    }),
  ];
  const struct = makeData({ type: new Struct(schema.fields), length: items.length, nullCount: 0, children });
  return new Table(schema, new RecordBatch(schema, struct));
}

/** @returns the item's metadata: what was not declared, and the declared fields that it has. */
export function metadataOf({ fields }: RowSpec, row: ItemRow): ItemMetadata {
  const metadata = metadataSchema.parse(JSON.parse(row.metadata));
  for (const [field, type] of Object.entries(fields)) {
    const value = row[columnOf(field)];
    if (value === null || value === undefined) continue;
    // Whole numbers come as bigint; for the last, see [Note: Yes and no].
    metadata[field] = type === 'int' ? Number(value) : type === 'bool' ? value === 1 : (value as Scalar);
  }
  return metadata;
}

/** @throws AppError('invalid-input') when a declared field's value is of another type. */
export function requireFields({ fields }: RowSpec, metadata: ItemMetadata): void {
  for (const [field, type] of Object.entries(fields)) if (Object.hasOwn(metadata, field)) requireType(field, type, metadata[field]);
}

/** @returns a unit copy. @throws AppError('invalid-input') for a wrong length, a value that is not finite, or length 0. */
export function normalised(vector: Float32Array, dimensions: number): Float32Array {
  const unit = new Float32Array(dimensions);
  putNormalised(vector, dimensions, unit, 0);
  return unit;
}

function putNormalised(vector: Float32Array, dimensions: number, into: Float32Array, offset: number): void {
  if (vector.length !== dimensions) throw new AppError('invalid-input', `Expected ${dimensions} dimensions, got ${vector.length}.`);
  let sum = 0;
  for (let index = 0; index < dimensions; index++) sum += vector[index]! * vector[index]!;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length < 1e-12) throw new AppError('invalid-input', 'A vector must be finite and not zero.');
  for (let index = 0; index < dimensions; index++) into[offset + index] = vector[index]! / length;
}

function fieldColumn(field: string, type: FieldType, items: readonly AnnItem[]): Data {
  const length = items.length;
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  const values = items.map(({ metadata }, row) => {
    const value: unknown = Object.hasOwn(metadata, field) ? metadata[field] : undefined;
    if (value === undefined) {
      nullCount += 1;
      return null;
    }
    requireType(field, type, value);
    nullBitmap[row >> 3]! |= 1 << (row & 7);
    return value;
  });
  const shape = { length, nullCount, nullBitmap };
  switch (type) {
    case 'keyword': {
      return makeData({ type: new Utf8(), ...shape, ...textBuffers(values.map((value) => (value ?? '') as string)) });
    }
    case 'int':
      return makeData({ type: new Int64(), ...shape, data: BigInt64Array.from(values, (value) => BigInt((value as number | null) ?? 0)) });
    case 'float':
      return makeData({ type: new Float64(), ...shape, data: Float64Array.from(values, (value) => (value as number | null) ?? 0) });
    case 'bool':
      return makeData({ type: new Int8(), ...shape, data: Int8Array.from(values, Number) });
  }
}

/** Texts as Arrow lays them out. Written here because Arrow's builder takes microseconds a text. */
function textBuffers(values: readonly string[]): { valueOffsets: Int32Array<ArrayBuffer>; data: Uint8Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  const joined = values.join('');
  const bytes = Buffer.from(joined);
  // Where every character is one byte, the lengths are known. Else each text by itself: halves of a character must not meet.
  const isAscii = bytes.length === joined.length;
  const encoded = isAscii ? null : values.map((value) => Buffer.from(value));
  for (let row = 0; row < values.length; row++)
    valueOffsets[row + 1] = valueOffsets[row]! + (encoded === null ? values[row]!.length : encoded[row]!.length);
  return { valueOffsets, data: encoded === null ? bytes : Buffer.concat(encoded) };
}

function keypointColumn(items: readonly AnnItem[]): Data {
  const length = items.length;
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  const valueOffsets = new Int32Array(length + 1);
  let nullCount = 0;
  items.forEach(({ keypoints }, row) => {
    valueOffsets[row + 1] = valueOffsets[row]! + (keypoints?.length ?? 0);
    if (keypoints === undefined) nullCount += 1;
    else nullBitmap[row >> 3]! |= 1 << (row & 7);
  });
  const data = new Uint8Array(valueOffsets[length]!);
  items.forEach(({ keypoints }, row) => {
    if (keypoints !== undefined) data.set(keypoints, valueOffsets[row]);
  });
  return makeData({ type: new Binary(), length, nullCount, nullBitmap, valueOffsets, data });
}

function undeclared({ fields }: RowSpec, metadata: ItemMetadata): ItemMetadata {
  if (Object.keys(metadata).every((key) => Object.hasOwn(fields, key))) return {};
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !Object.hasOwn(fields, key)));
}

function arrowType(type: FieldType): DataType {
  switch (type) {
    case 'keyword':
      return new Utf8();
    case 'int':
      return new Int64();
    case 'float':
      return new Float64();
    case 'bool':
      // [Note: Yes and no] Arrow's writer leaves out the values of a bit column that is all null, which the engine refuses.
      return new Int8();
  }
}

function vectorType(dimensions: number): FixedSizeList<Float32> {
  return new FixedSizeList(dimensions, new Field('item', new Float32(), true));
}
