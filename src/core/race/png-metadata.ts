/**
 * @file Metadata of a PNG: what its chunks say, and chunks made anew. Pure; any thread.
 * Sources: PNG, third edition, 5.3 (chunks), 11.3.3.4 (iTXt), 11.3.4.5 (eXIf); Adobe XMP specification part 3, 1.1.5.
 */
import { AppError } from '../../contracts/errors.ts';
import { crc32 } from '../crc32.ts';

/** What a file begins with. */
export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes of a chunk beside its data: length, type, sum. */
export const PNG_CHUNK_FRAME = 12;
const XMP_KEYWORD = 'XML:com.adobe.xmp';
/** Older programs keep Exif and XMP as hexadecimal text under such a keyword. */
const RAW_PROFILE = 'Raw profile type ';
/** A chunk says its length in 31 bits. */
const MAX_LENGTH = 0x7fffffff;

/** One chunk of a file, data not read. */
export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  /** Of the whole chunk in the file, in bytes. */
  readonly from: number;
  readonly until: number;
}

/** @returns whether a file that begins so is a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((byte, at) => bytes[at] === byte);
}

/** @param header the chunk's first eight bytes; `from`: where it begins. @throws AppError('decode-unsupported') for what is no chunk. */
export function readPngChunk(header: Uint8Array, from: number): PngChunk {
  if (header.length < 8) throw broken();
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const length = view.getUint32(0);
  const type = latin1(header.subarray(4, 8));
  if (length > MAX_LENGTH || !/^[A-Za-z]{4}$/.test(type)) throw broken();
  return { type, from, until: from + PNG_CHUNK_FRAME + length };
}

/** @returns a whole chunk. */
export function writePngChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(PNG_CHUNK_FRAME + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

/** @returns data of a text chunk with this packet: not compressed, no language. */
export function xmpText(packet: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...new TextEncoder().encode(XMP_KEYWORD), 0, 0, 0, 0, 0, ...new TextEncoder().encode(packet)]);
}

/**
 * @param data of a text chunk. @returns the XMP packet; null: it says something else.
 * @throws AppError('invalid-input') for a packet that is compressed: no reader of XMP would find it.
 */
export function xmpIn(type: string, data: Uint8Array): string | null {
  if (type !== 'iTXt' || keywordOf(data) !== XMP_KEYWORD) return null;
  const isCompressed = data[XMP_KEYWORD.length + 1] !== 0;
  if (isCompressed) throw new AppError('invalid-input', 'XMP that is compressed', { stage: 'store' });
  // After flag and method: a language and the keyword in it, each ended by a zero.
  const language = data.indexOf(0, XMP_KEYWORD.length + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) throw new AppError('invalid-input', 'a text without its beginning', { stage: 'store' });
  return new TextDecoder().decode(data.subarray(translated + 1));
}

/** @returns whether a text chunk may say where the photo was taken, in a way that nothing here can clean. */
export function mayHoldPlace(data: Uint8Array): boolean {
  const keyword = keywordOf(data);
  return keyword.startsWith(RAW_PROFILE) || /gps|location/i.test(keyword);
}

/** Latin-1 up to a zero, 79 bytes at most. */
function keywordOf(data: Uint8Array): string {
  const end = data.subarray(0, 80).indexOf(0);
  return end < 0 ? '' : latin1(data.subarray(0, end));
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function broken(): AppError {
  return new AppError('decode-unsupported', 'a broken PNG', { stage: 'store' });
}
