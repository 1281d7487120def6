/**
 * @file Photos of races on their way: where they lie, what can be opened now, and the queue that reads them. Everything is on disk; a page that
 * dies is taken up by the next one, and one tab works at a time. Thread: page.
 */
import { SvelteMap } from 'svelte/reactivity';
import { droppedPhotos, pickedPhotos, type PickedPhoto } from '../../capture/photo-files.ts';
import { askForFolder, canPickFolders, openPhoto, pickFolder, reachOf, walkPhotoFolder, watchFolder } from '../../capture/photo-folder.ts';
import { AppError, toAppError } from '../../contracts/errors.ts';
import type { PhotoSource, RacePhoto, SourceReach } from '../../contracts/race.ts';
import { hasRoomFor, requestPersistence } from '../../store/quota.ts';
import { device } from '../device.ts';
import { RaceQueue, type QueueState } from './race-queue.ts';
import { hashOf, keepReadingSpeeds, readPhoto, SETTLE } from './race-reader.ts';
import { tasks } from '../tasks.svelte.ts';

/** `elsewhere`: another tab of the app reads; this one takes over when it ends. */
export type ImportState = QueueState | 'elsewhere';

/** What became of photos that were handed over. */
export interface Handed {
  /** Photos that wait to be read now. */
  readonly wanted: number;
  /** The same file is there already. */
  readonly duplicates: number;
}

const LOCK = 'mekiki-race-photos';
/** Folders are looked through again this often, or when the browser says that something changed. */
const LOOK_AGAIN_MS = 15_000;
const UNFINISHED_MS = 3_000;
const CHANGED_MS = 1_000;
/** A tab that has not begun by then waits for another. */
const ELSEWHERE_MS = 500;
/** Storage is full: is there room again? */
const ROOM_AGAIN_MS = 30_000;
const ROOM_BYTES = 20 << 20;
/** Files that are noted at once. */
const CHUNK = 200;
/** Screens follow no faster. */
const CHANGES_MS = 1_000;

/** A folder that is open. */
interface OpenFolder {
  readonly handle: FileSystemDirectoryHandle;
  stop: (() => void) | null;
  /** Paths that were noted; null until they were asked for. */
  known: Set<string> | null;
}

class RaceImport {
  #state = $state<ImportState>('idle');
  #error = $state.raw<AppError | null>(null);
  #photosPerSecond = $state<number | null>(null);
  #running = $state.raw<readonly string[]>([]);
  #changes = $state(0);
  #scanning = $state(0);
  readonly #reach = new SvelteMap<string, SourceReach>();
  readonly #folders = new Map<string, OpenFolder>();
  readonly #files = new Map<string, Map<string, File>>();
  /** Sources by event; the event that is looked at first. */
  #events = new Map<string, readonly string[]>();
  readonly #scans = new Map<string, Promise<void>>();
  readonly #scanTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #queue: RaceQueue | null = null;
  #lock: 'none' | 'asked' | 'held' = 'none';
  #askedAtMs = 0;
  #isTouched = false;
  #taskLabel: (() => string) | null = null;
  #taskEnds: (() => void) | null = null;
  #taskProgress: ((done: number, waiting: number) => void) | null = null;
  #done = 0;

  /** What happens now. */
  get state(): ImportState {
    return this.#state;
  }

  /** Why it is `full` or `broken`, or why the last folder could not be looked through. */
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

  /** False: this browser remembers no folder; files have to be picked, and again after a reload. */
  get canPickFolders(): boolean {
    return canPickFolders();
  }

  /** Folders are looked through. */
  get isScanning(): boolean {
    return this.#scanning > 0;
  }

  /** Counts changes of what is on disk, once a second at most: screens load again when it does. */
  get changes(): number {
    return this.#changes;
  }

  /** Time until `waiting` photos are read; null until it can be told. */
  leftMs(waiting: number): number | null {
    return this.#photosPerSecond === null || this.#photosPerSecond === 0 ? null : (waiting / this.#photosPerSecond) * 1000;
  }

  /** Whether files of a source can be opened now. */
  reachOf(sourceId: string): SourceReach {
    return this.#reach.get(sourceId) ?? 'absent';
  }

  /** What the task tray calls reading. */
  nameTask(label: () => string): void {
    this.#taskLabel = label;
  }

