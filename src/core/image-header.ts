/**
 * @file What an image file says about itself before it is decoded: type by magic bytes, size in pixels. It keeps a small file that
 * claims 100 megapixels, an empty one or a renamed text from ever reaching a decoder. Pure; any thread.
 */
import { AppError } from '../contracts/errors.ts';
import { MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS } from '../contracts/media.ts';

/** Image formats that the pipeline takes. Whether HEIC can be decoded depends on the place. */
export type ImageType = 'jpeg' | 'png' | 'webp' | 'avif' | 'heic' | 'gif' | 'bmp';

/** Size as stored, before EXIF orientation. */
export interface ImageHeader {
  readonly type: ImageType;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Bytes from the start of a file within which nearly every header lies; read all of it when the size is not found there. */
export const HEADER_BYTES = 256 * 1024;

const ascii = (bytes: Uint8Array, at: number, length: number): string => String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Type by magic bytes; null for anything else. @param bytes at least the first 64 bytes of the file. */
export function sniffImageType(bytes: Uint8Array): ImageType | null {
  if (bytes.length < 12) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (bytes[0] === 0x89 && ascii(bytes, 1, 7) === 'PNG\r\n\x1a\n') return 'png';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return 'webp';
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'gif';
  if (ascii(bytes, 0, 2) === 'BM' && viewOf(bytes).getUint32(6, true) === 0) return 'bmp';
  if (ascii(bytes, 4, 4) === 'ftyp') {
    const end = Math.min(bytes.length, viewOf(bytes).getUint32(0));
    const brands = ascii(bytes, 8, Math.max(0, Math.min(end, 256) - 8));
    if (/avi[fs]/.test(brands)) return 'avif';
    if (/hei[cxms]|hev[cxms]|mif1|msf1/.test(brands)) return 'heic';
  }
  return null;
}

/**
 * Type and stored size. Sources: ITU-T T.81 §B.2 (JPEG), W3C PNG §11.2.2, RFC 9649 (WebP), ISO 14496-12 and 23008-12 (AVIF, HEIC),
 * GIF89a §18, BITMAPINFOHEADER.
 * @param bytes the file, or its first {@link HEADER_BYTES}.
 * @returns null when the type is unknown or the size lies beyond `bytes`.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const type = sniffImageType(bytes);
  if (type === null) return null;
  const size = SIZE_READERS[type](bytes);
  return size === null ? null : { type, ...size };
}

type Size = Pick<ImageHeader, 'widthPx' | 'heightPx'>;

const SIZE_READERS: Readonly<Record<ImageType, (bytes: Uint8Array) => Size | null>> = {
  jpeg: jpegSize,
  png: (bytes) => (bytes.length < 24 || ascii(bytes, 12, 4) !== 'IHDR' ? null : at(bytes, 16, 20, (view, i) => view.getUint32(i))),
  webp: webpSize,
  gif: (bytes) => at(bytes, 6, 8, (view, i) => view.getUint16(i, true)),
  bmp: (bytes) => at(bytes, 18, 22, (view, i) => Math.abs(view.getInt32(i, true))),
  avif: isoSize,
  heic: isoSize,
};

function at(bytes: Uint8Array, widthAt: number, heightAt: number, read: (view: DataView, offset: number) => number): Size | null {
  if (bytes.length < heightAt + 4) return null;
  const view = viewOf(bytes);
  return { widthPx: read(view, widthAt), heightPx: read(view, heightAt) };
}

function jpegSize(bytes: Uint8Array): Size | null {
  const view = viewOf(bytes);
  let offset = 2;
  while (offset + 9 < bytes.length) {
    if (bytes[offset] !== 0xff) return null;
    const marker = bytes[offset + 1]!;
    if (marker === 0xff) {
      offset++; // Fill byte.
      continue;
    }
    const isStartOfFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isStartOfFrame) return { widthPx: view.getUint16(offset + 7), heightPx: view.getUint16(offset + 5) };
    if (marker === 0xd9 || marker === 0xda) return null; // End, or scan data before any frame header.
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    offset += hasNoLength ? 2 : 2 + view.getUint16(offset + 2);
  }
  return null;
}

function webpSize(bytes: Uint8Array): Size | null {
  if (bytes.length < 30) return null;
  const view = viewOf(bytes);
  const uint24 = (i: number): number => view.getUint16(i, true) | (bytes[i + 2]! << 16);
  switch (ascii(bytes, 12, 4)) {
    case 'VP8X':
      return { widthPx: uint24(24) + 1, heightPx: uint24(27) + 1 };
    case 'VP8 ':
      return { widthPx: view.getUint16(26, true) & 0x3fff, heightPx: view.getUint16(28, true) & 0x3fff };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { widthPx: (bits & 0x3fff) + 1, heightPx: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default:
      return null;
  }
}

/** Largest `ispe` of the file: a grid image lists its tiles' sizes beside its own. */
function isoSize(bytes: Uint8Array): Size | null {
  let largest: Size | null = null;
  const view = viewOf(bytes);
  const walk = (from: number, to: number): void => {
    let offset = from;
    while (offset + 8 <= to) {
      const length = view.getUint32(offset);
      const type = ascii(bytes, offset + 4, 4);
      const end = length === 0 ? to : Math.min(to, offset + length);
      if (length !== 0 && length < 8) return; // 64-bit lengths (1) only occur on the picture data, which comes last.
      if (type === 'meta') walk(offset + 12, end);
      else if (type === 'iprp' || type === 'ipco') walk(offset + 8, end);
      else if (type === 'ispe' && offset + 20 <= bytes.length) {
        const widthPx = view.getUint32(offset + 12);
        const heightPx = view.getUint32(offset + 16);
        if (largest === null || widthPx * heightPx > largest.widthPx * largest.heightPx) largest = { widthPx, heightPx };
      }
      offset = end;
    }
  };
  walk(0, bytes.length);
  return largest;
}

/**
 * Let through only what a decoder may be given.
 * @param sizeBytes of the whole file. @param header of it; null when it could not be read.
 * @throws AppError('decode-unsupported') for empty, oversized, unknown or size-less files.
 */
export function assertDecodable(sizeBytes: number, header: ImageHeader | null): asserts header is ImageHeader {
  const refuse = (message: string): never => {
    throw new AppError('decode-unsupported', message, { stage: 'decode' });
  };
  if (sizeBytes === 0) refuse('The file is empty');
  if (sizeBytes > MAX_PHOTO_BYTES) refuse(`The file has ${sizeBytes} bytes, more than ${MAX_PHOTO_BYTES}`);
  if (header === null) refuse('Not a JPEG, PNG, WebP, AVIF, HEIC, GIF or BMP file, or its header is damaged');
  const pixels = header!.widthPx * header!.heightPx;
  if (pixels === 0) refuse('The image has no pixels');
  if (pixels > MAX_PHOTO_PIXELS) refuse(`The image has ${pixels} pixels, more than ${MAX_PHOTO_PIXELS}`);
}
