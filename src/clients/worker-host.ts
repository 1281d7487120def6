/**
 * @file Lifecycle of one worker: started at first use, ended when idle, restarted when it dies, cancelled in two steps, and no promise
 * left pending. Thread: page. Only here is comlink's `wrap` used.
 */
import { wrap, transfer as withTransfer } from 'comlink';
import { AppError, toAppError } from '../contracts/errors.ts';
import type { CallOptions, OnProgress } from '../contracts/task.ts';
import { installWire, toSideMessage, type SideMessage, type WireTaskOptions, type WorkerSetup } from '../contracts/wire.ts';

/** What the host needs of a `Worker`; tests give a port. */
export type HostedWorker = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener' | 'terminate'>;

/** How a host treats its worker. */
export interface WorkerHostOptions {
  /** For messages to developers. */
  readonly name: string;
  readonly create: () => HostedWorker;
  readonly setup: () => WorkerSetup;
  /** How long the running stage of a cancelled call may go on before the worker is ended, in ms. */
  readonly budgetMs: (method: string) => number;
  /** Calls under way at once; one more is `busy`. */
  readonly maxPending?: number;
  /** Idle time after which the worker is ended, in ms. */
  readonly idleMs?: number;
  /** False while the worker holds something that the page still needs (an open frame). */
  readonly canEnd?: () => boolean;
  /** Calls after which an idle worker is replaced; memory of some engines only comes back so. */
  readonly maxCalls?: number;
  /** A worker went; what it held is gone. */
  readonly onEnd?: () => void;
  /** Silence, while calls are pending, that counts as death, in ms. */
  readonly silenceMs?: number;
}

/** Options of {@link WorkerHost.call}. */
export interface HostCallOptions extends CallOptions {
  /** Moved to the worker, not copied. */
  readonly transfer?: Transferable[];
  /** Further fields of the task options. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

type Remote = Record<string, (...given: unknown[]) => Promise<unknown>>;

interface Pending {
  readonly method: string;
  readonly reject: (error: AppError) => void;
  readonly onProgress: OnProgress | undefined;
}

interface Running {
  readonly worker: HostedWorker;
  readonly remote: Remote;
  heardAtMs: number;
  calls: number;
}

/** Deaths in a row after which calls fail at once; a pause makes it try again. */
const MAX_DEATHS = 3;
const PAUSE_MS = 30_000;
const PING_EVERY_MS = 10_000;

let lastTask = 0;

/** See the file's description. */
export class WorkerHost {
  readonly #options: Required<Omit<WorkerHostOptions, 'onEnd'>> & Pick<WorkerHostOptions, 'onEnd'>;
  readonly #pending = new Map<string, Pending>();
  #running: Running | null = null;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #deaths = 0;
  #diedAtMs = 0;

  constructor(options: WorkerHostOptions) {
    installWire();
    this.#options = { maxPending: 16, idleMs: 30_000, canEnd: () => true, maxCalls: Infinity, silenceMs: 240_000, ...options };
    // The browser may keep the page for a return; the worker's memory is not worth keeping with it.
    if (typeof addEventListener === 'function') addEventListener('pagehide', () => this.end());
  }

  /** True while a worker stands. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Deaths since the last call that succeeded. */
  get deaths(): number {
    return this.#deaths;
  }

  /**
   * Call a method that takes task options last.
   * @throws AppError('cancelled') as soon as `signal` aborts; AppError('busy' | 'worker-died'); whatever the worker throws.
   */
  async call<Result>(method: string, input: readonly unknown[], options: HostCallOptions = {}): Promise<Result> {
    const { signal, onProgress, extra, priority } = options;
    const taskId = `task-${++lastTask}`;
    const wantsProgress = onProgress !== undefined;
    const task: WireTaskOptions = { ...extra, taskId, wantsProgress, ...(priority === undefined ? {} : { priority }) };
    return this.#send<Result>(method, [...input, task], { taskId, onProgress, signal, transfer: options.transfer ?? [] });
  }

  /** Call a method without task options. */
  async ask<Result>(method: string, input: readonly unknown[] = []): Promise<Result> {
    return this.#send<Result>(method, input, { taskId: `task-${++lastTask}`, onProgress: undefined, signal: undefined, transfer: [] });
  }

  /** End the worker; what is pending rejects with `cancelled`. The next call starts a new one. */
  end(): void {
    this.#stop(new AppError('cancelled', `The ${this.#options.name} worker was ended`));
  }

