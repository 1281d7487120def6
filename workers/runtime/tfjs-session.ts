/** @file tfjs graph models: WebGPU where it proved itself, WASM otherwise, plain CPU at worst. Thread: vision worker. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type * as TfModule from '@tensorflow/tfjs-core';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { Backend } from '../../src/contracts/results.ts';
import type { Tensor, TfjsModel } from '../../src/contracts/runtime.ts';
import { backendOrder, selfTestKey } from '../../src/models/choose-backend.ts';
import { RUNTIMES } from '../../src/models/registry.ts';
import { SELF_TEST_TOLERANCE, selfTestError, selfTestInput, selfTestOf } from '../../src/models/self-test.ts';
import { graphModelArtifacts } from '../stages/graph-model.ts';
import { GpuGuard, rememberOutcome, rememberedOutcome } from './gpu-guard.ts';
import type { Place } from './place.ts';

type Tf = typeof TfModule;

/** Which wasm tfjs asks for, and the registry's row of it. The threaded build is never used. */
const WASM_FILES = {
  'tfjs-backend-wasm.wasm': 'tfjs-wasm',
  'tfjs-backend-wasm-simd.wasm': 'tfjs-wasm-simd',
} as const;

/** Starts graph models; tfjs and its backends are fetched with the first of them. One backend at a time serves all of them. */
export class TfjsRuntime {
  readonly #place: Place;
  readonly #guard = new GpuGuard();
  #tf: Promise<Tf> | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  /** @throws AppError('model-unavailable' | 'model-integrity' | 'offline') */
  async start(spec: ModelSpec): Promise<TfjsModel> {
    const [topology, weights] = spec.files;
    if (topology === undefined || weights === undefined)
      throw new AppError('model-unavailable', `Model ${spec.id} needs a topology and weights`, { stage: 'model' });
    const [topologyBytes, weightBytes, tf, { loadGraphModel }] = await Promise.all([
      this.#place.load(topology, { label: spec.id }),
      this.#place.load(weights, { label: spec.id }),
      this.#core(),
      import('@tensorflow/tfjs-converter'),
    ]);
    const capabilities = await this.#place.capabilities();
    const key = selfTestKey(weights.sha256, capabilities);
    const outcome = await rememberedOutcome(key);
    const artifacts = graphModelArtifacts(topologyBytes, weightBytes);
    const load = (): Promise<GraphModel> =>
      loadGraphModel({ load: () => Promise.resolve(artifacts as never) }).catch((error: unknown) => {
        throw toAppError(error, 'model-unavailable', 'model');
      });

    const order = backendOrder(spec.backends, capabilities, this.#place.override, outcome === 'failed' || this.#guard.isLost);
    let selfTest: 'passed' | 'failed' | 'not-needed' = outcome === 'failed' ? 'failed' : 'not-needed';
    for (const backend of order) {
      if (!(await this.#switchTo(tf, backend))) continue;
      const model = await load();
      if (backend === 'webgpu') {
        const isGood = outcome === 'passed' || (await this.#passes(tf, model, spec));
        selfTest = isGood ? 'passed' : 'failed';
        if (!this.#guard.isLost && outcome !== selfTest) await rememberOutcome(key, selfTest);
        if (!isGood) {
          model.dispose();
          continue;
        }
      }
      this.#place.statistics.started(spec.id, backend, selfTest);
      void this.#place.keepOnly(spec.id, spec.files);
      return this.#guarded(tf, model, spec.id, backend, load);
    }
    throw new AppError('model-unavailable', `No tfjs backend starts here (tried ${order.join(', ')})`, { stage: 'model' });
  }

  #core(): Promise<Tf> {
    this.#tf ??= import('@tensorflow/tfjs-core').then(
      (tf) => {
        tf.enableProdMode();
        return tf;
      },
      (error: unknown) => {
        this.#tf = null;
        throw new AppError('model-unavailable', 'tfjs could not be fetched', { cause: error, stage: 'model' });
      },
    );
    return this.#tf;
  }

  /** @returns false when the backend does not start; tfjs may then stand on another one. */
  async #switchTo(tf: Tf, backend: Backend): Promise<boolean> {
    if (tf.getBackend() === backend) return true;
    try {
      if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
      else if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
      else await this.#prepareWasm(tf);
      // tfjs answers false, or goes on with another backend, rather than throw.
      if (!(await tf.setBackend(backend)) || tf.getBackend() !== backend) return false;
      await tf.ready();
      if (backend === 'webgpu') this.#guard.watch((tf.backend() as unknown as { device: GPUDevice }).device);
      return true;
    } catch (error) {
      console.warn(`tfjs does not start on ${backend}`, error);
      return false;
    }
  }

  async #prepareWasm(tf: Tf): Promise<void> {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    // One thread: the threaded build starts blob workers of its own, and its nets here take 30 ms.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    const hasSimd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    const name = hasSimd === true ? 'tfjs-backend-wasm-simd.wasm' : 'tfjs-backend-wasm.wasm';
    const file = WASM_FILES[name];
    const bytes = await this.#place.load(RUNTIMES[file], { label: file });
    // tfjs wants a path for each build before it picks one, and `true` makes it fetch through its platform.
    setWasmPaths(
      Object.fromEntries([...Object.keys(WASM_FILES), 'tfjs-backend-wasm-threaded-simd.wasm'].map((build) => [build, build])),
      true,
    );
    // tfjs fetches its wasm itself; it is handed the checked bytes instead.
    const { platform } = tf.env();
    const fetchAsBefore = platform.fetch.bind(platform);
    platform.fetch = (path, init) =>
      path === name ? Promise.resolve(new Response(bytes, { headers: { 'content-type': 'application/wasm' } })) : fetchAsBefore(path, init);
  }

  async #passes(tf: Tf, model: GraphModel, spec: ModelSpec): Promise<boolean> {
    const test = selfTestOf(spec.id);
    if (test === null) return false;
    try {
      const error = selfTestError(test, await this.#place.serial.run(() => runOnce(tf, model, selfTestInput(test.input))));
      if (error <= SELF_TEST_TOLERANCE) return true;
      console.warn(`${spec.id} is off by ${error} on WebGPU; it runs on WASM here.`);
    } catch (error) {
      console.warn(`${spec.id} does not run on WebGPU; it runs on WASM here.`, error);
    }
    return false;
  }

  #guarded(tf: Tf, first: GraphModel, modelId: string, firstBackend: Backend, load: () => Promise<GraphModel>): TfjsModel {
    let model = first;
    let backend = firstBackend;
    const { serial, statistics } = this.#place;
    const run = (input: Tensor): Promise<Tensor[]> => serial.run(() => statistics.timed(modelId, () => runOnce(tf, model, input)));
    const move = async (): Promise<void> => {
      if (!(await this.#switchTo(tf, 'wasm'))) throw new AppError('gpu-lost', `The GPU device was lost (${this.#guard.reason})`);
      model = await load();
      backend = 'wasm';
      statistics.started(modelId, backend);
    };
    return {
      modelId,
      get backend() {
        return backend;
      },
      run: async (input) => {
        if (backend === 'webgpu' && this.#guard.isLost) await move();
        try {
          return await run(input);
        } catch (error) {
          await new Promise((resolve) => void setTimeout(resolve, 50));
          if (backend !== 'webgpu' || !this.#guard.isLost) throw error;
          await move();
          return run(input);
        }
      },
    };
  }
}

async function runOnce(tf: Tf, model: GraphModel, input: Tensor): Promise<Tensor[]> {
  const given = tf.tensor(input.data as Float32Array, [...input.dims], 'float32');
  try {
    const result = model.execute(given);
    const outputs = Array.isArray(result) ? result : [result];
    try {
      const read = outputs.map(async (output): Promise<Tensor> => {
        return { type: 'float32', data: new Float32Array(await output.data()), dims: output.shape };
      });
      return await Promise.all(read);
    } finally {
      tf.dispose(outputs);
    }
  } catch (error) {
    throw toAppError(error, 'bug', 'detect');
  } finally {
    given.dispose();
  }
}
