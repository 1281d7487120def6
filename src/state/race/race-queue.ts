/**
 * @file The order in which photos of races are read: what somebody looks at first, then as they were found; two at a time, one alone when it did
 * not end before. What is done is on disk; this object may die at any moment. Thread: page.
 */
import { AppError, toAppError } from '../../contracts/errors.ts';
import type { RacePhoto } from '../../contracts/race.ts';
import { MAX_ATTEMPTS, type FinishedPhoto, type RacePhotoStore } from '../../store/race-photos.ts';
import type { SettleAnswers } from '../../store/race-readings.ts';

/** Why nothing is read now. `full`: storage; `broken`: reading itself fails (no model, no memory). */
export type QueueState = 'idle' | 'reading' | 'paused' | 'full' | 'broken';

/** What the queue stands on. */
export interface RaceQueuePlaces {
  readonly photos: RacePhotoStore;
  readonly settle: SettleAnswers;
  /** Sources whose files can be opened now; those of the event that is looked at first, event by event. */
  sources(): readonly (readonly string[])[];
  /** @returns null when the file is not there. @throws AppError('permission-denied') when its whole source is out of reach, another code for the file */
  open(photo: RacePhoto): Promise<File | null>;
  /** @returns what two copies of a file share. @throws AppError('invalid-input') when it has changed or gone meanwhile */
  hash(file: File): Promise<string>;
  /** @throws AppError */
  read(photo: RacePhoto, file: File, options: { readonly signal: AbortSignal; readonly isAwaited: boolean }): Promise<FinishedPhoto>;
  /** A source cannot be reached any more. */
  lost(sourceId: string, error: AppError): void;
  onChange(): void;
  now?(): number;
}

/** Photos read at once: the next one is decoded while this one is looked at. */
const LANES = 2;
/** Rows fetched ahead. */
const AHEAD = 16;
/** Photos in a row that fail for a reason that is not theirs: then it is not the photos. */
const TOO_MANY_FAILURES = 5;
const RATE_WINDOW_MS = 60_000;

/** Would happen to every photo. */
const ENGINE_LACKS: ReadonlySet<string> = new Set(['model-unavailable', 'model-integrity', 'offline']);
/** Of the machine, not of the photo, unless they happen to it again and again. */
const MAY_WORK_LATER: ReadonlySet<string> = new Set(['worker-died', 'gpu-lost', 'busy', 'out-of-memory', 'bug']);

/** The queue of one page. */
export class RaceQueue {
  readonly #places: RaceQueuePlaces;
  #state: QueueState = 'idle';
  #error: AppError | null = null;
  #ahead: RacePhoto[] = [];
  #wanted: string[] = [];
  readonly #running = new Map<string, { readonly done: Promise<void>; readonly controller: AbortController }>();
  /** Files that are read now, by what their copies share. */
  readonly #files = new Map<string, string>();
  #loop: Promise<void> | null = null;
  #asks = 0;
  #answered = 0;
  #failuresInARow = 0;
  #ended: number[] = [];
  #sinceMs = 0;

  constructor(places: RaceQueuePlaces) {
    this.#places = places;
  }

  get state(): QueueState {
    return this.#state;
  }

  /** Why it is `full` or `broken`. */
  get error(): AppError | null {
    return this.#error;
  }

