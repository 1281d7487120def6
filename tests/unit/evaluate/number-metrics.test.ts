/** @file Precision, recall and certainty of numbers on made-up photos. */
import { expect, it } from 'vitest';
import { numberFigures } from '../../evaluate/number-metrics.ts';

it('counts each number once a photo', () => {
  const figures = numberFigures([
    { truth: ['552', '17', '552'], answered: ['552', '552', '71'], sure: ['552'] },
    { truth: ['8'], answered: [], sure: [] },
    { truth: [], answered: ['9'], sure: ['9'] },
  ]);
  expect(figures).toEqual({ precision: 1 / 3, recall: 1 / 3, f1: 1 / 3, sure_precision: 1 / 2, sure_recall: 1 / 3 });
});

it('leaves out what nothing was counted for', () => {
  expect(numberFigures([{ truth: [], answered: [], sure: [] }])).toEqual({});
  expect(numberFigures([{ truth: ['1'], answered: [], sure: [] }])).toEqual({ recall: 0, f1: 0, sure_recall: 0 });
});
