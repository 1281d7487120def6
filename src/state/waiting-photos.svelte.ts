/** @file What the task tray shows of the queue of photos; the queue itself is fetched with the first photo. Thread: page. */
import type { LookQueue, QueuedPhoto } from './look-queue.ts';

class WaitingPhotos {
  #queue: LookQueue<QueuedPhoto> | null = null;
  #waiting = $state(0);
  #later = $state(0);
  #isPaused = $state(false);
  #isKept = $state(true);

  /** Photos of a batch that nobody has begun to look at. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Photos that were put aside: no network, storage full, or the page died twice over them. */
  get later(): number {
    return this.#later;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** False: a reload would lose them. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Show how the queue stands now. */
  follow(queue: LookQueue<QueuedPhoto>): void {
    this.#queue = queue;
    this.#waiting = queue.waiting;
    this.#later = queue.later;
    this.#isPaused = queue.isPaused;
    this.#isKept = queue.isKept;
  }

  pause(): void {
    this.#queue?.pause();
  }

  resume(): void {
    this.#queue?.resume();
  }

  tryAgain(): void {
    this.#queue?.tryAgain();
  }

  cancelAll(): void {
    this.#queue?.cancelAll();
  }
}

/** The photos that wait on this page. */
export const waitingPhotos = new WaitingPhotos();
