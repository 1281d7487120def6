/** @file A picture's maps and its mirror image's: the same thing in both keeps its place and its edges. */
import { expect, it } from 'vitest';
import { boxPeaks } from '../../../src/core/box-peaks.ts';
import { meanWithMirrored, mirrorRows } from '../../../src/core/mirrored-maps.ts';

const SIZE = { widthCells: 6, heightCells: 4 };
const SCALE = { stridePx: 4, unitPx: 16 };
const cells = SIZE.widthCells * SIZE.heightCells;

/** Maps of two classes with one box of the second, whose middle is in a cell. */
function mapsOf(x: number, y: number, logit: number, distancesPx: readonly [number, number, number, number]): Float32Array {
  const maps = new Float32Array(10 * cells).fill(-8);
  const at = y * SIZE.widthCells + x;
  maps[5 * cells + at] = logit;
  distancesPx.forEach((px, side) => (maps[(6 + side) * cells + at] = Math.log(Math.expm1(px / SCALE.unitPx))));
  return maps;
}

it('turns rows round and nothing else', () => {
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect([...mirrorRows(rows, 3)]).toEqual([3, 2, 1, 6, 5, 4]);
  expect([...rows]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(mirrorRows(mirrorRows(rows, 3), 3)).toEqual(rows);
});

it('finds what both see where it is, left and right in their places', () => {
  const seen = mapsOf(1, 2, 3, [5, 7, 11, 13]);
  const mirrored = mapsOf(SIZE.widthCells - 1 - 1, 2, 1, [11, 7, 5, 13]);
  const data = meanWithMirrored(seen, mirrored, SIZE);
  expect(boxPeaks({ data, ...SIZE, ...SCALE }, 0, 0.1)).toEqual([]);
  const [found, ...others] = boxPeaks({ data, ...SIZE, ...SCALE }, 1, 0.1);
  expect(others).toEqual([]);
  expect(found!.box.x).toBeCloseTo(6 - 5, 4);
  expect(found!.box.y).toBeCloseTo(10 - 7, 4);
  expect(found!.box.width).toBeCloseTo(16, 4);
  expect(found!.box.height).toBeCloseTo(20, 4);
  expect(found!.confidence01).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
});

it('believes less in what one of the two alone sees', () => {
  const data = meanWithMirrored(mapsOf(1, 2, 3, [5, 7, 11, 13]), new Float32Array(10 * cells).fill(-8), SIZE);
  expect(boxPeaks({ data, ...SIZE, ...SCALE }, 1, 0.1)).toEqual([]);
});
