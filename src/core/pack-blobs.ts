/**
 * @file Parts of a pack that hold something for each of many ids: keypoints of photos, pictures of products. Pure; any thread. [Note: Layout
 * of blobs] Little-endian: `MKK1` for keypoints, `MKT1` for thumbnails; length of the header (u32); header, JSON in UTF-8: each id with its
 * length in bytes, sorted by id; then the bytes, one behind the other. The same contents give the same part.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { PackRefusal } from '../contracts/pack.ts';
import { z } from 'zod';
import { decodeKeypoints } from './keypoint-bytes.ts';

/** What a part of this layout may hold. */
export type BlobKind = 'keypoints' | 'thumbnails';

const MAGIC = { keypoints: 0x31_4b_4b_4d, thumbnails: 0x31_54_4b_4d } as const;
const START_BYTES = 8;
/** A picture as packs carry it. */
export const PACK_THUMBNAIL = { sidePx: 128, maxBytes: 16_384 } as const;

const headerSchema = z.array(z.tuple([z.string().min(1).max(200), z.int().min(1).max(65_536)])).max(1024);

/** What is kept for one id. */
export interface Blobbed {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** @param blobs each id once. */
export function encodeBlobs(kind: BlobKind, blobs: readonly Blobbed[]): Uint8Array<ArrayBuffer> {
  const sorted = [...blobs].sort((a, b) => (a.id < b.id ? -1 : 1));
  const header = new TextEncoder().encode(JSON.stringify(sorted.map(({ id, bytes }) => [id, bytes.length])));
  const part = new Uint8Array(START_BYTES + header.length + sorted.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const view = new DataView(part.buffer);
  view.setUint32(0, MAGIC[kind], true);
  view.setUint32(4, header.length, true);
  part.set(header, START_BYTES);
  let at = START_BYTES + header.length;
  for (const { bytes } of sorted) {
    part.set(bytes, at);
    at += bytes.length;
  }
  return part;
}

/** @returns what the part holds; `bytes` are views into it. @throws PackRefusal('tampered') for bytes of another layout or kind. */
export function decodeBlobs(kind: BlobKind, part: Uint8Array<ArrayBuffer>): Blobbed[] {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  if (part.length < START_BYTES || view.getUint32(0, true) !== MAGIC[kind]) throw refusal(`not a part of ${kind}`);
  const headerBytes = view.getUint32(4, true);
  if (headerBytes > part.length - START_BYTES) throw refusal('the header is longer than the part');
  let at = START_BYTES + headerBytes;
  const blobs = parseHeader(part.subarray(START_BYTES, at)).map(([id, length]) => {
    const bytes = part.subarray(at, at + length);
    at += length;
    return { id, bytes };
  });
  if (at !== part.length) throw refusal('the part has another length than its header says');
  return blobs;
}

/**
 * Look into every blob of a part, once, before it is used.
 * @returns how many there are. @throws PackRefusal('tampered') for keypoints or pictures that are none.
 */
export function checkBlobs(kind: BlobKind, part: Uint8Array<ArrayBuffer>): number {
  const blobs = decodeBlobs(kind, part);
  for (const { bytes } of blobs)
    if (kind === 'thumbnails') {
      if (bytes.length > PACK_THUMBNAIL.maxBytes || !isWebp(bytes)) throw refusal('a picture is none, or too large');
    } else
      try {
        decodeKeypoints(bytes);
      } catch (error) {
        throw new PackRefusal('tampered', 'keypoints of another form', { cause: error });
      }
  return blobs.length;
}

/** @returns true when an id lies in a bucket: [Note: Buckets of a pack]. @param bucket first bits of the SHA-256 of its ids. */
export function isInBucket(id: string, bucket: string): boolean {
  const hash = sha256(new TextEncoder().encode(id));
  return Array.from(bucket).every((bit, i) => ((hash[i >> 3]! >> (7 - (i & 7))) & 1) === Number(bit));
}

function isWebp(bytes: Uint8Array): boolean {
  const text = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  return bytes.length > 12 && text(0) === 'RIFF' && text(8) === 'WEBP';
}

function parseHeader(bytes: Uint8Array): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new PackRefusal('tampered', 'the header of a part cannot be read', { cause: error });
  }
}

function refusal(message: string): PackRefusal {
  return new PackRefusal('tampered', message);
}