  /**
   * Take up a race and its parts, where the browser still allows its folders: they are looked through and watched for new photos, and what waits is
   * read. Its photos come before those of other races.
   */
  async open(eventId: string): Promise<void> {
    const family = await device().raceEvents.family(eventId);
    for (const { id } of family) await this.#openSources(id);
    this.#events = new Map([...[...this.#events].filter(([id]) => family.some((each) => each.id === id)), ...this.#events]);
    for (const { id } of family)
      for (const sourceId of this.#events.get(id) ?? []) if (this.#folders.has(sourceId)) void this.#scan(sourceId);
    this.#start();
  }

  /** What earlier visits of the page left behind, in all races. Asks nobody for anything. */
  async goOn(): Promise<void> {
    const { raceEvents } = device();
    for (const { id } of await raceEvents.list()) if ((await raceEvents.counts(id)).photos.waiting > 0) await this.#openSources(id);
    this.#start();
  }

  /**
   * A folder, its photos now and those that come. Call it in a click: the browser asks the user.
   * @param handle of a folder that is in hand already, e.g. dropped. @returns the source; null when the user chose none
   */
  async addFolder(eventId: string, photographer = '', handle?: FileSystemDirectoryHandle): Promise<PhotoSource | null> {
    let folder = handle;
    try {
      folder ??= await pickFolder();
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code === 'cancelled') return null;
      throw error;
    }
    void requestPersistence();
    const { photoSources } = device();
    let source = await this.#sourceOf(eventId, folder);
    if (source === null) {
      source = newSource(eventId, folder.name, 'folder', photographer);
      await photoSources.put(source, folder);
    } else await photoSources.put(source, folder);
    this.#note(eventId, source.id);
    await this.#openFolder(source.id, folder);
    await this.#scan(source.id);
    return source;
  }

  /**
   * Files that were picked; after a reload they have to be picked again, and are known by name, size and time.
   * @throws AppError('quota-exceeded'); what was noted until then stays
   */
  async addFiles(eventId: string, files: Iterable<File>, photographer = ''): Promise<Handed> {
    return this.#addPicked(eventId, pickedPhotos(files), photographer);
  }

  /** What was dropped: folders stay open as far as the browser can, files do until the page goes. Call it in the event itself. */
  async addDrop(eventId: string, transfer: DataTransfer, photographer = ''): Promise<Handed> {
    const { folders, photos } = await droppedPhotos(transfer);
    for (const folder of folders) await this.addFolder(eventId, photographer, folder);
    return photos.length === 0 ? { wanted: 0, duplicates: 0 } : this.#addPicked(eventId, photos, photographer);
  }

  /** Ask the user for a folder again. Call it in a click. @returns whether it can be opened now */
  async allow(sourceId: string): Promise<boolean> {
    const handle = this.#folders.get(sourceId)?.handle ?? (await device().photoSources.handle(sourceId));
    if (handle === null) return false;
    const reach = await askForFolder(handle);
    this.#reach.set(sourceId, reach);
    if (reach !== 'open') return false;
    await this.#openFolder(sourceId, handle);
    void this.#scan(sourceId);
    this.#start();
    return true;
  }

  /** Look through the folders of a race for new photos now. */
  async lookAgain(eventId: string): Promise<void> {
    for (const sourceId of this.#events.get(eventId) ?? []) await this.#scan(sourceId);
  }

  /** Begin no further photo; those that are read go on. */
  pause(): void {
    this.#theQueue().pause();
  }

  /** After a pause, or once there is room again. */
  resume(): void {
    this.#error = null;
    this.#theQueue().resume();
    this.#start();
  }

  /** Photos of a race that wait are not wanted. Those that were read stay. */
  async cancel(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'waiting', 'skipped');
    await this.#queue?.stop();
    // Those that were just read were waiting a moment ago.
    await device().racePhotos.changeAll(eventId, 'waiting', 'skipped');
    this.touch();
  }

