/**
 * @file Looks into the bytes of an image that wants to leave: kind, real size, and that nothing but the picture is in it.
 * A claim beside the bytes is not enough: metadata can hold a place or a whole second picture. Thread: page.
 */
import { CROP_LIMITS, type CropPayload } from '../contracts/egress.ts';

interface Inspected {
  readonly type: 'image/jpeg' | 'image/webp';
  readonly widthPx: number;
  readonly heightPx: number;
}

/** @returns why the crop must not leave, as words for the log; null when it may. */
export async function refusalOfCrop(crop: CropPayload): Promise<string | null> {
  const { blob, box, faceCount, widthPx, heightPx, detectionClass } = crop;
  if (blob.size === 0 || blob.size > CROP_LIMITS.maxBytes) return `${blob.size} bytes`;
  if (faceCount !== 0) return 'a face is in it';
  if (!/^[a-z][a-z0-9-]{0,60}$/.test(detectionClass)) return 'no detection class';
  const edges = [box.x, box.y, box.width, box.height];
  const isInside = edges.every((edge) => edge >= 0 && edge <= 1) && box.x + box.width <= 1.000001 && box.y + box.height <= 1.000001;
  if (!isInside || box.width <= 0 || box.height <= 0) return 'its box is outside the frame';
  if (box.width * box.height > CROP_LIMITS.maxFrameShare) return `${Math.round(box.width * box.height * 100)} % of the frame`;
  const found = inspect(new Uint8Array(await blob.arrayBuffer()));
  if (typeof found === 'string') return found;
  if (found.type !== blob.type) return 'its type is not what it says';
  if (found.widthPx !== widthPx || found.heightPx !== heightPx) return 'its size is not what it says';
  if (Math.max(widthPx, heightPx) > CROP_LIMITS.maxSidePx) return `${widthPx} × ${heightPx} px`;
  return null;
}

function inspect(bytes: Uint8Array): Inspected | string {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return inspectJpeg(bytes);
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return inspectWebp(bytes);
  return 'neither JPEG nor WebP';
}

/** Walks the segments up to the picture data (ITU T.81, B.1.1). Only what a canvas writes is allowed: no Exif, XMP, comments, thumbnails. */
function inspectJpeg(bytes: Uint8Array): Inspected | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { widthPx: number; heightPx: number } | null = null;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return 'a broken JPEG';
    const marker = bytes[at + 1]!;
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return 'a broken JPEG';
    const isMetadata = (marker >= 0xe1 && marker <= 0xef && marker !== 0xe2) || marker === 0xfe;
    if (isMetadata) return 'metadata in the JPEG';
    // APP0 is JFIF (its thumbnail bytes must be 0 × 0); APP2 may hold a colour profile and nothing else (Multi-Picture also lives there).
    if (marker === 0xe0 && !(ascii(bytes, at + 4, at + 8) === 'JFIF' && bytes[at + 16] === 0 && bytes[at + 17] === 0))
      return 'metadata in the JPEG';
    if (marker === 0xe2 && ascii(bytes, at + 4, at + 15) !== 'ICC_PROFILE') return 'metadata in the JPEG';
    const isFrameHeader = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrameHeader && length >= 8) size = { heightPx: view.getUint16(at + 5), widthPx: view.getUint16(at + 7) };
    at += 2 + length;
    if (marker === 0xda) {
      if (size === null) return 'a broken JPEG';
      return endOfScan(bytes, at) === bytes.length ? { type: 'image/jpeg', ...size } : 'something after the picture';
    }
  }
  return 'a broken JPEG';
}

/** Offset just past the end-of-image marker; progressive pictures have several scans with tables between them. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue;
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) return at + 2;
    const isTable = marker === 0xc4 || marker === 0xda || marker === 0xdb || marker === 0xdd;
    const isData = marker === 0x00 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7);
    if (isTable) at += 1 + (bytes[at + 2]! << 8) + bytes[at + 3]!;
    else if (!isData) return -1;
  }
  return -1;
}

/** RFC 9649: `VP8 `, `VP8L`, or `VP8X` with a still picture and no Exif or XMP. */
function inspectWebp(bytes: Uint8Array): Inspected | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30 || view.getUint32(4, true) + 8 !== bytes.length) return 'something after the picture';
  let size: { widthPx: number; heightPx: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = ascii(bytes, at, at + 4);
    const length = view.getUint32(at + 4, true);
    const data = at + 8;
    if (data + length > bytes.length) return 'a broken WebP';
    if (!['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP'].includes(kind)) return 'metadata in the WebP';
    if (kind === 'VP8 ' && length >= 10)
      size = { widthPx: view.getUint16(data + 6, true) & 0x3fff, heightPx: view.getUint16(data + 8, true) & 0x3fff };
    if (kind === 'VP8L' && length >= 5) {
      const bits = view.getUint32(data + 1, true);
      size = { widthPx: (bits & 0x3fff) + 1, heightPx: ((bits >>> 14) & 0x3fff) + 1 };
    }
    at = data + length + (length % 2);
  }
  return size === null ? 'a broken WebP' : { type: 'image/webp', ...size };
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
