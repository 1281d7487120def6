/** @file Reading photos of races as one row of the task tray. Thread: page. */
import { tasks } from '../tasks.svelte.ts';

/** The row: there while photos are read, gone when that ends. */
export class RaceTask {
  #label: (() => string) | null = null;
  #ends: (() => void) | null = null;
  #says: ((done: number, waiting: number) => void) | null = null;

  /** What it is called; until then there is none. */
  name(label: () => string): void {
    this.#label = label;
  }

  /** @param onStop the user ends it in the tray. */
  show(onStop: () => void): void {
    if (this.#ends !== null || this.#label === null) return;
    tasks
      .run(this.#label(), async ({ signal, onProgress }) => {
        signal.addEventListener('abort', onStop);
        this.#says = (done, waiting) => onProgress({ stage: 'read', done, total: done + waiting, unit: 'items' });
        await new Promise<void>((resolve) => (this.#ends = resolve));
      })
      .catch(() => {})
      .finally(() => {
        this.#ends = null;
        this.#says = null;
      });
  }

  /** @param waiting counts photos that wait; asked only while there is a row. */
  async report(done: number, waiting: () => Promise<number>): Promise<void> {
    if (this.#says === null) return;
    this.#says(done, await waiting());
  }

  end(): void {
    this.#ends?.();
  }
}
