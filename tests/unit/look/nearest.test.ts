import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { GalleryItem } from '../../../src/contracts/product.ts';
import { lookWeights } from '../../../src/core/fuse/look-score.ts';
import { dot, normalised } from '../../../src/core/vector.ts';
import { createNearest } from '../../../workers/stages/nearest.ts';

const SPACE = 'test@1';
const item = (id: string, vector: number[], colour: number[] | null = null, space: `${string}@${string}` = SPACE): GalleryItem => ({
  id,
  productId: `p-${id}`,
  space,
  vector: normalised(Float32Array.from(vector)),
  colour: colour === null ? null : normalised(Float32Array.from(colour)),
  features: null,
  source: 'user',
});
const probe = (vector: number[], colour: number[] | null = null, space: `${string}@${string}` = SPACE) => ({
  embedding: { space, vector: normalised(Float32Array.from(vector)), backend: 'cpu' as const },
  colour: colour === null ? null : normalised(Float32Array.from(colour)),
});
const refused = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
  return 'nothing was thrown';
};

describe('createNearest', () => {
  it('is empty at first and finds nothing', () => {
    const nearest = createNearest();
    expect([nearest.size, nearest.space, nearest.search(probe([1, 0]), 5)]).toEqual([0, null, []]);
  });

  it('agrees with comparing everything, for any dimension and k', () => {
    const vector = (dimensions: number) => fc.array(fc.integer({ min: -9, max: 9 }), { minLength: dimensions, maxLength: dimensions });
    const setting = fc
      .integer({ min: 2, max: 9 })
      .chain((d) => fc.tuple(fc.array(vector(d), { minLength: 1, maxLength: 60 }), vector(d), fc.nat(70)));
    fc.assert(
      fc.property(setting, ([vectors, query, k]) => {
        const items = vectors.map((v, i) => item(String(i), v));
        const nearest = createNearest();
        expect(nearest.replace(items)).toBe(items.length);
        const wanted = probe(query);
        const cosines = items.map(({ vector: v }) => dot(v, wanted.embedding.vector)).sort((a, b) => b - a);
        const got = nearest.search(wanted, k);
        expect(got.length).toBe(Math.min(k, items.length));
        got.forEach(({ cosine }, i) => expect(cosine).toBeCloseTo(cosines[i]!, 5));
      }),
    );
  });

  it('lets colour decide between like looks, and says both', () => {
    const nearest = createNearest();
    nearest.replace([item('red', [1, 0.02], [1, 0, 0]), item('green', [1, 0], [0, 1, 0])]);
    const [first, second] = nearest.search(probe([1, 0], [1, 0, 0]), 2);
    expect([first?.productId, second?.productId]).toEqual(['p-red', 'p-green']);
    expect(first?.colour).toBeCloseTo(1, 2);
    expect(second?.colour).toBeCloseTo(0, 2);
    expect(first?.computedOn).toBe('device');
  });

  it('neither rewards nor punishes a photo whose colour is not known', () => {
    const nearest = createNearest();
    nearest.replace([item('unknown', [1, 0]), item('opposite', [1, 0], [0, 1]), item('same', [1, 0], [1, 0])]);
    const got = nearest.search(probe([1, 0], [1, 0]), 3);
    const { typicalColour } = lookWeights(SPACE);
    expect(typicalColour).toBeGreaterThan(0);
    expect(got.map(({ galleryId }) => galleryId)).toEqual(['same', 'unknown', 'opposite']);
    expect(got[1]?.colour).toBeNull();
  });

  it('keeps colours apart from one another at a byte a bin', () => {
    const bins = Array.from({ length: 256 }, (_, i) => (i % 7) + 1);
    const nearest = createNearest();
    nearest.replace([item('a', [1, 0], bins)]);
    expect(nearest.search(probe([1, 0], bins), 1)[0]?.colour).toBeCloseTo(1, 3);
  });

  it.each([
    ['another space', probe([1, 0], null, 'other@1')],
    ['another dimension', probe([1, 0, 0])],
    ['not a number', { embedding: { space: SPACE, vector: new Float32Array([NaN, 0]), backend: 'cpu' as const }, colour: null }],
  ] as const)('refuses a probe of %s', (_, wrong) => {
    const nearest = createNearest();
    nearest.replace([item('a', [1, 0])]);
    expect(refused(() => nearest.search(wrong, 1))).toBe('invalid-input');
  });

  it('refuses a mixed gallery and keeps the old one', () => {
    const nearest = createNearest();
    nearest.replace([item('a', [1, 0])]);
    expect(refused(() => nearest.replace([item('b', [1, 0]), item('c', [1, 0, 0])]))).toBe('invalid-input');
    expect(refused(() => nearest.replace([item('b', [1, 0]), item('c', [1, 0], null, 'other@2')]))).toBe('invalid-input');
    expect(nearest.search(probe([1, 0]), 1)[0]?.galleryId).toBe('a');
    expect(refused(() => nearest.search(probe([1, 0]), -1))).toBe('invalid-input');
  });
});
