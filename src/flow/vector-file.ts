/** @file A file of vectors cut into the parts of a bulk ingest: NDJSON (also .gz) and Arrow. Memory stays flat. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { ingestJobSchema } from '../contracts/server-api.ts';

/** Rows of a file as a request's body. */
export interface FilePart {
  readonly rows: number;
  /** Its type is that of the form. */
  readonly body: Blob;
  /** Bytes of the file that were read so far. */
  readonly readBytes: number;
}

/** What a file may be called. */
export const VECTOR_FILES = ['.ndjson', '.jsonl', '.ndjson.gz', '.jsonl.gz', '.arrow', '.arrows', '.ipc', '.feather'] as const;

const NDJSON_TYPE = 'application/x-ndjson';
const ARROW_TYPE = 'application/vnd.apache.arrow.stream';
/** Sent within the server's time for a request on a slow line, and often enough for progress to move. */
const NDJSON_CHARACTERS = 4 << 20;
const ARROW_ROWS = 8_192;
/** Identifies a file, with its size and time. */
const HEAD_BYTES = 64 * 1024;

/** @returns a name that only this file gives, so that a second try goes on where the first stopped. */
export async function jobOf(file: File): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.slice(0, HEAD_BYTES).arrayBuffer());
  const head = [...new Uint8Array(digest, 0, 10)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const name = file.name.replaceAll(/[^\w.-]/g, '_').slice(0, 40);
  return ingestJobSchema.parse(`f${file.size}-${file.lastModified}-${head}-${name}`);
}

/**
 * @param skip rows at the beginning that the server has.
 * @throws AppError('invalid-input') for another kind of file, or one that is damaged.
 */
export async function* partsOf(file: File, skip: number): AsyncGenerator<FilePart, void, void> {
  const name = file.name.toLowerCase();
  if (!VECTOR_FILES.some((end) => name.endsWith(end)))
    throw new AppError('invalid-input', 'not a file of vectors by its name', { stage: 'read' });
  let readBytes = 0;
  const counted = file.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        readBytes += piece.byteLength;
        controller.enqueue(piece);
      },
    }),
  );
  const rows = /\.(ndjson|jsonl)(\.gz)?$/.test(name)
    ? ndjsonParts(name.endsWith('.gz') ? unpacked(counted) : counted, skip)
    : arrowParts(counted, skip);
  for await (const part of rows) yield { ...part, readBytes };
}

type Part = Omit<FilePart, 'readBytes'>;

function unpacked(source: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return source.pipeThrough(new DecompressionStream('gzip'));
}

async function* ndjsonParts(source: ReadableStream<Uint8Array<ArrayBuffer>>, skip: number): AsyncGenerator<Part, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let lines: string[] = [];
  let characters = 0;
  let row = 0;
  const take = (line: string): void => {
    if (line.trim() === '') return;
    row += 1;
    if (row <= skip) return;
    lines.push(line);
    characters += line.length + 1;
  };
  const cut = (): Part => {
    const part = { rows: lines.length, body: new Blob([`${lines.join('\n')}\n`], { type: NDJSON_TYPE }) };
    lines = [];
    characters = 0;
    return part;
  };
  for await (const piece of readable(source)) {
    const found = (rest + decode(() => decoder.decode(piece, { stream: true }))).split('\n');
    rest = found.pop() ?? '';
    for (const line of found) {
      take(line);
      if (characters >= NDJSON_CHARACTERS) yield cut();
    }
  }
  take(rest + decode(() => decoder.decode()));
  if (lines.length > 0) yield cut();
}

async function* arrowParts(source: ReadableStream<Uint8Array<ArrayBuffer>>, skip: number): AsyncGenerator<Part, void, void> {
  const { RecordBatchReader, RecordBatchStreamWriter } = await import('apache-arrow');
  let passed = 0;
  try {
    const reader = await RecordBatchReader.from(readable(source));
    for await (const batch of reader) {
      const first = Math.max(0, skip - passed);
      passed += batch.numRows;
      for (let start = first; start < batch.numRows; start += ARROW_ROWS) {
        const slice = batch.slice(start, Math.min(start + ARROW_ROWS, batch.numRows));
        const writer = new RecordBatchStreamWriter();
        writer.write(slice);
        writer.finish();
        yield { rows: slice.numRows, body: new Blob([writer.toUint8Array(true) as Uint8Array<ArrayBuffer>], { type: ARROW_TYPE }) };
      }
    }
  } catch (error) {
    throw error instanceof AppError
      ? error
      : new AppError('invalid-input', 'the file is no Arrow file that can be read', { cause: error, stage: 'read' });
  }
}

/** Not every browser iterates over streams. Lets go of the file when it is not read to its end. */
async function* readable(source: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const reader = source.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw new AppError('invalid-input', 'the file can no longer be read, or is damaged', { cause: error, stage: 'read' });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function decode(read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw new AppError('invalid-input', 'the file is no UTF-8', { cause: error, stage: 'read' });
  }
}
