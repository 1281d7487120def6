/** @file Word recall and region precision on made-up boxes. */
import { expect, it } from 'vitest';
import { coverage, type WordBox } from '../../evaluate/region-metrics.ts';

const region = (x: number, y: number, width: number, height: number): { x: number; y: number }[] => [
  { x, y },
  { x: x + width, y },
  { x: x + width, y: y + height },
  { x, y: y + height },
];
const words: WordBox[] = [
  [10, 10, 40, 20],
  [60, 10, 40, 20],
  [10, 50, 40, 20],
];

it('counts the words that regions cover, and the regions that lie on words', () => {
  expect(coverage(words, [region(8, 8, 94, 24)])).toEqual({ found: 2, trueRegions: 1 });
  expect(coverage(words, [region(8, 8, 94, 24), region(8, 48, 44, 24)])).toEqual({ found: 3, trueRegions: 2 });
});

it('does not count a word that is only touched, nor a region beside the words', () => {
  expect(coverage(words, [region(0, 0, 25, 40)]).found).toBe(0);
  expect(coverage(words, [region(150, 10, 40, 20)])).toEqual({ found: 0, trueRegions: 0 });
});

it('takes a region around a whole page for no line', () => {
  expect(coverage(words, [region(0, 0, 400, 400)])).toEqual({ found: 3, trueRegions: 0 });
});

it('lets two pieces of a line cover a word together', () => {
  expect(coverage([[0, 0, 40, 20]], [region(0, 0, 16, 20), region(16, 0, 24, 20)]).found).toBe(1);
});

it('follows tilted regions', () => {
  const tilted = [
    { x: 10, y: 5 },
    { x: 100, y: 25 },
    { x: 96, y: 45 },
    { x: 6, y: 25 },
  ];
  expect(coverage([[12, 8, 20, 16]], [tilted]).found).toBe(1);
  expect(coverage([[80, 0, 20, 16]], [tilted]).found).toBe(0);
});
