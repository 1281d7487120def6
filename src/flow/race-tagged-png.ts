/** @file A copy of a PNG with other metadata; its pixels and everything else stay byte for byte. Thread: any. */
import { AppError } from '../contracts/errors.ts';
import { removeGps } from '../core/race/exif-gps.ts';
import {
  mayHoldPlace,
  PNG_CHUNK_FRAME,
  PNG_SIGNATURE,
  readPngChunk,
  writePngChunk,
  xmpIn,
  xmpText,
  type PngChunk,
} from '../core/race/png-metadata.ts';

/** Many small chunks are read at once. */
const WINDOW_BYTES = 1024 * 1024;
/** What is longer is no metadata that anybody wrote. */
const MAX_METADATA_BYTES = 16 * 1024 * 1024;
const TEXTS: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);

/**
 * @param photo begins as a PNG does; not changed.
 * @param change of the XMP packet: what is there (null: none) to what shall be there (null: none). What it throws is thrown.
 * @param isWithoutPlace the place goes out of Exif too, and texts that may hold one go altogether.
 * @returns a blob that refers to the photo's own bytes but for its metadata.
 * @throws AppError('decode-unsupported') for a file that is broken or ends early; 'invalid-input' for metadata that cannot be understood.
 */
export async function taggedPng(photo: Blob, change: (packet: string | null) => string | null, isWithoutPlace: boolean): Promise<Blob> {
  const chunks = await metadataOf(photo);
  const parts: BlobPart[] = [];
  let packet: string | null = null;
  let copied = 0;
  const replace = ({ from, until }: PngChunk, by: BlobPart | null): void => {
    parts.push(photo.slice(copied, from));
    if (by !== null) parts.push(by);
    copied = until;
  };
  for (const chunk of chunks) {
    const { type, data } = chunk;
    const found = xmpIn(type, data);
    if (found !== null) {
      // Of several the first counts, as readers have it.
      packet ??= found;
      replace(chunk, null);
    } else if (isWithoutPlace && TEXTS.has(type) && mayHoldPlace(data)) replace(chunk, null);
    else if (isWithoutPlace && type === 'eXIf' && removeGps(data)) replace(chunk, writePngChunk('eXIf', data));
  }
  parts.push(photo.slice(copied));
  const wanted = change(packet);
  if (wanted === null) return new Blob(parts, { type: 'image/png' });
  const rest = new Blob(parts);
  const head = await headEnd(photo);
  return new Blob([rest.slice(0, head), writePngChunk('iTXt', xmpText(wanted)), rest.slice(head)], { type: 'image/png' });
}

/** The first chunk is always the same: where it ends, others may begin. */
async function headEnd(photo: Blob): Promise<number> {
  const first = PNG_SIGNATURE.length;
  const { type, until } = readPngChunk(new Uint8Array(await photo.slice(first, first + 8).arrayBuffer()), first);
  if (type !== 'IHDR') throw new AppError('decode-unsupported', 'a PNG without its header', { stage: 'store' });
  return until;
}

/** Texts and Exif with their data, in their order; XMP may stand behind the pixels. */
async function metadataOf(photo: Blob): Promise<(PngChunk & { readonly data: Uint8Array<ArrayBuffer> })[]> {
  const found: (PngChunk & { readonly data: Uint8Array<ArrayBuffer> })[] = [];
  let window = { from: 0, bytes: new Uint8Array() };
  for (let at = PNG_SIGNATURE.length; ;) {
    if (at < window.from || at + 8 > window.from + window.bytes.length)
      window = { from: at, bytes: new Uint8Array(await photo.slice(at, at + WINDOW_BYTES).arrayBuffer()) };
    const chunk = readPngChunk(window.bytes.subarray(at - window.from, at - window.from + 8), at);
    if (chunk.until > photo.size) throw new AppError('decode-unsupported', 'the PNG ends early', { stage: 'store' });
    if (chunk.type === 'IEND') return found;
    if (TEXTS.has(chunk.type) || chunk.type === 'eXIf') {
      const dataFrom = chunk.from + PNG_CHUNK_FRAME - 4;
      const dataUntil = chunk.until - 4;
      if (dataUntil - dataFrom > MAX_METADATA_BYTES) throw new AppError('invalid-input', 'metadata too large', { stage: 'store' });
      found.push({ ...chunk, data: new Uint8Array(await photo.slice(dataFrom, dataUntil).arrayBuffer()) });
    }
    at = chunk.until;
  }
}
