/** @file Folders that are open are looked through for new photos, again and again; one look at a folder at a time. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import { walkPhotoFolder, watchFolder, type FolderFile } from '../../capture/photo-folder.ts';
import { toAppError, type AppError } from '../../contracts/errors.ts';
import { device } from '../device.ts';

/** What becomes of what is found. */
export interface RaceWatchingPlaces {
  /** Files that are new, or whose photos were found to be gone before. */
  found(sourceId: string, files: readonly FolderFile[]): Promise<void>;
  /** The folder cannot be opened any more. */
  lost(sourceId: string): void;
  /** It could not be looked through for a reason that may pass. */
  failed(error: AppError): void;
}

/** Folders are looked through again this often, or when the browser says that something changed. */
const LOOK_AGAIN_MS = 15_000;
const UNFINISHED_MS = 3_000;
const CHANGED_MS = 1_000;

/** A folder that is watched. */
interface WatchedFolder {
  readonly handle: FileSystemDirectoryHandle;
  stop: (() => void) | null;
  /** Paths that were noted; null until they were asked for. */
  known: Set<string> | null;
}

/** The folders that this page looks through. */
export class RaceWatching {
  readonly #places: RaceWatchingPlaces;
  readonly #folders = new Map<string, WatchedFolder>();
  /** Under way. */
  readonly #looks = new SvelteMap<string, Promise<void>>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(places: RaceWatchingPlaces) {
    this.#places = places;
  }

  /** Folders are looked through now. */
  get isLooking(): boolean {
    return this.#looks.size > 0;
  }

  /** From now on; what is in it is looked at with the next look. */
  async watch(sourceId: string, handle: FileSystemDirectoryHandle): Promise<void> {
    this.#folders.get(sourceId)?.stop?.();
    const folder: WatchedFolder = { handle, stop: null, known: null };
    this.#folders.set(sourceId, folder);
    folder.stop = await watchFolder(handle, () => this.#lookIn(sourceId, CHANGED_MS));
    // Closed meanwhile, or watched anew.
    if (this.#folders.get(sourceId) !== folder) folder.stop?.();
    else this.#lookIn(sourceId, LOOK_AGAIN_MS);
  }

  unwatch(sourceId: string): void {
    this.#folders.get(sourceId)?.stop?.();
    this.#folders.delete(sourceId);
    clearTimeout(this.#timers.get(sourceId));
    this.#timers.delete(sourceId);
  }

  /** Look through a folder now. Never rejects. */
  look(sourceId: string): Promise<void> {
    const before = this.#looks.get(sourceId);
    if (before !== undefined) return before;
    const look = this.#walk(sourceId).finally(() => this.#looks.delete(sourceId));
    this.#looks.set(sourceId, look);
    return look;
  }

  #lookIn(sourceId: string, ms: number): void {
    clearTimeout(this.#timers.get(sourceId));
    this.#timers.set(
      sourceId,
      setTimeout(() => void this.look(sourceId), ms),
    );
  }

  async #walk(sourceId: string): Promise<void> {
    const folder = this.#folders.get(sourceId);
    if (folder === undefined) return;
    const { racePhotos } = device();
    let next = LOOK_AGAIN_MS;
    try {
      folder.known ??= await racePhotos.paths(sourceId);
      const { known } = folder;
      const unsettled = await racePhotos.unsettledPaths(sourceId);
      const isKnown = (path: string): boolean => known.has(path) && !unsettled.has(path);
      for await (const { files, unfinished } of walkPhotoFolder(folder.handle, { isKnown })) {
        if (unfinished > 0) next = UNFINISHED_MS;
        if (files.length === 0) continue;
        await this.#places.found(sourceId, files);
        for (const { path } of files) known.add(path);
      }
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code === 'permission-denied' || error.code === 'invalid-input') {
        this.#places.lost(sourceId);
        return;
      }
      this.#places.failed(error);
    }
    if (this.#folders.has(sourceId)) this.#lookIn(sourceId, next);
  }
}
