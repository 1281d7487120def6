/** @file Where a head is looked for, and whose a face is. */
import { expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import { headRegion, ownFaces } from '../../../src/core/race/head-region.ts';

const FRAME = { widthPx: 2000, heightPx: 1000 };
const contains = (outer: Box, x: number, y: number): boolean =>
  x >= outer.x && x <= outer.x + outer.width && y >= outer.y && y <= outer.y + outer.height;

it('holds the head of a whole runner near its middle, and is square in pixels', () => {
  const person: Box = { x: 0.4, y: 0.2, width: 0.16, height: 0.75 };
  const region = headRegion(person, FRAME);
  expect(region.width * FRAME.widthPx).toBeCloseTo(region.height * FRAME.heightPx, 6);
  // A head is an eighth of a body; its middle half of that below the top.
  const face = { x: 0.48, y: 0.2 + 0.75 / 16 };
  expect(Math.hypot((face.x - region.x) / region.width - 0.5, (face.y - region.y) / region.height - 0.5)).toBeLessThan(0.2);
});

it('holds the head of somebody of whom only the upper half is seen', () => {
  const bust: Box = { x: 0.1, y: 0.4, width: 0.2, height: 0.5 };
  expect(contains(headRegion(bust, FRAME), 0.2, 0.4 + 0.2)).toBe(true);
});

it('leaves a face that two claim to the one whose head it should be', () => {
  const [left, right]: readonly Box[] = [
    { x: 0.1, y: 0.1, width: 0.2, height: 0.2 },
    { x: 0.25, y: 0.1, width: 0.2, height: 0.2 },
  ];
  const face = { box: { x: 0.32, y: 0.17, width: 0.05, height: 0.06 } };
  expect(ownFaces([face, face], [left!, right!])).toEqual([null, face]);
  expect(ownFaces([face, null], [left!, right!])).toEqual([face, null]);
  const twice = { box: { ...face.box } };
  // Equally near: one of them has it, not both and not neither.
  expect(ownFaces([face, twice], [right!, right!])).toEqual([face, null]);
});
