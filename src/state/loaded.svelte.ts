/** @file Something that a screen asks for, with its states: asking, there, failed. What was there stays while it is asked for again. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';

/** Asks with `ask`; the answer of the last question counts. */
export class Loaded<Value> {
  readonly #ask: () => Promise<Value>;
  #value = $state.raw<Value | null>(null);
  #error = $state.raw<AppError | null>(null);
  #isLoading = $state(false);
  #questions = 0;

  constructor(ask: () => Promise<Value>) {
    this.#ask = ask;
  }

  /** Null until it came for the first time. */
  get value(): Value | null {
    return this.#value;
  }

  /** Why it could not be had the last time. */
  get error(): AppError | null {
    return this.#error;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Ask (again). Never rejects: what went wrong is in {@link error}. */
  async load(): Promise<void> {
    this.#questions += 1;
    const question = this.#questions;
    this.#isLoading = true;
    try {
      const value = await this.#ask();
      if (question !== this.#questions) return;
      this.#value = value;
      this.#error = null;
    } catch (caught) {
      if (question === this.#questions) this.#error = toAppError(caught);
    } finally {
      if (question === this.#questions) this.#isLoading = false;
    }
  }

  /** What is known to be so now, without asking. */
  set(value: Value): void {
    this.#questions += 1;
    this.#value = value;
    this.#error = null;
    this.#isLoading = false;
  }
}
