/** @file Whether the collection store may write now: not while it closes, and not while another server writes to the same index. */
import { HttpProblem } from '../http/problem.ts';

/** Given until it is closed. */
export class WritePermit {
  readonly #refusal: () => string | null;
  #isClosed = false;

  /** @param refusal why this server may not write now; null: it may. */
  constructor(refusal: () => string | null = () => null) {
    this.#refusal = refusal;
  }

  /** The store is closing or closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why this server may not write now, for callers; null: it may. Says nothing of closing. */
  get refusal(): string | null {
    return this.#refusal();
  }

  /** @throws HttpProblem 503 when the store closes, 403 when this server may not write. */
  require(): void {
    if (this.#isClosed) throw new HttpProblem(503, 'busy', 'The server is stopping.');
    const { refusal } = this;
    if (refusal !== null) throw new HttpProblem(403, 'server-refused', refusal);
  }

  /** Nothing may be written from now on, for good. */
  close(): void {
    this.#isClosed = true;
  }
}
