/** @file Bytes in JSON. Thread: any. */
import { AppError } from '../contracts/errors.ts';

/** @throws AppError('invalid-input') for text that is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(text);
  } catch (error) {
    throw new AppError('invalid-input', 'not base64', { cause: error, stage: 'store' });
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Bytes of a typed array as they lie in memory (little-endian on every platform that browsers run on). */
export function toBase64(array: Float32Array | Uint8Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let binary = '';
  for (let from = 0; from < bytes.length; from += 0x8000) binary += String.fromCharCode(...bytes.subarray(from, from + 0x8000));
  return btoa(binary);
}

/** @throws AppError('invalid-input') for bytes that are no list of float32. */
export function floatsFromBase64(text: string): Float32Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  if (bytes.length % 4 !== 0) throw new AppError('invalid-input', 'not a list of float32', { stage: 'store' });
  return new Float32Array(bytes.buffer);
}
