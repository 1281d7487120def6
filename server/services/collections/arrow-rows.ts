/**
 * @file Items that come as an Arrow stream, checked column by column and laid out as the engine's rows: an object for each row costs ten times
 * as much. Columns of the types that our own exports have are looked through as they lie there; of any other type, value by value.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DataType, Precision, RecordBatchReader, type Data, type RecordBatch, type Table, type Vector } from 'apache-arrow';
import { z } from 'zod';
import { AppError } from '../../../src/contracts/errors.ts';
import { itemIdSchema, metadataSchema, type FieldType } from '../../../src/contracts/server-api.ts';
import { decodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import type { AnnSpec, ItemMetadata } from '../../vectors/ann-index.ts';
import {
  fieldColumn,
  keypointColumn,
  numberColumn,
  putUnit,
  textColumn,
  textLayout,
  vectorColumn,
  type TextLayout,
  type Validity,
} from '../../vectors/item-columns.ts';
import { KEYPOINTS, ownValue, tableOf, undeclaredText } from '../../vectors/item-rows.ts';
import { columnOf, requireType } from '../../vectors/scalar-filter.ts';
import { withWholeBodies } from './arrow-messages.ts';
import { IMAGE_CHARACTERS, textProblem } from './item-texts.ts';

/** Rows between two breaths of the event loop; a multiple of 8, so that bits of validity are copied as bytes. */
const ROWS = 2_048;
/** A text's length as it is stored, in UTF-16 units. */
const LONGEST_VALUE = 2_000;
const productIdSchema = z.string().min(1).max(200);
/** Bytes of ids that need no closer look. */
const ID_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w.:@/-]/.test(String.fromCharCode(byte)) && byte < 0x80 ? 1 : 0));
/** Bytes of other texts that need none: one byte a character, no zero. */
const PLAIN_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (byte > 0 && byte < 0x80 ? 1 : 0));

/** A row that cannot be taken. */
class WrongRow extends Error {
  /** Within its batch. */
  readonly row: number;

  constructor(row: number, what: string) {
    super(what);
    this.row = row;
  }
}

/** Rows `start` to `end` of a batch. */
interface Slice {
  readonly batch: RecordBatch;
  readonly start: number;
  readonly end: number;
}

/**
 * Columns: id, vector (list of floats) and, if wanted, productId (default: the id), metadata (JSON text), keypoints (bytes, see
 * [Note: Layout of keypoints]), and declared fields under their name or as exported. Each table is a copy.
 * @param from number of the first row, for messages. @throws AppError('invalid-input') that names the row; the rows before it came.
 */
export async function* rowsOfArrow(source: AsyncIterable<Uint8Array>, from: number, spec: AnnSpec): AsyncGenerator<Table> {
  let first = from;
  for await (const batch of readBatches(source)) {
    if (batch.getChild('id') === null || batch.getChild('vector') === null)
      throw new AppError('invalid-input', 'The stream has no columns "id" and "vector".');
    for (let start = 0; start < batch.numRows; start += ROWS) {
      try {
        yield* goodRows(spec, { batch, start, end: Math.min(batch.numRows, start + ROWS) });
      } catch (error) {
        if (!(error instanceof WrongRow)) throw error;
        throw new AppError('invalid-input', `Row ${first + error.row}: ${error.message}`);
      }
      await nextTurn();
    }
    first += batch.numRows;
  }
}

async function* readBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<RecordBatch> {
  try {
    // Never the request itself: of a Node stream, Arrow 18.1 was seen to take the first piece for the whole.
    for await (const batch of (await RecordBatchReader.from(withWholeBodies(source))) as AsyncIterable<RecordBatch>) yield batch;
  } catch (error) {
    throw new AppError('invalid-input', 'The body is not a whole Arrow IPC stream.', { cause: error });
  }
}

/** @throws WrongRow, the first there is, behind the rows before it. */
function* goodRows(spec: AnnSpec, slice: Slice): Generator<Table> {
  let rows: Table;
  try {
    rows = checkedRows(spec, slice);
  } catch (error) {
    if (!(error instanceof WrongRow)) throw error;
    // Among the rows before it one may be wrong in another column.
    if (error.row > slice.start) yield* goodRows(spec, { ...slice, end: error.row });
    throw error;
  }
  yield rows;
}

