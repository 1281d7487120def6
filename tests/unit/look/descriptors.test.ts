import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { LocalFeatures } from '../../../src/contracts/results.ts';
import { COLOUR_DIMENSIONS, COLOUR_SIDE_PX, colourHistogram } from '../../../src/core/colour-histogram.ts';
import { matchDescriptors } from '../../../src/core/match-descriptors.ts';
import { isPlausibleHomography } from '../../../src/core/plausible-homography.ts';
import { salientBox } from '../../../src/core/salient-box.ts';
import { TopK } from '../../../src/core/top-k.ts';
import { dot, meanDirection, norm, normalised } from '../../../src/core/vector.ts';

/** Square frame, each pixel as `paint` says, 0..1 coordinates. */
function draw(sidePx: number, paint: (x: number, y: number) => readonly [number, number, number]): Frame {
  const data = new Uint8ClampedArray(sidePx * sidePx * 4);
  for (let i = 0; i < sidePx * sidePx; i++) data.set([...paint((i % sidePx) / sidePx, Math.floor(i / sidePx) / sidePx), 255], i * 4);
  return { widthPx: sidePx, heightPx: sidePx, data };
}
const colourOf = (paint: Parameters<typeof draw>[1]) => colourHistogram(draw(COLOUR_SIDE_PX, paint));

describe('colourHistogram', () => {
  const red = colourOf(() => [200, 30, 30]);

  it('is a unit vector of non-negative numbers', () => {
    expect(red.length).toBe(COLOUR_DIMENSIONS);
    expect(norm(red)).toBeCloseTo(1, 5);
    expect(Math.min(...red)).toBeGreaterThanOrEqual(0);
  });

  it('finds a slightly darker red nearer than green', () => {
    const darker = dot(
      red,
      colourOf(() => [180, 28, 28]),
    );
    const green = dot(
      red,
      colourOf(() => [30, 160, 40]),
    );
    expect(darker).toBeGreaterThan(0.8);
    expect(green).toBeLessThan(0.2);
  });

  it('looks at the middle, not at the edge', () => {
    const onGreen = colourOf((x, y) => (Math.hypot(x - 0.5, y - 0.5) < 0.3 ? [200, 30, 30] : [30, 160, 40]));
    const inGreen = colourOf((x, y) => (Math.hypot(x - 0.5, y - 0.5) < 0.3 ? [30, 160, 40] : [200, 30, 30]));
    expect(dot(red, onGreen)).toBeGreaterThan(dot(red, inGreen) + 0.2);
  });

  it('bears extremes', () => {
    for (const level of [0, 255]) expect(norm(colourOf(() => [level, level, level]))).toBeCloseTo(1, 5);
  });
});

describe('TopK', () => {
  it('keeps what sorting would', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -5, max: 5 })), fc.nat(20), (scores, k) => {
        const top = new TopK(k);
        scores.forEach((score, i) => top.push(score, i));
        const expected = [...scores].sort((a, b) => b - a).slice(0, k);
        expect(top.sorted().map(({ score }) => score)).toEqual(expected);
        for (const { score, index } of top.sorted()) expect(scores[index]).toBe(score);
      }),
    );
  });
});

describe('vector', () => {
  it('normalises, and leaves zeros alone', () => {
    expect([...normalised(new Float32Array([3, 4]))]).toEqual([0.6000000238418579, 0.800000011920929]);
    expect([...normalised(new Float32Array(2))]).toEqual([0, 0]);
    expect([...meanDirection([new Float32Array([1, 0]), new Float32Array([0, 1])])].map((v) => v.toFixed(3))).toEqual(['0.707', '0.707']);
  });
});

