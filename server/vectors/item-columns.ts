/** @file Columns of a table of items (item-rows.ts), laid out as Arrow wants them. Arrow's own builders take microseconds a value. */
import { Binary, Field, FixedSizeList, Float32, Float64, Int64, Int8, Utf8, makeData, type Data, type DataType } from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import type { FieldType } from '../../src/contracts/server-api.ts';
import { requireType } from './scalar-filter.ts';

/** Texts: row `n` is `data` from `valueOffsets[n]` to `valueOffsets[n + 1]`, in UTF-8. */
export interface TextLayout {
  readonly valueOffsets: Int32Array<ArrayBuffer>;
  readonly data: Uint8Array;
}

/** Which rows have a value: a bit each, the lowest first. */
export interface Validity {
  readonly nullCount: number;
  /** May be left out when `nullCount` is 0. */
  readonly nullBitmap?: Uint8Array;
}

/** Shorter vectors point nowhere. Of the sum of squares. */
const SMALLEST_SQUARE = 1e-12;

/** The engine's type of a field. */
export function fieldColumnType(type: FieldType): DataType {
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

/** The engine's type of a vector. */
export function vectorColumnType(dimensions: number): FixedSizeList<Float32> {
  return new FixedSizeList(dimensions, new Field('item', new Float32(), true));
}

/** @returns the layout of texts. */
export function textLayout(values: readonly string[]): TextLayout {
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

/** @returns a column of texts. */
export function textColumn(layout: TextLayout, validity: Validity = { nullCount: 0 }): Data {
  return makeData({ type: new Utf8(), length: layout.valueOffsets.length - 1, ...validity, ...layout });
}

/**
 * @param valueAt a row's value; undefined: it has none.
 * @throws AppError('invalid-input') for a value of another type.
 */
export function fieldColumn(field: string, type: FieldType, length: number, valueAt: (row: number) => unknown): Data {
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  const values = Array.from({ length }, (_, row) => {
    const value = valueAt(row);
    if (value === undefined) {
      nullCount += 1;
      return null;
    }
    requireType(field, type, value);
    nullBitmap[row >> 3]! |= 1 << (row & 7);
    return value;
  });
  const validity = { nullCount, nullBitmap };
  switch (type) {
    case 'keyword':
      return textColumn(textLayout(values.map((value) => (value ?? '') as string)), validity);
    case 'int':
      return numberColumn(
        BigInt64Array.from(values, (value) => BigInt((value as number | null) ?? 0)),
        validity,
      );
    case 'float':
      return numberColumn(
        Float64Array.from(values, (value) => (value as number | null) ?? 0),
        validity,
      );
    case 'bool':
      return numberColumn(Int8Array.from(values, Number), validity);
  }
}

/** @returns a column of whole numbers, numbers, or yes and no as 1 and 0. */
export function numberColumn(
  data: BigInt64Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Int8Array<ArrayBuffer>,
  validity: Validity,
): Data {
  const { length } = data;
  if (data instanceof BigInt64Array) return makeData({ type: new Int64(), length, ...validity, data });
  if (data instanceof Float64Array) return makeData({ type: new Float64(), length, ...validity, data });
  return makeData({ type: new Int8(), length, ...validity, data });
}

/** @param bytesAt a row's keypoints; undefined: none are known. Copied. */
export function keypointColumn(length: number, bytesAt: (row: number) => Uint8Array | undefined): Data {
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  const valueOffsets = new Int32Array(length + 1);
  const given = new Map<number, Uint8Array>();
  for (let row = 0; row < length; row++) {
    const bytes = bytesAt(row);
    valueOffsets[row + 1] = valueOffsets[row]! + (bytes?.length ?? 0);
    if (bytes === undefined) continue;
    given.set(row, bytes);
    nullBitmap[row >> 3]! |= 1 << (row & 7);
  }
  const data = new Uint8Array(valueOffsets[length]!);
  for (const [row, bytes] of given) data.set(bytes, valueOffsets[row]);
  return makeData({ type: new Binary(), length, nullCount: length - given.size, nullBitmap, valueOffsets, data });
}

/** @param flat unit vectors, one after the other. */
export function vectorColumn(flat: Float32Array<ArrayBuffer>, dimensions: number): Data {
  const child = makeData({ type: new Float32(), length: flat.length, nullCount: 0, data: flat });
  return makeData({ type: vectorColumnType(dimensions), length: flat.length / dimensions, nullCount: 0, child });
}

/**
 * Put the vector of `length` numbers that begins at `at` of `values` into a block of unit vectors.
 * @throws AppError('invalid-input') for a wrong length, a value that is not finite, or a vector of length 0.
 */
export function putUnit(
  values: Readonly<ArrayLike<number>>,
  at: number,
  length: number,
  into: Float32Array,
  offset: number,
  dimensions: number,
): void {
  if (length !== dimensions) throw new AppError('invalid-input', `Expected ${dimensions} dimensions, got ${length}.`);
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += values[at + d]! * values[at + d]!;
  if (!Number.isFinite(sum)) throw new AppError('invalid-input', 'The vector has a value that is not a finite number.');
  if (sum < SMALLEST_SQUARE) throw new AppError('invalid-input', 'The vector is zero and points nowhere.');
  const norm = Math.sqrt(sum);
  for (let d = 0; d < dimensions; d++) into[offset + d] = values[at + d]! / norm;
}
