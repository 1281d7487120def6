/** @file Figures of pairs, counted by hand. */
import { expect, it } from 'vitest';
import { verificationFigures, type PairResult } from '../../evaluate/verification-metrics.ts';

const pairs = (isSame: boolean, ...likenesses: (number | null)[]): PairResult[] => likenesses.map((likeness) => ({ isSame, likeness }));

it('counts both kinds alike, however many there are of each', () => {
  const figures = verificationFigures([...pairs(true, 0.9, 0.4), ...pairs(false, 0.7, 0.2, 0.1, 0)], 0.6);
  expect(figures['accuracy']).toBeCloseTo((1 / 2 + 3 / 4) / 2, 9);
  // Of 2 × 4 comparisons only 0.4 against 0.7 is the wrong way round.
  expect(figures['auc']).toBeCloseTo(7 / 8, 9);
  expect(figures).toMatchObject({ pairs_same: 2, pairs_other: 4 });
});

it('takes a picture without a face for nobody, and ties for half', () => {
  const figures = verificationFigures([...pairs(true, null, 0.5), ...pairs(false, 0.5, null)], 0.4);
  expect(figures['auc']).toBeCloseTo((0.5 + 0 + 0.5 + 1) / 4, 9);
  expect(figures['accuracy']).toBeCloseTo((1 / 2 + 1 / 2) / 2, 9);
  expect(figures['same_mean']).toBeCloseTo(0.5, 9);
});

it('reads recall where one in a hundred of two people would be taken for one', () => {
  const other = Array.from({ length: 200 }, (_, i) => i / 1000);
  const figures = verificationFigures([...pairs(true, 0.1985, 0.1965, 0.1), ...pairs(false, ...other)], 0.5);
  // 0.199 and 0.198 may be exceeded by none but two: what lies above 0.197 counts.
  expect(figures['tar_far_1e2']).toBeCloseTo(1 / 3, 9);
  expect(figures['tar_far_1e3']).toBe(0);
});
