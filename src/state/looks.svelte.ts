/** @file Looks of this visit, and the way back to those of the history. Thread: page. */
import type { LensSpec } from '../contracts/lens.ts';
import type { MediaRef } from '../contracts/media.ts';
import { Look } from './look.svelte.ts';
import { device } from './device.ts';
import { people } from './people.svelte.ts';

/** Photos of the last few looks stay at hand in full; older ones come back, downsized, from the history. */
const KEEP = 4;

class Looks {
  readonly #open = new Map<string, Look>();
  #queue: Promise<unknown> = Promise.resolve();
  #completed = $state(0);

  /** Counts looks that ended, for lists that show them. */
  get completed(): number {
    return this.#completed;
  }

  /**
   * Look at a photo. Returns at once; the look fills itself. Looks wait for each other, the newest answer is never delayed by more
   * than the one in progress.
   * @param label what the task tray calls it.
   */
  start(media: MediaRef, lens: LensSpec, label: string): Look {
    const look = new Look(media.blob, { id: media.id, lens, atMs: media.capturedAtMs, isRecalled: false });
    this.#hold(look);
    const work = this.#queue.then(() => look.run(media, label)).finally(() => (this.#completed += 1));
    this.#queue = work;
    return look;
  }

  /** Run a look again after it failed. */
  retry(look: Look, media: MediaRef, label: string): void {
    this.#queue = this.#queue.then(() => look.run(media, label)).finally(() => (this.#completed += 1));
  }

  /** @returns the look with this id, out of the history if need be; null when there is none. @throws AppError of the store */
  async get(id: string, lensOf: (lensId: string) => LensSpec): Promise<Look | null> {
    if (!people.isLoaded) await people.load();
    const open = this.#open.get(id);
    if (open !== undefined) return open;
    const entry = await device().history.get(id);
    if (entry === null) return null;
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
