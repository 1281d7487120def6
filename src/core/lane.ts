/** @file Jobs one after the other. Any thread. */

/** Runs jobs in the order given; one that fails stops none behind it. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what `job` returns. @throws what `job` throws. */
  run<Result>(job: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => {});
    return result;
  }
}
