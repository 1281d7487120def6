/**
 * @file Writes the golden of the exported net and times it: `node golden.mjs MODEL.onnx OUT.json [web]`.
 * Node; needs the npm package onnxruntime-node, or onnxruntime-web with `web` (then nothing is written: it is compared).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const [modelPath, outPath, mode] = process.argv.slice(2);
const ort = await import(mode === 'web' ? 'onnxruntime-web' : 'onnxruntime-node');
const SIDE = 192;

/** The synthetic input of the golden, float32 [1, 3, 192, 192] RGB 0..1. */
function syntheticImage() {
  const image = new Float32Array(3 * SIDE * SIDE);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) image[(c * SIDE + y) * SIDE + x] = ((x * (c + 1) * 3 + y * (c + 2) * 5) % 256) / 255;
  return image;
}

const options = mode === 'web' ? { executionProviders: ['wasm'] } : { intraOpNumThreads: 1 };
if (mode === 'web') ort.env.wasm.numThreads = Number(process.env.THREADS ?? 1);
const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(modelPath)), options);
const data = syntheticImage();
const run = async (n) => {
  const many = new Float32Array(n * data.length);
  for (let i = 0; i < n; i++) many.set(data, i * data.length);
  return (await session.run({ image: new ort.Tensor('float32', many, [n, 3, SIDE, SIDE]) })).embedding;
};
const one = Array.from((await run(1)).data);
const two = await run(2);
console.log('batch of 2:', two.dims, 'max difference to batch of 1:', Math.max(...one.map((v, i) => Math.abs(v - two.data[128 + i]))));
const times = [];
for (let i = 0; i < 60; i++) {
  const start = performance.now();
  await run(1);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(`one crop, ms: min ${times[0].toFixed(1)}, median ${times[30].toFixed(1)}`);
if (mode === 'web') {
  const golden = JSON.parse(readFileSync(outPath, 'utf8')).output;
  console.log('max difference to the golden:', Math.max(...one.map((v, i) => Math.abs(v - golden[i]))));
} else {
  writeFileSync(
    outPath,
    `${JSON.stringify(
      {
        model: basename(modelPath),
        input: 'image[c][y][x] = ((x * (c + 1) * 3 + y * (c + 2) * 5) % 256) / 255, float32 [1, 3, 192, 192], c = 0..2 (RGB), y and x = 0..191',
        inputs: [{ name: 'image', shape: [1, 3, SIDE, SIDE], first: Array.from(data.slice(0, 4)), last: Array.from(data.slice(-4)) }],
        output: one.map((v) => Number(v.toFixed(6))),
        outputName: 'embedding',
        tolerance: 1e-3,
        reference: 'onnxruntime-node, CPU, one thread',
      },
      null,
      1,
    )}\n`,
  );
}