describe('matchDescriptors', () => {
  const features = (rows: readonly number[][]): LocalFeatures => ({
    algorithm: 'test',
    count: rows.length,
    points: new Float32Array(rows.length * 2),
    descriptors: Uint8Array.from(rows.flat()),
    descriptorBytes: rows[0]?.length ?? 5,
    aspect: 1,
  });

  it('pairs each with its own copy whatever the order', () => {
    const random = fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 61, maxLength: 61 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(random, (rows) => {
        const matches = matchDescriptors(features(rows), features([...rows].reverse()), 0.85);
        for (const { probe, reference, distance } of matches) {
          expect(distance).toBe(0);
          expect(rows[probe]).toEqual(rows[rows.length - 1 - reference]);
        }
        if (new Set(rows.map(String)).size === rows.length) expect(matches.length).toBe(rows.length);
      }),
    );
  });

  it('leaves out what two are alike to, and uses each reference once', () => {
    expect(
      matchDescriptors(
        features([[1, 2, 3, 4, 5]]),
        features([
          [1, 2, 3, 4, 4],
          [1, 2, 3, 4, 7],
        ]),
        0.85,
      ),
    ).toEqual([]);
    const twice = matchDescriptors(
      features([
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
      ]),
      features([
        [0, 0, 0, 0, 0],
        [255, 255, 255, 255, 255],
      ]),
      0.85,
    );
    expect(twice).toEqual([{ probe: 0, reference: 0, distance: 0 }]);
  });

  it('gives nothing for other descriptor lengths or too few references', () => {
    expect(matchDescriptors(features([[1, 2]]), features([[1], [2]]), 0.85)).toEqual([]);
    expect(matchDescriptors(features([[1]]), features([[1]]), 0.85)).toEqual([]);
  });
});

describe('isPlausibleHomography', () => {
  const size = { widthPx: 300, heightPx: 400 };
  it.each([
    ['the same place', [1, 0, 0, 0, 1, 0, 0, 0, 1], true],
    ['turned by 90° and half the size', [0, -0.5, 400, 0.5, 0, 0, 0, 0, 1], true],
    ['mildly tilted', [1, 0.05, 3, 0.02, 0.9, 4, 0.0003, 0, 1], true],
    ['mirrored', [-1, 0, 300, 0, 1, 0, 0, 0, 1], false],
    ['shrunk to a dot', [0.05, 0, 0, 0, 0.05, 0, 0, 0, 1], false],
    ['edge on', [1, 0, 0, 0, 1, 0, 0.02, 0, 1], false],
    ['behind the camera', [1, 0, 0, 0, 1, 0, -0.01, 0, 1], false],
    ['collapsed to a line', [1, 0, 0, 1, 0, 0, 0, 0, 1], false],
    ['not finite', [NaN, 0, 0, 0, 1, 0, 0, 0, 1], false],
  ])('%s: %j is %s', (_, homography, expected) => expect(isPlausibleHomography(homography, size)).toBe(expected));
});

describe('salientBox', () => {
  const thing = (x: number, y: number) => x > 0.3 && x < 0.6 && y > 0.2 && y < 0.8;

  it('finds a thing on a plain table', () => {
    const box = salientBox(draw(64, (x, y) => (thing(x, y) ? [200, 40, 30] : [215, 210, 200])));
    expect(box?.x).toBeCloseTo(0.27, 1);
    expect(box?.y).toBeCloseTo(0.17, 1);
    expect(box!.x + box!.width).toBeCloseTo(0.63, 1);
    expect(box!.y + box!.height).toBeCloseTo(0.83, 1);
  });

  it('says nothing of clutter, of a plain wall, or of a thing in the corner', () => {
    const clutter = draw(64, (x, y) => [(x * 977) % 255, (y * 613) % 255, (x * y * 4099) % 255]);
    expect(salientBox(clutter)).toBeNull();
    expect(salientBox(draw(64, () => [200, 200, 200]))).toBeNull();
    expect(salientBox(draw(64, (x, y) => (x > 0.1 && x < 0.3 && y > 0.1 && y < 0.3 ? [200, 40, 30] : [215, 210, 200])))).toBeNull();
  });
});
