/**
 * @file Times the exported net: `node time.mjs MODEL.onnx [web] [WIDTH HEIGHT]`. Its numbers are held by `src/models/self-tests.json`
 * and `tests/golden/`. Node; needs the npm package onnxruntime-node, or onnxruntime-web with `web`.
 */
import { readFileSync } from 'node:fs';

const [path, ...rest] = process.argv.slice(2);
const isWeb = rest[0] === 'web';
const [width = 832, height = 640] = rest.slice(isWeb ? 1 : 0).map(Number);
const ort = await import(isWeb ? 'onnxruntime-web' : 'onnxruntime-node');
if (isWeb) ort.env.wasm.numThreads = Number(process.env.THREADS ?? 1);
const session = await ort.InferenceSession.create(
  new Uint8Array(readFileSync(path)),
  isWeb ? { executionProviders: ['wasm'] } : { intraOpNumThreads: 1 },
);
const data = Float32Array.from({ length: 3 * width * height }, (_, i) => ((i * 7919) % 256) / 255);
const times = [];
for (let i = 0; i < 15; i++) {
  const start = performance.now();
  await session.run({ image: new ort.Tensor('float32', data, [1, 3, height, width]) });
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(`${width} × ${height}, ms: min ${times[0].toFixed(0)}, median ${times[7].toFixed(0)}`);
