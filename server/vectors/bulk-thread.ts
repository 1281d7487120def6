/**
 * @file Writes many rows to a LanceDB table from a thread of its own.
 *
 * [Note: Bulk thread] The engine takes rows as one block of memory, and LanceDB's client makes it by two copies: for the 150 MB of one commit a
 * tenth of a second or more in which no request would be answered. What the thread needed, ids and copies, goes with it when it ends; in the
 * main thread it would lie about until the next full garbage collection, and a server that only answers searches has none for hours.
 */
import { Worker } from 'node:worker_threads';
import type { Table } from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import type { AnnSpec } from './ann-index.ts';
import type { EngineLocation } from './engine-location.ts';
import { memoryOf, messageOf, type TableMessage } from './table-message.ts';

/** Which table. */
export interface BulkPlace {
  readonly location: EngineLocation;
  readonly spec: AnnSpec;
}

/** Rows to write, or the end. */
export type BulkMessage = readonly TableMessage[] | 'close';

/** Null: they are written. */
export interface BulkAnswer {
  readonly error: string | null;
}

/** The thread. While it lives, nobody else may insert rows. */
export class BulkThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #writing: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  #end: Error | null = null;

  constructor(place: BulkPlace) {
    this.#worker = new Worker(new URL('./bulk-thread.mjs', import.meta.url), { workerData: place, execArgv: [] });
    this.#ended = new Promise((resolve) => this.#worker.on('exit', () => resolve()));
    this.#worker.on('message', ({ error }: BulkAnswer) => this.#settle(error === null ? null : new Error(error)));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#fail(new AppError('bug', 'The thread of a bulk has ended.')));
    this.#worker.unref();
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** One call at a time. @param tables are given away: the thread has their memory. @throws what the engine says. */
  write(tables: readonly Table[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      this.#writing = { resolve, reject };
      // A process does not end while rows are being written.
      this.#worker.ref();
      const messages: BulkMessage = tables.map(messageOf);
      this.#worker.postMessage(messages, memoryOf(messages));
    });
  }

  /** Resolves when the thread has ended, after what it was given. */
  async close(): Promise<void> {
    this.#worker.postMessage('close' satisfies BulkMessage);
    await this.#ended;
  }

  #settle(error: Error | null): void {
    const writing = this.#writing;
    this.#writing = null;
    this.#worker.unref();
    if (error === null) writing?.resolve();
    else writing?.reject(error);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    this.#settle(this.#end);
  }
}
