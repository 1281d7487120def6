/** @file Where photos of races lie, and what of it can be opened now: folders that the browser allows, files that were picked. Thread: page. */
import { SvelteMap } from 'svelte/reactivity';
import { askForFolder, openPhoto, reachOf } from '../../capture/photo-folder.ts';
import { AppError, toAppError } from '../../contracts/errors.ts';
import type { PhotoSource, RacePhoto, SourceReach } from '../../contracts/race.ts';
import { device } from '../device.ts';

/** Who is told about folders. */
export interface RaceSourcesPlaces {
  /** A folder is open from now on. */
  watch(sourceId: string, handle: FileSystemDirectoryHandle): Promise<void>;
  /** It is not any more, or not wanted. */
  unwatch(sourceId: string): void;
  /** A folder that was away for long is back: look what is in it. */
  look(sourceId: string): Promise<void>;
  /** Photos that waited for their source can be read. */
  start(): void;
  /** Screens show something else now. */
  touch(): void;
}

/** A folder that is away is asked for again this often. */
const KNOCK_MS = 15_000;

/** Sources of the races that are on their way on this page. */
export class RaceSources {
  readonly #places: RaceSourcesPlaces;
  readonly #reach = new SvelteMap<string, SourceReach>();
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();
  readonly #files = new Map<string, ReadonlyMap<string, File>>();
  readonly #knocks = new Map<string, ReturnType<typeof setTimeout>>();
  /** Sources by event; the event that is looked at first. */
  #events = new Map<string, readonly string[]>();

  constructor(places: RaceSourcesPlaces) {
    this.#places = places;
  }

  /** Whether files of a source can be opened now. */
  reachOf(sourceId: string): SourceReach {
    return this.#reach.get(sourceId) ?? 'absent';
  }

  isOpen(sourceId: string): boolean {
    return this.reachOf(sourceId) === 'open';
  }

  isOpenFolder(sourceId: string): boolean {
    return this.#folders.has(sourceId);
  }

  /** Sources of an event, as far as they are known here. */
  ofEvent(eventId: string): readonly string[] {
    return this.#events.get(eventId) ?? [];
  }

  /** Open ones, event by event, those of the event that is looked at first. */
  openOnes(): readonly (readonly string[])[] {
    return [...this.#events.values()].map((ids) => ids.filter((id) => this.isOpen(id)));
  }

  /** The source that this folder is already. */
  async of(eventId: string, handle: FileSystemDirectoryHandle): Promise<PhotoSource | null> {
    const { photoSources } = device();
    for (const source of await photoSources.ofEvent(eventId)) {
      const known = await photoSources.handle(source.id);
      if (known !== null && (await handle.isSameEntry(known).catch(() => false))) return source;
    }
    return null;
  }

  /** Photos of these events come before those of others. */
  prefer(eventIds: readonly string[]): void {
    this.#events = new Map([...[...this.#events].filter(([id]) => eventIds.includes(id)), ...this.#events]);
  }

  /** Open what can be opened without asking. */
  async open(eventId: string): Promise<void> {
    const { photoSources } = device();
    const sources = await photoSources.ofEvent(eventId);
    this.#events.set(
      eventId,
      sources.map(({ id }) => id),
    );
    for (const { id, kind } of sources) {
      if (this.isOpen(id)) continue;
      const handle = kind === 'folder' ? await photoSources.handle(id) : null;
      const reach = handle === null ? (this.#files.has(id) ? 'open' : 'absent') : await reachOf(handle);
      this.#reach.set(id, reach);
      if (handle !== null && reach === 'open') await this.#openFolder(id, handle);
    }
  }

  /** A folder that the user chose just now. */
  async addFolder({ id, eventId }: PhotoSource, handle: FileSystemDirectoryHandle): Promise<void> {
    this.#note(eventId, id);
    await this.#openFolder(id, handle);
  }

  /** Files that were picked stay open until the page goes. @param files by path */
  addFiles({ id, eventId }: PhotoSource, files: ReadonlyMap<string, File>): void {
    this.#files.set(id, files);
    this.#reach.set(id, 'open');
    this.#note(eventId, id);
  }

  /** Ask the user for a folder again. Call it in a click. @returns whether it can be opened now */
  async ask(sourceId: string): Promise<boolean> {
    const handle = this.#folders.get(sourceId) ?? (await device().photoSources.handle(sourceId));
    if (handle === null) return false;
    const reach = await askForFolder(handle);
    this.#reach.set(sourceId, reach);
    if (reach !== 'open') return false;
    await this.#openFolder(sourceId, handle);
    return true;
  }

  /** It goes, or everything in it was found elsewhere. */
  close(sourceId: string): void {
    this.#places.unwatch(sourceId);
    this.#folders.delete(sourceId);
    this.#files.delete(sourceId);
    this.#reach.delete(sourceId);
    this.#stopKnocking(sourceId);
  }

  /** A source goes from its event. */
  remove({ id, eventId }: PhotoSource): void {
    this.close(id);
    this.#events.set(
      eventId,
      this.ofEvent(eventId).filter((each) => each !== id),
    );
  }

