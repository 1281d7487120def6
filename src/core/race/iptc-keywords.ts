/**
 * @file Keywords in the older of the two places where press software looks: IPTC-IIM inside Photoshop's image resources. Pure; any thread.
 * Written along with XMP: readers that follow the Metadata Working Group (2.0, 3.3.2) prefer IIM when its digest does not fit.
 * Sources: IPTC-NAA IIM 4.2; Adobe Photoshop file formats, image resources 0x0404 and 0x0425.
 */
import { md5 } from '@noble/hashes/legacy.js';

/** What is written, beside what was there. */
export interface IptcWords {
  readonly keywords: readonly string[];
  /** Keywords that an earlier run wrote and that do not hold any more. */
  readonly staleKeywords: readonly string[];
  /** Only where the file says none. */
  readonly creator: string;
  readonly copyright: string;
}

interface DataSet {
  readonly record: number;
  readonly number: number;
  readonly value: Uint8Array;
}

interface Resource {
  readonly id: number;
  /** Padded Pascal string, as it was. */
  readonly name: Uint8Array;
  readonly data: Uint8Array;
}

const IIM = 0x0404;
const IIM_DIGEST = 0x0425;
const UTF8 = Uint8Array.of(0x1b, 0x25, 0x47);
/** Octets that the standard gives each. */
const LENGTHS = { keyword: 64, creator: 32, copyright: 128 } as const;

/**
 * @param resources of the file, joined; null: none. @returns the same with the words in it.
 * Words beyond ASCII are left out (they stand in XMP) where the file's own texts are in an encoding that nobody names.
 */
export function withIptc(resources: Uint8Array | null, words: IptcWords): Uint8Array<ArrayBuffer> {
  const all = readResources(resources ?? new Uint8Array());
  const before = readDataSets(all.find(({ id }) => id === IIM)?.data ?? new Uint8Array());
  const isUtf8 = before.some(({ record, number, value }) => record === 1 && number === 90 && sameBytes(value, UTF8));
  const mayBeUtf8 = isUtf8 || before.every(({ record, value }) => record === 1 || value.every((byte) => byte < 0x80));
  const isWritable = (word: string): boolean => word !== '' && (mayBeUtf8 || /^[\x20-\x7e]*$/.test(word));
  const texts = new TextDecoder();
  const isKeyword = ({ record, number }: DataSet): boolean => record === 2 && number === 25;
  const others = before.filter((set) => !isKeyword(set) && !(mayBeUtf8 && set.record === 1 && set.number === 90));
  const stale = new Set(words.staleKeywords.map((word) => texts.decode(limited(word, LENGTHS.keyword))));
  const keywords = new Map<string, Uint8Array>();
  for (const { value } of before.filter(isKeyword)) if (!stale.has(texts.decode(value))) keywords.set(texts.decode(value), value);
  for (const word of words.keywords.filter(isWritable)) {
    const value = limited(word, LENGTHS.keyword);
    keywords.set(texts.decode(value), value);
  }
  const has = (number: number): boolean => before.some((set) => set.record === 2 && set.number === number);
  const sets: DataSet[] = [
    ...(mayBeUtf8 ? [{ record: 1, number: 90, value: UTF8 }] : []),
    ...(has(0) ? [] : [{ record: 2, number: 0, value: Uint8Array.of(0, 4) }]),
    ...others,
    ...[...keywords.values()].map((value) => ({ record: 2, number: 25, value })),
    ...(has(80) || !isWritable(words.creator) ? [] : [{ record: 2, number: 80, value: limited(words.creator, LENGTHS.creator) }]),
    ...(has(116) || !isWritable(words.copyright) ? [] : [{ record: 2, number: 116, value: limited(words.copyright, LENGTHS.copyright) }]),
  ];
  const iim = writeDataSets(sets.sort((a, b) => a.record - b.record));
  const none = Uint8Array.of(0, 0);
  return writeResources([
    { id: IIM, name: none, data: iim },
    { id: IIM_DIGEST, name: none, data: md5(iim) },
    ...all.filter(({ id }) => id !== IIM && id !== IIM_DIGEST),
  ]);
}

/** Up to the first that makes no sense. */
function readResources(bytes: Uint8Array): Resource[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Resource[] = [];
  let at = 0;
  while (at + 12 <= bytes.length && view.getUint32(at) === 0x3842494d) {
    const nameBytes = (bytes[at + 6]! + 2) & ~1;
    const sizeAt = at + 6 + nameBytes;
    if (sizeAt + 4 > bytes.length) break;
    const size = view.getUint32(sizeAt);
    if (sizeAt + 4 + size > bytes.length) break;
    found.push({ id: view.getUint16(at + 4), name: bytes.slice(at + 6, sizeAt), data: bytes.slice(sizeAt + 4, sizeAt + 4 + size) });
    at = sizeAt + 4 + size + (size % 2);
  }
  return found;
}

function writeResources(resources: readonly Resource[]): Uint8Array<ArrayBuffer> {
  const size = ({ name, data }: Resource): number => 6 + name.length + 4 + data.length + (data.length % 2);
  const bytes = new Uint8Array(resources.reduce((sum, resource) => sum + size(resource), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const resource of resources) {
    const { id, name, data } = resource;
    view.setUint32(at, 0x3842494d);
    view.setUint16(at + 4, id);
    bytes.set(name, at + 6);
    view.setUint32(at + 6 + name.length, data.length);
    bytes.set(data, at + 10 + name.length);
    at += size(resource);
  }
  return bytes;
}

function readDataSets(bytes: Uint8Array): DataSet[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: DataSet[] = [];
  let at = 0;
  while (at + 5 <= bytes.length && bytes[at] === 0x1c) {
    let length = view.getUint16(at + 3);
    let from = at + 5;
    if (length >= 0x8000) {
      // Extended: so many bytes hold the length.
      const digits = length & 0x7fff;
      if (digits > 4 || from + digits > bytes.length) break;
      length = 0;
      for (let i = 0; i < digits; i++) length = length * 256 + bytes[from + i]!;
      from += digits;
    }
    if (from + length > bytes.length) break;
    found.push({ record: bytes[at + 1]!, number: bytes[at + 2]!, value: bytes.slice(from, from + length) });
    at = from + length;
  }
  return found;
}

function writeDataSets(sets: readonly DataSet[]): Uint8Array<ArrayBuffer> {
  const parts = sets.flatMap(({ record, number, value }) => {
    const { length } = value;
    const head =
      length < 0x8000
        ? [0x1c, record, number, length >> 8, length & 0xff]
        : [0x1c, record, number, 0x80, 4, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
    return [Uint8Array.from(head), value];
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Never half a character. */
function limited(word: string, most: number): Uint8Array {
  const { read } = new TextEncoder().encodeInto(word, new Uint8Array(most));
  return new TextEncoder().encode(word.slice(0, read));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
