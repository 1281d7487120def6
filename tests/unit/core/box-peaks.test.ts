/** @file Maps of a detector become boxes where and only where they say so. */
import { expect, it } from 'vitest';
import { boxPeaks } from '../../../src/core/box-peaks.ts';

const WIDTH = 12;
const HIGH = 8;

/** Softplus, inverted: what the net must say for so many pixels. */
const said = (px: number): number => Math.log(Math.expm1(px / 16));

function maps(
  cells: readonly { x: number; y: number; logit: number; sides: readonly [number, number, number, number]; channel?: 0 | 5 }[],
) {
  const data = new Float32Array(10 * WIDTH * HIGH).fill(-9);
  for (const { x, y, logit, sides, channel = 0 } of cells)
    [logit, ...sides.map(said)].forEach((value, i) => (data[(channel + i) * WIDTH * HIGH + y * WIDTH + x] = value));
  return { data, widthCells: WIDTH, heightCells: HIGH, stridePx: 4, unitPx: 16 };
}

it('puts the box around the middle of the cell', () => {
  const [found, ...others] = boxPeaks(maps([{ x: 5, y: 3, logit: 2, sides: [10, 12, 14, 16] }]), 0, 0.3);
  expect(others).toEqual([]);
  expect(found!.confidence01).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  expect(found!.box.x).toBeCloseTo(22 - 10, 4);
  expect(found!.box.y).toBeCloseTo(14 - 12, 4);
  expect(found!.box.width).toBeCloseTo(24, 4);
  expect(found!.box.height).toBeCloseTo(28, 4);
});

it('takes the highest of neighbouring cells, and unsure ones not at all', () => {
  const sides = [8, 8, 8, 8] as const;
  const found = boxPeaks(
    maps([
      { x: 3, y: 3, logit: 1, sides },
      { x: 4, y: 3, logit: 2, sides },
      { x: 9, y: 6, logit: -1, sides },
      { x: 0, y: 0, logit: 1, sides },
    ]),
    0,
    0.5,
  );
  expect(found.map(({ box }) => [Math.round(box.x), Math.round(box.y)])).toEqual([
    [-6, -6],
    [10, 6],
  ]);
});

it('tells one class from another', () => {
  const data = maps([{ x: 5, y: 3, logit: 2, sides: [10, 10, 10, 10], channel: 5 }]);
  expect(boxPeaks(data, 0, 0.3)).toEqual([]);
  expect(boxPeaks(data, 1, 0.3)).toHaveLength(1);
});

it('follows the scale of its maps', () => {
  const data = maps([{ x: 5, y: 3, logit: 2, sides: [10, 12, 14, 16] }]);
  const [found] = boxPeaks({ ...data, stridePx: 16, unitPx: 64 }, 0, 0.3);
  expect(found!.box.x).toBeCloseTo(88 - 40, 4);
  expect(found!.box.y).toBeCloseTo(56 - 48, 4);
  expect(found!.box.width).toBeCloseTo(96, 4);
});
