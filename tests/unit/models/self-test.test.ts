/** @file A self-test must notice wrong numbers, and must exist for the weights that ship. */
import { expect, it } from 'vitest';
import type { Tensor } from '../../../src/contracts/runtime.ts';
import { MODELS } from '../../../src/models/registry.ts';
import { SELF_TEST_TOLERANCE, sampleOutputs, selfTestError, selfTestInput, selfTestOf } from '../../../src/models/self-test.ts';

const output = (values: number[]): Tensor => ({ type: 'float32', data: Float32Array.from(values), dims: [1, values.length] });
const values = Array.from({ length: 100 }, (_, i) => Math.sin(i));
const test = { model: '', input: [1], outputs: sampleOutputs([output(values)]) };

it('passes the numbers it was made from', () => {
  expect(selfTestError(test, [output(values)])).toBeLessThan(1e-6);
});

it('fails wrong, shifted, non-finite and misshapen outputs', () => {
  const shifted = values.map((_, i) => Math.sin(i + 1));
  expect(selfTestError(test, [output(shifted)])).toBeGreaterThan(SELF_TEST_TOLERANCE);
  expect(selfTestError(test, [output(values.map(() => 0))])).toBeGreaterThan(SELF_TEST_TOLERANCE);
  expect(selfTestError(test, [output(values.with(57, NaN))])).toBe(Infinity);
  expect(selfTestError(test, [output(values.slice(1))])).toBe(Infinity);
  expect(selfTestError(test, [])).toBe(Infinity);
});

it.each(Object.values(MODELS).filter(({ backends }) => (backends as readonly string[]).includes('webgpu')))(
  '$id, which may run on WebGPU, has a self-test of its present weights',
  ({ id }) => {
    expect(selfTestOf(id)).not.toBeNull();
  },
);

it('draws the same input in both layouts', () => {
  const planar = selfTestInput([1, 3, 40, 50]);
  const interleaved = selfTestInput([1, 40, 50, 3]);
  for (const [y, x, channel] of [
    [0, 0, 0],
    [13, 3, 1],
    [39, 49, 2],
  ] as const)
    expect(planar.data[(channel * 40 + y) * 50 + x]).toBe(interleaved.data[(y * 50 + x) * 3 + channel]);
});
