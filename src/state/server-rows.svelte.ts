/** @file A long list of the server's, page by page: audit log, arrivals. Thread: page. */
import { AppError, toAppError } from '../contracts/errors.ts';
import type { ListPage } from '../flow/operator.ts';

/** Newest first. */
export class ServerRows<Row, Filter extends object = object> {
  readonly #page: (filter: Filter, cursor: string | null) => Promise<ListPage<Row>>;
  #filter: Filter;
  #rows = $state.raw<readonly Row[] | null>(null);
  #cursor = $state.raw<string | null>(null);
  #error = $state.raw<AppError | null>(null);
  #questions = $state(0);
  #answered = $state(0);

  /** @param all a filter that lets everything through. @param page asks for one page; `cursor` null: the newest. */
  constructor(all: Filter, page: (filter: Filter, cursor: string | null) => Promise<ListPage<Row>>) {
    this.#filter = all;
    this.#page = page;
  }

  /** Null until some came. */
  get rows(): readonly Row[] | null {
    return this.#rows;
  }

  get filter(): Filter {
    return this.#filter;
  }

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  get isLoading(): boolean {
    return this.#answered < this.#questions;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** The newest that match. */
  async load(filter: Filter): Promise<void> {
    this.#filter = filter;
    await this.#read(null, []);
  }

  /** Older ones. */
  async more(): Promise<void> {
    await this.#read(this.#cursor, this.#rows ?? []);
  }

  /** All that match, as lines of JSON, oldest first. @throws AppError */
  async export(signal: AbortSignal): Promise<Blob> {
    const lines: string[] = [];
    let cursor: string | null = null;
    do {
      if (signal.aborted) throw new AppError('cancelled', 'cancelled while exporting');
      const page = await this.#page(this.#filter, cursor);
      lines.push(...page.items.map((row) => `${JSON.stringify(row)}\n`));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return new Blob(lines.reverse(), { type: 'application/x-ndjson' });
  }

  async #read(cursor: string | null, before: readonly Row[]): Promise<void> {
    const question = ++this.#questions;
    try {
      const page = await this.#page(this.#filter, cursor);
      if (question !== this.#questions) return;
      this.#rows = [...before, ...page.items];
      this.#cursor = page.nextCursor;
      this.#error = null;
    } catch (caught) {
      if (question === this.#questions) this.#error = toAppError(caught);
    } finally {
      this.#answered = Math.max(this.#answered, question);
    }
  }
}
