/**
 * @file Metadata of a JPEG's head, taken apart and put together again: what follows the head stays byte for byte. Pure; any thread.
 * Sources: ITU T.81 B.1; Adobe XMP specification part 3 (1.1.3) for XMP and Photoshop segments; CIPA DC-007 for Multi-Picture Format.
 */
import { AppError } from '../../contracts/errors.ts';

/** One segment, `0xff` and marker included. */
interface Segment {
  readonly marker: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A JPEG up to the picture. */
export interface JpegHead {
  readonly segments: readonly Segment[];
  /** Offset of what stays as it is: the first table or frame header that no metadata follows. */
  readonly bodyAt: number;
}

/** What a head says in words. */
export interface JpegMetadata {
  /** TIFF structure, without `Exif\0\0`; null: none. */
  readonly exif: Uint8Array<ArrayBuffer> | null;
  /** Text of the XMP packet; null: none. */
  readonly xmp: string | null;
  /** Photoshop image resources, joined; null: none. */
  readonly resources: Uint8Array<ArrayBuffer> | null;
}

const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const PHOTOSHOP = 'Photoshop 3.0\0';
const MULTI_PICTURE = 'MPF\0';
/** Bytes of a segment after its length field. */
const MAX_PAYLOAD = 65_533;

/**
 * @param bytes the file's beginning.
 * @returns null when the head goes on beyond `bytes`.
 * @throws AppError('decode-unsupported') for what is no JPEG.
 */
export function readJpegHead(bytes: Uint8Array<ArrayBuffer>): JpegHead | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new AppError('decode-unsupported', 'not a JPEG', { stage: 'store' });
  const segments: Segment[] = [];
  let at = 2;
  while (true) {
    if (at + 4 > bytes.length) return null;
    if (bytes[at] !== 0xff) throw broken();
    const marker = bytes[at + 1]!;
    // Fill bytes before a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isMetadata = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!isMetadata) return { segments, bodyAt: at };
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length < 2) throw broken();
    if (at + 2 + length > bytes.length) return null;
    segments.push({ marker, bytes: bytes.slice(at, at + 2 + length) });
    at += 2 + length;
  }
}

/** @returns what is in the head; of several Exif or XMP segments the first counts, as readers do. */
export function metadataOf({ segments }: JpegHead): JpegMetadata {
  const exif = segments.find((segment) => segment.marker === 0xe1 && startsWith(segment, EXIF));
  const xmp = segments.find((segment) => segment.marker === 0xe1 && startsWith(segment, XMP));
  const parts = segments
    .filter((segment) => segment.marker === 0xed && startsWith(segment, PHOTOSHOP))
    .map((part) => payload(part, PHOTOSHOP));
  return {
    exif: exif === undefined ? null : payload(exif, EXIF),
    xmp: xmp === undefined ? null : new TextDecoder().decode(payload(xmp, XMP)),
    resources: parts.length === 0 ? null : joined(parts),
  };
}

/**
 * @param wanted replaces what the head has; null takes it out.
 * @returns bytes that stand before `bodyAt`. Everything else of the head keeps its place and order; offsets of further pictures in the file
 * (Multi-Picture Format) are moved by what the head grew behind them.
 * @throws AppError('invalid-input') when a packet is larger than a segment.
 */
export function writeJpegHead({ segments, bodyAt }: JpegHead, wanted: JpegMetadata): Uint8Array<ArrayBuffer> {
  const added = [
    ...(wanted.exif === null ? [] : [segmentOf(0xe1, EXIF, wanted.exif)]),
    ...(wanted.xmp === null ? [] : [segmentOf(0xe1, XMP, new TextEncoder().encode(wanted.xmp))]),
    ...pieces(wanted.resources ?? new Uint8Array(), MAX_PAYLOAD - PHOTOSHOP.length).map((piece) => segmentOf(0xed, PHOTOSHOP, piece)),
  ];
  const kept = segments.filter(
    (segment) =>
      !(segment.marker === 0xe1 && (startsWith(segment, EXIF) || startsWith(segment, XMP))) &&
      !(segment.marker === 0xed && startsWith(segment, PHOTOSHOP)),
  );
  // JFIF stays first: some readers look for nothing else there.
  const first = kept.findIndex(({ marker }) => marker !== 0xe0);
  const split = first < 0 ? kept.length : first;
  const all = [...kept.slice(0, split), ...added, ...kept.slice(split)];
  const grewBy = (list: readonly Segment[]): number => list.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const totalGrowth = 2 + grewBy(all) - bodyAt;
  const moved = all.map((segment, index) => {
    if (!isMultiPicture(segment)) return segment;
    const behind = grewBy(all.slice(index + 1));
    const before = grewBy(segments.slice(segments.indexOf(segment) + 1));
    return { ...segment, bytes: withMovedPictures(segment.bytes, behind - before, totalGrowth) };
  });
  return joined([Uint8Array.of(0xff, 0xd8), ...moved.map(({ bytes }) => bytes)]);
}

function isMultiPicture(segment: Segment): boolean {
  return segment.marker === 0xe2 && startsWith(segment, MULTI_PICTURE);
}

/**
 * CIPA DC-007 5.2: 16 bytes for each picture: attributes, size, offset from the byte order mark of this segment (0: the file's first picture),
 * two dependants. What is not understood stays as it is.
 */
function withMovedPictures(segment: Uint8Array<ArrayBuffer>, moveBy: number, growFirstBy: number): Uint8Array<ArrayBuffer> {
  const bytes = segment.slice();
  const view = new DataView(bytes.buffer);
  const base = 4 + MULTI_PICTURE.length;
  if (bytes.length < base + 8) return bytes;
  const isLittle = view.getUint16(base) === 0x4949;
  const ifd = base + view.getUint32(base + 4, isLittle);
  if (ifd + 2 > bytes.length) return bytes;
  const count = view.getUint16(ifd, isLittle);
  for (let entry = ifd + 2; entry < ifd + 2 + count * 12 && entry + 12 <= bytes.length; entry += 12) {
    if (view.getUint16(entry, isLittle) !== 0xb002) continue;
    const from = base + view.getUint32(entry + 8, isLittle);
    const until = Math.min(bytes.length, from + view.getUint32(entry + 4, isLittle));
    for (let at = from; at + 16 <= until; at += 16) {
      const offset = view.getUint32(at + 8, isLittle);
      if (offset === 0) view.setUint32(at + 4, view.getUint32(at + 4, isLittle) + growFirstBy, isLittle);
      else view.setUint32(at + 8, offset + moveBy, isLittle);
    }
  }
  return bytes;
}

function startsWith({ bytes }: Segment, name: string): boolean {
  if (bytes.length < 4 + name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[4 + i] !== name.charCodeAt(i)) return false;
  return true;
}

function payload({ bytes }: Segment, name: string): Uint8Array<ArrayBuffer> {
  return bytes.slice(4 + name.length);
}

function segmentOf(marker: number, name: string, data: Uint8Array): Segment {
  const length = 2 + name.length + data.length;
  if (length > MAX_PAYLOAD + 2) throw new AppError('invalid-input', 'metadata is larger than a JPEG takes', { stage: 'store' });
  const head = Uint8Array.of(0xff, marker, length >> 8, length & 0xff);
  return { marker, bytes: joined([head, new TextEncoder().encode(name), data]) };
}

function pieces(bytes: Uint8Array<ArrayBuffer>, most: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: Math.ceil(bytes.length / most) }, (_, index) => bytes.slice(index * most, (index + 1) * most));
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function broken(): AppError {
  return new AppError('decode-unsupported', 'a broken JPEG', { stage: 'store' });
}
