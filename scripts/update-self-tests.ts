/**
 * @file `npx tsx scripts/update-self-tests.ts`: run each net once on its drawn input with Node's runtimes and write `src/models/self-tests.json`.
 * Run it after `update-registry.ts`; show the differences in the commit.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createNodeRuntime } from '../server/runtime/node-runtime.ts';
import type { ModelSpec } from '../src/contracts/model-spec.ts';
import { MODELS } from '../src/models/registry.ts';

const PATH = fileURLToPath(new URL('../src/models/self-tests.json', import.meta.url));
if (!existsSync(PATH)) writeFileSync(PATH, '{}\n');
const { sampleOutputs, selfTestInput } = await import('../src/models/self-test.ts');

/** Free sides of an input, in pixels: small, since the test runs on the visitor's device. */
const FREE_SIDES = { batch: 1, height: 96, width: 160 } as const;

function inputDims(shape: readonly number[], layout: 'NCHW' | 'NHWC'): number[] {
  const sides =
    layout === 'NCHW'
      ? [FREE_SIDES.batch, 3, FREE_SIDES.height, FREE_SIDES.width]
      : [FREE_SIDES.batch, FREE_SIDES.height, FREE_SIDES.width, 3];
  return shape.map((size, i) => (size === -1 ? sides[i]! : size));
}

const runtime = createNodeRuntime({ threads: 1 });
const table: Record<string, unknown> = {};
for (const spec of Object.values<ModelSpec>(MODELS)) {
  if (spec.input === undefined || (spec.runtime !== 'ort' && spec.runtime !== 'tfjs')) continue;
  const { id } = spec;
  const dims = inputDims(spec.input.shape, spec.input.layout);
  const input = selfTestInput(dims);
  let outputs;
  if (spec.runtime === 'ort') {
    const model = await runtime.ort(id);
    const results = await model.run({ [model.inputNames[0]!]: input });
    outputs = model.outputNames.map((name) => results[name]!);
  } else outputs = await (await runtime.tfjs(id)).run(input);
  table[id] = { model: spec.files.at(-1)!.sha256.slice(0, 8), input: dims, outputs: sampleOutputs(outputs) };
  console.log(
    id,
    sampleOutputs(outputs).map(({ dims: shape, values }) => `${shape.join('×')} max ${Math.max(...values.map(Math.abs))}`),
  );
}
writeFileSync(PATH, `${JSON.stringify(table)}\n`);
