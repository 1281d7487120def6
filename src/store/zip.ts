/** @file ZIP files out of and into blobs, without a copy in memory: stored on writing; stored or deflated on reading. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import { crc32 } from '../core/crc32.ts';

export interface ZipEntry {
  readonly name: string;
  readonly blob: Blob;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8_NAMES = 0x0800;
const MAX_BYTES = 0xffffffff;
const MAX_ENTRIES = 0xffff;
/** Longest end record: 22 bytes and a comment. */
const MAX_END_BYTES = 22 + 0xffff;

/** @throws AppError('invalid-input') beyond 4 GiB or 65,535 files: such a file would need ZIP64. */
export async function writeZip(entries: readonly ZipEntry[]): Promise<Blob> {
  if (entries.length > MAX_ENTRIES) throw new AppError('invalid-input', 'too many files for one ZIP', { stage: 'store' });
  const parts: BlobPart[] = [];
  const central: BlobPart[] = [];
  let offset = 0;
  let centralBytes = 0;
  for (const { name, blob } of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const crc = await crcOf(blob);
    const local = record(30, (view) => {
      view.setUint32(0, LOCAL, true);
      writeCommon(view, 4, crc, blob.size, nameBytes.length);
    });
    const directory = record(46, (view) => {
      view.setUint32(0, CENTRAL, true);
      view.setUint16(4, 20, true);
      writeCommon(view, 6, crc, blob.size, nameBytes.length);
      view.setUint32(42, offset, true);
    });
    parts.push(local, nameBytes, blob);
    central.push(directory, nameBytes);
    offset += 30 + nameBytes.length + blob.size;
    centralBytes += 46 + nameBytes.length;
    if (offset + centralBytes + 22 > MAX_BYTES) throw new AppError('invalid-input', 'too many bytes for one ZIP', { stage: 'store' });
  }
  const end = record(22, (view) => {
    view.setUint32(0, END, true);
    view.setUint16(8, entries.length, true);
    view.setUint16(10, entries.length, true);
    view.setUint32(12, centralBytes, true);
    view.setUint32(16, offset, true);
  });
  return new Blob([...parts, ...central, end], { type: 'application/zip' });
}

/**
 * List a ZIP; contents are slices, read when they are needed.
 * @throws AppError('invalid-input') for anything that is no plain ZIP.
 */
export async function readZip(zip: Blob): Promise<ReadonlyMap<string, () => Promise<Blob>>> {
  const tailFrom = Math.max(0, zip.size - MAX_END_BYTES);
  const tail = new DataView(await zip.slice(tailFrom).arrayBuffer());
  let endAt = tail.byteLength - 22;
  while (endAt >= 0 && tail.getUint32(endAt, true) !== END) endAt--;
  if (endAt < 0) throw broken('no end record');
  const count = tail.getUint16(endAt + 10, true);
  const size = tail.getUint32(endAt + 12, true);
  const from = tail.getUint32(endAt + 16, true);
  if (from + size > zip.size) throw broken('the directory lies outside');
  const directory = new DataView(await zip.slice(from, from + size).arrayBuffer());
  const files = new Map<string, () => Promise<Blob>>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== CENTRAL) throw broken('the directory is damaged');
    const flags = directory.getUint16(at + 8, true);
    const method = directory.getUint16(at + 10, true);
    const crc = directory.getUint32(at + 16, true);
    const packed = directory.getUint32(at + 20, true);
    const unpacked = directory.getUint32(at + 24, true);
    const nameBytes = directory.getUint16(at + 28, true);
    const next = at + 46 + nameBytes + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
    const localAt = directory.getUint32(at + 42, true);
    if (next > directory.byteLength) throw broken('the directory is damaged');
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameBytes));
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8)) throw broken('it is encrypted or packed in an unknown way');
    files.set(name, () => readEntry(zip, localAt, { method, crc, packed, unpacked }));
    at = next;
  }
  return files;
}

async function readEntry(
  zip: Blob,
  localAt: number,
  { method, crc, packed, unpacked }: { method: number; crc: number; packed: number; unpacked: number },
): Promise<Blob> {
  const head = new DataView(await zip.slice(localAt, localAt + 30).arrayBuffer());
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw broken('a file is not where the directory says');
  const from = localAt + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const slice = zip.slice(from, from + packed);
  if (slice.size !== packed) throw broken('a file is cut off');
  const blob = method === 0 ? slice : await inflate(slice, unpacked);
  if (blob.size !== unpacked || (await crcOf(blob)) !== crc) throw broken('a file is damaged');
  return blob;
}

/** Stops at the size that the directory promises: a small file must not unpack to a large one. */
async function inflate(packed: Blob, limit: number): Promise<Blob> {
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return new Blob(chunks);
      bytes += value.byteLength;
      if (bytes > limit) throw broken('a file is larger than it says');
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    throw error instanceof AppError ? error : broken('a file is damaged');
  }
}

async function crcOf(blob: Blob): Promise<number> {
  let crc = 0;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return crc;
    crc = crc32(value, crc);
  }
}

/** Fields that the local and the central header share, from "version needed" on. Dates are left at zero: they say nothing here. */
function writeCommon(view: DataView, at: number, crc: number, size: number, nameBytes: number): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_NAMES, true);
  view.setUint16(at + 8, 0x21, true); // 1 January 1980: some programs refuse a date of zero.
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameBytes, true);
}

function record(bytes: number, write: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(bytes);
  write(new DataView(array.buffer));
  return array;
}

function broken(why: string): AppError {
  return new AppError('invalid-input', `the ZIP cannot be read: ${why}`, { stage: 'store' });
}
