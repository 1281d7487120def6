/**
 * @file Which backend a model runs on, decided from what was probed. Pure.
 * [Note: WebGPU on trust] An adapter alone proves nothing: drivers have returned wrong numbers. So a model's first use on an adapter and
 * browser build runs its self-test, and a failure sends the model to WASM for good (until the browser, the adapter or the model changes).
 */
import type { Backend } from '../contracts/results.ts';
import type { RuntimeId } from './registry.ts';

/** A GPU as the browser describes it. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** True for software adapters, which are slower than WASM. */
  readonly isFallback: boolean;
}

/** What the place offers. */
export interface Capabilities {
  /** Null when there is no adapter. */
  readonly adapter: AdapterDescription | null;
  /** `'Suspending' in WebAssembly`. */
  readonly hasJspi: boolean;
  /** Memory can be shared with threads (cross-origin isolated). */
  readonly isIsolated: boolean;
  readonly cores: number;
  readonly isIos: boolean;
  /** Identifies the browser build, e.g. the user agent. */
  readonly browser: string;
}

/** For tests (`?ep=`): use this backend, even on a software adapter. */
export type BackendOverride = Extract<Backend, 'webgpu' | 'wasm'> | null;

/** True when models may try WebGPU here. */
export function canUseWebGpu({ adapter }: Pick<Capabilities, 'adapter'>, override: BackendOverride): boolean {
  if (override === 'wasm' || adapter === null) return false;
  return override === 'webgpu' || !adapter.isFallback;
}

/** ONNX runtime build to fetch: one, which then serves both backends. */
export function chooseOrtBuild(
  capabilities: Pick<Capabilities, 'adapter' | 'hasJspi'>,
  override: BackendOverride,
): Extract<RuntimeId, `ort-${string}`> {
  if (!canUseWebGpu(capabilities, override)) return 'ort-wasm';
  return capabilities.hasJspi ? 'ort-jspi' : 'ort-asyncify';
}

/** Backends to try for a model, first choice first. @param isQuarantined its self-test failed here before. */
export function backendOrder(
  backends: readonly Backend[],
  capabilities: Pick<Capabilities, 'adapter'>,
  override: BackendOverride,
  isQuarantined: boolean,
): Backend[] {
  return backends.filter((backend) => {
    if (backend === 'webgpu') return canUseWebGpu(capabilities, override) && !isQuarantined;
    return override !== 'webgpu' || backend === 'wasm';
  });
}

/** Threads of a WASM run. Threads on iOS exhaust the tab's memory; more than four gain nothing for nets of this size. */
export function chooseThreads({ isIsolated, cores, isIos }: Pick<Capabilities, 'isIsolated' | 'cores' | 'isIos'>): number {
  return isIsolated && !isIos ? Math.max(1, Math.min(4, cores)) : 1;
}

/** Key that a self-test's outcome is remembered under. @param sha256 of the model's first file. */
export function selfTestKey(sha256: string, { adapter, browser }: Pick<Capabilities, 'adapter' | 'browser'>): string {
  return [sha256, adapter?.vendor ?? '', adapter?.architecture ?? '', adapter?.device ?? '', browser].join('|');
}
