/** @file Looks for bytes in every file of a folder: the proof that something is gone. */
import { open, readdir, type FileHandle } from 'node:fs/promises';
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

/** What is not simply opened, read and closed. */
export interface ByteSearchOptions {
  /** By path; they stay open: [Note: Never close]. */
  readonly handles?: ReadonlyMap<string, FileHandle>;
  /** Names of files that are not looked into. */
  readonly skip?: readonly string[];
}

/** @param needles of at least 8 bytes each. Files that vanish meanwhile hold nothing. */
export async function searchBytes(
  folder: string,
  needles: readonly Uint8Array[],
  { handles, skip = [] }: ByteSearchOptions = {},
): Promise<ByteSearch> {
  const overlap = Math.max(0, ...needles.map(({ byteLength }) => byteLength - 1));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let files = 0;
  let bytes = 0;
  const found: string[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES + overlap);
  for (const entry of entries) {
    if (!entry.isFile() || skip.includes(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const read = await searchPath(path, handles?.get(path), needles, chunk, overlap);
    if (read === null) continue;
    files += 1;
    bytes += read.bytes;
    if (read.isFound) found.push(path);
  }
  return { files, bytes, found };
}

async function searchPath(
  path: string,
  given: FileHandle | undefined,
  needles: readonly Uint8Array[],
  chunk: Buffer,
  overlap: number,
): Promise<{ bytes: number; isFound: boolean } | null> {
  if (given !== undefined) return searchFile(given, needles, chunk, overlap);
  let handle;
  try {
    handle = await open(path, 'r');
    return await searchFile(handle, needles, chunk, overlap);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  } finally {
    await handle?.close();
  }
}

async function searchFile(
  handle: FileHandle,
  needles: readonly Uint8Array[],
  chunk: Buffer,
  overlap: number,
): Promise<{ bytes: number; isFound: boolean }> {
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
}
