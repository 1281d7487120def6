/** @file Items as streams: NDJSON and Arrow IPC, read row by row with every row checked, and written in the same two forms. */
import { AsyncByteQueue, FixedSizeList, RecordBatchReader, RecordBatchStreamWriter, type RecordBatch, type Vector } from 'apache-arrow';
import { z } from 'zod';
import { AppError } from '../../../src/contracts/errors.ts';
import { itemIdSchema, metadataSchema } from '../../../src/contracts/server-api.ts';
import { decodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import type { AnnItem, AnnSpec, ItemMetadata, ListedItem } from '../../repositories/ann-index.ts';
import { itemSchema, itemTable, KEYPOINTS } from '../../repositories/item-rows.ts';
import { columnOf } from '../../repositories/scalar-filter.ts';
import { holdsImage } from '../recognition/image-refusal.ts';
import { isStorable } from '../http/storable-text.ts';

/** Media types of the two forms. */
export const NDJSON_TYPE = 'application/x-ndjson';
export const ARROW_TYPE = 'application/vnd.apache.arrow.stream';

/** Rows between two breaths of the event loop. */
const NDJSON_ROWS = 128;
const ARROW_ROWS = 2_048;
/** A vector of 4096 numbers with all their digits and its metadata. */
const LINE_BYTES = 256 * 1024;
/** Shorter texts hold no image. */
const IMAGE_CHARACTERS = 24;

const rowSchema = z.strictObject({
  id: itemIdSchema,
  productId: z.string().min(1).max(200).optional(),
  metadata: metadataSchema.optional(),
  vector: z.unknown(),
});

/**
 * @param from number of the first row, for messages.
 * @throws AppError('invalid-input') that names the row. A last line without its end is read as well.
 */
export async function* itemsOfNdjson(source: AsyncIterable<Uint8Array>, from: number): AsyncGenerator<AnnItem[]> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let row = from;
  let rest = '';
  let items: AnnItem[] = [];
  const take = (line: string) => {
    if (line.trim() !== '') items.push(itemOfLine(line, row++));
  };
  try {
    for await (const chunk of source) {
      rest += decode(() => utf8.decode(chunk, { stream: true }), row);
      let start = 0;
      for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
        take(rest.slice(start, end));
        start = end + 1;
        if (items.length < NDJSON_ROWS) continue;
        yield items;
        items = [];
        await breath();
      }
      rest = rest.slice(start);
      if (rest.length > LINE_BYTES) throw wrong(row, 'the line is longer than a row can be.');
    }
    take(rest + decode(() => utf8.decode(), row));
  } catch (error) {
    // A sender that broke off, or a wrong row: the rows before it are good.
    yield items;
    throw error;
  }
  yield items;
}

/**
 * Columns: id, vector (list of floats) and, if wanted, productId (default: the id), metadata (JSON text), keypoints (bytes, see
 * [Note: Layout of keypoints]), and declared fields under their name or as exported. @throws AppError('invalid-input') that names the row.
 */
export async function* itemsOfArrow(source: AsyncIterable<Uint8Array>, from: number, { fields }: AnnSpec): AsyncGenerator<AnnItem[]> {
  let row = from;
  const batches = readBatches(source);
  for await (const batch of batches) {
    for (let start = 0; start < batch.numRows; start += ARROW_ROWS) {
      const end = Math.min(batch.numRows, start + ARROW_ROWS);
      yield itemsOfBatch(batch, start, end, row, Object.keys(fields));
      row += end - start;
      await breath();
    }
  }
}

async function* readBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<RecordBatch> {
  try {
    // As a plain iterable: of a request as a Node stream, Arrow 18.1 was seen to take the first piece for the whole.
    const plain = (async function* () {
      yield* source;
    })();
    for await (const batch of (await RecordBatchReader.from(plain)) as AsyncIterable<RecordBatch>) yield batch;
  } catch (error) {
    throw new AppError('invalid-input', 'The body is not a whole Arrow IPC stream.', { cause: error });
  }
}

/** One JSON line an item, without vectors. */
export async function* listOf(items: AsyncIterable<readonly ListedItem[]>): AsyncGenerator<string> {
  for await (const some of items) {
    yield some.map(({ id, productId, metadata }) => `${JSON.stringify({ id, productId, metadata })}\n`).join('');
    await breath();
  }
}

/** One JSON line an item, without keypoints, as {@link itemsOfNdjson} reads it. */
export async function* ndjsonOf(items: AsyncIterable<readonly AnnItem[]>): AsyncGenerator<string> {
  for await (const some of items) {
    for (let start = 0; start < some.length; start += NDJSON_ROWS) {
      yield some
        .slice(start, start + NDJSON_ROWS)
        .map(({ id, productId, metadata, vector }) => `${JSON.stringify({ id, productId, metadata, vector: Array.from(vector) })}\n`)
        .join('');
      await breath();
    }
  }
}

