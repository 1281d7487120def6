/** @file Photos of races are read in one tab at a time, as long as something waits and there is room; screens and task tray follow. Thread: page. */
import type { AppError } from '../../contracts/errors.ts';
import { hasRoomFor } from '../../store/quota.ts';
import { device } from '../device.ts';
import { RaceQueue, type QueueState, type RaceQueuePlaces } from './race-queue.ts';
import { hashOf, keepReadingSpeeds, readPhoto, SETTLE } from './race-reader.ts';
import { RaceTask } from './race-task.ts';

/** `elsewhere`: another tab of the app reads; this one takes over when it ends. */
export type ImportState = QueueState | 'elsewhere';

const LOCK = 'mekiki-race-photos';
/** A tab that has not begun by then waits for another. */
const ELSEWHERE_MS = 500;
/** Storage is full: is there room again? */
const ROOM_AGAIN_MS = 30_000;
const ROOM_BYTES = 20 << 20;
/** Screens follow no faster. */
const CHANGES_MS = 1_000;

/** Reading on this page. */
export class RaceReading {
  readonly #places: Pick<RaceQueuePlaces, 'sources' | 'open' | 'lost'>;
  readonly task = new RaceTask();
  #state = $state<ImportState>('idle');
  #error = $state.raw<AppError | null>(null);
  #photosPerSecond = $state<number | null>(null);
  #running = $state.raw<readonly string[]>([]);
  #changes = $state(0);
  #isTouched = false;
  #queue: RaceQueue | null = null;
  #lock: 'none' | 'asked' | 'held' = 'none';
  #askedAtMs = 0;
  #done = 0;

  constructor(places: Pick<RaceQueuePlaces, 'sources' | 'open' | 'lost'>) {
    this.#places = places;
  }

  /** What happens now. */
  get state(): ImportState {
    return this.#state;
  }

  /** Why it is `full` or `broken`, or the last {@link fail}. */
  get error(): AppError | null {
    return this.#error;
  }

  /** Over the last minute; null until it can be told. */
  get photosPerSecond(): number | null {
    return this.#photosPerSecond;
  }

  /** Ids of the photos that are read now. */
  get running(): readonly string[] {
    return this.#running;
  }

  /** Counts changes of what is on disk, once a second at most. */
  get changes(): number {
    return this.#changes;
  }

  /** Read what waits, unless another tab does: then as soon as it has ended. */
  start(): void {
    const queue = this.#theQueue();
    if (queue.state === 'paused') return;
    if (this.#lock === 'held') {
      queue.start();
      return;
    }
    if (this.#lock === 'asked') return;
    this.#lock = 'asked';
    this.#askedAtMs = Date.now();
    setTimeout(() => this.#follow(), ELSEWHERE_MS);
    // Absent outside secure contexts, whatever the type says.
    const locks = (navigator as { locks?: LockManager }).locks;
    const run = async (): Promise<void> => {
      this.#lock = 'held';
      await this.#work(queue);
      this.#lock = 'none';
      this.#follow();
    };
    void (locks === undefined ? run() : locks.request(LOCK, run)).catch(() => {
      this.#lock = 'none';
    });
  }

  /** Begin no further photo; those that are read go on. */
  pause(): void {
    this.#theQueue().pause();
  }

  /** After a pause, or once there is room again. */
  resume(): void {
    this.#error = null;
    this.#theQueue().resume();
    this.start();
  }

  /** Stop reading; the photos wait as if they had not begun. */
  async stop(): Promise<void> {
    await this.#queue?.stop();
  }

  /** Somebody looks at these: they are read before all others. */
  prefer(photoIds: readonly string[]): void {
    this.#queue?.prefer(photoIds);
  }

  /** Something beside reading went wrong; forgotten with the next photo that is read. */
  fail(error: AppError): void {
    this.#error = error;
  }

  /** Something on disk changed. */
  touch(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    setTimeout(() => {
      this.#isTouched = false;
      this.#changes += 1;
      this.#photosPerSecond = this.#queue?.photosPerSecond ?? null;
    }, CHANGES_MS);
  }

  #theQueue(): RaceQueue {
    this.#queue ??= new RaceQueue({
      ...this.#places,
      photos: device().racePhotos,
      settle: SETTLE,
      hash: hashOf,
      read: readPhoto,
      onChange: () => this.#follow(),
    });
    return this.#queue;
  }

  async #work(queue: RaceQueue): Promise<void> {
    queue.start();
    this.#done = 0;
    await queue.settled();
    this.task.end();
    if (this.#done > 0) await keepReadingSpeeds().catch(() => {});
    if (queue.state === 'full') setTimeout(() => void this.#whenThereIsRoom(), ROOM_AGAIN_MS);
  }

  async #whenThereIsRoom(): Promise<void> {
    if (this.#state !== 'full') return;
    if (await hasRoomFor(ROOM_BYTES)) this.start();
    else setTimeout(() => void this.#whenThereIsRoom(), ROOM_AGAIN_MS);
  }

  #follow(): void {
    const queue = this.#theQueue();
    const ended = this.#running.filter((id) => !queue.running.includes(id)).length;
    this.#done += ended;
    this.#running = queue.running;
    const isElsewhere = this.#lock === 'asked' && Date.now() - this.#askedAtMs >= ELSEWHERE_MS;
    this.#state = isElsewhere && queue.state === 'idle' ? 'elsewhere' : queue.state;
    if (queue.error !== null) this.#error = queue.error;
    else if (ended > 0) this.#error = null;
    if (queue.running.length > 0) this.task.show(() => this.pause());
    if (ended > 0) void this.task.report(this.#done, () => device().racePhotos.waiting(this.#places.sources().flat()));
    this.touch();
  }
}
