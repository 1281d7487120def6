/** @file What a file is by its first bytes, whatever it is called. Thread: page. */

/** Image types that a browser may decode; HEIC only on some, which the decoder then says. */
export type ImageType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/avif' | 'image/heic' | 'image/gif' | 'image/bmp' | 'image/tiff';

/** Bytes that {@link imageTypeOf} needs. */
export const SNIFF_BYTES = 64;

const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);

/** @returns null for anything that is no picture. */
export function imageTypeOf(head: Uint8Array): ImageType | null {
  const ascii = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (head[0] === 0x89 && ascii(1, 8) === 'PNG\r\n\u001a\n') return 'image/png';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'image/webp';
  if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') return 'image/gif';
  if (ascii(0, 2) === 'BM') return 'image/bmp';
  if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return 'image/tiff';
  if (ascii(4, 8) === 'ftyp') {
    // ISO 14496-12: major brand, minor version, then the compatible brands up to the end of the box.
    const boxBytes = ((head[0] ?? 0) << 24) | ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0);
    const brands: string[] = [];
    for (let at = 8; at + 4 <= Math.min(boxBytes, head.length); at += 4) if (at !== 12) brands.push(ascii(at, at + 4));
    // AVIF files name mif1 too, so they are asked for first.
    if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'image/avif';
    if (brands.some((brand) => HEIC_BRANDS.has(brand))) return 'image/heic';
  }
  return null;
}