function checkedRows(spec: AnnSpec, slice: Slice): Table {
  const ids = requiredTexts(column(slice, 'id')!, slice, (row) => new WrongRow(row, problemOf('id', itemIdSchema, null)));
  requireTexts(ids, slice, ID_BYTES, (text) =>
    itemIdSchema.safeParse(text).success ? textProblem(text) : problemOf('id', itemIdSchema, text),
  );
  const metadata = metadataColumn(column(slice, 'metadata'), slice);
  return tableOf(spec, {
    id: textColumn(ids),
    productId: textColumn(productIds(column(slice, 'productId'), slice, ids)),
    metadata: textColumn(metadataTexts(spec, metadata, slice)),
    fields: Object.entries(spec.fields).map(([field, type]) => declaredColumn(field, type, metadata, slice)),
    keypoints: checkedKeypoints(column(slice, KEYPOINTS), slice),
    vector: vectorColumn(unitVectors(column(slice, 'vector')!, slice, spec.dimensions), spec.dimensions),
  });
}

function column({ batch }: Slice, name: string): Vector | null {
  return batch.getChild(name);
}

/** The part of a column that lies there as it is read, if it does. */
function plainData(vector: Vector): Data | null {
  const [data] = vector.data;
  return vector.data.length === 1 && data?.offset === 0 ? data : null;
}

/** Texts as they lie in a column. */
interface TextData {
  readonly valueOffsets: Int32Array;
  readonly values: Uint8Array;
}

function textData({ valueOffsets, values }: Data): TextData {
  return { valueOffsets: valueOffsets as Int32Array, values: values as Uint8Array };
}

/** The same of a column of texts, none of them null. */
function plainTexts(vector: Vector): TextData | null {
  const data = plainData(vector);
  return data?.nullCount === 0 && DataType.isUtf8(data.type) ? textData(data) : null;
}

/** @returns texts of a column without nulls. */
function requiredTexts(vector: Vector, slice: Slice, missing: (row: number) => Error): TextLayout {
  const data = plainTexts(vector);
  if (data !== null) return textsWithin(data, slice);
  return textLayout(
    valuesOf(vector, slice).map((value, n) => {
      if (typeof value !== 'string') throw missing(slice.start + n);
      return value;
    }),
  );
}

/** @returns a copy of a part of a column of texts. @throws AppError('invalid-input') for offsets that lead out of it. */
function textsWithin({ valueOffsets, values }: TextData, { start, end }: Slice): TextLayout {
  if (valueOffsets.length <= end) throw broken();
  const first = valueOffsets[start]!;
  const offsets = new Int32Array(end - start + 1);
  let before = first;
  for (let row = start; row <= end; row++) {
    const offset = valueOffsets[row]!;
    if (offset < before) throw broken();
    offsets[row - start] = offset - first;
    before = offset;
  }
  if (first < 0 || before > values.length) throw broken();
  return { valueOffsets: offsets, data: values.slice(first, before) };
}

/**
 * @param plain bytes that need no closer look in texts that are neither empty nor long enough to hold an image.
 * @param problemOfText what is wrong with any other text.
 */
function requireTexts(
  { valueOffsets, data }: TextLayout,
  { start }: Slice,
  plain: Uint8Array,
  problemOfText: (text: string) => string | null,
  validity: Validity = { nullCount: 0 },
): void {
  for (let row = 0; row + 1 < valueOffsets.length; row++) {
    const begin = valueOffsets[row]!;
    const end = valueOffsets[row + 1]!;
    let isPlain = end > begin && end - begin <= IMAGE_CHARACTERS;
    for (let at = begin; isPlain && at < end; at++) isPlain = plain[data[at]!] === 1;
    if (isPlain || !isValid(validity, row)) continue;
    const problem = problemOfText(decoded(data.subarray(begin, end), start + row));
    if (problem !== null) throw new WrongRow(start + row, problem);
  }
}

/** Where there is none, the item's own id stands for it. */
function productIds(vector: Vector | null, slice: Slice, ids: TextLayout): TextLayout {
  if (vector === null) return ids;
  const data = plainTexts(vector);
  const layout =
    data !== null
      ? textsWithin(data, slice)
      : textLayout(
          valuesOf(vector, slice).map((value, n) => {
            if (value !== null && typeof value !== 'string')
              throw new WrongRow(slice.start + n, problemOf('productId', productIdSchema, 0));
            return value ?? decoded(ids.data.subarray(ids.valueOffsets[n], ids.valueOffsets[n + 1]), slice.start + n);
          }),
        );
  requireTexts(layout, slice, PLAIN_BYTES, (text) =>
    productIdSchema.safeParse(text).success ? textProblem(text) : problemOf('productId', productIdSchema, text),
  );
  return layout;
}

