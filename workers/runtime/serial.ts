/** @file One job at a time. A job that fails never poisons the next, and one that hangs is given up. Thread: worker. */
import { AppError } from '../../src/contracts/errors.ts';
import { messageTurn } from '../../src/core/next-turn.ts';

/** Runs jobs in the order given. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve();
  readonly #watchdogMs: number;

  /** @param watchdogMs a job that takes longer rejects with `worker-died`; the host then starts a new worker. */
  constructor(watchdogMs: number) {
    this.#watchdogMs = watchdogMs;
  }

  /** @returns what `job` returns. @throws what `job` throws, or AppError('worker-died') when it hangs. */
  run<Result>(job: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(() => this.#watched(job));
    // [Note: Turns] WASM runs end in microtasks, so a queue of them would never let a cancel message in. A message to ourselves waits behind it.
    this.#tail = result.then(messageTurn, messageTurn);
    return result;
  }

  async #watched<Result>(job: () => Promise<Result>): Promise<Result> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hung = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new AppError('worker-died', `A model run took more than ${this.#watchdogMs} ms`));
      }, this.#watchdogMs);
    });
    try {
      return await Promise.race([job(), hung]);
    } finally {
      clearTimeout(timer);
    }
  }
}
