/** @file The server's audit log, page by page. Thread: page. */
import type { AuditFilter, AuditRow } from '../contracts/audit-api.ts';
import { AppError, toAppError } from '../contracts/errors.ts';
import { operator } from './operator.svelte.ts';

/** Newest first. */
export class AuditRows {
  #filter = $state.raw<AuditFilter>({});
  #rows = $state.raw<readonly AuditRow[] | null>(null);
  #cursor = $state.raw<string | null>(null);
  #error = $state.raw<AppError | null>(null);
  #questions = $state(0);
  #answered = $state(0);

  /** Null until some came. */
  get rows(): readonly AuditRow[] | null {
    return this.#rows;
  }

  get filter(): AuditFilter {
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
  async load(filter: AuditFilter): Promise<void> {
    this.#filter = filter;
    await this.#read(null, []);
  }

  /** Older ones. */
  async more(): Promise<void> {
    await this.#read(this.#cursor, this.#rows ?? []);
  }

  /** All that match, as lines of JSON with their hashes, oldest first: `[Note: Audit chain]` can be checked anywhere. @throws AppError */
  async export(signal: AbortSignal): Promise<Blob> {
    const lines: string[] = [];
    let cursor: string | null = null;
    do {
      if (signal.aborted) throw new AppError('cancelled', 'cancelled while exporting');
      const page = await operator.client.audit(this.#filter, cursor);
      lines.push(...page.items.map((row) => `${JSON.stringify(row)}\n`));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return new Blob(lines.reverse(), { type: 'application/x-ndjson' });
  }

  async #read(cursor: string | null, before: readonly AuditRow[]): Promise<void> {
    const question = ++this.#questions;
    try {
      const page = await operator.client.audit(this.#filter, cursor);
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
