/** @file Several processes of `describe-photos.ts` at work. One that dies or hangs is replaced; its photo is tried once more, then failed. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/contracts/errors.ts';
import type { DescribedPhoto, PhotoAnswer, PhotoTask } from './describe-photos.ts';

const SCRIPT = fileURLToPath(new URL('describe-photos.ts', import.meta.url));
/** The slowest photo takes some seconds; the first one starts the models too. */
const TIMEOUT_MS = 180_000;
const TRIES = 2;
/** So many deaths without one answer between them are no photo's fault. */
const MAX_DEATHS = 12;

interface Running {
  readonly wish: Wish;
  readonly timer: NodeJS.Timeout;
}

interface Wish {
  readonly task: PhotoTask;
  tries: number;
  readonly resolve: (photo: DescribedPhoto) => void;
  readonly reject: (error: AppError) => void;
}

/** A fixed number of processes; whoever is free takes the next photo. */
export class PhotoDescribers {
  readonly #idle: ChildProcess[] = [];
  readonly #running = new Map<ChildProcess, Running>();
  readonly #waiting: Wish[] = [];
  #number = 0;
  #deaths = 0;
  #isClosed = false;

  constructor(processes: number) {
    for (let i = 0; i < processes; i++) this.#idle.push(this.#spawn());
  }

  /**
   * @throws AppError with the reason of the photo; `worker-died` for one that brought the decoder down; `cancelled` after {@link close};
   * `model-unavailable` when the processes do not even start, or have no models.
   */
  describe(task: Omit<PhotoTask, 'number'>): Promise<DescribedPhoto> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task: { ...task, number: ++this.#number }, tries: 0, resolve, reject });
      this.#dispatch();
    });
  }

  /** End the processes. What they were at is given up. */
  close(): void {
    this.#isClosed = true;
    const stopped = new AppError('cancelled', 'Stopped.');
    for (const wish of this.#waiting.splice(0)) wish.reject(stopped);
    for (const [child, { wish, timer }] of this.#running) {
      clearTimeout(timer);
      wish.reject(stopped);
      child.kill('SIGKILL');
    }
    for (const child of this.#idle.splice(0)) child.kill('SIGKILL');
  }

  #spawn(): ChildProcess {
    // The parent's own options bring the TypeScript loader along.
    const child = fork(SCRIPT, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (answer: PhotoAnswer) => this.#finish(child, answer));
    child.on('exit', () => this.#bury(child));
    child.on('error', () => {
      // `exit` follows.
    });
    return child;
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const child = this.#idle.pop()!;
      const wish = this.#waiting.shift()!;
      wish.tries += 1;
      this.#running.set(child, { wish, timer: setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS) });
      child.send(wish.task, () => {
        // One that died before it heard of the photo is buried by `exit`.
      });
    }
  }

  #finish(child: ChildProcess, answer: PhotoAnswer): void {
    this.#deaths = 0;
    const running = this.#running.get(child);
    if (running?.wish.task.number !== answer.number) return;
    clearTimeout(running.timer);
    this.#running.delete(child);
    this.#idle.push(child);
    if ('described' in answer) running.wish.resolve(answer.described);
    else running.wish.reject(new AppError(answer.code, answer.problem));
    this.#dispatch();
  }

  #bury(child: ChildProcess): void {
    if (this.#isClosed) return;
    const running = this.#running.get(child);
    this.#running.delete(child);
    const place = this.#idle.indexOf(child);
    if (place !== -1) this.#idle.splice(place, 1);
    this.#deaths += 1;
    if (running !== undefined) clearTimeout(running.timer);
    if (this.#deaths > MAX_DEATHS) {
      const broken = new AppError('model-unavailable', 'The processes that describe photos end as soon as they start.');
      for (const wish of [...(running === undefined ? [] : [running.wish]), ...this.#waiting.splice(0)]) wish.reject(broken);
      return;
    }
    this.#idle.push(this.#spawn());
    if (running !== undefined) {
      if (running.wish.tries < TRIES) this.#waiting.unshift(running.wish);
      else running.wish.reject(new AppError('worker-died', 'The decoder died of it, or it took longer than three minutes.'));
    }
    this.#dispatch();
  }
}
