import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackRefusal } from '../../../src/contracts/pack.ts';
import type { LocalFeatures } from '../../../src/contracts/results.ts';
import { decodeKeypoints, encodeKeypoints, strongestKeypoints } from '../../../src/core/keypoint-bytes.ts';
import { checkBlobs, decodeBlobs, encodeBlobs, isInBucket } from '../../../src/core/pack-blobs.ts';
import { dealOut } from '../../../server/services/packs/pack-buckets.ts';

function features(count: number): LocalFeatures {
  return {
    ...{ algorithm: 'akaze-mldb-1', count, descriptorBytes: 61, aspect: 0.75 },
    points: Float32Array.from({ length: count * 2 }, (_, i) => (i * 37 % 1000) / 1000), // prettier-ignore
    descriptors: Uint8Array.from({ length: count * 61 }, (_, i) => (i * 31) & 255),
  };
}

describe('keypoints as bytes', () => {
  it('come back as they were, points within a hundredth of a pixel', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), (count) => {
        const before = features(count);
        const bytes = encodeKeypoints(before);
        expect(bytes.length).toBe(22 + 65 * count);
        const after = decodeKeypoints(bytes);
        expect(after).toMatchObject({ algorithm: before.algorithm, count, descriptorBytes: 61, aspect: 0.75 });
        expect(after.descriptors).toEqual(before.descriptors);
        const largest = before.points.reduce((most, value, i) => Math.max(most, Math.abs(after.points[i]! - value)), 0);
        expect(largest * 400).toBeLessThan(0.01);
      }),
      { numRuns: 20 },
    );
  });

  it('are cut to the strongest, which come first', () => {
    const cut = decodeKeypoints(strongestKeypoints(encodeKeypoints(features(300)), 64));
    expect(cut.count).toBe(64);
    expect(cut.descriptors).toEqual(features(300).descriptors.subarray(0, 64 * 61));
    expect(cut).toEqual(decodeKeypoints(encodeKeypoints(features(64))));
    expect(strongestKeypoints(encodeKeypoints(features(10)), 64)).toEqual(encodeKeypoints(features(10)));
  });

  it('are refused when a byte is missing, added, or another form is claimed', () => {
    const whole = encodeKeypoints(features(5));
    const wrong = [
      whole.subarray(0, -1),
      Uint8Array.of(...whole, 0),
      whole.with(0, 9),
      whole.with(4, 200),
      whole.with(10, 7),
      new Uint8Array(0),
    ];
    for (const bytes of wrong) expect(() => decodeKeypoints(bytes)).toThrow('keypoints');
    expect(() => decodeKeypoints(new Uint8Array(40_000))).toThrow('keypoints');
  });
});

describe('a part of blobs', () => {
  const blobs = [
    { id: '茶/1', bytes: encodeKeypoints(features(3)) },
    { id: 'a', bytes: encodeKeypoints(features(0)) },
  ];

  it('gives each id its bytes, and the same part whatever the order', () => {
    const part = encodeBlobs('keypoints', blobs);
    expect(encodeBlobs('keypoints', [...blobs].reverse())).toEqual(part);
    expect(decodeBlobs('keypoints', part).map(({ id, bytes }) => [id, Uint8Array.from(bytes)])).toEqual([
      ['a', blobs[1]!.bytes],
      ['茶/1', blobs[0]!.bytes],
    ]);
    expect(checkBlobs('keypoints', part)).toBe(2);
  });

  it('is refused when it is of another kind, cut, longer, or holds what it must not', () => {
    const part = encodeBlobs('keypoints', blobs);
    const wrong: (() => unknown)[] = [
      () => decodeBlobs('thumbnails', part),
      () => decodeBlobs('keypoints', part.subarray(0, -1)),
      () => decodeBlobs('keypoints', Uint8Array.of(...part, 1)),
      () => decodeBlobs('keypoints', part.with(4, 255)),
      () => decodeBlobs('keypoints', new Uint8Array(3)),
      () => checkBlobs('keypoints', encodeBlobs('keypoints', [{ id: 'a', bytes: new TextEncoder().encode('no keypoints') }])),
      () => checkBlobs('thumbnails', encodeBlobs('thumbnails', [{ id: 'a', bytes: new TextEncoder().encode('<svg onload="x"/>') }])),
      () => checkBlobs('thumbnails', encodeBlobs('thumbnails', [{ id: 'a', bytes: new Uint8Array(20_000) }])),
    ];
    for (const run of wrong) expect(run).toThrow(PackRefusal);
  });
});

it('the phone finds an id in the bucket that the server dealt it to', () => {
  const items = Array.from({ length: 500 }, (_, i) => ({ id: `photo/${i}/茶` }));
  const buckets = dealOut(items, 16);
  expect(buckets.length).toBeGreaterThan(31);
  const misplaced = buckets.flatMap(({ bucket, items: dealt }) =>
    items.filter((item) => isInBucket(item.id, bucket) !== dealt.includes(item)).map(({ id }) => `${id} ${bucket}`),
  );
  expect(misplaced).toEqual([]);
  expect(createHash('sha256').update('x').digest()[0]! >> 7).toBe(isInBucket('x', '1') ? 1 : 0);
});
