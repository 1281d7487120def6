/** @file ONNX models by onnxruntime-web: WebGPU where it proved itself, WASM otherwise and after a lost device. Thread: vision worker. */
import asyncifyUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import jspiUrl from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import type * as OrtModule from 'onnxruntime-web/wasm';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { OrtModel, Tensor } from '../../src/contracts/runtime.ts';
import { backendOrder, chooseOrtBuild, chooseThreads, selfTestKey } from '../../src/models/choose-backend.ts';
import { RUNTIMES } from '../../src/models/registry.ts';
import { SELF_TEST_TOLERANCE, selfTestError, selfTestInput, selfTestOf } from '../../src/models/self-test.ts';
import { GpuGuard, rememberOutcome, rememberedOutcome } from './gpu-guard.ts';
import type { Place } from './place.ts';

type Ort = typeof OrtModule;
type OrtBackend = 'webgpu' | 'wasm';

/** [Note: Dynamic import] A static import would put ONNX runtime into the worker's own chunk, and each of its threads would boot that chunk. */
const BUILDS = {
  'ort-wasm': { url: wasmUrl, start: (): Promise<Ort> => import('onnxruntime-web/wasm') },
  'ort-jspi': { url: jspiUrl, start: (): Promise<Ort> => import('onnxruntime-web/jspi') },
  'ort-asyncify': { url: asyncifyUrl, start: (): Promise<Ort> => import('onnxruntime-web/webgpu') },
} as const;

/** Starts models on one ONNX runtime, which is fetched with the first of them. */
export class OrtRuntime {
  readonly #place: Place;
  readonly #guard = new GpuGuard();
  #ort: Promise<Ort> | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  /** @throws AppError('model-unavailable' | 'model-integrity' | 'offline' | 'out-of-memory') */
  async start(spec: ModelSpec): Promise<OrtModel> {
    const [file] = spec.files;
    if (file === undefined) throw new AppError('model-unavailable', `Model ${spec.id} has no file`, { stage: 'model' });
    const ort = await this.#runtime();
    const bytes = await this.#place.load(file, { label: spec.id });
    const capabilities = await this.#place.capabilities();
    const key = selfTestKey(file.sha256, capabilities);
    const outcome = await rememberedOutcome(key);
    const order = backendOrder(spec.backends, capabilities, this.#place.override, outcome === 'failed' || this.#guard.isLost);
    let session: InferenceSession | null = null;
    let backend: OrtBackend = 'wasm';
    let selfTest: 'passed' | 'failed' | 'not-needed' = outcome === 'failed' ? 'failed' : 'not-needed';
    if (order[0] === 'webgpu') {
      session = await this.#startOnGpu(ort, spec, bytes, outcome === 'passed');
      selfTest = session === null ? 'failed' : 'passed';
      if (session !== null) backend = 'webgpu';
      // A device lost during the test says nothing about the next visit's.
      if (!this.#guard.isLost && outcome !== selfTest) await rememberOutcome(key, selfTest);
    }
    session ??= await this.#create(ort, bytes, 'wasm');
    this.#place.statistics.started(spec.id, backend, selfTest);
    void this.#place.keepOnly(spec.id, spec.files);
    return new GuardedModel(this.#place, this.#guard, spec.id, ort, session, backend, () => this.#restartOnWasm(ort, spec));
  }

  #runtime(): Promise<Ort> {
    this.#ort ??= this.#startRuntime().catch((error: unknown) => {
      this.#ort = null;
      throw error;
    });
    return this.#ort;
  }

  async #startRuntime(): Promise<Ort> {
    const capabilities = await this.#place.capabilities();
    const build = chooseOrtBuild(capabilities, this.#place.override);
    const { url, start } = BUILDS[build];
    const [ort, wasm] = await Promise.all([start(), this.#place.load(RUNTIMES[build], { label: build, at: url })]);
    ort.env.logLevel = 'error';
    ort.env.wasm.wasmBinary = wasm.buffer;
    ort.env.wasm.numThreads = chooseThreads(capabilities);
    ort.env.wasm.proxy = false;
    void this.#place.keepOnly(build, [RUNTIMES[build]]);
    return ort;
  }

  async #create(ort: Ort, bytes: Uint8Array, backend: OrtBackend): Promise<InferenceSession> {
    return this.#place.serial.run(() =>
      ort.InferenceSession.create(bytes, { executionProviders: [backend], logSeverityLevel: 3 }).catch((error: unknown) => {
        throw runError(error, 'model-unavailable');
      }),
    );
  }