/** An Arrow IPC stream, as {@link itemsOfArrow} reads it. */
export async function* arrowOf(spec: AnnSpec, items: AsyncIterable<readonly AnnItem[]>): AsyncGenerator<Uint8Array> {
  const sink = new ChunkList();
  const writer = new RecordBatchStreamWriter().reset(sink, itemSchema(spec));
  for await (const some of items) {
    if (some.length === 0) continue;
    for (const batch of itemTable(spec, some).batches) writer.write(batch);
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
}

/** What the writer wrote so far; Arrow's own queue has no back pressure. */
class ChunkList extends AsyncByteQueue {
  #chunks: Uint8Array[] = [];

  override write(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#chunks.push(chunk);
  }

  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}

function itemOfLine(line: string, row: number): AnnItem {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the line.
    throw wrong(row, 'the line is not JSON.');
  }
  const result = rowSchema.safeParse(value);
  if (!result.success) throw wrong(row, z.prettifyError(result.error).slice(0, 300));
  const { id, productId = id, metadata = {}, vector } = result.data;
  if (!Array.isArray(vector) || !vector.every((one) => typeof one === 'number')) throw wrong(row, 'the vector is not a list of numbers.');
  return withoutImages({ id, productId, metadata, vector: Float32Array.from(vector) }, row);
}

/** Rows `start` to `end` of a batch. @param from number of the first of them. */
function itemsOfBatch(batch: RecordBatch, start: number, end: number, from: number, fields: readonly string[]): AnnItem[] {
  const column = (name: string) => batch.getChild(name);
  const [ids, productIds, metadatas, vectors] = [column('id'), column('productId'), column('metadata'), column('vector')];
  const keypoints = column(KEYPOINTS);
  if (ids === null || vectors === null) throw new AppError('invalid-input', 'The stream has no columns "id" and "vector".');
  const declared = fields.flatMap((field) => {
    const values = column(columnOf(field)) ?? column(field);
    return values === null ? [] : [[field, values] as const];
  });
  const vectorAt = vectorReader(vectors);
  return Array.from({ length: end - start }, (_, offset) => {
    const row = from + offset;
    const index = start + offset;
    const id: unknown = ids.get(index);
    const metadata: Record<string, unknown> = {};
    const json: unknown = metadatas?.get(index);
    if (typeof json === 'string' && json !== '{}') Object.assign(metadata, parseObject(json, row));
    for (const [field, values] of declared) {
      const value: unknown = values.get(index);
      if (value !== null) metadata[field] = typeof value === 'bigint' ? Number(value) : value;
    }
    const vector = vectorAt(index);
    if (vector === null) throw wrong(row, 'the vector is not a list of numbers.');
    const productOf: unknown = productIds?.get(index) ?? undefined;
    const result = rowSchema.safeParse({ id, productId: productOf, metadata, vector: null });
    if (!result.success) throw wrong(row, z.prettifyError(result.error).slice(0, 300));
    const { productId = result.data.id, metadata: checked = {} } = result.data;
    const item = { id: result.data.id, productId, metadata: checked, vector };
    const bytes: unknown = keypoints?.get(index) ?? undefined;
    return withoutImages(bytes === undefined ? item : { ...item, keypoints: checkedKeypoints(bytes, row) }, row);
  });
}

/** @returns what copies a row's vector out; null where there is none. */
function vectorReader(vectors: Vector): (index: number) => Float32Array | null {
  const [chunk] = vectors.data;
  const child = chunk?.children[0];
  const width = chunk?.type instanceof FixedSizeList ? chunk.type.listSize : 0;
  const values: unknown = child?.values;
  // As our own exports are: one block of floats. Arrow's own access to a row takes microseconds.
  if (vectors.data.length === 1 && chunk?.nullCount === 0 && child?.nullCount === 0 && chunk.offset === 0 && child.offset === 0)
    if (width > 0 && values instanceof Float32Array && values.length === chunk.length * width)
      return (index) => values.slice(index * width, (index + 1) * width);
  return (index) => {
    const vector = (vectors.get(index) as { toArray?: () => ArrayLike<number> } | null)?.toArray?.();
    return vector === undefined ? null : Float32Array.from(vector);
  };
}

function checkedKeypoints(bytes: unknown, row: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw wrong(row, 'keypoints are no bytes.');
  try {
    decodeKeypoints(bytes);
  } catch {
    throw wrong(row, 'its keypoints are of another form.');
  }
  return bytes.slice();
}

function parseObject(json: string, row: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, without quoting it.
  }
  throw wrong(row, 'metadata is not a JSON object.');
}

function withoutImages(item: AnnItem, row: number): AnnItem {
  const texts: ItemMetadata[string][] = [item.id, item.productId, ...Object.values(item.metadata)];
  if (texts.some((text) => typeof text === 'string' && !isStorable(text)))
    throw wrong(row, 'a text holds zeros or halves of characters, which cannot be stored.');
  if (texts.some((text) => typeof text === 'string' && text.length > IMAGE_CHARACTERS && holdsImage(text)))
    throw wrong(row, 'it carries what looks like an image. Vector routes take none.');
  return item;
}

function decode(read: () => string, row: number): string {
  try {
    return read();
  } catch {
    throw wrong(row, 'the text is not UTF-8.');
  }
}

function wrong(row: number, what: string): AppError {
  return new AppError('invalid-input', `Row ${row}: ${what}`);
}

/** Lets other requests be served. */
function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
