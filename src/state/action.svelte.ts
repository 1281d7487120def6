/** @file One thing that a form or button does, with its states: under way, failed. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';

/** Runs one at a time; a second click meanwhile does nothing. */
export class Action {
  #isRunning = $state(false);
  #error = $state.raw<AppError | null>(null);

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Why it did not work the last time; `cancelled` is no reason. */
  get error(): AppError | null {
    return this.#error;
  }

  /** @returns whether it was done. Never rejects. */
  async run(doing: () => Promise<unknown>): Promise<boolean> {
    if (this.#isRunning) return false;
    this.#isRunning = true;
    this.#error = null;
    try {
      await doing();
      return true;
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'cancelled') this.#error = error;
      return false;
    } finally {
      this.#isRunning = false;
    }
  }

  /** The reason was read. */
  clear(): void {
    this.#error = null;
  }
}
