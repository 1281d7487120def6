/** @file Files of vectors, cut into parts that an ingest takes one by one: NDJSON (also .gz), Arrow IPC, Parquet. Memory stays flat. */
import { createReadStream } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { RecordBatchReader, RecordBatchStreamWriter, type RecordBatch } from 'apache-arrow';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { AppError } from '../../src/contracts/errors.ts';
import { ARROW_TYPE, NDJSON_TYPE } from '../services/collections/item-stream.ts';
import { readLines } from './record-lines.ts';

/** A piece of a file, as a request's body. */
export interface FilePart {
  readonly rows: number;
  readonly type: typeof NDJSON_TYPE | typeof ARROW_TYPE;
  readonly body: Uint8Array;
}

const NDJSON_BYTES = 16 << 20;
const ARROW_ROWS = 65_536;
const PARQUET_ROWS = 8_192;

/**
 * @param skip rows at the beginning that were sent before.
 * @throws AppError('invalid-input') for another kind of file.
 */
export async function* partsOf(path: string, skip: number): AsyncGenerator<FilePart> {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (/\.(ndjson|jsonl)$/.test(name)) yield* ndjsonParts(path, skip);
  else if (name === path.toLowerCase() && /\.(arrow|arrows|ipc|feather)$/.test(name)) yield* arrowParts(path, skip);
  else if (name === path.toLowerCase() && name.endsWith('.parquet')) yield* parquetParts(path, skip);
  else throw new AppError('invalid-input', 'Give a file that ends in .ndjson, .jsonl (both also with .gz), .arrow or .parquet.');
}

async function* ndjsonParts(path: string, skip: number): AsyncGenerator<FilePart> {
  let lines: string[] = [];
  let bytes = 0;
  let row = 0;
  const cut = (): FilePart => {
    const part = { rows: lines.length, type: NDJSON_TYPE, body: Buffer.from(`${lines.join('\n')}\n`) } as const;
    lines = [];
    bytes = 0;
    return part;
  };
  for await (const { text } of readLines(path)) {
    if (text === null) throw new AppError('invalid-input', `Line ${row} is no UTF-8 or too long.`);
    if (text.trim() === '') continue;
    row += 1;
    if (row <= skip) continue;
    lines.push(text);
    bytes += text.length;
    if (bytes >= NDJSON_BYTES) yield cut();
  }
  if (lines.length > 0) yield cut();
}

async function* arrowParts(path: string, skip: number): AsyncGenerator<FilePart> {
  const reader = await RecordBatchReader.from(createReadStream(path, { highWaterMark: 1 << 20 }));
  let passed = 0;
  for await (const batch of reader as AsyncIterable<RecordBatch>) {
    const first = Math.max(0, skip - passed);
    passed += batch.numRows;
    for (let start = first; start < batch.numRows; start += ARROW_ROWS) {
      const slice = batch.slice(start, Math.min(start + ARROW_ROWS, batch.numRows));
      const writer = new RecordBatchStreamWriter();
      writer.write(slice);
      writer.finish();
      yield { rows: slice.numRows, type: ARROW_TYPE, body: writer.toUint8Array(true) };
    }
  }
}

async function* parquetParts(path: string, skip: number): AsyncGenerator<FilePart> {
  try {
    yield* readParquet(path, skip);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    throw new AppError('invalid-input', `The Parquet file cannot be read: ${reason}`, { cause: error });
  }
}

async function* readParquet(path: string, skip: number): AsyncGenerator<FilePart> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  const compressors = { GZIP: (input: Uint8Array) => gunzipSync(input), BROTLI: (input: Uint8Array) => brotliDecompressSync(input) };
  for (let rowStart = skip; rowStart < rows; rowStart += PARQUET_ROWS) {
    const rowEnd = Math.min(rows, rowStart + PARQUET_ROWS);
    const objects = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
    const lines = objects.map((row) => JSON.stringify(itemOf(row)));
    yield { rows: lines.length, type: NDJSON_TYPE, body: Buffer.from(`${lines.join('\n')}\n`) };
  }
}

/** A Parquet row: id, vector, productId; every other column is metadata, as is a JSON column of that name. */
function itemOf({ id, productId, vector, metadata, ...others }: Record<string, unknown>): object {
  const rest = Object.entries(others).filter(([, value]) => value !== null && value !== undefined);
  const given: unknown = typeof metadata === 'string' ? JSON.parse(metadata) : (metadata ?? {});
  return {
    id: typeof id === 'bigint' ? String(id) : id,
    ...(productId === null || productId === undefined ? {} : { productId: typeof productId === 'bigint' ? String(productId) : productId }),
    vector: ArrayBuffer.isView(vector) ? Array.from(vector as Float32Array) : vector,
    metadata: {
      ...(given as object),
      ...Object.fromEntries(rest.map(([key, value]) => [key.replace(/^f_/, ''), typeof value === 'bigint' ? Number(value) : value])),
    },
  };
}
