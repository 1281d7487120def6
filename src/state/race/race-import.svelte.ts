/**
 * @file Photos of races on their way: what is handed over is noted, and read by the queue. Everything is on disk; a page that dies is taken up by the
 * next one, and one tab works at a time. Thread: page.
 */
import { droppedPhotos, pickedPhotos, type PickedPhoto } from '../../capture/photo-files.ts';
import { canPickFolders, pickFolder } from '../../capture/photo-folder.ts';
import { AppError, toAppError } from '../../contracts/errors.ts';
import type { PhotoSource, SourceReach } from '../../contracts/race.ts';
import { requestPersistence } from '../../store/quota.ts';
import type { FoundFile } from '../../store/race-photos.ts';
import { device } from '../device.ts';
import { RaceReading, type ImportState } from './race-reading.svelte.ts';
import { RaceSources } from './race-sources.ts';
import { RaceWatching } from './race-watching.ts';

/** What became of photos that were handed over. */
export interface Handed {
  /** Photos that wait to be read now. */
  readonly wanted: number;
  /** The same file is there already. */
  readonly duplicates: number;
}

/** Files that are noted at once. */
const CHUNK = 200;

class RaceImport {
  readonly #sources = new RaceSources({
    watch: (id, handle) => this.#watching.watch(id, handle),
    unwatch: (id) => this.#watching.unwatch(id),
    look: (id) => this.#watching.look(id),
    start: () => this.#reading.start(),
    touch: () => this.touch(),
  });
  readonly #watching = new RaceWatching({
    found: (id, files) => this.#noteFound(id, files),
    lost: (id) => this.#sources.lose(id),
    failed: (error) => this.#reading.fail(error),
  });
  readonly #reading = new RaceReading({
    sources: () => this.#sources.openOnes(),
    open: (photo) => this.#sources.file(photo),
    lost: (id) => this.#sources.lose(id),
  });

  /** What happens now. */
  get state(): ImportState {
    return this.#reading.state;
  }

  /** Why it is `full` or `broken`, or why the last folder could not be looked through. */
  get error(): AppError | null {
    return this.#reading.error;
  }

  /** Over the last minute; null until it can be told. */
  get photosPerSecond(): number | null {
    return this.#reading.photosPerSecond;
  }

  /** Ids of the photos that are read now. */
  get running(): readonly string[] {
    return this.#reading.running;
  }

  /** False: this browser remembers no folder; files have to be picked, and again after a reload. */
  get canPickFolders(): boolean {
    return canPickFolders();
  }

  /** Folders are looked through. */
  get isScanning(): boolean {
    return this.#watching.isLooking;
  }

  /** Counts changes of what is on disk, once a second at most: screens load again when it does. */
  get changes(): number {
    return this.#reading.changes;
  }

  /** Time until `waiting` photos are read; null until it can be told. */
  leftMs(waiting: number): number | null {
    const rate = this.photosPerSecond;
    return rate === null || rate === 0 ? null : (waiting / rate) * 1000;
  }

  /** Whether files of a source can be opened now. */
  reachOf(sourceId: string): SourceReach {
    return this.#sources.reachOf(sourceId);
  }

  /** What the task tray calls reading. */
  nameTask(label: () => string): void {
    this.#reading.task.name(label);
  }

  /**
   * Take up a race and its parts, where the browser still allows its folders: they are looked through and watched for new photos, and what waits is
   * read. Its photos come before those of other races.
   */
  async open(eventId: string): Promise<void> {
    const family = (await device().raceEvents.family(eventId)).map(({ id }) => id);
    for (const id of family) await this.#sources.open(id);
    this.#sources.prefer(family);
    for (const sourceId of family.flatMap((id) => this.#sources.ofEvent(id)))
      if (this.#sources.isOpenFolder(sourceId)) void this.#watching.look(sourceId);
    this.#reading.start();
  }

  /** What earlier visits of the page left behind, in all races. Asks nobody for anything. */
  async goOn(): Promise<void> {
    const { raceEvents } = device();
    for (const { id } of await raceEvents.list()) if ((await raceEvents.counts(id)).photos.waiting > 0) await this.#sources.open(id);
    this.#reading.start();
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
    const source = (await this.#sources.of(eventId, folder)) ?? newSource(eventId, folder.name, 'folder', photographer);
    await photoSources.put(source, folder);
    await this.#sources.addFolder(source, folder);
    await this.#watching.look(source.id);
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
    if (!(await this.#sources.ask(sourceId))) return false;
    void this.#watching.look(sourceId);
    this.#reading.start();
    return true;
  }

  /** Look through the folders of a race for new photos now. */
  async lookAgain(eventId: string): Promise<void> {
    for (const sourceId of this.#sources.ofEvent(eventId)) await this.#watching.look(sourceId);
  }

  /** Begin no further photo; those that are read go on. */
  pause(): void {
    this.#reading.pause();
  }

  /** After a pause, or once there is room again. */
  resume(): void {
    this.#reading.resume();
  }

  /** Photos of a race that wait are not wanted. Those that were read stay. */
  async cancel(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'waiting', 'skipped');
    await this.#reading.stop();
    // Those that were just read were waiting a moment ago.
    await device().racePhotos.changeAll(eventId, 'waiting', 'skipped');
    this.touch();
  }

  /** Those that were not wanted are, after all; copies stay aside. */
  async restore(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'skipped', 'waiting');
    this.#reading.start();
    this.touch();
  }

  /** Those that could not be read, once more. */
  async retryFailed(eventId: string): Promise<void> {
    await device().racePhotos.changeAll(eventId, 'failed', 'waiting');
    await device().racePhotos.changeAll(eventId, 'gone', 'waiting');
    this.#reading.start();
    this.touch();
  }

  /** One photo once more, e.g. after the start list changed; what the user said about it stays. */
  async readAgain(photoId: string): Promise<void> {
    await device().racePhotos.want(photoId);
    this.prefer([photoId]);
    this.#reading.start();
    this.touch();
  }

  /** Somebody looks at these: they are read before all others. */
  prefer(photoIds: readonly string[]): void {
    this.#reading.prefer(photoIds);
  }

  /** The source with its photos and all that was made of them. */
  async removeSource(source: PhotoSource): Promise<void> {
    this.#sources.remove(source);
    await this.#reading.stop();
    await device().racePhotos.removeSource(source.id);
    this.#reading.start();
    this.touch();
  }

  /** A race goes: nothing of it is read any more. Call it before it is removed. */
  async forget(eventId: string): Promise<void> {
    this.#sources.forget(eventId);
    await this.#reading.stop();
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
        await this.#sources.open(each.eventId);
        const file = await this.#sources.file(each);
        if (file !== null) return file;
      } catch (caught) {
        reason = toAppError(caught);
      }
    }
    throw reason;
  }

  /** Something on disk changed beside the queue. */
  touch(): void {
    this.#reading.touch();
  }

  /** Files that a look at a folder found. */
  async #noteFound(sourceId: string, files: readonly FoundFile[]): Promise<void> {
    const { racePhotos, photoSources } = device();
    const { wanted, moved } = await racePhotos.add(sourceId, files, (id) => this.#sources.isOpen(id));
    if (wanted.length > 0) this.#reading.start();
    if (wanted.length > 0 || moved > 0) this.touch();
    const source = moved > 0 ? await photoSources.get(sourceId) : null;
    if (source !== null) await this.#dropEmptySources(source.eventId, source);
  }

  async #addPicked(eventId: string, photos: readonly PickedPhoto[], photographer: string): Promise<Handed> {
    if (photos.length === 0) return { wanted: 0, duplicates: 0 };
    void requestPersistence();
    await this.#sources.open(eventId);
    const { photoSources, racePhotos } = device();
    const folder = photos[0]!.path.split('/');
    const name = folder.length > 1 && photos.every(({ path }) => path.startsWith(`${folder[0]!}/`)) ? folder[0]! : photos[0]!.file.name;
    const source = newSource(eventId, name, 'files', photographer);
    await photoSources.put(source);
    this.#sources.addFiles(source, new Map(photos.map(({ path, file }) => [path, file])));
    let [wanted, duplicates] = [0, 0];
    for (let at = 0; at < photos.length; at += CHUNK) {
      const found = photos.slice(at, at + CHUNK).map(({ path, file, besides }) => ({
        ...{ path, sizeBytes: file.size, modifiedAtMs: Math.max(0, Math.round(file.lastModified)) },
        ...(besides === undefined ? {} : { besides }),
      }));
      const findings = await racePhotos.add(source.id, found, (id) => this.#sources.isOpen(id));
      wanted += findings.wanted.length;
      duplicates += findings.duplicates;
      this.#reading.start();
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
      if (source.id === found.id || this.#sources.isOpen(source.id)) continue;
      const { photos } = await raceEvents.counts(source.id);
      if (Object.values(photos).some((count) => count > 0)) continue;
      photographer = photographer === '' ? source.photographer : photographer;
      this.#sources.close(source.id);
      await racePhotos.removeSource(source.id);
    }
    if (photographer !== found.photographer) await photoSources.put({ ...found, photographer });
    this.touch();
  }
}

function newSource(eventId: string, name: string, kind: PhotoSource['kind'], photographer: string): PhotoSource {
  return { id: crypto.randomUUID(), eventId, name: name.trim().slice(0, 200) || '–', kind, photographer, addedAtMs: Date.now() };
}

/** The photos of races that are on their way on this page. */
export const raceImport = new RaceImport();
