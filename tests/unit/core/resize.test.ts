/** @file Resampling keeps brightness, place and shape. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import { cropFrame, resizeFrame, sizeWithin, toPixelBox, warpQuad } from '../../../src/core/resize.ts';

function drawn(widthPx: number, heightPx: number, shade: (x: number, y: number) => number): Frame {
  const data = new Uint8ClampedArray(widthPx * heightPx * 4).fill(255);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++) for (let c = 0; c < 3; c++) data[(y * widthPx + x) * 4 + c] = shade(x, y);
  return { widthPx, heightPx, data };
}
const at = (frame: Frame, x: number, y: number): number => frame.data[(y * frame.widthPx + x) * 4]!;
const side = fc.integer({ min: 1, max: 40 });

it('keeps a flat frame flat, at any size', () => {
  fc.assert(
    fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (w, h, toW, toH, shade) => {
      const result = resizeFrame(
        drawn(w, h, () => shade),
        toW,
        toH,
      );
      expect([result.widthPx, result.heightPx, result.data.length]).toEqual([toW, toH, toW * toH * 4]);
      for (let i = 0; i < result.data.length; i += 4) expect(Math.abs(result.data[i]! - shade)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

it('averages exactly the covered area when it shrinks', () => {
  const result = resizeFrame(
    drawn(4, 2, (x) => x * 40),
    2,
    1,
  );
  expect([at(result, 0, 0), at(result, 1, 0)]).toEqual([20, 100]);
  // 3 → 2: the middle pixel counts half to each side.
  expect(
    at(
      resizeFrame(
        drawn(3, 1, (x) => [0, 90, 240][x]!),
        2,
        1,
      ),
      0,
      0,
    ),
  ).toBe(30);
});

it('keeps the mean brightness when it shrinks', () => {
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 10 }), (w, h, seed) => {
      const frame = drawn(w, h, (x, y) => (x * 37 + y * 91 + seed * 53) % 256);
      const small = resizeFrame(frame, Math.max(1, Math.floor(w / 2)), Math.max(1, Math.floor(h / 2)));
      const mean = ({ data }: Frame): number => data.reduce((sum, value, i) => (i % 4 === 0 ? sum + value : sum), 0) / (data.length / 4);
      expect(Math.abs(mean(frame) - mean(small))).toBeLessThan(1);
    }),
    { numRuns: 60 },
  );
});

it('does not shift the picture when it enlarges', () => {
  const result = resizeFrame(
    drawn(2, 1, (x) => x * 200),
    4,
    1,
  );
  expect([0, 1, 2, 3].map((x) => at(result, x, 0))).toEqual([0, 50, 150, 200]);
});

it('crops what a box covers, cut to the frame', () => {
  const frame = drawn(10, 10, (x, y) => x * 10 + y);
  const crop = cropFrame(frame, { x: 0.5, y: 0.2, width: 2, height: 0.3 });
  expect([crop.widthPx, crop.heightPx, at(crop, 0, 0)]).toEqual([5, 3, 52]);
  expect(toPixelBox({ x: 2, y: 2, width: 1, height: 1 }, frame)).toMatchObject({ x: 9, y: 9, width: 1, height: 1 });
});

it('straightens a quadrilateral, whichever way round it lies', () => {
  const frame = drawn(40, 20, (x, y) => x * 5 + y);
  const corner = (x: number, y: number) => ({ x, y });
  const upright = warpQuad(frame, [corner(0.25, 0.25), corner(0.75, 0.25), corner(0.75, 0.75), corner(0.25, 0.75)], 20, 10);
  for (const [x, y] of [
    [0, 0],
    [19, 9],
    [7, 3],
  ] as const)
    expect(Math.abs(at(upright, x, y) - at(frame, x + 10, y + 5))).toBeLessThanOrEqual(1);
  const turned = warpQuad(frame, [corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)], 20, 40);
  // Its top left is the frame's top right, its top runs down the frame's right side.
  expect(Math.abs(at(turned, 0, 0) - at(frame, 39, 0))).toBeLessThanOrEqual(3);
  expect(Math.abs(at(turned, 19, 0) - at(frame, 39, 19))).toBeLessThanOrEqual(3);
  expect(Math.abs(at(turned, 0, 39) - at(frame, 0, 0))).toBeLessThanOrEqual(3);
});

it('fits sizes without ever enlarging', () => {
  expect(sizeWithin(8000, 6000, 4096)).toEqual({ widthPx: 4096, heightPx: 3072 });
  expect(sizeWithin(100, 1, 4096)).toEqual({ widthPx: 100, heightPx: 1 });
  expect(sizeWithin(10_000, 1, 100)).toEqual({ widthPx: 100, heightPx: 1 });
});
