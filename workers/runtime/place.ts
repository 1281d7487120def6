/** @file What this worker stands on: the browser's abilities, the override for tests, the model files, one run at a time. Thread: vision worker. */
import type { ModelFile } from '../../src/contracts/model-spec.ts';
import type { OnProgress } from '../../src/contracts/task.ts';
import type { WorkerSetup } from '../../src/contracts/wire.ts';
import type { BackendOverride, Capabilities } from '../../src/models/choose-backend.ts';
import { browserWeights, type LoadOptions, type Weights } from '../../src/models/weights.ts';
import { RunStatistics } from '../stages/run-statistics.ts';
import { describeAdapter } from './gpu-guard.ts';
import { Serial } from './serial.ts';

/** SwiftShader's first run of a net compiles for half a minute; nothing real takes longer than this. */
const WATCHDOG_MS = 180_000;

/** Shared by all runtimes of one worker. */
export class Place {
  readonly statistics = new RunStatistics();
  readonly serial = new Serial(WATCHDOG_MS);
  readonly override: BackendOverride;
  readonly #isIos: boolean;
  readonly #weights: Weights;
  readonly #listeners = new Set<OnProgress>();
  #capabilities: Promise<Capabilities> | null = null;

  constructor({ override, isIos }: WorkerSetup) {
    this.override = override;
    this.#isIos = isIos;
    this.#weights = browserWeights(new URL(import.meta.env.BASE_URL, self.location.origin).href, ({ code, message }) => {
      console.warn(`A model file is used but not kept (${code}): ${message}`);
    });
  }

  /** What this browser can do; asked once. */
  capabilities(): Promise<Capabilities> {
    this.#capabilities ??= describeAdapter().then((adapter) => ({
      adapter,
      hasJspi: 'Suspending' in WebAssembly,
      isIsolated: self.crossOriginIsolated,
      cores: navigator.hardwareConcurrency,
      isIos: this.#isIos,
      browser: navigator.userAgent,
    }));
    return this.#capabilities;
  }

  /** {@link Weights.load}, heard by everyone who watches downloads. */
  load(file: ModelFile, options: Pick<LoadOptions, 'label' | 'at'>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#weights.load(file, {
      ...options,
      onProgress: (progress) => {
        for (const listener of this.#listeners) listener(progress);
      },
    });
  }

  /** Older files of a model that has just proved itself. */
  keepOnly(label: string, files: readonly ModelFile[]): Promise<void> {
    return this.#weights.keepOnly(label, files);
  }

  /** @returns the unsubscriber. */
  watchDownloads(listener: OnProgress): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
