/** @file Looks for bytes in every file of a folder: the proof that something is gone. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Read at a time; the event loop is free in between. */
const CHUNK_BYTES = 1 << 20;

/** What a search saw. */
export interface ByteSearch {
  readonly files: number;
  readonly bytes: number;
  /** Files that hold one of the needles. */
  readonly found: readonly string[];
}

/** @param needles of at least 8 bytes each. Files that vanish meanwhile hold nothing. */
export async function searchBytes(folder: string, needles: readonly Uint8Array[]): Promise<ByteSearch> {
  const overlap = Math.max(0, ...needles.map(({ byteLength }) => byteLength - 1));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let files = 0;
  let bytes = 0;
  const found: string[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES + overlap);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const read = await searchFile(path, needles, chunk, overlap);
    if (read === null) continue;
    files += 1;
    bytes += read.bytes;
    if (read.isFound) found.push(path);
  }
  return { files, bytes, found };
}

async function searchFile(
  path: string,
  needles: readonly Uint8Array[],
  chunk: Buffer,
  overlap: number,
): Promise<{ bytes: number; isFound: boolean } | null> {
  let handle;
  try {
    handle = await open(path, 'r');
    let bytes = 0;
    let kept = 0;
    let isFound = false;
    for (;;) {
      const { bytesRead } = await handle.read(chunk, kept, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { bytes, isFound };
      bytes += bytesRead;
      const seen = chunk.subarray(0, kept + bytesRead);
      isFound ||= needles.some((needle) => seen.indexOf(needle) >= 0);
      // A needle may lie across two reads.
      kept = Math.min(overlap, seen.length);
      chunk.copyWithin(0, seen.length - kept, seen.length);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    await handle?.close();
  }
}
