/** @file Boxes of an ISO base media file (CR3, HEIC). Pure; any thread. Source: ISO 14496-12 §4.2. */
import type { ByteSource } from './byte-source.ts';

/** One box, without its header. */
export interface IsoBox {
  /** Four characters; for `uuid` boxes the 32 hexadecimal digits. */
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

const MAX_BOXES = 256;

/** Boxes between two places; stops at the first damaged one. */
export function boxesOf(source: ByteSource, from: number, to: number): IsoBox[] {
  const boxes: IsoBox[] = [];
  let offset = from;
  while (offset + 8 <= to && boxes.length < MAX_BOXES) {
    const head = source.take(offset, 32);
    if (head.length < 8) break;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const short = view.getUint32(0);
    const isLong = short === 1 && head.length >= 16;
    const length = short === 0 ? to - offset : isLong ? Number(view.getBigUint64(8)) : short;
    const headerBytes = isLong ? 16 : 8;
    if (length < headerBytes || offset + length > to) break;
    const name = String.fromCharCode(...head.subarray(4, 8));
    const isUuid = name === 'uuid' && head.length >= headerBytes + 16;
    const type = isUuid
      ? [...head.subarray(headerBytes, headerBytes + 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
      : name;
    boxes.push({ type, from: offset + headerBytes + (isUuid ? 16 : 0), to: offset + length });
    offset += length;
  }
  return boxes;
}

/** First box along a path of types. */
export function boxAt(source: ByteSource, within: IsoBox, path: readonly string[]): IsoBox | null {
  let box: IsoBox | undefined = within;
  for (const type of path) {
    if (box === undefined) return null;
    box = boxesOf(source, box.from, box.to).find((one) => one.type === type);
  }
  return box ?? null;
}
