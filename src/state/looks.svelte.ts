/** @file Looks of this visit, and the way back to those of the history and to photos that still wait. Thread: page. */
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import type { LeftPhoto } from '../store/waiting.ts';
import { device } from './device.ts';
import { Look } from './look.svelte.ts';
import { LookQueue, type Outcome, type QueuedPhoto } from './look-queue.ts';
import { people } from './people.svelte.ts';
import { preferences } from './preferences.svelte.ts';
import { livingTabs, showThatTabLives, tabId } from './tab.ts';
import { waitingPhotos } from './waiting-photos.svelte.ts';

/** Photos of the last few looks stay at hand in full; older ones come back, downsized, from the history. */
const KEEP = 4;
/** A photo over which the page died this often is put aside instead of being tried again. */
const MAX_ATTEMPTS = 2;

type LensOf = (lensId: string) => LensSpec;

class Looks {
  readonly #open = new Map<string, Look>();
  #completed = $state(0);
  #left: Promise<void> | null = null;
  readonly #queue: LookQueue<QueuedPhoto> = new LookQueue<QueuedPhoto>({
    run: (photo) => this.#run(photo),
    stop: (id) => this.#open.get(id)?.cancel(),
    keep: async ({ media, lens }, order) => {
      // Who wants no results kept wants no photos kept either.
      if (!preferences.settings.keepHistory) return;
      showThatTabLives();
      const { id, blob, name, source, capturedAtMs } = media;
      await device().waiting.add([{ id, lensId: lens.id, blob, name, source, capturedAtMs, order }], tabId);
    },
    begin: (id) => device().waiting.begin(id),
    forget: (ids) => device().waiting.remove(ids),
    onChange: () => waitingPhotos.follow(this.#queue),
  });

  /** Counts looks that ended, for lists that show them. */
  get completed(): number {
    return this.#completed;
  }

  /**
   * Look at photos. Returns at once. One photo is what somebody waits for; several are a batch that goes one by one in the background and
   * gives way to single ones.
   * @param label what the task tray calls each.
   */
  start(photos: readonly MediaRef[], lens: LensSpec, label: (index: number) => string): void {
    const priority = photos.length === 1 ? 'interactive' : 'batch';
    this.#queue.add(photos.map((media, index): QueuedPhoto => ({ media, lens, label: label(index), priority })));
  }

  /** Go on with what an earlier visit left behind; once. @param label what the task tray calls each photo. */
  goOn(lensOf: LensOf, label: string): Promise<void> {
    this.#left ??= this.#takeOver(lensOf, label).catch(() => {
      // The device's storage cannot be opened; the screens say so where it matters.
    });
    return this.#left;
  }

  /** @returns the look with this id, out of the queue or the history if need be; null when there is none. @throws AppError of the store */
  async get(id: string, lensOf: LensOf, label: string): Promise<Look | null> {
    if (!people.isLoaded) await people.load();
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    await this.goOn(lensOf, label);
    const waiting = this.#queue.find(id);
    if (waiting !== null) return this.#lookOf(waiting);
    const entry = this.#open.has(id) ? null : await device().history.get(id);
    if (entry === null) return this.#open.get(id) ?? null;
    const look = new Look(entry.photo, { id, lens: lensOf(entry.lensId), atMs: entry.atMs, isRecalled: true });
    await look.fill(entry);
    this.#hold(look);
    return look;
  }

  /** After entries were deleted. */
  forget(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#open.get(id)?.dispose();
      this.#open.delete(id);
    }
  }

  async #takeOver(lensOf: LensOf, label: string): Promise<void> {
    const { waiting, history } = device();
    if ((await waiting.count('looks')) === 0) return;
    showThatTabLives();
    const left: LeftPhoto[] = [];
    for (const photo of await waiting.claim(tabId, await livingTabs(), 'looks')) {
      // Answered just before the page went.
      if ((await history.get(photo.id)) !== null) await waiting.remove([photo.id]);
      else left.push(photo);
    }
    const photos = left.map(({ attempts, lensId, id, blob, name, source, capturedAtMs }) => ({
      attempts,
      photo: { media: { id, blob, name, source, capturedAtMs }, lens: lensOf(lensId), label, priority: 'batch' } satisfies QueuedPhoto,
    }));
    const isHopeful = ({ attempts }: { attempts: number }): boolean => attempts < MAX_ATTEMPTS;
    this.#queue.addForLater(photos.filter((each) => !isHopeful(each)).map(({ photo }) => photo));
    this.#queue.add(
      photos.filter(isHopeful).map(({ photo }) => photo),
      true,
    );
  }

  async #run(photo: QueuedPhoto): Promise<Outcome> {
    const look = this.#lookOf(photo);
    await look.run(photo.media, photo.label, photo.priority);
    this.#completed += 1;
    if (look.error !== null) return look.error.code !== 'cancelled' && look.error.retryable ? 'later' : 'done';
    if (photo.priority === 'interactive') return 'done';
    // Nobody watches a batch: an answer that lost its worker half-way is not left at that.
    const hasLostWorker = Object.values(look.analysis.errors).some(({ code }) => code === 'worker-died');
    return look.storeError?.code === 'quota-exceeded' ? 'stuck' : hasLostWorker ? 'later' : 'done';
  }

  /** The look of a queued photo; made when it runs or is wanted on the screen. */
  #lookOf({ media, lens }: QueuedPhoto): Look {
    const open = this.#open.get(media.id);
    if (open !== undefined) return open;
    const look = new Look(media.blob, { id: media.id, lens, atMs: media.capturedAtMs, isRecalled: false });
    look.wait(() => this.#queue.cancel(media.id));
    this.#hold(look);
    return look;
  }

  #hold(look: Look): void {
    this.#open.set(look.id, look);
    for (const [id, old] of this.#open) {
      if (this.#open.size <= KEEP) break;
      if (old === look || old.isRunning) continue;
      old.dispose();
      this.#open.delete(id);
    }
  }
}

/** The looks of this page. */
export const looks = new Looks();
