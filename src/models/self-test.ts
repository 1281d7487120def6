/** @file Self-tests of models: a drawn input and what Node's native runtime answered to it (`scripts/update-self-tests.ts`). Pure. */
import type { Tensor } from '../contracts/runtime.ts';
import { MODELS, type ModelId } from './registry.ts';
import table from './self-tests.json' with { type: 'json' };

/** One output, sampled. */
export interface SelfTestOutput {
  readonly dims: readonly number[];
  /** Positions in the flat output: the strongest values and evenly spaced ones. */
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** The self-test of one model. */
export interface SelfTest {
  /** First 8 digits of the model file's sha256; a test of other weights says nothing. */
  readonly model: string;
  readonly input: readonly number[];
  readonly outputs: readonly SelfTestOutput[];
}

/** Largest difference allowed, as a share of the largest expected value: float32 sums in another order stay far below. */
export const SELF_TEST_TOLERANCE = 0.01;

/** The model's self-test; null when there is none for these weights. */
export function selfTestOf(modelId: string): SelfTest | null {
  const test = (table as Readonly<Record<string, SelfTest>>)[modelId];
  const sha256 = Object.hasOwn(MODELS, modelId) ? (MODELS[modelId as ModelId].files.at(-1)?.sha256 ?? '') : '';
  return test !== undefined && sha256.startsWith(test.model) ? test : null;
}

/**
 * The drawn input: lines of letter-like strokes on a light, shaded ground, about −1..1, so that every kind of net has something to see.
 * @param dims `[n, 3, h, w]` or `[n, h, w, 3]`.
 */
export function selfTestInput(dims: readonly number[]): Tensor {
  const isPlanar = dims[1] === 3;
  const [height, width] = isPlanar ? [dims[2]!, dims[3]!] : [dims[1]!, dims[2]!];
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  const perImage = 3 * height * width;
  for (let i = 0; i < data.length; i++) {
    const inImage = i % perImage;
    const [channel, pixel] = isPlanar
      ? [Math.floor(inImage / (height * width)), inImage % (height * width)]
      : [inImage % 3, Math.floor(inImage / 3)];
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    const shade = ((x * (channel + 1) * 3 + y * (channel + 2) * 5) % 256) / 255;
    data[i] = (isInk(x, y) ? -1 : 1) - shade * 0.2;
  }
  return { type: 'float32', data, dims };
}

/** Letters of 8 × 15 px, each of a few strokes, four to a word, in lines 32 px apart. */
function isInk(x: number, y: number): boolean {
  const row = (y % 32) - 12;
  const column = (x % 10) - 1;
  const letter = Math.floor(x / 10);
  if (row < 0 || row >= 15 || column < 0 || column >= 8 || letter % 5 === 4) return false;
  const strokes = (letter * 37 + Math.floor(y / 32) * 11) % 31;
  return (
    ((strokes & 1) === 1 && column < 2) ||
    ((strokes & 2) === 2 && column >= 6) ||
    ((strokes & 4) === 4 && row < 2) ||
    ((strokes & 8) === 8 && row >= 13) ||
    ((strokes & 16) === 16 && row >= 6 && row < 8)
  );
}

/**
 * @param outputs of the model for {@link selfTestInput}, in the model's order.
 * @returns the largest difference as a share of the largest expected value; infinity for wrong shapes and non-finite numbers.
 */
export function selfTestError(test: SelfTest, outputs: readonly Tensor[]): number {
  if (outputs.length !== test.outputs.length) return Infinity;
  let worst = 0;
  for (const [index, expected] of test.outputs.entries()) {
    const { data, dims } = outputs[index]!;
    if (dims.join() !== expected.dims.join()) return Infinity;
    for (const value of data) if (!Number.isFinite(Number(value))) return Infinity;
    const largest = Math.max(...expected.values.map(Math.abs), 1e-6);
    for (const [i, at] of expected.at.entries()) worst = Math.max(worst, Math.abs(Number(data[at]) - expected.values[i]!) / largest);
  }
  return worst;
}

/** Sample outputs for the table. */
export function sampleOutputs(outputs: readonly Tensor[]): SelfTestOutput[] {
  return outputs.map(({ data, dims }) => {
    const values = Array.from(data as Float32Array, Number);
    const strongest = values
      .map((value, at) => ({ at, size: Math.abs(value) }))
      .sort((a, b) => b.size - a.size)
      .slice(0, 24);
    const step = Math.max(1, Math.floor(values.length / 24));
    const spaced = Array.from({ length: Math.min(24, values.length) }, (_, i) => i * step);
    const at = [...new Set([...strongest.map((entry) => entry.at), ...spaced])].sort((a, b) => a - b);
    return { dims: [...dims], at, values: at.map((i) => Number(values[i]!.toPrecision(7))) };
  });
}
