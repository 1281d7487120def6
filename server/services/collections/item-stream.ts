/** @file Items as streams: NDJSON, read row by row with every row checked, and both forms (for Arrow see arrow-rows.ts) written. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RecordBatchStreamWriter, type Table } from 'apache-arrow';
import { z } from 'zod';
import { AppError } from '../../../src/contracts/errors.ts';
import { itemIdSchema, metadataSchema } from '../../../src/contracts/server-api.ts';
import type { AnnItem, AnnSpec, ListedItem } from '../../vectors/ann-index.ts';
import { ArrowChunks } from '../../vectors/arrow-chunks.ts';
import { itemSchema, itemTable, normalised, requireFields } from '../../vectors/item-rows.ts';
import { textProblem } from './item-texts.ts';

/** Media types of the two forms. */
export const NDJSON_TYPE = 'application/x-ndjson';
export const ARROW_TYPE = 'application/vnd.apache.arrow.stream';

/** Rows between two breaths of the event loop. */
const NDJSON_ROWS = 128;
/** Rows of one table. */
const TABLE_ROWS = 2_048;
/** A vector of 4096 numbers with all their digits and its metadata. */
const LINE_BYTES = 256 * 1024;

const rowSchema = z.strictObject({
  id: itemIdSchema,
  productId: z.string().min(1).max(200).optional(),
  metadata: metadataSchema.optional(),
  vector: z.unknown(),
});

/**
 * @param from number of the first row, for messages. @returns tables of the schema of item-rows.ts.
 * @throws AppError('invalid-input') that names the row; the rows before it came. A last line without its end is read as well.
 */
export async function* rowsOfNdjson(source: AsyncIterable<Uint8Array>, from: number, spec: AnnSpec): AsyncGenerator<Table> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let row = from;
  let rest = '';
  let items: AnnItem[] = [];
  const take = (line: string) => {
    if (line.trim() !== '') items.push(itemOfLine(line, row++, spec));
  };
  try {
    for await (const chunk of source) {
      rest += decode(() => utf8.decode(chunk, { stream: true }), row);
      let start = 0;
      for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
        take(rest.slice(start, end));
        start = end + 1;
        if (items.length === 0 || items.length % NDJSON_ROWS !== 0) continue;
        if (items.length >= TABLE_ROWS) {
          yield itemTable(spec, items);
          items = [];
        }
        await nextTurn();
      }
      rest = rest.slice(start);
      if (rest.length > LINE_BYTES) throw wrong(row, 'the line is longer than a row can be.');
    }
    take(rest + decode(() => utf8.decode(), row));
  } catch (error) {
    // A sender that broke off, or a wrong row: the rows before it are good.
    if (items.length > 0) yield itemTable(spec, items);
    throw error;
  }
  if (items.length > 0) yield itemTable(spec, items);
}

/** One JSON line an item, without vectors. */
export async function* listOf(items: AsyncIterable<readonly ListedItem[]>): AsyncGenerator<string> {
  for await (const some of items) {
    yield some.map(({ id, productId, metadata }) => `${JSON.stringify({ id, productId, metadata })}\n`).join('');
    await nextTurn();
  }
}

/** One JSON line an item, without keypoints, as {@link rowsOfNdjson} reads it. */
export async function* ndjsonOf(items: AsyncIterable<readonly AnnItem[]>): AsyncGenerator<string> {
  for await (const some of items) {
    for (let start = 0; start < some.length; start += NDJSON_ROWS) {
      yield some
        .slice(start, start + NDJSON_ROWS)
        .map(({ id, productId, metadata, vector }) => `${JSON.stringify({ id, productId, metadata, vector: Array.from(vector) })}\n`)
        .join('');
      await nextTurn();
    }
  }
}

/** An Arrow IPC stream, as arrow-rows.ts reads it. */
export async function* arrowOf(spec: AnnSpec, items: AsyncIterable<readonly AnnItem[]>): AsyncGenerator<Uint8Array> {
  const sink = new ArrowChunks();
  const writer = new RecordBatchStreamWriter().reset(sink, itemSchema(spec));
  for await (const some of items) {
    if (some.length === 0) continue;
    for (const batch of itemTable(spec, some).batches) writer.write(batch);
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
}

function itemOfLine(line: string, row: number, spec: AnnSpec): AnnItem {
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
  const problem = [id, productId, ...Object.values(metadata)]
    .map((text) => (typeof text === 'string' ? textProblem(text) : null))
    .find(Boolean);
  if (problem != null) throw wrong(row, problem);
  try {
    requireFields(spec, metadata);
    return { id, productId, metadata, vector: normalised(Float32Array.from(vector), spec.dimensions) };
  } catch (error) {
    throw error instanceof AppError ? wrong(row, error.message) : error;
  }
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
