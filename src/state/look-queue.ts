/**
 * @file The order in which photos are looked at. A photo that somebody waits for goes at once, next to the batch in the background; the
 * photos of a batch go one by one, may be paused, and are kept on disk until each is answered. Thread: page.
 */
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { Priority } from '../contracts/task.ts';
import { Lane } from '../core/lane.ts';

/** What the queue knows of a photo. */
export interface Queued {
  readonly media: MediaRef;
  readonly priority: Priority;
}

/** A photo that a lens looks at. */
export interface QueuedPhoto extends Queued {
  readonly lens: LensSpec;
  /** What the task tray calls it. */
  readonly label: string;
}

/**
 * How a look ended. `done`: answered, or failed for good, or not wanted any more. `later`: it may work another time (no network, worker
 * died). `stuck`: nothing would work now (storage is full), so the batch stops.
 */
export type Outcome = 'done' | 'later' | 'stuck';

/** What the queue stands on. */
export interface LookQueuePlaces<Photo extends Queued> {
  /** Look at one photo. Must not reject. */
  run(photo: Photo): Promise<Outcome>;
  /** Stop a look that runs; `run` then resolves. */
  stop(id: string): void;
  /** Keep a photo on disk. */
  keep(photo: Photo, order: number): Promise<void>;
  /** A look begins. */
  begin(id: string): Promise<void>;
  /** Forget photos on disk. */
  forget(ids: readonly string[]): Promise<void>;
  onChange(): void;
}

/** The queue of one page. */
export class LookQueue<Photo extends Queued> {
  readonly #places: LookQueuePlaces<Photo>;
  #waiting: readonly Photo[] = [];
  #later: readonly Photo[] = [];
  readonly #running = new Map<Priority, Photo>();
  #isPaused = false;
  #isKept = true;
  #order = 0;
  /** Disk operations, one after the other: a photo is never forgotten before it was kept. */
  readonly #disk = new Lane();

  constructor(places: LookQueuePlaces<Photo>) {
    this.#places = places;
  }

  /** Photos of the batch that nobody has begun to look at. */
  get waiting(): number {
    return this.#waiting.filter(({ priority }) => priority === 'batch').length;
  }

  /** Photos that could not be looked at now, but may be another time. */
  get later(): number {
    return this.#later.length;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** False when photos could not be kept on disk: they wait only as long as the page stays. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** @returns the photo, while it waits. */
  find(id: string): Photo | null {
    return [...this.#waiting, ...this.#later].find(({ media }) => media.id === id) ?? null;
  }

  /** @param isKept they are on disk already. */
  add(photos: readonly Photo[], isKept = false): void {
    this.#waiting = [...this.#waiting, ...photos];
    if (!isKept) for (const photo of photos) this.#keep(photo);
    this.#next();
  }

  /** Put photos aside that failed before; {@link tryAgain} brings them back. They are on disk already. */
  addForLater(photos: readonly Photo[]): void {
    this.#later = [...this.#later, ...photos];
    this.#places.onChange();
  }

  /** Begin no further photo of the batch; the one that runs goes on. */
  pause(): void {
    this.#isPaused = true;
    this.#places.onChange();
  }

  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  /** The photos that were put aside, once more. */
  tryAgain(): void {
    this.#waiting = [...this.#waiting, ...this.#later.map((photo): Photo => ({ ...photo, priority: 'batch' }))];
    this.#later = [];
    this.resume();
  }

  /** Take one photo out, whether it waits or runs. */
  cancel(id: string): void {
    this.#drop(({ media }) => media.id === id);
    for (const { media } of this.#running.values()) if (media.id === id) this.#places.stop(id);
  }

  /** Take the whole batch out; a photo that somebody waits for stays. */
  cancelAll(): void {
    this.#drop(({ priority }) => priority === 'batch');
    this.#later = [];
    this.#isPaused = false;
    const running = this.#running.get('batch');
    if (running !== undefined) this.#places.stop(running.media.id);
    this.#places.onChange();
  }

  #drop(isUnwanted: (photo: Photo) => boolean): void {
    const dropped = [...this.#waiting, ...this.#later].filter(isUnwanted);
    this.#waiting = this.#waiting.filter((photo) => !isUnwanted(photo));
    this.#later = this.#later.filter((photo) => !isUnwanted(photo));
    this.#forget(dropped);
    this.#places.onChange();
  }

  #next(): void {
    this.#beginFirst('interactive');
    const isAwaited = this.#running.has('interactive');
    if (!isAwaited && !this.#isPaused) this.#beginFirst('batch');
    this.#places.onChange();
  }

  #beginFirst(priority: Priority): void {
    const photo = this.#waiting.find((each) => each.priority === priority);
    if (photo === undefined || this.#running.has(priority)) return;
    this.#waiting = this.#waiting.filter((each) => each !== photo);
    this.#running.set(priority, photo);
    void this.#look(photo);
  }

  async #look(photo: Photo): Promise<void> {
    this.#onDisk(() => this.#places.begin(photo.media.id));
    const outcome = await this.#places.run(photo);
    this.#running.delete(photo.priority);
    if (outcome === 'done') this.#forget([photo]);
    else this.#later = [...this.#later, photo];
    if (outcome === 'stuck') this.#isPaused = true;
    this.#next();
  }

  /** One by one: a folder of photos in one transaction would be gigabytes, and the first may be answered before the last is written. */
  #keep(photo: Photo): void {
    const order = ++this.#order;
    this.#onDisk(async () => {
      const isWanted = this.find(photo.media.id) !== null || [...this.#running.values()].some(({ media }) => media.id === photo.media.id);
      if (!isWanted || !this.#isKept) return;
      await this.#places.keep(photo, order).catch(() => {
        this.#isKept = false;
        this.#places.onChange();
      });
    });
  }

  #forget(photos: readonly Photo[]): void {
    if (photos.length > 0) this.#onDisk(() => this.#places.forget(photos.map(({ media }) => media.id)));
  }

  /** What fails here costs only what a reload would have brought back. */
  #onDisk(write: () => Promise<void>): void {
    this.#disk.run(write).catch(() => {});
  }
}
