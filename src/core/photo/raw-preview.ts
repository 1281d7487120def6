/**
 * @file The largest ordinary JPEG inside a camera's RAW file: cameras put one there for their own screen, often in full size. Pure; any thread.
 * Sources: TIFF/EP and DNG 1.7 (SubIFDs), the layouts of CR2, CR3, NEF, ARW, RAF, ORF and RW2 as published by the ExifTool project.
 */
import { boxAt, boxesOf, type IsoBox } from './iso-boxes.ts';
import type { ByteSource } from './byte-source.ts';
import { numbersOf, readDirectory, type Tiff, type TiffDirectory } from './tiff.ts';

/** Where a JPEG lies in a file. */
export interface BytePlace {
  readonly offset: number;
  readonly length: number;
}

const TAG = {
  rw2Jpeg: 0x002e,
  compression: 0x0103,
  photometric: 0x0106,
  stripOffsets: 0x0111,
  stripByteCounts: 0x0117,
  subDirectories: 0x014a,
  jpegOffset: 0x0201,
  jpegLength: 0x0202,
  exif: 0x8769,
  makerNote: 0x927c,
} as const;
/** Old and new JPEG. */
const JPEG_COMPRESSIONS: ReadonlySet<number> = new Set([6, 7]);
/** Sensor values, which DNG compresses as JPEG without loss. */
const SENSOR_PHOTOMETRICS: ReadonlySet<number> = new Set([32803, 34892]);
const MAX_DIRECTORIES = 24;
/** Smaller ones are thumbnails that no number can be read on. */
const MIN_PREVIEW_BYTES = 2048;

/** @returns the largest JPEG of a RAW on a TIFF (CR2, NEF, ARW, DNG, ORF, RW2); null when there is none. */
export function previewInTiff(tiff: Tiff): BytePlace | null {
  const found: BytePlace[] = [];
  const add = (offset = 0, length = 0): void => void found.push({ offset: tiff.base + offset, length });
  const seen = new Set<number>();
  const queue = [tiff.first];
  while (queue.length > 0 && seen.size < MAX_DIRECTORIES) {
    const at = queue.shift()!;
    if (seen.has(at)) continue;
    seen.add(at);
    const directory = readDirectory(tiff, at);
    if (directory === null) continue;
    queue.push(directory.next, ...numbersOf(tiff, directory.fields.get(TAG.subDirectories)));
    const one = (tag: number): number | undefined => numbersOf(tiff, directory.fields.get(tag))[0];
    add(one(TAG.jpegOffset), one(TAG.jpegLength));
    const rw2 = directory.fields.get(TAG.rw2Jpeg);
    if (rw2 !== undefined) add(rw2.at, rw2.count);
    if (isPicture(one(TAG.compression), one(TAG.photometric)) && directory.fields.get(TAG.stripOffsets)?.count === 1)
      add(one(TAG.stripOffsets), one(TAG.stripByteCounts));
    const olympus = olympusPreview(tiff, directory);
    if (olympus !== null) found.push(olympus);
  }
  return largestJpeg(tiff.source, found);
}

/** @returns the JPEG of Fujifilm's RAF; its EXIF describes the photo. */
export function previewInRaf(source: ByteSource): BytePlace | null {
  const head = source.take(84, 8);
  if (head.length < 8) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return largestJpeg(source, [{ offset: view.getUint32(0), length: view.getUint32(4) }]);
}

