/** @file Nearest binary descriptors with ratio test, one to one. Pure; any thread. */
import type { LocalFeatures } from '../contracts/results.ts';

/** Indices of two keypoints whose descriptors are alike. */
export interface DescriptorMatch {
  readonly probe: number;
  readonly reference: number;
  /** Differing bits. */
  readonly distance: number;
}

/**
 * For each keypoint of the probe the reference's nearest, kept when clearly nearer than the second nearest.
 * @param ratio nearest below `ratio` × second nearest, 0..1.
 * @returns at most one match per keypoint of either side.
 */
export function matchDescriptors(probe: LocalFeatures, reference: LocalFeatures, ratio: number): DescriptorMatch[] {
  if (probe.descriptorBytes !== reference.descriptorBytes || reference.count < 2) return [];
  const words = Math.ceil(probe.descriptorBytes / 4);
  const a = toWords(probe, words);
  const b = toWords(reference, words);
  const taken = new Map<number, DescriptorMatch>();
  for (let i = 0; i < probe.count; i++) {
    let nearest = -1;
    let distance = Infinity;
    let second = Infinity;
    for (let j = 0; j < reference.count; j++) {
      const d = hamming(a, i * words, b, j * words, words, second);
      if (d < distance) {
        second = distance;
        distance = d;
        nearest = j;
      } else if (d < second) second = d;
    }
    if (distance >= ratio * second) continue;
    const rival = taken.get(nearest);
    if (rival === undefined || distance < rival.distance) taken.set(nearest, { probe: i, reference: nearest, distance });
  }
  return [...taken.values()];
}

/** Rows padded to whole 32-bit words. */
function toWords({ count, descriptorBytes, descriptors }: LocalFeatures, words: number): Uint32Array {
  const padded = new Uint8Array(count * words * 4);
  for (let row = 0; row < count; row++)
    padded.set(descriptors.subarray(row * descriptorBytes, (row + 1) * descriptorBytes), row * words * 4);
  return new Uint32Array(padded.buffer);
}

/** Differing bits; gives up with some number above `limit` once it is exceeded. */
function hamming(a: Uint32Array, atA: number, b: Uint32Array, atB: number, words: number, limit: number): number {
  let bits = 0;
  for (let i = 0; i < words && bits <= limit; i++) {
    let v = (a[atA + i]! ^ b[atB + i]!) >>> 0;
    v -= (v >>> 1) & 0x55555555;
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    bits += Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return bits;
}
