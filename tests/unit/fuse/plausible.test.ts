import { expect, test } from 'vitest';
import type { Candidate } from '../../../src/contracts/product.ts';
import { plausibleCandidates } from '../../../src/core/fuse/plausible.ts';

const candidate = (probability01: number) => ({ probability01 }) as Candidate;

test('keeps the order and drops what is next to impossible', () => {
  expect(plausibleCandidates([0.4, 0.05, 0.01, 0.004, 0].map(candidate)).map(({ probability01 }) => probability01)).toEqual([
    0.4, 0.05, 0.01,
  ]);
});

test('offers nothing when nothing known looks like the photo', () => {
  expect(plausibleCandidates([0.003, 0.001].map(candidate))).toEqual([]);
});
