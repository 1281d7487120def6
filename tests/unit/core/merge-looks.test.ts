/** @file What looks from near and from afar agree on, and who is right when they do not. */
import { expect, it } from 'vitest';
import type { ShelfDetection } from '../../../src/contracts/shelf.ts';
import { distinctBoxes, mergeLooks } from '../../../src/core/merge-looks.ts';

const at = (x: number, y: number, width: number, height: number, confidence01 = 0.8): ShelfDetection => ({
  box: { x, y, width, height },
  confidence01,
});
const isLarge = ({ box }: ShelfDetection) => box.width * box.height > 0.04;

it('takes what is large from afar and what is small from near', () => {
  const large = at(0.1, 0.1, 0.3, 0.6);
  const small = at(0.6, 0.1, 0.1, 0.1);
  expect(mergeLooks([large, at(0.61, 0.1, 0.1, 0.12)], [at(0.1, 0.1, 0.3, 0.55), small], isLarge)).toEqual([large, small]);
});

it('drops the pieces of what is whole from afar, surer or not', () => {
  const bottle = at(0.1, 0.1, 0.2, 0.6, 0.6);
  expect(mergeLooks([bottle], [at(0.1, 0.1, 0.19, 0.2, 0.9), at(0.1, 0.3, 0.2, 0.19, 0.7)], isLarge)).toEqual([bottle]);
});

it('keeps many things that stand where from afar one was seen', () => {
  const goods = [0, 1, 2, 3].map((i) => at(0.1 + i * 0.1, 0.1, 0.09, 0.3, 0.7));
  expect(mergeLooks([at(0.1, 0.1, 0.4, 0.3, 0.6)], goods, isLarge)).toEqual(goods);
});

it('names each thing once, the surest first', () => {
  const found = [at(0, 0, 0.1, 0.1, 0.5), at(0.01, 0, 0.1, 0.1, 0.9), at(0.02, 0.02, 0.03, 0.03, 0.4), at(0.5, 0.5, 0.1, 0.1, 0.6)];
  expect(distinctBoxes(found)).toEqual([found[1], found[3]]);
});
