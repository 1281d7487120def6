import { expect, it } from 'vitest';
import { tagScores } from '../../../src/core/tag-scores.ts';

const labels = [{ id: 'a', en: 'A' }, { id: 'b' }, { id: 'c', ja: 'シー' }];

it('ranks by softmax: scores of all add up to one, also for huge numbers', () => {
  const tags = tagScores(Float32Array.of(1000, 1001, 999), { labels, activation: 'softmax' }, 3);
  expect(tags.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
  expect(tags.reduce((sum, { score01 }) => sum + score01, 0)).toBeCloseTo(1, 6);
  expect(tags[0]?.score01).toBeCloseTo(0.6652, 3);
});

it('gives each its own chance by sigmoid', () => {
  const tags = tagScores(Float32Array.of(0, 2, -50), { labels, activation: 'sigmoid' }, 2);
  expect(tags.map(({ id, score01 }) => [id, Number(score01.toFixed(3))])).toEqual([
    ['b', 0.881],
    ['a', 0.5],
  ]);
});

it('keeps numbers that are scores already, within 0..1, with the labels there are', () => {
  expect(tagScores(Float32Array.of(1.5, -1, 0.25), { labels, activation: 'none' }, 3)).toEqual([
    { id: 'a', label: { en: 'A' }, score01: 1 },
    { id: 'c', label: { ja: 'シー' }, score01: 0.25 },
    { id: 'b', label: null, score01: 0 },
  ]);
});

it('leaves out what is no number', () => {
  expect(tagScores(Float32Array.of(Number.NaN, 0.5, 0.1), { labels, activation: 'none' }, 3).map(({ id }) => id)).toEqual(['b', 'c']);
});
