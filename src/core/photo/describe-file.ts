/**
 * @file What a photo's file says of itself, and where the picture lies in it: JPEG, HEIC, TIFF-based RAW, CR3, RAF. Pure; any thread.
 * Own code, because the previews need this walk anyway: of the libraries, exifreader runs a script when it is installed and wants the whole file,
 * exifr has had no release since 2021, and neither finds the full-size previews.
 */
import { openTiff, type Tiff } from './tiff.ts';
import { NO_EXIF, readExif, type ExifFacts } from './exif.ts';
import { boxAt, boxesOf, type IsoBox } from './iso-boxes.ts';
import { previewInCr3, previewInRaf, previewInTiff, type BytePlace } from './raw-preview.ts';
import { sourceOf, type ByteSource } from './byte-source.ts';

/** A file, before anything of it is decoded. */
export interface DescribedFile extends ExifFacts {
  /** `image`: decode the file itself; `raw`: decode `preview`. */
  readonly kind: 'image' | 'raw';
  /** Null for images, and for a RAW without a preview that can be used. */
  readonly preview: BytePlace | null;
}

const CANON_METADATA = '85c0b687820f11e08111f4ce462b6a48';

/** @returns facts of any file; one that is no photo has none. */
export function describeFile(source: ByteSource): DescribedFile {
  const head = source.take(0, 32);
  const text = String.fromCharCode(...head);
  if (head[0] === 0xff && head[1] === 0xd8) return { kind: 'image', preview: null, ...exifOfJpeg(source, 0) };
  if (text.startsWith('FUJIFILMCCD-RAW')) {
    const preview = previewInRaf(source);
    return { kind: 'raw', preview, ...(preview === null ? NO_EXIF : exifOfJpeg(source, preview.offset)) };
  }
  if (text.startsWith('ftyp', 4)) {
    const file: IsoBox = { type: 'file', from: 0, to: source.sizeBytes };
    if (text.startsWith('crx ', 8)) return { kind: 'raw', preview: previewInCr3(source, file), ...exifOfCr3(source, file) };
    return { kind: 'image', preview: null, ...exifOfHeic(source, file) };
  }
  const tiff = openTiff(source, 0);
  if (tiff !== null) return { kind: 'raw', preview: previewInTiff(tiff), ...readExif(tiff) };
  return { kind: 'image', preview: null, ...NO_EXIF };
}

/** EXIF orientation of a JPEG, 1..8; 1 when there is none. @param bytes from its start. */
export function jpegOrientation(bytes: Uint8Array): number {
  return exifOfJpeg(sourceOf(bytes), 0).orientation;
}

/** Segments up to the picture data (ITU-T T.81 §B.1.1). */
function exifOfJpeg(source: ByteSource, from: number): ExifFacts {
  let at = from + 2;
  for (let segments = 0; segments < 64; segments++) {
    const head = source.take(at, 10);
    if (head.length < 10 || head[0] !== 0xff || head[1] === 0xda || head[1] === 0xd9) return NO_EXIF;
    if (head[1] === 0xe1 && String.fromCharCode(...head.subarray(4, 10)) === 'Exif\0\0') {
      const tiff = openTiff(source, at + 10);
      return tiff === null ? NO_EXIF : readExif(tiff);
    }
    at += head[1] === 0xff ? 1 : 2 + ((head[2]! << 8) | head[3]!);
  }
  return NO_EXIF;
}

/** Canon splits EXIF into boxes of a TIFF each: `CMT1` the main directory, `CMT2` the EXIF directory. */
function exifOfCr3(source: ByteSource, file: IsoBox): ExifFacts {
  const metadata = boxAt(source, file, ['moov', CANON_METADATA]);
  if (metadata === null) return NO_EXIF;
  const parts = boxesOf(source, metadata.from, metadata.to);
  const tiffIn = (type: string): Tiff | null => {
    const box = parts.find((part) => part.type === type);
    return box === undefined ? null : openTiff(source, box.from);
  };
  const main = tiffIn('CMT1');
  return main === null ? NO_EXIF : readExif(main, tiffIn('CMT2'));
}

/**
 * The item of type `Exif` (ISO 23008-12 §A.2.1), found by `iinf`, placed by `iloc`. Its first four bytes say how far on the TIFF begins.
 * Orientation is left alone: HEIC turns the picture itself (`irot`), and decoders do so.
 */
function exifOfHeic(source: ByteSource, file: IsoBox): ExifFacts {
  const meta = boxesOf(source, file.from, file.to).find(({ type }) => type === 'meta');
  if (meta === undefined) return NO_EXIF;
  const parts = boxesOf(source, meta.from + 4, meta.to);
  const names = parts.find(({ type }) => type === 'iinf');
  const places = parts.find(({ type }) => type === 'iloc');
  const item = names === undefined ? null : exifItem(source, names);
  const offset = item === null || places === undefined ? null : itemOffset(source, places, item);
  if (offset === null) return NO_EXIF;
  const skip = source.take(offset, 4);
  if (skip.length < 4) return NO_EXIF;
  const tiff = openTiff(source, offset + 4 + viewOf(skip).getUint32(0));
  return tiff === null ? NO_EXIF : { ...readExif(tiff), orientation: 1 };
}

function exifItem(source: ByteSource, names: IsoBox): number | null {
  const version = source.take(names.from, 1)[0] ?? 0;
  for (const { type, from } of boxesOf(source, names.from + (version === 0 ? 6 : 8), names.to)) {
    const entry = source.take(from, 14);
    if (type !== 'infe' || entry.length < 14) continue;
    const isWide = entry[0] === 3;
    const at = isWide ? 8 : 6;
    // Version, id (two or four bytes), protection (two), then the type.
    const kind = String.fromCharCode(...entry.subarray(at + 2, at + 6));
    if (kind === 'Exif') return isWide ? viewOf(entry).getUint32(4) : viewOf(entry).getUint16(4);
  }
  return null;
}

/** First extent of an item that lies in the file itself (ISO 14496-12 §8.11.3). */
function itemOffset(source: ByteSource, places: IsoBox, item: number): number | null {
  const bytes = source.take(places.from, Math.min(places.to - places.from, 65_536));
  if (bytes.length < 8) return null;
  const view = viewOf(bytes);
  const version = bytes[0]!;
  const offsetBytes = bytes[4]! >> 4;
  const lengthBytes = bytes[4]! & 15;
  const baseBytes = bytes[5]! >> 4;
  const indexBytes = version === 0 ? 0 : bytes[5]! & 15;
  const isWide = version === 2;
  let at = isWide ? 10 : 8;
  const read = (size: number): number => {
    at += size;
    if (size === 0 || at > bytes.length) return 0;
    return size === 2 ? view.getUint16(at - 2) : size === 4 ? view.getUint32(at - 4) : size === 8 ? Number(view.getBigUint64(at - 8)) : 0;
  };
  const count = isWide ? view.getUint32(6) : view.getUint16(6);
  for (let i = 0; i < count && at < bytes.length; i++) {
    const id = read(isWide ? 4 : 2);
    const method = version === 0 ? 0 : read(2) & 15;
    read(2);
    const base = read(baseBytes);
    const extents = read(2);
    for (let extent = 0; extent < extents && at < bytes.length; extent++) {
      read(indexBytes);
      const offset = read(offsetBytes);
      read(lengthBytes);
      if (id === item && extent === 0) return method === 0 ? base + offset : null;
    }
  }
  return null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
