/** @file Compresses the built app once, beside the files, so that a request costs a read and no more. */
import { open, readFile, readdir, rename, stat, unlink } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const COMPRESSIBLE = new Set(['.js', '.mjs', '.css', '.html', '.svg', '.json', '.wasm', '.webmanifest', '.txt', '.onnx', '.traineddata']);
const SMALLEST_BYTES = 1024;
/** Above this, brotli's best quality takes seconds a megabyte. */
const BEST_QUALITY_BYTES = 512 * 1024;
/** A compressed copy that saves less is not worth a decompression on the phone. */
const LARGEST_SHARE = 0.9;

const [brotli, gz] = [promisify(brotliCompress), promisify(gzip)];

/**
 * Write `.br` and `.gz` beside every file that gains from it. Copies that are newer than their file are kept. Small files first.
 * @param signal stops between two files.
 */
export async function compressFiles(folder: string, signal: AbortSignal): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile() && COMPRESSIBLE.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  for (const { path, size, mtimeMs } of files.sort((a, b) => a.size - b.size)) {
    if (signal.aborted) return;
    if (size < SMALLEST_BYTES) continue;
    const quality = size <= BEST_QUALITY_BYTES ? 11 : 5;
    await writeCopy(path, '.br', mtimeMs, (bytes) =>
      brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: size } }),
    );
    await writeCopy(path, '.gz', mtimeMs, (bytes) => gz(bytes, { level: 6 }));
  }
}

async function writeCopy(path: string, ending: string, mtimeMs: number, compress: (bytes: Buffer) => Promise<Buffer>): Promise<void> {
  const copy = path + ending;
  const existing = await stat(copy).catch(() => null);
  if (existing !== null && existing.mtimeMs >= mtimeMs) return;
  if (existing !== null) await unlink(copy);
  const bytes = await readFile(path);
  const compressed = await compress(bytes);
  if (compressed.byteLength > bytes.byteLength * LARGEST_SHARE) return;
  const handle = await open(`${copy}.new`, 'w');
  await handle.writeFile(compressed).finally(() => handle.close());
  await rename(`${copy}.new`, copy);
}