/** @returns what each row's JSON says, null for nothing; null when none says anything. */
function metadataColumn(vector: Vector | null, slice: Slice): (ItemMetadata | null)[] | null {
  if (vector === null) return null;
  const data = plainTexts(vector);
  if (data !== null) {
    const { valueOffsets, data: bytes } = textsWithin(data, slice);
    let row = 0;
    while (row + 1 < valueOffsets.length && isEmptyObject(bytes, valueOffsets[row]!, valueOffsets[row + 1]!)) row += 1;
    if (row + 1 === valueOffsets.length) return null;
  }
  return valuesOf(vector, slice).map((json, n) => (json === null || json === '{}' ? null : parsedMetadata(json, slice.start + n)));
}

function isEmptyObject(bytes: Uint8Array, begin: number, end: number): boolean {
  return end - begin === 2 && bytes[begin] === 0x7b && bytes[begin + 1] === 0x7d;
}

function parsedMetadata(json: unknown, row: number): ItemMetadata {
  let value: unknown;
  try {
    value = typeof json === 'string' ? JSON.parse(json) : undefined;
  } catch {
    // Said below, without quoting it.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WrongRow(row, 'metadata is not a JSON object.');
  const result = metadataSchema.safeParse(value);
  if (!result.success) throw new WrongRow(row, z.prettifyError(result.error).slice(0, 300));
  for (const text of Object.values(result.data)) if (typeof text === 'string') requireText(text, row);
  return result.data;
}

function metadataTexts(spec: AnnSpec, metadata: (ItemMetadata | null)[] | null, { start, end }: Slice): TextLayout {
  if (metadata !== null) return textLayout(metadata.map((one) => (one === null ? '{}' : undeclaredText(spec, one))));
  const rows = end - start;
  return { valueOffsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * 2), data: Buffer.alloc(rows * 2, '{}') };
}

/** A declared field: of its column, else of the metadata. */
function declaredColumn(field: string, type: FieldType, metadata: (ItemMetadata | null)[] | null, slice: Slice): Data {
  const vector = column(slice, columnOf(field)) ?? column(slice, field);
  const isOnlyColumn = metadata?.some((one) => one !== null && Object.hasOwn(one, field)) !== true;
  const copied = vector === null || !isOnlyColumn ? null : copiedColumn(type, vector, slice);
  if (copied !== null) return copied;
  const given = vector === null ? null : valuesOf(vector, slice);
  const values = Array.from({ length: slice.end - slice.start }, (_, n) => {
    const value = scalarOf(type, given?.[n]) ?? ownValue(metadata?.[n] ?? {}, field);
    if (value === undefined) return undefined;
    const row = slice.start + n;
    try {
      requireType(field, type, value);
    } catch (error) {
      throw new WrongRow(row, (error as Error).message);
    }
    if (typeof value === 'string') requireText(value, row);
    return value;
  });
  return fieldColumn(field, type, values.length, (row) => values[row]);
}

/** @returns a value as metadata have it; undefined: there is none. */
function scalarOf(type: FieldType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'bigint') return Number(value);
  // As exported: [Note: Yes and no].
  return type === 'bool' && (value === 0 || value === 1) ? value === 1 : value;
}

/** @returns a copy of a column that has the engine's own type; null: it has another. */
function copiedColumn(type: FieldType, vector: Vector, slice: Slice): Data | null {
  const data = plainData(vector);
  if (data === null) return null;
  const { start, end } = slice;
  if (type === 'keyword' && DataType.isUtf8(data.type)) {
    const validity = validityOf(data, slice);
    const layout = textsWithin(textData(data), slice);
    requireTexts(
      layout,
      slice,
      PLAIN_BYTES,
      (text) => (text.length > LONGEST_VALUE ? `a text has more than ${LONGEST_VALUE} characters.` : textProblem(text)),
      validity,
    );
    return textColumn(layout, validity);
  }
  const values: unknown = data.values;
  if (type === 'int' && DataType.isInt(data.type) && data.type.isSigned && values instanceof BigInt64Array) {
    if (values.length < end) throw broken();
    const validity = validityOf(data, slice);
    const copy = values.slice(start, end);
    // Two halves: numbers of 64 bits are objects.
    const halves = new Int32Array(copy.buffer);
    for (let row = 0; row < copy.length; row++) {
      const [low, high] = [halves[row * 2]!, halves[row * 2 + 1]!];
      const isSafe = high >= -0x200000 && high <= 0x1fffff && !(high === -0x200000 && low === 0);
      if (!isSafe && isValid(validity, row)) throw new WrongRow(start + row, 'a whole number is too large.');
    }
    return numberColumn(copy, validity);
  }
  if (type === 'float' && values instanceof Float64Array) {
    if (values.length < end) throw broken();
    const validity = validityOf(data, slice);
    const copy = values.slice(start, end);
    for (let row = 0; row < copy.length; row++)
      if (!Number.isFinite(copy[row]) && isValid(validity, row)) throw new WrongRow(start + row, 'a number is not finite.');
    return numberColumn(copy, validity);
  }
  return null;
}

