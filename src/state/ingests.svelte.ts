/** @file Files of vectors on their way to the server. They go on while other screens are shown. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { FileProgress } from '../flow/ingest-file.ts';
import { operator } from './operator.svelte.ts';
import { tasks } from './tasks.svelte.ts';

/** The last file of a collection. */
export interface Ingest {
  readonly file: File;
  readonly state: 'running' | 'stopping' | 'stopped' | 'failed' | 'done';
  readonly progress: FileProgress | null;
  readonly error: AppError | null;
}

class Ingests {
  #all = $state.raw<Readonly<Record<string, Ingest>>>({});
  readonly #controllers = new Map<string, AbortController>();

  of(collection: string): Ingest | null {
    return this.#all[collection] ?? null;
  }

  /** Send a file, or the rest of it. Failures are kept for the page. */
  async send(collection: { readonly name: string; readonly space: string }, file: File, label: string): Promise<void> {
    const { name } = collection;
    if (this.#controllers.has(name)) return;
    const controller = new AbortController();
    this.#controllers.set(name, controller);
    this.#set(name, { file, state: 'running', progress: null, error: null });
    try {
      await tasks.run(
        label,
        async ({ signal, onProgress }) => {
          const { ingestFile } = await import('../flow/ingest-file.ts');
          signal.addEventListener('abort', () => controller.abort(), { once: true });
          await ingestFile(operator.client, collection, file, {
            signal: controller.signal,
            onProgress: (progress) => {
              this.#change(name, { progress });
              onProgress({ stage: 'store', done: progress.readBytes, total: progress.totalBytes, unit: 'bytes' });
            },
          });
        },
        controller.signal,
      );
      this.#change(name, { state: 'done' });
    } catch (caught) {
      const error = toAppError(caught);
      this.#change(name, error.code === 'cancelled' ? { state: 'stopped' } : { state: 'failed', error });
      // Who sees the page reads the reason there.
      if (location.pathname.startsWith('/operator'))
        for (const task of tasks.all) if (task.label === label && task.state === 'failed') tasks.dismiss(task.id);
    } finally {
      this.#controllers.delete(name);
    }
  }

  /** Stop sending. What the server has, it keeps. */
  stop(collection: string): void {
    this.#change(collection, { state: 'stopping' });
    this.#controllers.get(collection)?.abort();
  }

  #set(collection: string, ingest: Ingest): void {
    this.#all = { ...this.#all, [collection]: ingest };
  }

  #change(collection: string, change: Partial<Ingest>): void {
    const before = this.#all[collection];
    if (before !== undefined) this.#set(collection, { ...before, ...change });
  }
}

/** The one list of files under way. */
export const ingests = new Ingests();