  /** @returns null when the model does not start or does not pass there. */
  async #startOnGpu(ort: Ort, spec: ModelSpec, bytes: Uint8Array, isTrusted: boolean): Promise<InferenceSession | null> {
    const test = selfTestOf(spec.id);
    // Without a test of these very weights nothing vouches for the GPU's numbers.
    if (test === null) return null;
    let session: InferenceSession | null = null;
    try {
      session = await this.#create(ort, bytes, 'webgpu');
      this.#guard.watch(await ort.env.webgpu.device);
      if (isTrusted) return session;
      const started = session;
      const outputs = await this.#place.serial.run(() => runOnce(ort, started, { [started.inputNames[0]!]: selfTestInput(test.input) }));
      const error = selfTestError(
        test,
        started.outputNames.map((name) => outputs[name]!),
      );
      if (error <= SELF_TEST_TOLERANCE) return session;
      console.warn(`${spec.id} is off by ${error} on WebGPU; it runs on WASM here.`);
    } catch (error) {
      console.warn(`${spec.id} does not run on WebGPU; it runs on WASM here.`, error);
    }
    await session?.release().catch(() => {});
    return null;
  }

  async #restartOnWasm(ort: Ort, spec: ModelSpec): Promise<InferenceSession> {
    const bytes = await this.#place.load(spec.files[0]!, { label: spec.id });
    const session = await this.#create(ort, bytes, 'wasm');
    this.#place.statistics.started(spec.id, 'wasm');
    return session;
  }
}

/** A session that moves to WASM when its device is lost, so that the run at hand still gets its answer. */
class GuardedModel implements OrtModel {
  readonly modelId: string;
  readonly #place: Place;
  readonly #guard: GpuGuard;
  readonly #ort: Ort;
  readonly #restartOnWasm: () => Promise<InferenceSession>;
  #session: InferenceSession;
  #backend: OrtBackend;
  #moving: Promise<void> | null = null;

  constructor(
    place: Place,
    guard: GpuGuard,
    modelId: string,
    ort: Ort,
    session: InferenceSession,
    backend: OrtBackend,
    restartOnWasm: () => Promise<InferenceSession>,
  ) {
    this.#place = place;
    this.#guard = guard;
    this.modelId = modelId;
    this.#ort = ort;
    this.#session = session;
    this.#backend = backend;
    this.#restartOnWasm = restartOnWasm;
  }

  get backend(): OrtBackend {
    return this.#backend;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.#backend === 'webgpu' && this.#guard.isLost) await this.#move();
    try {
      return await this.#run(feeds);
    } catch (error) {
      // The device's loss may be told a moment after the run that failed for it.
      await new Promise((resolve) => void setTimeout(resolve, 50));
      if (this.#backend !== 'webgpu' || !this.#guard.isLost) throw error;
      await this.#move();
      return this.#run(feeds);
    }
  }

  #run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    return this.#place.serial.run(() => this.#place.statistics.timed(this.modelId, () => runOnce(this.#ort, this.#session, feeds)));
  }

  #move(): Promise<void> {
    this.#moving ??= this.#restartOnWasm().then((session) => {
      console.warn(`${this.modelId} moved to WASM: the GPU device was lost (${this.#guard.reason})`);
      this.#session = session;
      this.#backend = 'wasm';
    });
    return this.#moving;
  }
}

async function runOnce(ort: Ort, session: InferenceSession, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const given: Record<string, OrtTensor> = {};
  let results: InferenceSession.ReturnType | null = null;
  try {
    for (const [name, { type, data, dims }] of Object.entries(feeds)) given[name] = new ort.Tensor(type, data as Float32Array, dims);
    results = await session.run(given);
    const outputs: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (tensor.type !== 'float32' && tensor.type !== 'int32' && tensor.type !== 'uint8' && tensor.type !== 'int64')
        throw new AppError('bug', `Output of type ${tensor.type}`);
      // Copied: on WASM the data may be a view that the next run overwrites.
      outputs[name] = { type: tensor.type, data: ((await tensor.getData()) as Float32Array).slice(), dims: [...tensor.dims] };
    }
    return outputs;
  } catch (error) {
    throw runError(error, 'bug');
  } finally {
    for (const tensor of Object.values(given)) tensor.dispose();
    for (const tensor of Object.values(results ?? {})) tensor.dispose();
  }
}

/** ONNX runtime throws prose. */
function runError(error: unknown, fallback: 'bug' | 'model-unavailable'): AppError {
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|bad_alloc|allocat\w* failed|memory access out of bounds/i.test(message))
    return new AppError('out-of-memory', message, { cause: error });
  if (/device (was |is )?(lost|destroyed)/i.test(message)) return new AppError('gpu-lost', message, { cause: error });
  return toAppError(error, fallback, 'model');
}
