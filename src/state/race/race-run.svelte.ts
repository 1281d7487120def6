/** @file One long thing that is done for a race, with its states: under way, how far, stopped, failed. Thread: page. */
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { DeliveryProgress } from '../../contracts/race-delivery.ts';

/** What the work is given. */
export interface RunPlaces {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: DeliveryProgress) => void;
}

/** Runs one at a time; a second click meanwhile does nothing. */
export class RaceRun {
  #progress = $state.raw<DeliveryProgress | null>(null);
  #error = $state.raw<AppError | null>(null);
  #isRunning = $state(false);
  #stop: AbortController | null = null;

  /** Of the run under way or the last one; null while it said nothing. */
  get progress(): DeliveryProgress | null {
    return this.#progress;
  }

  /** Why the last one ended early; `cancelled` is no reason. */
  get error(): AppError | null {
    return this.#error;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** @param work is called before anything is awaited, so that it may ask the browser for a folder in a click. Never rejects. */
  async run(work: (places: RunPlaces) => Promise<void>): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#error = null;
    this.#progress = null;
    this.#stop = new AbortController();
    try {
      await work({ signal: this.#stop.signal, onProgress: (progress) => (this.#progress = progress) });
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'cancelled') this.#error = error;
    } finally {
      this.#isRunning = false;
      this.#stop = null;
    }
  }

  /** What was done stays. */
  cancel(): void {
    this.#stop?.abort();
  }
}
