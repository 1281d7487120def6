/**
 * @file Deals out ids to parts. [Note: Buckets of a pack] An id's bucket is the first bits of its SHA-256; a bucket with too many ids is
 * split by the next bit, by itself. So the same ids are always dealt out in the same way, and what is added, changed or removed touches
 * its own bucket and no other: a phone fetches these again and keeps the rest.
 */
import { createHash } from 'node:crypto';

/** Ids of one bucket. */
export interface Bucket<Item> {
  /** Bits, e.g. `0110`; empty: all of them. */
  readonly bucket: string;
  readonly items: readonly Item[];
}

/** Longest name of a bucket. Ids that still lie together are as good as equal. */
const MAX_BITS = 32;

/** @param maxItems of one bucket. @returns buckets that are not empty, by name. */
export function dealOut<Item extends { readonly id: string }>(items: readonly Item[], maxItems: number): Bucket<Item>[] {
  const hashed = items.map((item) => ({ item, hash: createHash('sha256').update(item.id).digest().readUInt32BE(0) }));
  return split(hashed, '', maxItems);
}

/** @returns true when the bucket holds the id, if any does. */
export function isInBucket(id: string, bucket: string): boolean {
  return bitsOf(id).startsWith(bucket);
}

function bitsOf(id: string): string {
  return createHash('sha256').update(id).digest().readUInt32BE(0).toString(2).padStart(MAX_BITS, '0');
}

function split<Item>(hashed: readonly { item: Item; hash: number }[], bucket: string, maxItems: number): Bucket<Item>[] {
  if (hashed.length === 0) return [];
  if (hashed.length <= maxItems || bucket.length === MAX_BITS) return [{ bucket, items: hashed.map(({ item }) => item) }];
  const isSet = ({ hash }: { hash: number }): boolean => ((hash >>> (31 - bucket.length)) & 1) === 1;
  return [
    ...split(
      hashed.filter((entry) => !isSet(entry)),
      `${bucket}0`,
      maxItems,
    ),
    ...split(hashed.filter(isSet), `${bucket}1`, maxItems),
  ];
}
