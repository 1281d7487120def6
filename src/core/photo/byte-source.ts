/**
 * @file Bytes of a file by place, so that a parser can walk through forty megabytes of RAW and only a few ranges are ever read. Pure; any thread.
 * [Note: Walk and fetch] Parsers are plain synchronous functions over a {@link ByteSource}. Over a file on disk a source throws for what was not read
 * yet; the range is read and the parser starts again, which costs microseconds.
 */
import { AppError } from '../../contracts/errors.ts';

/** Reads a range of a file; gives fewer bytes at its end. */
export type ReadRange = (offset: number, length: number) => Promise<Uint8Array>;

/** Where a parser takes its bytes from. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** @returns the bytes there, fewer (or none) where the file ends. */
  take(offset: number, length: number): Uint8Array;
}

/** A range that was not read yet. */
class MissingBytes extends Error {
  readonly offset: number;
  readonly length: number;

  constructor(offset: number, length: number) {
    super(`Bytes from ${offset} on are not read yet`);
    this.offset = offset;
    this.length = length;
  }
}

const CHUNK_BYTES = 64 * 1024;
/** A file whose directories lie in more places than this was made to hurt. */
const MAX_READS = 48;

/** Source over bytes that are all there. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    take: (offset, length) => (isPlace(offset) ? bytes.subarray(offset, offset + Math.max(0, length)) : bytes.subarray(0, 0)),
  };
}

/**
 * Run a parser over a file, reading what it asks for.
 * @param parse may be called several times; must have no effects.
 * @throws AppError('decode-unsupported') when it asks for too many places; what `read` and `parse` throw.
 */
export async function walkFile<Result>(sizeBytes: number, read: ReadRange, parse: (source: ByteSource) => Result): Promise<Result> {
  const chunks: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  const source: ByteSource = {
    sizeBytes,
    take(offset, length) {
      if (!isPlace(offset) || offset >= sizeBytes) return new Uint8Array(0);
      const end = Math.min(sizeBytes, offset + Math.max(0, length));
      for (const { from, bytes } of chunks)
        if (offset >= from && end <= from + bytes.length) return bytes.subarray(offset - from, end - from);
      throw new MissingBytes(offset, end - offset);
    },
  };
  for (let reads = 0; reads < MAX_READS; reads++) {
    try {
      return parse(source);
    } catch (error) {
      if (!(error instanceof MissingBytes)) throw error;
      const length = Math.min(sizeBytes - error.offset, Math.max(CHUNK_BYTES, error.length));
      const bytes = await read(error.offset, length);
      if (bytes.length < length) throw new AppError('decode-unsupported', 'The file ends earlier than it says', { stage: 'decode' });
      chunks.push({ from: error.offset, bytes });
    }
  }
  throw new AppError('decode-unsupported', 'What the file says about itself lies in too many places', { stage: 'decode' });
}

function isPlace(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}