  /** Those that were not wanted are, after all; copies stay aside. */
  async restore(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'skipped', 'waiting');
    this.#start();
    this.touch();
  }

  /** Those that could not be read, once more. */
  async retryFailed(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'failed', 'waiting');
    await device().racePhotos.changeAll(eventId, 'gone', 'waiting');
    this.#start();
    this.touch();
  }

  /** One photo once more, e.g. after the start list changed; what the user said about it stays. */
  async readAgain(photoId: string): Promise<void> {
    await device().racePhotos.want(photoId);
    this.prefer([photoId]);
    this.#start();
    this.touch();
  }

  /** Somebody looks at these: they are read before all others. */
  prefer(photoIds: readonly string[]): void {
    this.#queue?.prefer(photoIds);
  }

  /** The source with its photos and all that was made of them. */
  async removeSource(source: PhotoSource): Promise<void> {
    this.#close(source.id);
    this.#events.set(
      source.eventId,
      (this.#events.get(source.eventId) ?? []).filter((id) => id !== source.id),
    );
    await this.#queue?.stop();
    await device().racePhotos.removeSource(source.id);
    this.#start();
    this.touch();
  }

  /** A race goes: nothing of it is read any more. Call it before it is removed. */
  async forget(eventId: string): Promise<void> {
    for (const id of this.#events.get(eventId) ?? []) this.#close(id);
    this.#events.delete(eventId);
    await this.#queue?.stop();
  }

  /**
   * The photo itself, with all its pixels.
   * @throws AppError('permission-denied') when its source is out of reach, `invalid-input` when the file is gone
   */
  async file(photoId: string): Promise<File> {
    const { racePhotos } = device();
    const photo = await racePhotos.get(photoId);
    let reason = new AppError('invalid-input', 'the photo is gone', { stage: 'capture' });
    if (photo === null) throw reason;
    for (const each of [photo, ...(await racePhotos.copiesOf(photoId))]) {
      try {
        await this.#openSources(each.eventId);
        const file = await this.#openFile(each);
        if (file !== null) return file;
      } catch (caught) {
        reason = toAppError(caught);
      }
    }
    throw reason;
  }

  /** Something on disk changed beside the queue. */
  touch(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    setTimeout(() => {
      this.#isTouched = false;
      this.#changes += 1;
      this.#photosPerSecond = this.#queue?.photosPerSecond ?? null;
    }, CHANGES_MS);
  }

  /** The source that this folder is already. */
  async #sourceOf(eventId: string, handle: FileSystemDirectoryHandle): Promise<PhotoSource | null> {
    const { photoSources } = device();
    for (const source of await photoSources.ofEvent(eventId)) {
      const known = await photoSources.handle(source.id);
      if (known !== null && (await handle.isSameEntry(known).catch(() => false))) return source;
    }
    return null;
  }

  async #addPicked(eventId: string, photos: readonly PickedPhoto[], photographer: string): Promise<Handed> {
    if (photos.length === 0) return { wanted: 0, duplicates: 0 };
    void requestPersistence();
    await this.#openSources(eventId);
    const { photoSources, racePhotos } = device();
    const folder = photos[0]!.path.split('/');
    const name = folder.length > 1 && photos.every(({ path }) => path.startsWith(`${folder[0]!}/`)) ? folder[0]! : photos[0]!.file.name;
    const source = newSource(eventId, name, 'files', photographer);
    await photoSources.put(source);
    this.#files.set(source.id, new Map(photos.map(({ path, file }) => [path, file])));
    this.#reach.set(source.id, 'open');
    this.#note(eventId, source.id);
    let [wanted, duplicates] = [0, 0];
    for (let at = 0; at < photos.length; at += CHUNK) {
      const found = photos.slice(at, at + CHUNK).map(({ path, file, besides }) => ({
        ...{ path, sizeBytes: file.size, modifiedAtMs: Math.max(0, Math.round(file.lastModified)) },
        ...(besides === undefined ? {} : { besides }),
      }));
      const findings = await racePhotos.add(source.id, found, (id) => this.reachOf(id) === 'open');
      wanted += findings.wanted.length;
      duplicates += findings.duplicates;
      this.#start();
      this.touch();
    }
    await this.#dropEmptySources(eventId, source);
    return { wanted, duplicates };
  }

  /** Sources whose photos were all found again somewhere else. */
  async #dropEmptySources(eventId: string, found: PhotoSource): Promise<void> {
    const { photoSources, raceEvents, racePhotos } = device();
    let { photographer } = found;
    for (const source of await photoSources.ofEvent(eventId)) {
      if (source.id === found.id || this.reachOf(source.id) === 'open') continue;
      const { photos } = await raceEvents.counts(source.id);
      if (Object.values(photos).some((count) => count > 0)) continue;
      photographer = photographer === '' ? source.photographer : photographer;
      this.#close(source.id);
      await racePhotos.removeSource(source.id);
    }
    if (photographer !== found.photographer) await photoSources.put({ ...found, photographer });
    this.touch();
  }

  /** Open what can be opened without asking. */
  async #openSources(eventId: string): Promise<void> {
    const { photoSources } = device();
    const sources = await photoSources.ofEvent(eventId);
    this.#events.set(
      eventId,
      sources.map(({ id }) => id),
    );
    for (const { id, kind } of sources) {
      if (this.reachOf(id) === 'open') continue;
      const handle = kind === 'folder' ? await photoSources.handle(id) : null;
      const reach = handle === null ? (this.#files.has(id) ? 'open' : 'absent') : await reachOf(handle);
      this.#reach.set(id, reach);
      if (handle !== null && reach === 'open') await this.#openFolder(id, handle);
    }
  }

  async #openFolder(sourceId: string, handle: FileSystemDirectoryHandle): Promise<void> {
    this.#folders.get(sourceId)?.stop?.();
    const folder: OpenFolder = { handle, stop: null, known: null };
    this.#folders.set(sourceId, folder);
    this.#reach.set(sourceId, 'open');
    folder.stop = await watchFolder(handle, () => this.#scanIn(sourceId, CHANGED_MS));
    this.#scanIn(sourceId, LOOK_AGAIN_MS);
  }

  #close(sourceId: string): void {
    this.#folders.get(sourceId)?.stop?.();
    this.#folders.delete(sourceId);
    this.#files.delete(sourceId);
    this.#reach.delete(sourceId);
    clearTimeout(this.#scanTimers.get(sourceId));
    this.#scanTimers.delete(sourceId);
  }

  #note(eventId: string, sourceId: string): void {
    const others = (this.#events.get(eventId) ?? []).filter((id) => id !== sourceId);
    this.#events.set(eventId, [...others, sourceId]);
  }

  #scanIn(sourceId: string, ms: number): void {
    clearTimeout(this.#scanTimers.get(sourceId));
    this.#scanTimers.set(
      sourceId,
      setTimeout(() => void this.#scan(sourceId), ms),
    );
  }

  /** Look through a folder; one look at a time. Never rejects. */
  #scan(sourceId: string): Promise<void> {
    const before = this.#scans.get(sourceId);
    if (before !== undefined) return before;
    this.#scanning += 1;
    const scan = this.#look(sourceId).finally(() => {
      this.#scans.delete(sourceId);
      this.#scanning -= 1;
    });
    this.#scans.set(sourceId, scan);
    return scan;
  }

  async #look(sourceId: string): Promise<void> {
    const folder = this.#folders.get(sourceId);
    if (folder === undefined) return;
    const { racePhotos, photoSources } = device();
    let next = LOOK_AGAIN_MS;
    try {
      folder.known ??= await racePhotos.paths(sourceId);
      const { known } = folder;
      const unsettled = await racePhotos.unsettledPaths(sourceId);
      const isKnown = (path: string): boolean => known.has(path) && !unsettled.has(path);
      for await (const { files, unfinished } of walkPhotoFolder(folder.handle, { isKnown })) {
        if (unfinished > 0) next = UNFINISHED_MS;
        if (files.length === 0) continue;
        const { wanted, moved } = await racePhotos.add(sourceId, files, (id) => this.reachOf(id) === 'open');
        for (const { path } of files) known.add(path);
        if (wanted.length > 0) this.#start();
        if (wanted.length > 0 || moved > 0) this.touch();
        const source = moved > 0 ? await photoSources.get(sourceId) : null;
        if (source !== null) await this.#dropEmptySources(source.eventId, source);
      }
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code === 'permission-denied' || error.code === 'invalid-input') {
        this.#lose(sourceId);
        return;
      }
      this.#error = error;
    }
    if (this.#folders.has(sourceId)) this.#scanIn(sourceId, next);
  }

  /** A source that could be opened cannot be any more: its photos wait until it can. */
  #lose(sourceId: string): void {
    const folder = this.#folders.get(sourceId);
    this.#reach.set(sourceId, 'absent');
    if (folder === undefined) return;
    folder.stop?.();
    this.#folders.delete(sourceId);
    clearTimeout(this.#scanTimers.get(sourceId));
    void reachOf(folder.handle).then((reach) => {
      if (this.#folders.has(sourceId)) return;
      // A card that is plugged in again is found by itself.
      if (reach === 'open') void this.#openFolder(sourceId, folder.handle).then(() => this.#start());
      else this.#reach.set(sourceId, reach);
      if (reach === 'absent') this.#knock(sourceId, folder.handle);
    });
    this.touch();
  }

  #knock(sourceId: string, handle: FileSystemDirectoryHandle): void {
    this.#scanTimers.set(
      sourceId,
      setTimeout(() => {
        void reachOf(handle).then(async (reach) => {
          if (this.#folders.has(sourceId) || !this.#reach.has(sourceId)) return;
          this.#reach.set(sourceId, reach);
          if (reach === 'absent') this.#knock(sourceId, handle);
          if (reach !== 'open') return;
          await this.#openFolder(sourceId, handle);
          await this.#scan(sourceId);
          this.#start();
        });
      }, LOOK_AGAIN_MS),
    );
  }

  async #openFile({ sourceId, path }: RacePhoto): Promise<File | null> {
    const file = this.#files.get(sourceId)?.get(path);
    if (file !== undefined) return file;
    const folder = this.#folders.get(sourceId);
    const outOfReach = (): AppError => new AppError('permission-denied', 'the source cannot be opened now', { stage: 'capture' });
    if (folder === undefined) throw outOfReach();
    // One file that is gone or locked is one thing, a card that was pulled out another.
    const isThere = async (): Promise<boolean> => (await reachOf(folder.handle)) === 'open';
    try {
      const opened = await openPhoto(folder.handle, path);
      if (opened === null && !(await isThere())) throw outOfReach();
      return opened;
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'permission-denied' || !(await isThere())) throw error;
      throw new AppError('decode-unsupported', 'the file may not be read', { cause: caught, stage: 'capture' });
    }
  }

  #theQueue(): RaceQueue {
    this.#queue ??= new RaceQueue({
      photos: device().racePhotos,
      settle: SETTLE,
      sources: () => [...this.#events.values()].map((ids) => ids.filter((id) => this.reachOf(id) === 'open')),
      open: (photo) => this.#openFile(photo),
      hash: hashOf,
      read: readPhoto,
      lost: (sourceId) => this.#lose(sourceId),
      onChange: () => this.#follow(),
    });
    return this.#queue;
  }

  /** Read what waits, unless another tab does: then as soon as it has ended. */
  #start(): void {
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

  async #work(queue: RaceQueue): Promise<void> {
    queue.start();
    this.#done = 0;
    await queue.settled();
    this.#taskEnds?.();
    if (this.#done > 0) await keepReadingSpeeds().catch(() => {});
    if (queue.state === 'full') setTimeout(() => void this.#whenThereIsRoom(), ROOM_AGAIN_MS);
  }

  async #whenThereIsRoom(): Promise<void> {
    if (this.#state !== 'full') return;
    if (await hasRoomFor(ROOM_BYTES)) this.#start();
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
    if (queue.running.length > 0) this.#showTask();
    if (ended > 0) void this.#reportTask();
    this.touch();
  }

  /** One row of the task tray for all of it. */
  #showTask(): void {
    if (this.#taskEnds !== null || this.#taskLabel === null) return;
    tasks
      .run(this.#taskLabel(), async ({ signal, onProgress }) => {
        signal.addEventListener('abort', () => this.pause());
        this.#taskProgress = (done, waiting) => onProgress({ stage: 'read', done, total: done + waiting, unit: 'items' });
        await new Promise<void>((resolve) => (this.#taskEnds = resolve));
      })
      .catch(() => {})
      .finally(() => {
        this.#taskEnds = null;
        this.#taskProgress = null;
      });
  }

  async #reportTask(): Promise<void> {
    if (this.#taskProgress === null) return;
    const sources = [...this.#events.values()].flat().filter((id) => this.reachOf(id) === 'open');
    this.#taskProgress(this.#done, await device().racePhotos.waiting(sources));
  }
}

function newSource(eventId: string, name: string, kind: PhotoSource['kind'], photographer: string): PhotoSource {
  return { id: crypto.randomUUID(), eventId, name: name.trim().slice(0, 200) || '–', kind, photographer, addedAtMs: Date.now() };
}

/** The photos of races that are on their way on this page. */
export const raceImport = new RaceImport();
