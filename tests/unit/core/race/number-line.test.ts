/** @file Columns of the net → a straight line. */
import { expect, it } from 'vitest';
import { lineOfNumber } from '../../../../src/core/race/number-line.ts';

const STEPS = 20;
const CHANNELS = 5;
const AT = 2;

function columns(from: number, until: number, top: (x: number) => number, height: number): Float32Array {
  const all = new Float32Array(STEPS * CHANNELS);
  for (let step = 0; step < STEPS; step++) {
    const x = (step + 0.5) / STEPS;
    all.set([step >= from && step < until ? 4 : -4, top(x), top(x) + height], step * CHANNELS + AT);
  }
  return all;
}

it('follows a line that leans', () => {
  const line = lineOfNumber(
    columns(4, 16, (x) => 0.2 + 0.3 * x, 0.25),
    STEPS,
    CHANNELS,
    AT,
  )!;
  expect([line.left01, line.right01]).toEqual([0.2, 0.8]);
  expect(line.top01[0]).toBeCloseTo(0.26);
  expect(line.top01[1]).toBeCloseTo(0.44);
  expect(line.bottom01[1]).toBeCloseTo(0.69);
});

it('finds none where there is none, or hardly any', () => {
  expect(
    lineOfNumber(
      columns(0, 0, () => 0.5, 0.2),
      STEPS,
      CHANNELS,
      AT,
    ),
  ).toBeNull();
  expect(
    lineOfNumber(
      columns(7, 8, () => 0.5, 0.2),
      STEPS,
      CHANNELS,
      AT,
    ),
  ).toBeNull();
  expect(
    lineOfNumber(
      columns(4, 16, () => 0.5, 0.01),
      STEPS,
      CHANNELS,
      AT,
    ),
  ).toBeNull();
});
