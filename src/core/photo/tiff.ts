/**
 * @file Directories of a TIFF: EXIF in a JPEG, and the RAW formats built on it. Strict bounds, no pixels. Pure; any thread.
 * Sources: TIFF 6.0 §2, TIFF/EP, CIPA DC-008 (EXIF 2.32) §4.6; magic numbers of ORF and RW2 as their cameras write them.
 */
import type { ByteSource } from './byte-source.ts';

/** An open TIFF; offsets in it count from `base`. */
export interface Tiff {
  readonly source: ByteSource;
  readonly base: number;
  readonly isLittle: boolean;
  /** Offset of the first directory. */
  readonly first: number;
}

/** One field of a directory. */
export interface TiffField {
  readonly type: number;
  readonly count: number;
  /** Offset of the value. */
  readonly at: number;
}

/** One directory. */
export interface TiffDirectory {
  readonly fields: ReadonlyMap<number, TiffField>;
  /** Offset of the next directory; 0: none. */
  readonly next: number;
}

/** Bytes of one value, by type; 0: no type. 13 is an offset of a directory. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4] as const;
/** TIFF, Olympus ORF (two), Panasonic RW2. */
const MAGIC: ReadonlySet<number> = new Set([42, 0x4f52, 0x5352, 0x55]);
/** Real directories have fewer than a hundred. */
const MAX_FIELDS = 512;
const MAX_VALUES = 64;
const MAX_TEXT = 256;

/** @returns null when no TIFF begins at `base`. */
export function openTiff(source: ByteSource, base: number): Tiff | null {
  const head = source.take(base, 8);
  if (head.length < 8) return null;
  const order = String.fromCharCode(head[0]!, head[1]!);
  if (order !== 'II' && order !== 'MM') return null;
  const isLittle = order === 'II';
  const view = viewOf(head);
  if (!MAGIC.has(view.getUint16(2, isLittle))) return null;
  return { source, base, isLittle, first: view.getUint32(4, isLittle) };
}

/** @returns null where there is none, or a damaged one. */
export function readDirectory({ source, base, isLittle }: Tiff, offset: number): TiffDirectory | null {
  if (offset < 8) return null;
  const counted = source.take(base + offset, 2);
  if (counted.length < 2) return null;
  const count = viewOf(counted).getUint16(0, isLittle);
  if (count === 0 || count > MAX_FIELDS) return null;
  const bytes = source.take(base + offset + 2, count * 12 + 4);
  if (bytes.length < count * 12) return null;
  const view = viewOf(bytes);
  const fields = new Map<number, TiffField>();
  for (let i = 0; i < count; i++) {
    const at = i * 12;
    const type = view.getUint16(at + 2, isLittle);
    const valueCount = view.getUint32(at + 4, isLittle);
    const sizeBytes = (TYPE_BYTES[type] ?? 0) * valueCount;
    if (sizeBytes === 0) continue;
    const valueAt = sizeBytes <= 4 ? offset + 2 + at + 8 : view.getUint32(at + 8, isLittle);
    fields.set(view.getUint16(at, isLittle), { type, count: valueCount, at: valueAt });
  }
  return { fields, next: bytes.length < count * 12 + 4 ? 0 : view.getUint32(count * 12, isLittle) };
}

/** Whole numbers of a field, at most 64; empty for one that is missing, cut off or of another type. */
export function numbersOf({ source, base, isLittle }: Tiff, field: TiffField | undefined): number[] {
  if (field === undefined) return [];
  const each = TYPE_BYTES[field.type] ?? 0;
  const isWhole = [1, 3, 4, 7, 13].includes(field.type);
  if (!isWhole) return [];
  const count = Math.min(field.count, MAX_VALUES);
  const bytes = source.take(base + field.at, count * each);
  if (bytes.length < count * each) return [];
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, i) => {
    if (each === 1) return view.getUint8(i);
    return each === 2 ? view.getUint16(i * 2, isLittle) : view.getUint32(i * 4, isLittle);
  });
}

/** Text of a field without its end mark and outer spaces; empty when there is none. */
export function textOf({ source, base }: Tiff, field: TiffField | undefined): string {
  if (field?.type !== 2) return '';
  const bytes = source.take(base + field.at, Math.min(field.count, MAX_TEXT));
  const end = bytes.indexOf(0);
  return new TextDecoder('utf-8').decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