  async #send<Result>(
    method: string,
    given: readonly unknown[],
    call: { taskId: string; onProgress: OnProgress | undefined; signal: AbortSignal | undefined; transfer: Transferable[] },
  ): Promise<Result> {
    const { taskId, onProgress, signal, transfer } = call;
    if (signal?.aborted === true) throw new AppError('cancelled', 'Aborted before it began');
    if (this.#pending.size >= this.#options.maxPending) throw new AppError('busy', `${this.#pending.size} calls are pending`);
    const running = this.#start();
    clearTimeout(this.#idleTimer);
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#pending.set(taskId, { method, reject, onProgress });
        onAbort = () => {
          reject(new AppError('cancelled', 'Aborted', { cause: signal?.reason }));
          this.#cancel(running, taskId, answer);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        running.calls++;
        const answer = running.remote[method]!(...(transfer.length === 0 ? given : movedWith(given, transfer)));
        answer.then(
          (result) => {
            this.#deaths = 0;
            resolve(result as Result);
          },
          (error: unknown) => {
            const known = toAppError(error);
            reject(known);
            // The worker itself gave a run up as hung: nothing behind it would be answered.
            if (known.code === 'worker-died') this.#die(running, known.message);
          },
        );
      });
    } finally {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      this.#settled(taskId);
    }
  }

  /** First ask; when the running stage does not end within its budget, end the worker. */
  #cancel(running: Running, taskId: string, answer: Promise<unknown>): void {
    const method = this.#pending.get(taskId)?.method ?? '';
    void running.remote['cancel']!(taskId).catch(() => {});
    const timer = setTimeout(() => {
      if (this.#running === running)
        this.#stop(new AppError('worker-died', `The ${this.#options.name} worker was ended: ${method} did not stop when cancelled`));
    }, this.#options.budgetMs(method));
    answer.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
  }

  #settled(taskId: string): void {
    this.#pending.delete(taskId);
    if (this.#pending.size > 0 || this.#running === null) return;
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    const isSpent = this.#running.calls >= this.#options.maxCalls;
    this.#endWhenIdle(isSpent ? 0 : this.#options.idleMs);
  }

  #endWhenIdle(afterMs: number): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      if (this.#pending.size > 0) return;
      if (this.#options.canEnd()) this.end();
      else this.#endWhenIdle(this.#options.idleMs);
    }, afterMs);
    unref(this.#idleTimer);
  }

  #start(): Running {
    if (this.#running !== null) {
      this.#pulse ??= this.#startPulse(this.#running);
      return this.#running;
    }
    if (this.#deaths >= MAX_DEATHS && Date.now() - this.#diedAtMs < PAUSE_MS)
      throw new AppError('worker-died', `The ${this.#options.name} worker died ${this.#deaths} times in a row`, { retryable: true });
    let worker: HostedWorker;
    try {
      worker = this.#options.create();
    } catch (error) {
      throw toAppError(error, 'worker-died');
    }
    const running: Running = { worker, remote: wrap(worker as never) as unknown as Remote, heardAtMs: Date.now(), calls: 0 };
    this.#running = running;
    worker.addEventListener('message', ({ data }: MessageEvent) => {
      running.heardAtMs = Date.now();
      const message = toSideMessage(data);
      if (message?.mekiki === 'progress') this.#pending.get(message.taskId)?.onProgress?.(message.progress);
      else if (message?.mekiki === 'fatal') this.#die(running, message.message);
    });
    worker.addEventListener('error', (event: ErrorEvent) => {
      event.preventDefault();
      this.#die(running, event.message === '' ? 'it could not be loaded' : event.message);
    });
    worker.addEventListener('messageerror', () => this.#die(running, 'a message could not be read'));
    worker.postMessage({ mekiki: 'setup', setup: this.#options.setup() } satisfies SideMessage);
    this.#pulse = this.#startPulse(running);
    return running;
  }

  /** A worker that the browser killed for memory says nothing; neither does it answer. */
  #startPulse(running: Running): ReturnType<typeof setInterval> {
    running.heardAtMs = Date.now();
    const pulse = setInterval(
      () => {
        if (this.#running !== running) return;
        if (Date.now() - running.heardAtMs > this.#options.silenceMs) this.#die(running, 'it fell silent');
        else void running.remote['ping']!().catch(() => {});
      },
      Math.min(PING_EVERY_MS, this.#options.silenceMs),
    );
    unref(pulse);
    return pulse;
  }

  #die(running: Running, message: string): void {
    if (this.#running !== running) return;
    this.#deaths++;
    this.#diedAtMs = Date.now();
    this.#stop(new AppError('worker-died', `The ${this.#options.name} worker died: ${message}`));
  }

  #stop(error: AppError): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    clearTimeout(this.#idleTimer);
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    running.worker.terminate();
    this.#options.onEnd?.();
    // `terminate` alone would leave the callers waiting for ever.
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** Comlink looks for transferables per argument. */
function movedWith(given: readonly unknown[], transfer: Transferable[]): unknown[] {
  return given.map((value) =>
    typeof value === 'object' && value !== null && transfer.includes(value as Transferable) ? withTransfer(value, transfer) : value,
  );
}

/** Timers of the host keep no Node process alive. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