  /** Photos that are read now. */
  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Over the last minute; null until it can be told. */
  get photosPerSecond(): number | null {
    const now = this.#now();
    const recent = this.#ended.filter((atMs) => atMs > now - RATE_WINDOW_MS).length;
    const seconds = Math.min(RATE_WINDOW_MS, now - this.#sinceMs) / 1000;
    return this.#state !== 'reading' || recent < 3 || seconds < 1 ? null : recent / seconds;
  }

  /** Read what waits, until nothing does. Does nothing while paused. */
  start(): void {
    this.#ahead = [];
    this.#asks += 1;
    if (this.#state === 'paused' || this.#loop !== null) return;
    this.#set('reading', null);
    this.#sinceMs = this.#now();
    this.#ended = [];
    this.#failuresInARow = 0;
    this.#loop = this.#work().finally(() => {
      this.#loop = null;
      if (this.#state !== 'reading') return;
      this.#set('idle', null);
      // Photos that were found at the last moment.
      if (this.#answered !== this.#asks) this.start();
    });
  }

  /** Begin no further photo; those that are read go on. */
  pause(): void {
    this.#set('paused', null);
  }

  resume(): void {
    if (this.#state !== 'reading') this.#set('idle', null);
    if (this.#loop === null) this.start();
    else {
      // It was paused and is still ending: it goes on after that.
      this.#asks += 1;
      this.#set('reading', null);
    }
  }

  /** Read these before all others: somebody looks at them. */
  prefer(ids: readonly string[]): void {
    this.#wanted = [...ids];
  }

  /** Stop reading a photo, or all; they wait as if it had not begun. Resolves when they do. */
  async stop(id?: string): Promise<void> {
    this.#ahead = [];
    const stopped = [...this.#running].filter(([each]) => id === undefined || each === id).map(([, running]) => running);
    for (const { controller } of stopped) controller.abort();
    await Promise.all(stopped.map(({ done }) => done));
  }

  /** Resolves when nothing is read any more. */
  async settled(): Promise<void> {
    for (let loop = this.#loop; loop !== null; loop = this.#loop) await loop;
  }

  async #work(): Promise<void> {
    try {
      while (!this.#isHalted()) {
        const asks = this.#asks;
        if (this.#running.size >= LANES) {
          await this.#oneEnds();
          continue;
        }
        const next = await this.#next();
        if (next === null) {
          if (this.#running.size > 0) await this.#oneEnds();
          else if (asks === this.#asks) {
            this.#answered = asks;
            return;
          }
          continue;
        }
        if (this.#isHalted()) continue;
        if (next.photo.attempts === 0) {
          this.#begin(next.photo, next.isAwaited);
          continue;
        }
        // It may have taken the tab down: its neighbour must not be blamed for it.
        await this.#allEnd();
        if (this.#isHalted()) continue;
        this.#begin(next.photo, next.isAwaited);
        await this.#allEnd();
      }
    } catch (caught) {
      this.#halt(toAppError(caught));
    } finally {
      await this.#allEnd();
    }
  }

  async #oneEnds(): Promise<void> {
    await Promise.race([...this.#running.values()].map(({ done }) => done));
  }

  async #allEnd(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #next(): Promise<{ photo: RacePhoto; isAwaited: boolean } | null> {
    const { photos } = this.#places;
    const reachable = this.#places.sources();
    const isReachable = (sourceId: string): boolean => reachable.some((group) => group.includes(sourceId));
    while (this.#wanted.length > 0) {
      const id = this.#wanted.shift()!;
      const photo = this.#running.has(id) ? null : await photos.get(id);
      if (photo?.state === 'waiting' && isReachable(photo.sourceId)) return { photo, isAwaited: true };
    }
    for (const isRefilled of [false, true]) {
      if (isRefilled) {
        this.#ahead = [];
        for (const group of reachable) {
          this.#ahead = (await photos.next(group, AHEAD)).filter(({ id }) => !this.#running.has(id));
          if (this.#ahead.length > 0) break;
        }
      }
      for (let photo = this.#ahead.shift(); photo !== undefined; photo = this.#ahead.shift())
        if (!this.#running.has(photo.id) && isReachable(photo.sourceId)) return { photo, isAwaited: false };
    }
    return null;
  }

  #begin(photo: RacePhoto, isAwaited: boolean): void {
    const controller = new AbortController();
    const done = this.#read(photo.id, controller.signal, isAwaited)
      .catch((caught: unknown) => this.#halt(toAppError(caught)))
      .finally(() => {
        this.#running.delete(photo.id);
        for (const [file, id] of this.#files) if (id === photo.id) this.#files.delete(file);
        this.#places.onChange();
      });
    this.#running.set(photo.id, { done, controller });
    this.#places.onChange();
  }

  /** What fails here is the store's: then the photo still waits. */
  async #read(id: string, signal: AbortSignal, isAwaited: boolean): Promise<void> {
    const { photos, settle } = this.#places;
    const photo = await photos.begin(id);
    if (photo === null) return;
    if (photo.attempts > MAX_ATTEMPTS) {
      await photos.fail(id, 'worker-died');
      return;
    }
    let finished: FinishedPhoto;
    try {
      const file = await this.#places.open(photo);
      if (file === null) {
        await photos.lose(id);
        return;
      }
      if (await this.#hasChanged(photo, file)) return;
      const hash = await this.#places.hash(file);
      // Its copy may be read at this moment.
      await this.#twinEnds(id, `${photo.eventId} ${hash}`);
      const same = await photos.sameFile(photo.eventId, hash);
      if (same !== null && same !== id) {
        await photos.skip(id, same);
        return;
      }
      finished = await this.#places.read(photo, file, { signal, isAwaited });
    } catch (caught) {
      await this.#failed(photo, signal.aborted ? new AppError('cancelled', 'stopped', { cause: caught }) : toAppError(caught));
      return;
    }
    try {
      await photos.finish(id, finished, settle);
    } catch (caught) {
      await photos.putBack(id).catch(() => {});
      throw caught;
    }
    this.#failuresInARow = 0;
    this.#count();
  }

  async #twinEnds(id: string, file: string): Promise<void> {
    const twin = this.#files.get(file);
    this.#files.set(file, id);
    if (twin !== undefined) await this.#running.get(twin)?.done;
  }

  async #failed(photo: RacePhoto, error: AppError): Promise<void> {
    const { photos } = this.#places;
    if (error.code === 'cancelled') return photos.putBack(photo.id);
    if (error.code === 'permission-denied') {
      await photos.putBack(photo.id);
      this.#places.lost(photo.sourceId, error);
      return;
    }
    if (error.code === 'quota-exceeded' || ENGINE_LACKS.has(error.code)) {
      await photos.putBack(photo.id);
      throw error;
    }
    // The file may have changed or gone while it was read; then it is not the photo's fault.
    if (await this.#isAnother(photo)) return;
    if (MAY_WORK_LATER.has(error.code)) {
      this.#failuresInARow += 1;
      if (this.#failuresInARow >= TOO_MANY_FAILURES) {
        await photos.putBack(photo.id);
        throw error;
      }
      // It goes to the end of the queue by itself: it has begun before.
      if (photo.attempts < MAX_ATTEMPTS) return;
    } else this.#failuresInARow = 0;
    await photos.fail(photo.id, error.code);
    this.#count();
  }

  /** @returns true when there is nothing more to say of this file: it went, changed, or its source did. */
  async #isAnother(photo: RacePhoto): Promise<boolean> {
    try {
      const file = await this.#places.open(photo);
      if (file !== null) return await this.#hasChanged(photo, file);
      await this.#places.photos.lose(photo.id);
      return true;
    } catch (caught) {
      const error = toAppError(caught);
      // One file that cannot be opened is that file's affair.
      if (error.code !== 'permission-denied') return false;
      await this.#places.photos.putBack(photo.id);
      this.#places.lost(photo.sourceId, error);
      return true;
    }
  }

  /** A file that has changed waits again, as it is now. */
  async #hasChanged({ sourceId, path, sizeBytes, modifiedAtMs }: RacePhoto, file: File): Promise<boolean> {
    const now = { path, sizeBytes: file.size, modifiedAtMs: Math.max(0, Math.round(file.lastModified)) };
    if (now.sizeBytes === sizeBytes && now.modifiedAtMs === modifiedAtMs) return false;
    await this.#places.photos.add(sourceId, [now]);
    return true;
  }

  #count(): void {
    const now = this.#now();
    this.#ended = [...this.#ended.filter((atMs) => atMs > now - RATE_WINDOW_MS), now];
  }

  #isHalted(): boolean {
    return this.#state !== 'reading';
  }

  /** Nothing further is begun; what waits still waits. */
  #halt(error: AppError): void {
    if (error.code === 'cancelled') return;
    this.#set(error.code === 'quota-exceeded' ? 'full' : 'broken', error);
  }

  #set(state: QueueState, error: AppError | null): void {
    this.#state = state;
    this.#error = error;
    this.#places.onChange();
  }

  #now(): number {
    return this.#places.now?.() ?? Date.now();
  }
}
