/** @file Streams the lines of a file of any size, plain or gzipped, with the byte offset behind each, in flat memory. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** One line without its line end; null text: it was longer than allowed or no UTF-8. */
export interface Line {
  readonly text: string | null;
  /** Bytes of the (uncompressed) file up to and including this line's end. */
  readonly endOffset: number;
}

const LINE_FEED = 0x0a;
/** Bytes that identify a file together with its size. */
const HEAD_BYTES = 64 * 1024;

/**
 * @param fromOffset where to go on, an `endOffset` given before. A gzipped file is unpacked from its start and skipped up to there.
 * @param maxLineBytes longer lines are passed over.
 * @param wanted a line that does not hold these bytes is passed over without decoding it (text: empty).
 */
export async function* readLines(
  path: string,
  { fromOffset = 0, maxLineBytes = 16 << 20, wanted }: { fromOffset?: number; maxLineBytes?: number; wanted?: Buffer } = {},
): AsyncGenerator<Line> {
  const isPacked = path.endsWith('.gz');
  const file = createReadStream(path, { highWaterMark: 1 << 20, ...(isPacked ? {} : { start: fromOffset }) });
  const source: Readable = isPacked ? file.pipe(createGunzip({ chunkSize: 1 << 20 })) : file;
  // `pipe` passes no errors on.
  if (isPacked) file.on('error', (error) => source.destroy(error));
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let offset = isPacked ? 0 : fromOffset;
  let parts: Buffer[] = [];
  let length = 0;

  const finish = (endOffset: number): Line => {
    const isTooLong = length > maxLineBytes;
    let bytes = isTooLong ? Buffer.alloc(0) : parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    length = 0;
    if (isTooLong) return { text: null, endOffset };
    if (wanted !== undefined && !bytes.includes(wanted)) return { text: '', endOffset };
    if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
    try {
      return { text: utf8.decode(bytes), endOffset };
    } catch {
      return { text: null, endOffset };
    }
  };

  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      let start = 0;
      // Lines before the place to go on from.
      if (offset < fromOffset) {
        start = Math.min(chunk.length, fromOffset - offset);
        if (start === chunk.length) {
          offset += chunk.length;
          continue;
        }
      }
      for (;;) {
        const end = chunk.indexOf(LINE_FEED, start);
        const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
        length += piece.length;
        if (length <= maxLineBytes) parts.push(piece);
        else parts = [];
        if (end === -1) break;
        yield finish(offset + end + 1);
        start = end + 1;
      }
      offset += chunk.length;
    }
    if (length > 0) yield finish(offset);
  } finally {
    file.destroy();
    source.destroy();
  }
}

/** @returns a text that is the same only for the same file: its size and a hash of its beginning. @throws when it cannot be read. */
export async function fingerprintOf(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const { size, mtimeMs } = await stat(path);
    return `${size}-${Math.round(mtimeMs)}-${createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex')}`;
  } finally {
    await handle.close();
  }
}
