/** @file The figures of a detector, on cases that can be counted by hand. */
import { expect, it } from 'vitest';
import { averagePrecision, detectionFigures, matchBoxes } from '../../evaluate/detection-metrics.ts';

const at = (x: number, confidence01 = 1, width = 10) => ({ box: { x, y: 0, width, height: 10 }, confidence01 });
const truth = [at(0).box, at(20).box];

it('gives each truth to the surest box that overlaps it, once', () => {
  expect(matchBoxes([at(1, 0.4), at(0, 0.9), at(21, 0.5), at(50, 0.8)], truth)).toEqual([-1, 0, 1, -1]);
});

it('is 1 for all found and nothing else, and falls with what is wrong before it', () => {
  expect(averagePrecision([{ found: [at(0, 0.9), at(20, 0.8)], truth }], 0.5)).toBeCloseTo(1, 9);
  // Half the recall at full precision: 51 of 101 points.
  expect(averagePrecision([{ found: [at(0, 0.9)], truth }], 0.5)).toBeCloseTo(51 / 101, 9);
  // A surer false alarm: 1 of 2, then 2 of 3 right; the envelope is 2/3.
  expect(averagePrecision([{ found: [at(90, 0.95), at(0, 0.9), at(20, 0.8)], truth }], 0.5)).toBeCloseTo(2 / 3, 9);
  expect(averagePrecision([{ found: [], truth }], 0.5)).toBe(0);
});

it('asks for tighter boxes at higher overlaps', () => {
  const loose = [{ found: [at(0, 0.9, 8), at(20, 0.8, 8)], truth }];
  const { ap50, ap } = detectionFigures(loose, 0.5);
  expect(ap50).toBeCloseTo(1, 9);
  // An overlap of 0.8: right at 0.5 … 0.8, seven of ten.
  expect(ap).toBeCloseTo(0.7, 9);
});

it('counts at the threshold', () => {
  const { precision, recall, f1, countError } = detectionFigures([{ found: [at(0, 0.9), at(20, 0.2), at(50, 0.8)], truth }], 0.5);
  expect([precision, recall, f1, countError]).toEqual([0.5, 0.5, 0.5, 0]);
});