/** @param file all of a CR3 as one box. @returns its full-size JPEG (first track), else the smaller preview. */
export function previewInCr3(source: ByteSource, file: IsoBox): BytePlace | null {
  const found: BytePlace[] = [];
  const table = boxAt(source, file, ['moov', 'trak', 'mdia', 'minf', 'stbl']);
  if (table !== null) {
    const sizes = boxAt(source, table, ['stsz']);
    const places = boxAt(source, table, ['co64']);
    const size = sizes === null ? 0 : firstSize(source, sizes);
    const place = places === null ? 0 : firstPlace(source, places);
    found.push({ offset: place, length: size });
  }
  for (const box of boxesOf(source, file.from, file.to)) {
    if (box.type !== CANON_PREVIEW) continue;
    // Eight bytes, then one PRVW box: six bytes, width, height, two bytes, length, JPEG.
    const preview = boxesOf(source, box.from + 8, box.to).find(({ type }) => type === 'PRVW');
    if (preview === undefined) continue;
    const head = source.take(preview.from, 16);
    if (head.length === 16) found.push({ offset: preview.from + 16, length: new DataView(head.buffer, head.byteOffset, 16).getUint32(12) });
  }
  return largestJpeg(source, found);
}

const CANON_PREVIEW = 'eaf42b5e1c984b88b9fbb7dc406e4d16';

/** `stsz`: version, one size for all, count, sizes. */
function firstSize(source: ByteSource, box: IsoBox): number {
  const bytes = source.take(box.from, 16);
  if (bytes.length < 16) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return view.getUint32(4) === 0 ? view.getUint32(12) : view.getUint32(4);
}

/** `co64`: version, count, 64-bit offsets. */
function firstPlace(source: ByteSource, box: IsoBox): number {
  const bytes = source.take(box.from, 16);
  return bytes.length < 16 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset, 16).getBigUint64(8));
}

/** Olympus and OM System keep the preview's place in their notes, counted from the notes' own start. */
function olympusPreview(tiff: Tiff, { fields }: TiffDirectory): BytePlace | null {
  const exif = readDirectory(tiff, numbersOf(tiff, fields.get(TAG.exif))[0] ?? 0);
  const note = exif?.fields.get(TAG.makerNote);
  if (note === undefined) return null;
  const head = String.fromCharCode(...tiff.source.take(tiff.base + note.at, 16));
  const start = head.startsWith('OLYMPUS\0II') ? 12 : head.startsWith('OM SYSTEM\0\0\0II') ? 16 : null;
  if (start === null) return null;
  const notes: Tiff = { source: tiff.source, base: tiff.base + note.at, isLittle: true, first: start };
  const settings = readDirectory(notes, numbersOf(notes, readDirectory(notes, start)?.fields.get(0x2020))[0] ?? 0)?.fields;
  const [offset = 0] = numbersOf(notes, settings?.get(0x0101));
  const [length = 0] = numbersOf(notes, settings?.get(0x0102));
  return length === 0 ? null : { offset: notes.base + offset, length };
}

function isPicture(compression: number | undefined, photometric: number | undefined): boolean {
  return JPEG_COMPRESSIONS.has(compression ?? 0) && !SENSOR_PHOTOMETRICS.has(photometric ?? 0);
}

/** Of places that hold a JPEG which browsers decode, the longest. */
function largestJpeg(source: ByteSource, places: readonly BytePlace[]): BytePlace | null {
  const inside = places.filter(({ offset, length }) => offset > 0 && length >= MIN_PREVIEW_BYTES && offset + length <= source.sizeBytes);
  return inside.sort((a, b) => b.length - a.length).find((place) => isDecodableJpeg(source, place)) ?? null;
}

/** Baseline or progressive: the third kind that occurs, without loss (SOF3), holds sensor values. */
function isDecodableJpeg(source: ByteSource, { offset, length }: BytePlace): boolean {
  const start = source.take(offset, 4);
  if (start[0] !== 0xff || start[1] !== 0xd8 || start[2] !== 0xff) return false;
  let at = offset + 2;
  while (at + 4 <= offset + length) {
    const head = source.take(at, 4);
    if (head.length < 4 || head[0] !== 0xff) return false;
    const marker = head[1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xc2) return true;
    if (marker === 0xda || marker === 0xd9 || (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc))
      return false;
    const hasNoLength = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += hasNoLength ? 2 : 2 + ((head[2]! << 8) | head[3]!);
  }
  return false;
}