  /** The event goes with all its sources. */
  forget(eventId: string): void {
    for (const id of this.ofEvent(eventId)) this.close(id);
    this.#events.delete(eventId);
  }

  /** A source that could be opened cannot be any more: its photos wait until it can. */
  lose(sourceId: string): void {
    // Two photos of it may be under way: the first one has told, and what is known since must stay.
    if (!this.isOpen(sourceId)) return;
    const handle = this.#folders.get(sourceId);
    this.#reach.set(sourceId, 'absent');
    if (handle === undefined) return;
    this.#places.unwatch(sourceId);
    this.#folders.delete(sourceId);
    void reachOf(handle).then((reach) => {
      if (this.#folders.has(sourceId)) return;
      // A card that is plugged in again is found by itself.
      if (reach === 'open') void this.#openFolder(sourceId, handle).then(() => this.#places.start());
      else this.#reach.set(sourceId, reach);
      if (reach === 'absent') this.#knock(sourceId, handle);
    });
    this.#places.touch();
  }

  /**
   * @returns null when the file is not there.
   * @throws AppError('permission-denied') when the whole source is out of reach, `decode-unsupported` when this file alone may not be read
   */
  async file({ sourceId, path }: RacePhoto): Promise<File | null> {
    const file = this.#files.get(sourceId)?.get(path);
    if (file !== undefined) return file;
    const folder = this.#folders.get(sourceId);
    const outOfReach = (): AppError => new AppError('permission-denied', 'the source cannot be opened now', { stage: 'capture' });
    if (folder === undefined) throw outOfReach();
    // One file that is gone or locked is one thing, a card that was pulled out another.
    const isThere = async (): Promise<boolean> => (await reachOf(folder)) === 'open';
    try {
      const opened = await openPhoto(folder, path);
      if (opened === null && !(await isThere())) throw outOfReach();
      return opened;
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'permission-denied' || !(await isThere())) throw error;
      throw new AppError('decode-unsupported', 'the file may not be read', { cause: caught, stage: 'capture' });
    }
  }

  #note(eventId: string, sourceId: string): void {
    this.#events.set(eventId, [...this.ofEvent(eventId).filter((id) => id !== sourceId), sourceId]);
  }

  async #openFolder(sourceId: string, handle: FileSystemDirectoryHandle): Promise<void> {
    this.#stopKnocking(sourceId);
    this.#folders.set(sourceId, handle);
    this.#reach.set(sourceId, 'open');
    await this.#places.watch(sourceId, handle);
  }

  #stopKnocking(sourceId: string): void {
    clearTimeout(this.#knocks.get(sourceId));
    this.#knocks.delete(sourceId);
  }

  #knock(sourceId: string, handle: FileSystemDirectoryHandle): void {
    this.#knocks.set(
      sourceId,
      setTimeout(() => {
        void reachOf(handle).then(async (reach) => {
          if (this.#folders.has(sourceId) || !this.#reach.has(sourceId)) return;
          this.#reach.set(sourceId, reach);
          if (reach === 'absent') this.#knock(sourceId, handle);
          if (reach !== 'open') return;
          await this.#openFolder(sourceId, handle);
          await this.#places.look(sourceId);
          this.#places.start();
        });
      }, KNOCK_MS),
    );
  }
}
