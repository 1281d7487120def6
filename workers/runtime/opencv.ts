/** @file OpenCV.js: its script and its checked WASM, both split off by `scripts/split-opencv.ts`. Thread: vision worker. */
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import type { ModelSpec } from '../../src/contracts/model-spec.ts';
import type { OpenCv } from '../../src/contracts/runtime.ts';
import type { Place } from './place.ts';

interface OpenCvModule {
  then?: unknown;
}
interface OpenCvScript {
  createOpenCv(module: {
    wasmBinary: Uint8Array;
    onRuntimeInitialized: () => void;
    onAbort: (reason: unknown) => void;
    print: () => void;
  }): OpenCvModule;
}

/** @throws AppError('model-unavailable' | 'model-integrity' | 'offline') */
export async function startOpenCv(spec: ModelSpec, place: Place): Promise<OpenCv> {
  const file = spec.files[0]!;
  const scriptUrl = new URL(file.url.replace(/\.wasm$/, '.js'), new URL(import.meta.env.BASE_URL, self.location.origin)).href;
  const [wasmBinary, script] = await Promise.all([
    place.load(file, { label: spec.id }),
    import(/* @vite-ignore */ scriptUrl).catch((error: unknown) => {
      throw new AppError('model-unavailable', 'OpenCV could not be fetched', { cause: error, stage: 'model' });
    }) as Promise<OpenCvScript>,
  ]);
  let cv: OpenCvModule | null = null;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (reason: unknown): void => reject(toAppError(reason, 'model-unavailable', 'model'));
    cv = script.createOpenCv({ wasmBinary, onRuntimeInitialized: () => resolve(), onAbort, print: () => {} });
  });
  place.statistics.started(spec.id, 'wasm');
  // The module's own `then` answers with itself; awaiting the module, even by returning it from here, would never end.
  const ready = cv as OpenCvModule | null;
  delete ready?.then;
  return ready satisfies OpenCv;
}
