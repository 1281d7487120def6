/**
 * @file The SQL client in a thread of its own.
 *
 * [Note: Database thread] The driver runs every statement on the thread that asks, and a durable write ends with a flush of the disk, which
 * takes milliseconds and, beside a bulk ingest, seconds. On the main thread no request would be answered meanwhile. Calls are done one
 * after the other in the order in which they were made.
 */
import { Worker } from 'node:worker_threads';
import { LibsqlError, type Client, type InStatement, type ResultSet } from '@libsql/client';
import { AppError } from '../../src/contracts/errors.ts';

/** How long {@link ThreadedClient.close} waits for the call under way. */
const CLOSE_MS = 10_000;

type Method = 'execute' | 'batch';
interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: string; readonly rawCode?: number };
}
interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** `execute`, `batch` and `close`. What else a client has would keep the only connection from everybody else, and is refused. */
export class ThreadedClient implements Client {
  readonly protocol = 'file';
  readonly #worker: Worker;
  readonly #closed = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  #lastNumber = 0;
  #end: Error | null = null;

  /** @param url of a file. @param timeoutMs how long another process's lock is waited for. */
  constructor(url: string, timeoutMs: number) {
    // Without the compiler that this process may have been started with: it would cost half a second.
    const workerData = { url, timeoutMs, closed: this.#closed };
    this.#worker = new Worker(new URL('./database-thread.mjs', import.meta.url), { workerData, execArgv: [] });
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error('The database thread failed.')));
    this.#worker.on('exit', () => this.#fail(new AppError('bug', 'The database is closed.')));
    this.#worker.unref();
  }

  get closed(): boolean {
    return this.#end !== null;
  }

  execute(statement: InStatement | string, args?: unknown): Promise<ResultSet> {
    if (args !== undefined) throw new AppError('bug', 'Give a statement and its arguments as one object.');
    return this.#call('execute', [statement]);
  }

  batch(...given: Parameters<Client['batch']>): Promise<ResultSet[]> {
    return this.#call('batch', given);
  }

  /** Close the file; what was asked before is done first. The file is closed when this returns. */
  close(): void {
    if (this.#end !== null) return;
    this.#end = new AppError('bug', 'The database is closed.');
    this.#worker.postMessage({ number: 0, method: 'close' });
    Atomics.wait(this.#closed, 0, 0, CLOSE_MS);
  }

  migrate(): Promise<never> {
    return refused();
  }

  transaction(): Promise<never> {
    return refused();
  }

  executeMultiple(): Promise<never> {
    return refused();
  }

  sync(): Promise<never> {
    return refused();
  }

  reconnect(): never {
    throw new AppError('bug', 'Open the database anew instead.');
  }

  #call<Result>(method: Method, given: readonly unknown[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      const number = ++this.#lastNumber;
      this.#waiting.set(number, { resolve, reject });
      // A process does not end while it waits for an answer.
      this.#worker.ref();
      this.#worker.postMessage({ number, method, given });
    });
  }

  #settle({ number, result, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new LibsqlError(error.message.replace(`${error.code}: `, ''), error.code, undefined, error.rawCode));
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function refused(): Promise<never> {
  return Promise.reject(new AppError('bug', 'The database thread offers `execute` and `batch` only.'));
}