function validityOf({ nullCount, nullBitmap }: Data, { start, end }: Slice): Validity {
  if (nullCount === 0) return { nullCount: 0 };
  if (nullBitmap.length * 8 < end) throw broken();
  const bits = { nullCount: 1, nullBitmap: nullBitmap.slice(start >> 3, (end + 7) >> 3) };
  let count = 0;
  for (let row = 0; row < end - start; row++) if (!isValid(bits, row)) count += 1;
  return { ...bits, nullCount: count };
}

function isValid({ nullCount, nullBitmap }: Validity, row: number): boolean {
  return nullCount === 0 || nullBitmap === undefined || (nullBitmap[row >> 3]! & (1 << (row & 7))) !== 0;
}

/** @returns unit vectors, one after the other. */
function unitVectors(vector: Vector, slice: Slice, dimensions: number): Float32Array<ArrayBuffer> {
  const { start, end } = slice;
  const flat = new Float32Array((end - start) * dimensions);
  const lists = plainLists(vector, slice);
  for (let row = start; row < end; row++) {
    const offset = (row - start) * dimensions;
    try {
      if (lists !== null) putUnit(lists.values, lists.beginOf(row), lists.lengthOf(row), flat, offset, dimensions);
      else {
        const list = listOf(vector.get(row), row);
        putUnit(list, 0, list.length, flat, offset, dimensions);
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new WrongRow(row, error.message);
    }
  }
  return flat;
}

/** Lists that lie one after the other in a block of floats. */
interface PlainLists {
  readonly values: Float32Array | Float64Array;
  beginOf(row: number): number;
  lengthOf(row: number): number;
}

/** @returns null when they lie there otherwise, e.g. with nulls. */
function plainLists(vector: Vector, { start, end }: Slice): PlainLists | null {
  const data = plainData(vector);
  const child = data?.children[0];
  const isPlain = data?.nullCount === 0 && child?.nullCount === 0 && child.offset === 0 && isFloats(child.type);
  if (!isPlain) return null;
  const values = child.values as Float32Array | Float64Array;
  if (DataType.isFixedSizeList(data.type)) {
    const width = data.type.listSize;
    if (values.length < end * width) throw broken();
    return { values, beginOf: (row) => row * width, lengthOf: () => width };
  }
  if (!DataType.isList(data.type)) return null;
  const offsets = data.valueOffsets as Int32Array;
  if (offsets.length <= end) throw broken();
  for (let row = start; row < end; row++) if (offsets[row]! < 0 || offsets[row + 1]! < offsets[row]!) throw broken();
  if (offsets[end]! > values.length) throw broken();
  return { values, beginOf: (row) => offsets[row]!, lengthOf: (row) => offsets[row + 1]! - offsets[row]! };
}

function isFloats(type: DataType): boolean {
  return DataType.isFloat(type) && type.precision !== Precision.HALF;
}

function listOf(value: unknown, row: number): number[] {
  const isList = typeof value === 'object' && value !== null && Symbol.iterator in value;
  const list: unknown[] = isList ? [...(value as Iterable<unknown>)] : [];
  if (!isList || !list.every((one) => typeof one === 'number')) throw new WrongRow(row, 'the vector is not a list of numbers.');
  return list;
}

function checkedKeypoints(vector: Vector | null, { start, end }: Slice): Data {
  return keypointColumn(end - start, (n) => {
    const bytes: unknown = vector?.get(start + n) ?? undefined;
    if (bytes === undefined) return undefined;
    if (!(bytes instanceof Uint8Array)) throw new WrongRow(start + n, 'keypoints are no bytes.');
    try {
      decodeKeypoints(bytes);
    } catch {
      throw new WrongRow(start + n, 'its keypoints are of another form.');
    }
    return bytes;
  });
}

function valuesOf(vector: Vector, { start, end }: Slice): unknown[] {
  return Array.from({ length: end - start }, (_, n) => vector.get(start + n) as unknown);
}

function requireText(text: string, row: number): void {
  const problem = textProblem(text);
  if (problem !== null) throw new WrongRow(row, problem);
}

function decoded(bytes: Uint8Array, row: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new WrongRow(row, 'the text is not UTF-8.');
  }
}

function problemOf(name: string, schema: z.ZodType, value: unknown): string {
  const { error } = z.object({ [name]: schema }).safeParse({ [name]: value });
  return error === undefined ? '' : z.prettifyError(error).slice(0, 300);
}

function broken(): AppError {
  return new AppError('invalid-input', 'The body is not a whole Arrow IPC stream.');
}
