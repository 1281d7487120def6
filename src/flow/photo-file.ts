/** @file A photo as it lies on a card → a picture that the browser decodes, and what the file says of itself. Only ranges of it are read. Thread: page or Node. */
import { AppError } from '../contracts/errors.ts';
import { walkFile } from '../core/photo/byte-source.ts';
import { describeFile } from '../core/photo/describe-file.ts';
import type { ExifFacts } from '../core/photo/exif.ts';

/** A file that can be handed to a decoder. */
export interface PhotoFile {
  /** The file itself, or the JPEG inside a RAW with its orientation; the bytes stay where they are until they are read. */
  readonly picture: Blob;
  readonly facts: ExifFacts;
}

/**
 * @returns the picture and what the file says.
 * @throws AppError('decode-unsupported') for a RAW without a JPEG in it, or a file that ends early; AppError('invalid-input') for a file that is gone.
 */
export async function openPhotoFile(file: Blob): Promise<PhotoFile> {
  const { kind, preview, ...facts } = await walkFile(file.size, (offset, length) => bytesOf(file, offset, length), describeFile);
  if (kind === 'image') return { picture: file, facts };
  if (preview === null)
    throw new AppError('decode-unsupported', 'The RAW file holds no JPEG that could be shown', { stage: 'decode', retryable: false });
  return { picture: turnedJpeg(file.slice(preview.offset, preview.offset + preview.length, 'image/jpeg'), facts.orientation), facts };
}

/**
 * Hash of what two copies of a file share, without reading all of it: size, beginning and end. Photos of a burst differ in their first bytes already
 * (time, counter, thumbnail).
 * @returns 64 hexadecimal digits. @throws AppError('invalid-input') for a file that is gone.
 */
export async function contentHashOf(file: Blob): Promise<string> {
  const size = new TextEncoder().encode(`${file.size}\n`);
  const head = await bytesOf(file, 0, Math.min(file.size, HASHED_BYTES));
  const tail = await bytesOf(file, Math.max(0, file.size - HASHED_BYTES), Math.min(file.size, HASHED_BYTES));
  const all = new Uint8Array(size.length + head.length + tail.length);
  all.set(size);
  all.set(head, size.length);
  all.set(tail, size.length + head.length);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Beyond EXIF and its thumbnail. */
const HASHED_BYTES = 64 * 1024;

async function bytesOf(file: Blob, offset: number, length: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  } catch (error) {
    throw new AppError('invalid-input', 'The file is not there any more, or has changed', { cause: error, stage: 'decode' });
  }
}

/**
 * The JPEG with an EXIF segment that says nothing but its orientation: previews rarely say it themselves, the RAW around them does.
 * Source: CIPA DC-008 §4.5 and §4.7.2 (one directory with one field, big-endian). A second EXIF segment, the preview's own, is ignored by decoders.
 */
function turnedJpeg(preview: Blob, orientation: number): Blob {
  // prettier-ignore
  const segment = new Uint8Array([
    0xff, 0xd8, 0xff, 0xe1, 0x00, 0x22, 0x45, 0x78, 0x69, 0x66, 0x00, 0x00, // Start, segment of 34 bytes, "Exif"
    0x4d, 0x4d, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x08, // TIFF header
    0x00, 0x01, 0x01, 0x12, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00, orientation, 0x00, 0x00, // one field: orientation
    0x00, 0x00, 0x00, 0x00, // no further directory
  ]);
  return new Blob([segment, preview.slice(2)], { type: 'image/jpeg' });
}
