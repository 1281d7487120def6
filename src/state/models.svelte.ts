/** @file Models on this device: what is kept, where it runs, how fast it ran here. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { ModelSpec } from '../contracts/model-spec.ts';
import { MODELS, RUNTIMES } from '../models/registry.ts';
import { browserWeights, type StoredFile } from '../models/weights.ts';
import { engine } from './engine.ts';
import { keepSpeeds, readSpeeds, type Speed } from './model-speeds.ts';
import { tasks } from './tasks.svelte.ts';

/** One row of the models page. */
export interface ModelRow {
  readonly spec: ModelSpec;
  readonly bytes: number;
  readonly state: 'kept' | 'partly' | 'absent';
  /** Last seen on this device; null when it never ran here. */
  readonly speed: Speed | null;
}

class Models {
  #stored = $state.raw<readonly StoredFile[]>([]);
  #speeds = $state.raw<Readonly<Record<string, Speed>>>(readSpeeds());
  #isLoaded = $state(false);
  #error = $state.raw<AppError | null>(null);
  readonly #weights = browserWeights(new URL('/', location.href).href);

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  readonly rows: readonly ModelRow[] = $derived(
    Object.values<ModelSpec>(MODELS).map((spec) => {
      const bytes = spec.files.reduce((sum, file) => sum + file.bytes, 0);
      const kept = spec.files.filter(({ sha256 }) => this.#stored.some((file) => file.sha256 === sha256)).length;
      const state = kept === 0 ? 'absent' : kept === spec.files.length ? 'kept' : 'partly';
      return { spec, bytes, state, speed: this.#speeds[spec.id] ?? null };
    }),
  );

  /** Runtimes of the models that are kept here. */
  readonly runtimes: readonly StoredFile[] = $derived(
    this.#stored.filter(({ sha256 }) => Object.values(RUNTIMES).some((file) => file.sha256 === sha256)),
  );

  readonly keptBytes: number = $derived(this.#stored.reduce((sum, { bytes }) => sum + bytes, 0));

  async load(): Promise<void> {
    try {
      this.#stored = await this.#weights.list();
      this.#speeds = readSpeeds();
      this.#error = null;
    } catch (caught) {
      this.#error = toAppError(caught);
    } finally {
      this.#isLoaded = true;
    }
  }

  /** Fetch, check, keep and start a model. @throws AppError */
  async download(id: string, label: string): Promise<void> {
    await tasks.run(label, async (call) => {
      const { pipeline } = await engine();
      await pipeline.vision.prepare([id], call);
      keepSpeeds(await pipeline.vision.modelStatus());
    });
    await this.load();
  }

  /** Delete the files; the model comes back when it is next needed. */
  async remove(spec: ModelSpec): Promise<void> {
    for (const { sha256 } of spec.files) await this.#weights.remove(sha256);
    await this.load();
  }
}

/** The models of this device. */
export const models = new Models();
