/** @file Parts of numbers against a list, compared with looking at every number. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hiddenEnds } from '../../../../src/core/race/hidden-ends.ts';

const LEFT = { left: true, right: false };
const RIGHT = { left: false, right: true };
const BOTH = { left: true, right: true };

it('completes a part whose one end is hidden', () => {
  const ends = hiddenEnds(['145', '245', '45', '451', '4512', '14']);
  expect(ends.complete('45', LEFT, 5)).toEqual({ numbers: ['145', '245'], total: 2 });
  expect(ends.complete('45', RIGHT, 5)).toEqual({ numbers: ['451', '4512'], total: 2 });
  expect(ends.complete('45', RIGHT, 1)).toEqual({ numbers: ['451'], total: 2 });
  expect(ends.complete('9', RIGHT, 5)).toEqual({ numbers: [], total: 0 });
  expect(ends.complete('', LEFT, 5).total).toBe(0);
});

it('gives what looking at every number gives', () => {
  const number = fc.stringMatching(/^T?[0-3]{1,4}$/);
  fc.assert(
    fc.property(fc.uniqueArray(number, { maxLength: 60 }), fc.stringMatching(/^[0-3]{1,3}$/), (numbers, part) => {
      const ends = hiddenEnds(numbers);
      const isLonger = (one: string) => one.length > part.length;
      expect(new Set(ends.complete(part, LEFT, 99).numbers)).toEqual(new Set(numbers.filter((one) => isLonger(one) && one.endsWith(part))));
      expect(new Set(ends.complete(part, RIGHT, 99).numbers)).toEqual(
        new Set(numbers.filter((one) => isLonger(one) && one.startsWith(part))),
      );
      expect(new Set(ends.complete(part, BOTH, 99).numbers)).toEqual(new Set(numbers.filter((one) => one.slice(1, -1).includes(part))));
    }),
  );
});
