/**
 * @file Photos of bays on their way: kept on disk before they are acknowledged, read one by one in the background, with progress, pause, cancel, and
 * taken up again after the app was closed in between. Thread: page.
 */
import { SvelteMap } from 'svelte/reactivity';
import { toAppError, type AppError } from '../../contracts/errors.ts';
import type { MediaRef } from '../../contracts/media.ts';
import type { ShelfAnalysis } from '../../contracts/shelf.ts';
import type { BayPhoto, Visit } from '../../contracts/visit.ts';
import { requestPersistence } from '../../store/quota.ts';
import { device } from '../device.ts';
import { engine } from '../engine.ts';
import { LookQueue, type Outcome, type Queued } from '../look-queue.ts';
import { keepSpeeds } from '../model-speeds.ts';
import { nameOfProduct } from '../product-name.ts';
import { livingTabs, showThatTabLives, tabId } from '../tab.ts';
import { tasks } from '../tasks.svelte.ts';
import { NameRefiner } from './name-refiner.ts';

/** A photo over which the page died this often is put aside instead of being tried again. */
const MAX_ATTEMPTS = 2;

/** A photo and the bay that it shows. */
export interface PhotoOfBay {
  readonly media: MediaRef;
  readonly bayId: string;
  /** Default `audit`. */
  readonly purpose?: BayPhoto['purpose'];
}

/** What became of photos that were handed over. */
export interface Handover {
  /** Ids of those that are on disk now, in order. */
  readonly kept: readonly string[];
  /** Those that are not; storage is full. They are not lost where they came from. */
  readonly refused: readonly PhotoOfBay[];
  readonly error: AppError | null;
}

interface QueuedBayPhoto extends Queued {
  readonly label: string;
}

