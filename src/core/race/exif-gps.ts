/**
 * @file Takes the place out of an Exif block. Done in place: nothing else moves, so that offsets inside a maker's notes hold. Pure; any thread.
 * Source: CIPA DC-008 (Exif 2.32) 4.6.3; TIFF 6.0 section 2.
 */

const GPS_POINTER = 0x8825;
/** Bytes of a value of each TIFF type. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4] as const;
/** Directories in a chain: picture, thumbnail, and a few that some cameras add. */
const MAX_DIRECTORIES = 8;

/**
 * @param exif TIFF structure; changed: the directory of the place and all its values become zeros, and nothing points there.
 * @returns whether there was a place. A block that makes no sense is left alone.
 */
export function removeGps(exif: Uint8Array<ArrayBuffer>): boolean {
  if (exif.length < 8) return false;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return false;
  const isLittle = order === 0x4949;
  let hasFound = false;
  let at = view.getUint32(4, isLittle);
  for (let directory = 0; directory < MAX_DIRECTORIES && at >= 8 && at + 6 <= exif.length; directory++) {
    const count = view.getUint16(at, isLittle);
    const end = at + 2 + count * 12;
    if (end + 4 > exif.length) break;
    const next = view.getUint32(end, isLittle);
    for (let entry = at + 2; entry < end; entry += 12) {
      if (view.getUint16(entry, isLittle) !== GPS_POINTER) continue;
      hasFound = true;
      clearDirectory(exif, view, view.getUint32(entry + 8, isLittle), isLittle);
      // The rest of this directory moves up over it, with the offset of the next one.
      exif.copyWithin(entry, entry + 12, end + 4);
      exif.fill(0, end + 4 - 12, end + 4);
      view.setUint16(at, count - 1, isLittle);
      break;
    }
    at = next;
  }
  return hasFound;
}

function clearDirectory(exif: Uint8Array<ArrayBuffer>, view: DataView, at: number, isLittle: boolean): void {
  if (at < 8 || at + 2 > exif.length) return;
  const count = view.getUint16(at, isLittle);
  for (let entry = at + 2; entry < at + 2 + count * 12 && entry + 12 <= exif.length; entry += 12) {
    const bytes = (TYPE_BYTES[view.getUint16(entry + 2, isLittle)] ?? 0) * view.getUint32(entry + 4, isLittle);
    const from = view.getUint32(entry + 8, isLittle);
    if (bytes > 4 && from >= 8 && from + bytes <= exif.length) exif.fill(0, from, from + bytes);
  }
  exif.fill(0, at, Math.min(exif.length, at + 2 + count * 12 + 4));
}
