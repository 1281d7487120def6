/**
 * @file `npx tsx scripts/update-self-tests.ts`: run each net once on its drawn input with Node's runtimes and write `src/models/self-tests.json`.
 * Run it after `update-registry.ts`; show the differences in the commit.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createNodeRuntime } from '../server/runtime/node-runtime.ts';
import { MODELS, type ModelId } from '../src/models/registry.ts';

const PATH = fileURLToPath(new URL('../src/models/self-tests.json', import.meta.url));
if (!existsSync(PATH)) writeFileSync(PATH, '{}\n');
const { sampleOutputs, selfTestInput } = await import('../src/models/self-test.ts');

/** Small inputs: the test runs on the visitor's device. */
const INPUTS: Readonly<Partial<Record<ModelId, readonly number[]>>> = {
  'product-embedding': [1, 3, 192, 192],
  'ppocr-detection': [1, 3, 96, 160],
  'ppocr-recognition': [1, 3, 48, 96],
  blazeface: [1, 256, 256, 3],
};

const runtime = createNodeRuntime({ threads: 1 });
const table: Record<string, unknown> = {};
for (const [id, dims] of Object.entries(INPUTS)) {
  const spec = MODELS[id as ModelId];
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