class ShelfPhotos {
  #waiting = $state(0);
  #later = $state(0);
  #done = $state(0);
  #failed = $state(0);
  #total = $state(0);
  #isPaused = $state(false);
  #running = $state.raw<readonly string[]>([]);
  #changes = $state(0);
  #storeError = $state.raw<AppError | null>(null);
  /** Goes on where reading ends. */
  readonly refiner = new NameRefiner({ isBusy: () => this.isBusy, onChange: () => this.touch() });
  readonly #analyses = new SvelteMap<string, ShelfAnalysis>();
  readonly #controllers = new Map<string, AbortController>();
  /** Taken out by the user: they are not wanted any more, whatever their reading still says. */
  readonly #dropped = new Set<string>();
  #order = 0;
  #left: Promise<void> | null = null;
  readonly #queue: LookQueue<QueuedBayPhoto> = new LookQueue<QueuedBayPhoto>({
    run: (photo) => this.#run(photo),
    stop: (id) => {
      this.#dropped.add(id);
      this.#controllers.get(id)?.abort();
    },
    keep: () => Promise.resolve(),
    begin: (id) => device().waiting.begin(id),
    forget: (ids) => this.#forget(ids),
    onChange: () => this.#follow(),
  });

  /** Photos that nobody has begun to read. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Put aside: storage is full, a worker died, or the page died twice over them. {@link tryAgain} takes them up. */
  get later(): number {
    return this.#later;
  }

  /** Read since the queue was empty the last time. */
  get done(): number {
    return this.#done;
  }

  /** Of {@link done}: cannot be read. */
  get failed(): number {
    return this.#failed;
  }

  /** Handed over since the queue was empty the last time. */
  get total(): number {
    return this.#total;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Ids of the photos that are read now. */
  get running(): readonly string[] {
    return this.#running;
  }

  get isBusy(): boolean {
    return this.#running.length > 0 || this.#waiting > 0;
  }

  /** Counts changes of photos on disk, for lists that show them. */
  get changes(): number {
    return this.#changes;
  }

  /** Why what was read could not be kept the last time; the photo itself still waits on disk. */
  get storeError(): AppError | null {
    return this.#storeError;
  }

  /** What is known so far of a photo that is read now; null for any other. */
  analysisOf(photoId: string): ShelfAnalysis | null {
    return this.#analyses.get(photoId) ?? null;
  }

  /**
   * Keep photos and read them. Resolves when each is on disk or refused, not when they are read. One photo is what somebody waits for; several are
   * a batch in the background.
   * @param label what the task tray calls each.
   */
  async add(visit: Visit, photos: readonly PhotoOfBay[], label: (index: number) => string): Promise<Handover> {
    showThatTabLives();
    // There is something to lose from here on: ask the browser to keep it.
    void requestPersistence();
    if (!this.isBusy) this.#total = this.#done = this.#failed = 0;
    const priority = photos.length === 1 ? 'interactive' : 'batch';
    const kept: string[] = [];
    for (const [index, { media, bayId, purpose = 'audit' }] of photos.entries()) {
      const photo: BayPhoto = {
        ...{ id: media.id, visitId: visit.id, shopId: visit.shopId, bayId, name: media.name.slice(-500), source: media.source },
        ...{ capturedAtMs: Math.max(0, Math.round(media.capturedAtMs)), addedAtMs: Date.now(), purpose },
        ...{ state: 'waiting', problem: null, widthPx: 0, heightPx: 0, readAtMs: null },
      };
      try {
        // One by one: a folder of photos in one transaction would be gigabytes, and the first may be read before the last is written.
        await device().bayPhotos.add(photo, media.blob, ++this.#order, tabId);
      } catch (caught) {
        return { kept, refused: photos.slice(index), error: toAppError(caught, 'bug', 'store') };
      }
      kept.push(media.id);
      this.#total += 1;
      this.#changes += 1;
      this.#queue.add([{ media, priority, label: label(index) }], true);
    }
    return { kept, refused: [], error: null };
  }

  /** Go on with what an earlier visit of the page left behind; once. @param label what the task tray calls each photo. */
  goOn(label: string): Promise<void> {
    this.#left ??= this.#takeOver(label).catch(() => {
      // The device's storage cannot be opened; the screens say so where it matters.
    });
    return this.#left;
  }

  /** Begin no further photo of the batch; the one that is read goes on. */
  pause(): void {
    this.#queue.pause();
  }

  resume(): void {
    this.#queue.resume();
  }

  /** The photos that were put aside, once more. */
  tryAgain(): void {
    this.#storeError = null;
    this.#queue.tryAgain();
  }

  /** Take out a photo that waits or is read; it leaves its visit. */
  cancel(photoId: string): void {
    this.#queue.cancel(photoId);
  }

  /** Take the whole batch out; what was read stays in its visit. */
  cancelAll(): void {
    this.#queue.cancelAll();
  }

  /** Something on disk changed beside the queue. */
  touch(): void {
    this.#changes += 1;
  }

  #follow(): void {
    this.#waiting = this.#queue.waiting;
    this.#later = this.#queue.later;
    this.#isPaused = this.#queue.isPaused;
    void this.refiner.go();
  }

  async #takeOver(label: string): Promise<void> {
    const { waiting, bayPhotos } = device();
    if ((await waiting.count('shelf')) === 0) return;
    showThatTabLives();
    const hopeful: QueuedBayPhoto[] = [];
    const doubtful: QueuedBayPhoto[] = [];
    for (const { attempts, id, blob, name, source, capturedAtMs } of await waiting.claim(tabId, await livingTabs(), 'shelf')) {
      // Its visit was deleted, or it failed for good just before the page went.
      if ((await bayPhotos.get(id))?.state !== 'waiting') await waiting.remove([id]);
      else
        (attempts < MAX_ATTEMPTS ? hopeful : doubtful).push({ media: { id, blob, name, source, capturedAtMs }, priority: 'batch', label });
    }
    this.#total += hopeful.length;
    this.#queue.addForLater(doubtful);
    this.#queue.add(hopeful, true);
  }

  async #run({ media, priority, label }: QueuedBayPhoto): Promise<Outcome> {
    const { id, blob } = media;
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    this.#running = [...this.#running, id];
    try {
      const photo = await device().bayPhotos.get(id);
      if (photo === null) return 'done';
      await tasks.run(
        label,
        async ({ signal, onProgress }) => {
          const [{ pipeline }, { readBayPhoto }, { summariseBay }] = await Promise.all([
            engine(),
            import('../../flow/read-bay-photo.ts'),
            import('../../flow/summarise-bay.ts'),
          ]);
          const { bayPhotos, shops } = device();
          const { bayId, visitId, shopId } = photo;
          await readBayPhoto(photo, blob, pipeline, bayPhotos, {
            ...{ signal, priority, heights: (await shops.bay(bayId))?.heights ?? null },
            onUpdate: (analysis) => {
              this.#analyses.set(id, analysis);
              if (analysis.progress !== null) onProgress(analysis.progress);
            },
          });
          await summariseBay({ id: visitId, shopId }, bayId, device(), nameOfProduct);
          keepSpeeds(await pipeline.vision.modelStatus());
        },
        controller.signal,
      );
      this.#done += 1;
      this.#storeError = null;
      this.refiner.want({ photoId: id, mayAsk: true });
      return 'done';
    } catch (caught) {
      return await this.#outcomeOf(id, toAppError(caught));
    } finally {
      this.#dropped.delete(id);
      this.#controllers.delete(id);
      this.#analyses.delete(id);
      this.#running = this.#running.filter((each) => each !== id);
      this.#changes += 1;
      void this.refiner.go();
    }
  }

  async #outcomeOf(id: string, error: AppError): Promise<Outcome> {
    if (this.#dropped.has(id)) return 'done';
    if (error.code === 'quota-exceeded') {
      this.#storeError = error;
      return 'stuck';
    }
    // Stopped in the task tray: the photo stays in its visit, and waits.
    if (error.code === 'cancelled' || error.retryable) return 'later';
    this.#done += 1;
    this.#failed += 1;
    await device()
      .bayPhotos.fail(id, error.code)
      .catch(() => {});
    return 'done';
  }

  /** Answered, or not wanted any more: then it leaves its visit, too. */
  async #forget(ids: readonly string[]): Promise<void> {
    const { bayPhotos, waiting } = device();
    for (const id of ids) {
      if ((await bayPhotos.get(id))?.state === 'waiting') {
        await bayPhotos.remove(id);
        this.#total -= 1;
      } else await waiting.remove([id]);
    }
    this.#changes += 1;
  }
}

/** The photos of bays that are on their way on this page. */
export const shelfPhotos = new ShelfPhotos();
