/** @file tfjs graph models by the WASM backend (plain CPU where WASM does not start). Node. */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { dirname, sep } from 'node:path';
import { createRequire } from 'node:module';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Backend } from '../../src/contracts/results.ts';
import type { Tensor, TfjsModel } from '../../src/contracts/runtime.ts';
import { graphModelArtifacts } from '../../workers/stages/graph-model.ts';
import type { RunStatistics } from '../../workers/stages/run-statistics.ts';
import { readModelFile } from './model-files.ts';

let backend: Promise<Backend> | null = null;

async function startBackend(): Promise<Backend> {
  tf.env().set('IS_NODE', true);
  try {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const packageFile = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
    setWasmPaths(`${dirname(packageFile)}${sep}dist${sep}`);
    // [Note: tfjs threads] The threaded build starts blob workers that outlive the process' work; one thread is enough for its models.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    if (await tf.setBackend('wasm')) return 'wasm';
  } catch {
    // Plain CPU below.
  }
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  return 'cpu';
}

/**
 * Start a graph model.
 * @throws AppError('model-unavailable' | 'model-integrity')
 */
export async function startTfjsModel(spec: ModelSpec, statistics: RunStatistics): Promise<TfjsModel> {
  const [topology, weights] = spec.files;
  if (topology === undefined || weights === undefined)
    throw new AppError('model-unavailable', `Model ${spec.id} needs a topology and weights`, { stage: 'model' });
  const [topologyBytes, weightBytes] = await Promise.all([readModelFile(topology), readModelFile(weights)]);
  backend ??= startBackend();
  const on = await backend;
  const artifacts = graphModelArtifacts(topologyBytes, weightBytes);
  const model = await loadGraphModel({ load: () => Promise.resolve(artifacts as tf.io.ModelArtifacts) }).catch((error: unknown) => {
    throw toAppError(error, 'model-unavailable', 'model');
  });
  statistics.started(spec.id, on);
  return {
    modelId: spec.id,
    backend: on,
    run: (input) =>
      statistics.timed(spec.id, async () => {
        const given = tf.tensor(input.data as Float32Array, [...input.dims], 'float32');
        try {
          const result = model.execute(given);
          const outputs = Array.isArray(result) ? result : [result];
          try {
            return await Promise.all(
              outputs.map(async (output): Promise<Tensor> => ({
                type: 'float32',
                data: new Float32Array(await output.data()),
                dims: output.shape,
              })),
            );
          } finally {
            tf.dispose(outputs);
          }
        } finally {
          given.dispose();
        }
      }),
  };
}
