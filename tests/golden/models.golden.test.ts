/**
 * @file Every net gives the recorded numbers on Node's native runtime and on the browser's WASM build (here in Node); WebGPU and the browser
 * itself: `tests/e2e/golden.e2e.ts`. The numbers change only with `scripts/update-self-tests.ts`.
 */
import { readFileSync } from 'node:fs';
import * as ortWeb from 'onnxruntime-web/wasm';
import { describe, expect, it } from 'vitest';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Tensor } from '../../src/contracts/runtime.ts';
import { toTensorData } from '../../src/core/tensor-layout.ts';
import { MODELS } from '../../src/models/registry.ts';
import { SELF_TEST_TOLERANCE, selfTestError, selfTestInput, selfTestOf } from '../../src/models/self-test.ts';

const nets = Object.values<ModelSpec>(MODELS).filter(({ runtime }) => runtime === 'ort' || runtime === 'tfjs');
const runtime = createNodeRuntime({ threads: 1 });
ortWeb.env.wasm.numThreads = 1;

describe.each(nets)('$id', (spec) => {
  const test = selfTestOf(spec.id);

  it('has a self-test of its present weights', () => {
    expect(test).not.toBeNull();
  });

  it("gives the recorded numbers on Node's runtime", async () => {
    const input = selfTestInput(test!.input);
    let outputs: Tensor[];
    if (spec.runtime === 'tfjs') outputs = await (await runtime.tfjs(spec.id)).run(input);
    else {
      const model = await runtime.ort(spec.id);
      const results = await model.run({ [model.inputNames[0]!]: input });
      outputs = model.outputNames.map((name) => results[name]!);
    }
    expect(selfTestError(test!, outputs)).toBeLessThan(SELF_TEST_TOLERANCE);
  });

  it.skipIf(spec.runtime !== 'ort')("gives them on the browser's WASM build", async () => {
    const bytes = readFileSync(new URL(`../../public/${spec.files[0]!.url}`, import.meta.url));
    const session = await ortWeb.InferenceSession.create(new Uint8Array(bytes), { executionProviders: ['wasm'] });
    const { data, dims } = selfTestInput(test!.input);
    const results = await session.run({ [session.inputNames[0]!]: new ortWeb.Tensor('float32', data as Float32Array, dims) });
    const outputs = session.outputNames.map((name): Tensor => {
      const { data: values, dims: shape } = results[name]!;
      return { type: 'float32', data: values as Float32Array, dims: shape };
    });
    expect(selfTestError(test!, outputs)).toBeLessThan(SELF_TEST_TOLERANCE);
    await session.release();
  });

  it.skipIf(spec.runtime !== 'ort')('declares the input and outputs that it has', async () => {
    const model = await runtime.ort(spec.id);
    expect(model.inputNames).toEqual([spec.input!.name]);
    expect(model.outputNames).toEqual(spec.outputs);
  });
});

it('agrees with the numbers that the training wrote for the product embedding', async () => {
  const golden = JSON.parse(readFileSync(new URL('fixtures/product-embedding.json', import.meta.url), 'utf8')) as {
    output: number[];
    tolerance: number;
  };
  const data = new Float32Array(3 * 192 * 192);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < 192; y++)
      for (let x = 0; x < 192; x++) data[(c * 192 + y) * 192 + x] = ((x * (c + 1) * 3 + y * (c + 2) * 5) % 256) / 255;
  const model = await runtime.ort('product-embedding');
  const { embedding } = await model.run({ image: { type: 'float32', data, dims: [1, 3, 192, 192] } });
  const worst = Math.max(...golden.output.map((value, i) => Math.abs(value - Number(embedding!.data[i]))));
  expect(worst).toBeLessThanOrEqual(golden.tolerance);
});

it("agrees with the package's own code about what a picture gives, before it is brought to length 1", async () => {
  const golden = JSON.parse(readFileSync(new URL('fixtures/face-embedding.json', import.meta.url), 'utf8')) as {
    output: number[];
    tolerance: number;
  };
  const pixels = new Uint8ClampedArray(150 * 150 * 4);
  for (let y = 0; y < 150; y++)
    for (let x = 0; x < 150; x++) for (let c = 0; c < 3; c++) pixels[(y * 150 + x) * 4 + c] = (x * (c + 1) * 3 + y * (c + 2) * 5) % 256;
  const data = toTensorData({ widthPx: 150, heightPx: 150, data: pixels }, MODELS['face-embedding'].input);
  const model = await runtime.tfjs('face-embedding');
  // Two of them: what one face gives does not depend on the others of its run.
  const [both] = await model.run({ type: 'float32', data: Float32Array.from([...data.map(() => 0), ...data]), dims: [2, 150, 150, 3] });
  expect(both!.dims).toEqual([2, 128]);
  const worst = Math.max(...golden.output.map((value, i) => Math.abs(value - Number(both!.data[128 + i]))));
  expect(worst).toBeLessThanOrEqual(golden.tolerance);
});
