/**
 * @file Recognition on the server: images go to a few processes of their own (`server/runtime/recogniser-process.ts`), one image at a time each,
 * behind a short queue. The event loop decodes nothing and runs no net. Who waits for an answer goes before jobs.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, setPriority } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import type { FromRecogniser, RecogniserResult, RecogniserTask, ToRecogniser } from '../../runtime/recogniser-messages.ts';

/** Images that wait beyond this are refused as `busy`. */
const MAX_WAITING = 32;
/** A task that takes longer is given up and its process killed. Dense text of 12 megapixels takes ten to twenty seconds on one core. */
const TIME_LIMIT_MS = 120_000;
/** A process without work goes, and takes the memory of its models along. */
const IDLE_MS = 60_000;
/** A process that recognised so many goes when it is next idle: native libraries leak a little. */
const IMAGES_PER_PROCESS = 1_000;
/** Below the server's own: answers that need no picture come first. */
const PROCESS_NICENESS = 5;

const SCRIPT = fileURLToPath(new URL('../../runtime/recogniser-process.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Settings of a {@link Recogniser}. */
export interface RecogniserOptions {
  /** Processes at most; they start at first use. Default: half the cores, 1 to 4. */
  readonly processes?: number;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
  readonly timeLimitMs?: number;
  readonly idleMs?: number;
  readonly maxWaiting?: number;
  readonly imagesPerProcess?: number;
}

/** How one task is done. */
export interface RecogniserCall {
  /** `batch` waits while somebody waits for an answer. Default `interactive`. */
  readonly priority?: 'interactive' | 'batch';
  /** Gives the task up: at once when it waits, between two steps when it runs. */
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly task: RecogniserTask;
  readonly resolve: (result: RecogniserResult) => void;
  readonly reject: (error: AppError) => void;
  readonly forget: () => void;
}

interface Slot {
  child: ChildProcess | null;
  current: Waiting | null;
  isReady: boolean;
  /** Images that its process was given. */
  images: number;
  timer: NodeJS.Timeout | null;
}

/** The recogniser processes of one server. */
export class Recogniser {
  readonly #options: Required<Omit<RecogniserOptions, 'logger'>> & Pick<RecogniserOptions, 'logger'>;
  readonly #threads: number;
  readonly #slots: Slot[];
  readonly #queues = { interactive: [] as Waiting[], batch: [] as Waiting[] };
  #isClosed = false;

  constructor(options: RecogniserOptions) {
    const cores = availableParallelism();
    const processes = options.processes ?? Math.min(4, Math.max(1, Math.floor(cores / 2)));
    this.#options = {
      timeLimitMs: TIME_LIMIT_MS,
      idleMs: IDLE_MS,
      maxWaiting: MAX_WAITING,
      imagesPerProcess: IMAGES_PER_PROCESS,
      ...options,
      processes,
    };
    // One core stays for the server.
    this.#threads = Math.max(1, Math.floor((cores - 1) / processes));
    this.#slots = Array.from({ length: processes }, () => ({ child: null, current: null, isReady: false, images: 0, timer: null }));
  }

  /** Images that are worked on at once, at most. */
  get processes(): number {
    return this.#slots.length;
  }

  /** Images that wait for a process. */
  get waiting(): number {
    return this.#queues.interactive.length + this.#queues.batch.length;
  }

  get running(): number {
    return this.#slots.filter(({ current }) => current !== null).length;
  }

  /**
   * @param bytes of the image file; copied.
   * @throws AppError('busy') when too many wait; 'decode-unsupported' for what is no image that is taken here; 'worker-died' when a process
   * ended or ran out of time over it; 'cancelled'; whatever the stage throws.
   */
  run(bytes: Uint8Array, task: RecogniserTask, { priority = 'interactive', signal }: RecogniserCall = {}): Promise<RecogniserResult> {
    const queue = this.#queues[priority];
    if (this.#isClosed) return Promise.reject(new AppError('busy', 'The server is stopping.'));
    if (queue.length >= this.#options.maxWaiting)
      return Promise.reject(new AppError('busy', `${queue.length} images wait already. Try again in a moment.`));
    if (signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const abort = () => {
        const at = queue.indexOf(waiting);
        if (at >= 0) queue.splice(at, 1);
        else this.#slots.find(({ current }) => current === waiting)?.child?.send({ kind: 'cancel' } satisfies ToRecogniser);
        reject(cancelled());
      };
      const forget = () => signal?.removeEventListener('abort', abort);
      const waiting: Waiting = { bytes, task, resolve, reject, forget };
      signal?.addEventListener('abort', abort, { once: true });
      queue.push(waiting);
      this.#next();
    });
  }

  /** Everything that waits or runs is given up as `busy`; the processes end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const queue of Object.values(this.#queues)) for (const waiting of queue.splice(0)) settle(waiting, stopping());
    const ends: Promise<void>[] = [];
    for (const slot of this.#slots) {
      const { child, current } = slot;
      if (current !== null) settle(current, stopping());
      slot.current = null;
      if (child !== null && child.exitCode === null && child.signalCode === null)
        ends.push(new Promise((resolve) => void child.once('exit', () => resolve())));
      this.#retire(slot);
    }
    await Promise.all(ends);
  }

  #next(): void {
    for (const slot of this.#slots) {
      if (slot.current !== null) continue;
      const waiting = this.#queues.interactive.shift() ?? this.#queues.batch.shift();
      if (waiting === undefined) return;
      slot.current = waiting;
      this.#arm(slot, this.#options.timeLimitMs, () => slot.child?.kill('SIGKILL'));
      if (slot.child === null) this.#start(slot);
      else if (slot.isReady) this.#send(slot);
    }
  }

  #start(slot: Slot): void {
    const child = fork(SCRIPT, [String(this.#threads)], {
      execArgv: ['--import', TSX],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Nothing of the server's secrets.
      env: Object.fromEntries(
        ['PATH', 'TMPDIR', 'TEMP', 'TZ', 'SystemRoot'].flatMap((name) =>
          process.env[name] === undefined ? [] : [[name, process.env[name]]],
        ),
      ),
    });
    slot.child = child;
    slot.isReady = false;
    try {
      if (child.pid !== undefined) setPriority(child.pid, PROCESS_NICENESS);
    } catch {
      // Not every system lets it; nothing depends on it.
    }
    let lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-2_000)));
    child.on('message', (message: FromRecogniser) => this.#hear(slot, message));
    child.on('error', () => this.#ended(slot, child, lastWords));
    child.on('exit', () => this.#ended(slot, child, lastWords));
  }

  #send(slot: Slot): void {
    const { current, child } = slot;
    if (current !== null) child?.send({ kind: 'do', bytes: current.bytes, task: current.task } satisfies ToRecogniser, () => {});
  }

  #hear(slot: Slot, message: FromRecogniser): void {
    if (message.kind === 'ready') {
      slot.isReady = true;
      this.#send(slot);
      return;
    }
    const { current } = slot;
    slot.current = null;
    slot.images += 1;
    if (slot.images >= this.#options.imagesPerProcess) this.#retire(slot);
    else this.#arm(slot, this.#options.idleMs, () => this.#retire(slot));
    if (current !== null)
      settle(
        current,
        message.kind === 'done'
          ? message.result
          : new AppError(message.code, message.message, message.stage === undefined ? {} : { stage: message.stage }),
      );
    this.#next();
  }

  /** The process ended, by itself or because it was killed. */
  #ended(slot: Slot, child: ChildProcess, lastWords: string): void {
    if (slot.child !== child) return;
    if (slot.timer !== null) clearTimeout(slot.timer);
    const { current, isReady } = slot;
    Object.assign(slot, { child: null, current: null, isReady: false, images: 0, timer: null } satisfies Slot);
    if (current !== null) {
      const how = { signal: child.signalCode, code: child.exitCode };
      // Before it was ready it had seen no image: its words are our own code's.
      if (isReady) this.#options.logger.warn(how, 'a recogniser process ended over its work');
      else this.#options.logger.warn({ ...how, words: lastWords }, 'a recogniser process did not start');
      settle(current, new AppError('worker-died', 'Recognition of this image ended unexpectedly or took too long.', { retryable: false }));
    }
    if (!this.#isClosed) this.#next();
  }

  /** The one timer of a slot: the limit while it works, the wait for more while it does not. */
  #arm(slot: Slot, ms: number, then: () => void): void {
    if (slot.timer !== null) clearTimeout(slot.timer);
    slot.timer = setTimeout(then, ms).unref();
  }

  /** End the process of a slot that has nothing to do. The next image gets a new one, whether or not this one is gone by then. */
  #retire(slot: Slot): void {
    const { child } = slot;
    if (slot.timer !== null) clearTimeout(slot.timer);
    Object.assign(slot, { child: null, isReady: false, images: 0, timer: null } satisfies Partial<Slot>);
    child?.kill('SIGKILL');
  }
}

function settle({ resolve, reject, forget }: Waiting, outcome: RecogniserResult | AppError): void {
  forget();
  if (outcome instanceof AppError) reject(outcome);
  else resolve(outcome);
}

function cancelled(): AppError {
  return new AppError('cancelled', 'Nobody waits for it any more');
}

function stopping(): AppError {
  return new AppError('busy', 'The server is stopping.');
}
