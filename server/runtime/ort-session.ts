/** @file ONNX models by onnxruntime-node on the CPU. Node. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { OrtModel, Tensor } from '../../src/contracts/runtime.ts';
import type { RunStatistics } from '../../workers/stages/run-statistics.ts';
import { readModelFile } from './model-files.ts';

/**
 * Start a model.
 * @param threads of one run; 0 lets the runtime take all cores.
 * @throws AppError('model-unavailable' | 'model-integrity')
 */
export async function startOrtModel(spec: ModelSpec, threads: number, statistics: RunStatistics): Promise<OrtModel> {
  const [file] = spec.files;
  if (file === undefined) throw new AppError('model-unavailable', `Model ${spec.id} has no file`, { stage: 'model' });
  const bytes = await readModelFile(file);
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: threads, logSeverityLevel: 3 }).catch((error: unknown) => {
    throw toAppError(error, 'model-unavailable', 'model');
  });
  statistics.started(spec.id, 'cpu');
  return {
    modelId: spec.id,
    backend: 'cpu',
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds) =>
      statistics.timed(spec.id, async () => {
        const given = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrtTensor(tensor)]));
        const results = await session.run(given).catch((error: unknown) => {
          throw toAppError(error, 'bug');
        });
        return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrtTensor(tensor)]));
      }),
  };
}

function toOrtTensor({ type, data, dims }: Tensor): OrtTensor {
  return new OrtTensor(type, data as Float32Array, dims);
}

function fromOrtTensor({ type, data, dims }: OrtTensor): Tensor {
  if (type !== 'float32' && type !== 'int32' && type !== 'uint8' && type !== 'int64') throw new AppError('bug', `Output of type ${type}`);
  return { type, data: data as Tensor['data'], dims: [...dims] };
}
