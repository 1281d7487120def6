/**
 * @file Photos of a race: known before they are acknowledged, read in any order, each with all that was made of it in one step. What one photo
 * costs does not depend on how many there are. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import type { PhotoFaces, PhotoOutcome, RacePhoto, RacePhotoFacts, RacePhotoReading, SightingLooks } from '../contracts/race.ts';
import { keepUserAnswers } from '../core/race/keep-answers.ts';
import { transact, type Database, type RacePhotoRow } from './db.ts';
import { inPieces } from './in-pieces.ts';
import { cameraOf } from './race-events.ts';
import { keepFaces } from './race-faces.ts';
import { keepCounts, keepNumbers, putReadings, settleAround, type SettleAnswers } from './race-readings.ts';
import { emptyCounts, fileKeyOf, newPhotoRow, ofEvent, photoIdOf, startingWith, photoAtMs, Tally, withPhoto } from './race-rows.ts';

/** A file as its folder tells of it. */
export interface FoundFile {
  /** Below its source, `/` between folders. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Path of the JPEG that the camera wrote beside this raw file; absent: none. */
  readonly besides?: string;
}

/** What became of files that were found. */
export interface Findings {
  /** Ids of photos that are new, or whose file has changed. */
  readonly wanted: readonly string[];
  /** The same file is there already: from another card, or beside its JPEG. */
  readonly duplicates: number;
  /** Known before, as they are. */
  readonly known: number;
  /** Known from a source that is out of reach; they belong to this one now. */
  readonly moved: number;
}

/** What came out of reading a photo. */
export interface FinishedPhoto {
  readonly reading: RacePhotoReading;
  readonly looks: SightingLooks;
  /** About 320 px. */
  readonly thumbnail: Blob;
  readonly facts: RacePhotoFacts;
  /** Where the race is searched by selfie; kept only if it still is. Absent: nobody looked for faces. */
  readonly faces?: PhotoFaces;
}

/** Which photos of an event to show. */
export interface PhotoQuery {
  readonly state?: RacePhoto['state'];
  readonly outcome?: PhotoOutcome;
  readonly cameraId?: string;
  /** Only photos that are less sharp. */
  readonly belowSharpness01?: number;
}

/** A photo as a contact sheet shows it. */
export type PhotoTile = Pick<RacePhotoRow, 'id' | 'atMs' | 'outcome' | 'bibs' | 'photo'>;

/** Reading began this often and never ended: the photo is set aside. */
export const MAX_ATTEMPTS = 3;

/** Rows of one transaction where there may be thousands. */
const CHUNK = 500;

export interface RacePhotoStore {
  /**
   * Note files of a source; on disk when it resolves. At most a few hundred at once.
   * @param isReachable whether another source's files can be opened: a file that is known from one that is out of reach was found again, in another
   * place (a card that was plugged in again, files that were picked again); else it is a copy.
   * @throws AppError('quota-exceeded' | 'invalid-input'); none is noted then
   */
  add(sourceId: string, files: readonly FoundFile[], isReachable?: (sourceId: string) => boolean): Promise<Findings>;
  /** Paths of a source, read piece by piece: the page goes on in between. */
  paths(sourceId: string): Promise<Set<string>>;
  /** Paths of photos that failed or are gone: their files may have changed since. */
  unsettledPaths(sourceId: string): Promise<Set<string>>;
  get(id: string): Promise<RacePhoto | null>;
  tile(id: string): Promise<PhotoTile | null>;
  /** In the order of `ids`; those that are gone are left out. */
  tiles(ids: readonly string[]): Promise<PhotoTile[]>;
  /** Ids in the order in which photos were taken: light enough for all of a race. */
  ids(eventId: string, query?: PhotoQuery): Promise<string[]>;
  thumbnail(id: string): Promise<Blob | null>;
  /** Everything of an event, as it was found: for what is made of a whole race. */
  all(eventId: string): Promise<RacePhoto[]>;
  /** The next photos of these sources to read: none that began before, as long as there are others. */
  next(sourceIds: readonly string[], limit: number): Promise<RacePhoto[]>;
  /** Photos of these sources that wait. */
  waiting(sourceIds: readonly string[]): Promise<number>;
  /** Reading begins; written before it does, so that a photo that takes the tab down is known. @returns the photo; null when it does not wait */
  begin(id: string): Promise<RacePhoto | null>;
  /** Reading was stopped: it counts as if it had not begun. */
  putBack(id: string): Promise<void>;
  /** @param contentHash as `RacePhotoFacts` has it. @returns photo of the event that holds the same file; null: none was read yet */
  sameFile(eventId: string, contentHash: string): Promise<string | null>;
  /**
   * It was read: photo, camera, reading, looks, thumbnail, and what its neighbours say now, in one step.
   * @param settle sees the neighbours, see `race-readings.ts`
   * @returns false when it does not wait (any more): then nothing is written. @throws AppError('quota-exceeded')
   */
  finish(id: string, finished: FinishedPhoto, settle: SettleAnswers): Promise<boolean>;
  /** Photos with the same file, in other places. */
  copiesOf(id: string): Promise<RacePhoto[]>;
  /** It cannot be read; `problem` is a code of `contracts/errors.ts`. A copy of it waits then. */
  fail(id: string, problem: string): Promise<void>;
  /** Its file is not there. A copy of it waits then. */
  lose(id: string): Promise<void>;
  /** @param duplicateOf photo with the same file, or null: the user does not want it. */
  skip(id: string, duplicateOf: string | null): Promise<void>;
  /** It waits again, whatever it was. */
  want(id: string): Promise<void>;
  /** All photos of an event in a state become another, e.g. failed ones wait again. @returns how many */
  changeAll(eventId: string, from: RacePhoto['state'], to: 'waiting' | 'skipped'): Promise<number>;
  /** The source with its photos and all that was made of them. */
  removeSource(sourceId: string): Promise<void>;
}

/** Photos of races over the device's database. */
export function createRacePhotoStore(database: Database): RacePhotoStore {
  const change = (id: string, patch: (photo: RacePhoto) => Partial<RacePhoto> | null): Promise<RacePhoto | null> =>
    transact(database, ['racePhotos', 'raceCounts'], 'readwrite', async (transaction) => {
      const row = await transaction.objectStore('racePhotos').get(id);
      const changed = row === undefined ? null : patch(row.photo);
      if (row === undefined || changed === null) return null;
      const after = withPhoto(row, { ...row.photo, ...changed });
      const tally = new Tally();
      tally.changed(row, after);
      await transaction.objectStore('racePhotos').put(after);
      if (after.state !== row.state) await keepCounts(transaction, row, tally);
      return after.photo;
    });
  const copiesOf = (id: string): Promise<RacePhoto[]> =>
    transact(database, ['racePhotos'], 'readonly', async (transaction) => {
      const store = transaction.objectStore('racePhotos');
      const original = await store.get(id);
      if (original === undefined) return [];
      const same = await store.index('byFile').getAll([original.eventId, original.fileKey]);
      return same.filter((each) => each.id !== id).map(({ photo }) => photo);
    });
  /** What cannot be read here may be readable on another card. */
  const wantCopy = async (id: string): Promise<void> => {
    const copy = (await copiesOf(id)).find(({ state, duplicateOf }) => state === 'skipped' && duplicateOf === id);
    if (copy !== undefined) await change(copy.id, () => WAITING);
  };
  const row = (id: string): Promise<RacePhotoRow | null> =>
    transact(database, ['racePhotos'], 'readonly', async (transaction) => (await transaction.objectStore('racePhotos').get(id)) ?? null);
  return {
    add: (sourceId, files, isReachable = () => true) =>
      transact(
        database,
        ['raceSources', 'racePhotos', 'raceThumbnails', 'raceCounts'],
        'readwrite',
        async (transaction) => {
          const source = await transaction.objectStore('raceSources').get(sourceId);
          if (source === undefined) throw new AppError('invalid-input', 'the source is gone', { stage: 'store' });
          const { eventId } = source;
          const store = transaction.objectStore('racePhotos');
          let { found } = (await transaction.objectStore('raceCounts').get(eventId)) ?? emptyCounts(eventId);
          const tallies = new Map([[sourceId, new Tally()]]);
          const tally = tallies.get(sourceId)!;
          const wanted: string[] = [];
          let [duplicates, known, moved] = [0, 0, 0];
          for (const file of files) {
            const before = await store.index('byPath').get([sourceId, file.path]);
            if (before !== undefined) {
              const after = foundAgain(before, file);
              if (after === null) {
                known += 1;
                continue;
              }
              tally.changed(before, after);
              await store.put(after);
              wanted.push(after.id);
              continue;
            }
            const copy = await store.index('byFile').get([eventId, fileKeyOf(file)]);
            if (copy !== undefined && copy.sourceId !== sourceId && !isReachable(copy.sourceId)) {
              const photo: RacePhoto = { ...copy.photo, ...(copy.state === 'gone' ? WAITING : {}), sourceId, path: file.path };
              const after = withPhoto(copy, photo);
              const old = tallies.get(copy.sourceId) ?? new Tally();
              tallies.set(copy.sourceId, old);
              const bytes = (await transaction.objectStore('raceThumbnails').get(copy.id))?.blob.size ?? 0;
              old.changed(copy, null);
              old.thumbnail(-bytes);
              tally.changed(null, after);
              tally.thumbnail(bytes);
              await store.put(after);
              moved += 1;
              if (after.state === 'waiting') wanted.push(after.id);
              continue;
            }
            const jpeg = file.besides === undefined ? undefined : await store.index('byPath').getKey([sourceId, file.besides]);
            const duplicateOf = jpeg ?? copy?.photo.duplicateOf ?? copy?.id ?? null;
            found += 1;
            const added = newPhotoRow(newPhoto(photoIdOf(eventId, found), eventId, sourceId, file, duplicateOf), found);
            tally.found();
            tally.changed(null, added);
            await store.put(added);
            if (duplicateOf === null) wanted.push(added.id);
            else duplicates += 1;
          }
          for (const [id, each] of tallies) await keepCounts(transaction, { eventId, sourceId: id }, each);
          return { wanted, duplicates, known, moved };
        },
        { durability: 'strict' },
      ),
    async paths(sourceId) {
      const range = startingWith(sourceId);
      const read = (part: IDBKeyRange, count: number): Promise<RacePhotoRow[]> =>
        transact(database, ['racePhotos'], 'readonly', (transaction) =>
          transaction.objectStore('racePhotos').index('byPath').getAll(part, count),
        );
      return new Set((await inPieces(range, read, ({ path }) => [sourceId, path])).map(({ path }) => path));
    },
    unsettledPaths: (sourceId) =>
      transact(database, ['racePhotos'], 'readonly', async (transaction) => {
        const index = transaction.objectStore('racePhotos').index('byQueue');
        const rows = await Promise.all((['failed', 'gone'] as const).map((state) => index.getAll(startingWith(sourceId, state))));
        return new Set(rows.flat().map(({ path }) => path));
      }),
    get: async (id) => (await row(id))?.photo ?? null,
    tile: row,
    tiles: (ids) =>
      transact(database, ['racePhotos'], 'readonly', async (transaction) =>
        (await Promise.all(ids.map((id) => transaction.objectStore('racePhotos').get(id)))).flatMap((each) => each ?? []),
      ),
    ids: (eventId, { state, outcome, cameraId, belowSharpness01 } = {}) =>
      transact(database, ['racePhotos'], 'readonly', async (transaction) => {
        const store = transaction.objectStore('racePhotos');
        const lists: Promise<string[]>[] = [];
        if (state !== undefined) lists.push(store.index('byState').getAllKeys(startingWith(eventId, state)));
        if (outcome !== undefined) lists.push(store.index('byOutcome').getAllKeys(startingWith(eventId, outcome)));
        if (cameraId !== undefined) lists.push(store.index('byCamera').getAllKeys(startingWith(cameraId)));
        if (lists.length === 0) lists.push(store.index('byTime').getAllKeys(startingWith(eventId)));
        if (belowSharpness01 !== undefined) {
          const blurred = IDBKeyRange.bound([eventId, 0], [eventId, belowSharpness01], false, true);
          lists.push(store.index('bySharpness').getAllKeys(blurred));
        }
        const [first = [], ...others] = await Promise.all(lists);
        const sets = others.map((list) => new Set(list));
        return first.filter((id) => sets.every((set) => set.has(id)));
      }),
    thumbnail: (id) =>
      transact(
        database,
        ['raceThumbnails'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceThumbnails').get(id))?.blob ?? null,
      ),
    async all(eventId) {
      const read = (range: IDBKeyRange, count: number): Promise<RacePhotoRow[]> =>
        transact(database, ['racePhotos'], 'readonly', (transaction) => transaction.objectStore('racePhotos').getAll(range, count));
      return (await inPieces(ofEvent(eventId), read, ({ id }) => id)).map(({ photo }) => photo);
    },
    next: (sourceIds, limit) =>
      transact(database, ['racePhotos'], 'readonly', async (transaction) => {
        const index = transaction.objectStore('racePhotos').index('byQueue');
        const rows = await Promise.all(sourceIds.map((id) => index.getAll(startingWith(id, 'waiting'), limit)));
        return rows
          .flat()
          .sort((a, b) => a.attempts - b.attempts || a.order - b.order)
          .slice(0, limit)
          .map(({ photo }) => photo);
      }),
    waiting: (sourceIds) =>
      transact(database, ['raceCounts'], 'readonly', async (transaction) => {
        let waiting = 0;
        for (const id of sourceIds) waiting += (await transaction.objectStore('raceCounts').get(id))?.photos.waiting ?? 0;
        return waiting;
      }),
    begin: (id) => change(id, ({ state, attempts }) => (state === 'waiting' ? { attempts: attempts + 1 } : null)),
    async putBack(id) {
      await change(id, ({ state, attempts }) => (state === 'waiting' ? { attempts: Math.max(0, attempts - 1) } : null));
    },
    sameFile: (eventId, contentHash) =>
      transact(
        database,
        ['racePhotos'],
        'readonly',
        async (transaction) => (await transaction.objectStore('racePhotos').index('byHash').getKey([eventId, contentHash])) ?? null,
      ),
    finish: (id, finished, settle) =>
      transact(
        database,
        [
          ...(['raceEvents', 'raceCameras', 'raceSources', 'racePhotos', 'raceThumbnails', 'raceReadings'] as const),
          ...(['raceLooks', 'raceSightings', 'raceNumbers', 'raceCounts', 'raceFaces', 'raceFaceSearches'] as const),
        ],
        'readwrite',
        async (transaction) => {
          const before = await transaction.objectStore('racePhotos').get(id);
          if (before?.state !== 'waiting') return false;
          const event = await transaction.objectStore('raceEvents').get(before.eventId);
          const source = await transaction.objectStore('raceSources').get(before.sourceId);
          if (event === undefined || source === undefined) return false;
          const { facts, thumbnail, looks } = finished;
          const { cameraAtMs, widthPx, heightPx, sharpness01, contentHash } = facts;
          const camera = await cameraOf(transaction, facts, source, event);
          const earlier = (await transaction.objectStore('raceReadings').get(id)) ?? null;
          const reading = keepUserAnswers(earlier, { ...finished.reading, photoId: id, eventId: before.eventId });
          const photo: RacePhoto = {
            ...before.photo,
            ...{ state: 'read', problem: null, attempts: 0, readAtMs: reading.readAtMs },
            ...{ cameraId: camera.id, cameraAtMs, widthPx, heightPx, sharpness01 },
          };
          const tally = new Tally();
          const after: RacePhotoRow = { ...withPhoto(before, photo, photoAtMs(photo, camera, event)), contentHash };
          tally.changed(before, after);
          const old = await transaction.objectStore('raceThumbnails').get(id);
          tally.thumbnail(thumbnail.size - (old?.blob.size ?? 0));
          await transaction.objectStore('racePhotos').put(after);
          await transaction.objectStore('raceThumbnails').put({ photoId: id, blob: thumbnail });
          await transaction.objectStore('raceLooks').put({ ...looks, photoId: id, eventId: before.eventId });
          await keepCounts(transaction, before, tally);
          await putReadings(transaction, [reading]);
          await keepFaces(transaction, id, finished.faces ?? null);
          await settleAround(transaction, id, settle);
          return true;
        },
      ),
    copiesOf,
    async fail(id, problem) {
      if ((await change(id, ({ state }) => (state === 'waiting' ? { state: 'failed', problem: problem.slice(0, 60) } : null))) !== null)
        await wantCopy(id);
    },
    async lose(id) {
      if ((await change(id, ({ state }) => (state === 'waiting' || state === 'failed' ? { state: 'gone', problem: null } : null))) !== null)
        await wantCopy(id);
    },
    async skip(id, duplicateOf) {
      await change(id, ({ state }) => (state === 'read' ? null : { state: 'skipped', problem: null, duplicateOf }));
    },
    async want(id) {
      await change(id, () => WAITING);
    },
    async changeAll(eventId, from, to) {
      const ids = await transact(database, ['racePhotos'], 'readonly', (transaction) =>
        transaction.objectStore('racePhotos').index('byState').getAllKeys(startingWith(eventId, from)),
      );
      let changed = 0;
      for (let at = 0; at < ids.length; at += CHUNK)
        changed += await transact(database, ['racePhotos', 'raceCounts'], 'readwrite', async (transaction) => {
          const store = transaction.objectStore('racePhotos');
          const tallies = new Map<string, Tally>();
          let now = 0;
          for (const id of ids.slice(at, at + CHUNK)) {
            const each = await store.get(id);
            // Copies of what is there stay skipped.
            if (each?.state !== from || (from === 'skipped' && each.photo.duplicateOf !== null)) continue;
            const after = withPhoto(each, { ...each.photo, ...(to === 'waiting' ? WAITING : { state: to, problem: null }) });
            const tally = tallies.get(each.sourceId) ?? new Tally();
            tallies.set(each.sourceId, tally);
            tally.changed(each, after);
            await store.put(after);
            now += 1;
          }
          for (const [sourceId, tally] of tallies) await keepCounts(transaction, { eventId, sourceId }, tally);
          return now;
        });
      return changed;
    },
    removeSource: (sourceId) =>
      transact(
        database,
        [
          ...(['raceSources', 'raceHandles', 'racePhotos', 'raceThumbnails', 'raceReadings'] as const),
          ...(['raceLooks', 'raceSightings', 'raceNumbers', 'raceCounts', 'raceFaces'] as const),
        ],
        'readwrite',
        async (transaction) => {
          const source = await transaction.objectStore('raceSources').get(sourceId);
          if (source === undefined) return;
          const tally = new Tally();
          for (const each of await transaction.objectStore('racePhotos').index('byPath').getAll(startingWith(sourceId))) {
            tally.changed(each, null);
            const thumbnail = await transaction.objectStore('raceThumbnails').get(each.id);
            tally.thumbnail(-(thumbnail?.blob.size ?? 0));
            for (const name of ['racePhotos', 'raceThumbnails', 'raceReadings', 'raceLooks', 'raceFaces'] as const)
              await transaction.objectStore(name).delete(each.id);
            await transaction.objectStore('raceSightings').delete(startingWith(each.id));
            await keepNumbers(transaction, each, { ...each, bibs: [] });
          }
          const counts = (await transaction.objectStore('raceCounts').get(source.eventId)) ?? emptyCounts(source.eventId);
          await transaction.objectStore('raceCounts').put(tally.onto(counts));
          for (const name of ['raceSources', 'raceHandles', 'raceCounts'] as const) await transaction.objectStore(name).delete(sourceId);
        },
      ),
  };
}

const WAITING = { state: 'waiting', problem: null, attempts: 0, duplicateOf: null } as const satisfies Partial<RacePhoto>;

/** @returns null when there is nothing to do about it. */
function foundAgain(before: RacePhotoRow, { sizeBytes, modifiedAtMs }: FoundFile): RacePhotoRow | null {
  const isSame = before.photo.sizeBytes === sizeBytes && before.photo.modifiedAtMs === modifiedAtMs;
  if (isSame && before.state !== 'gone') return null;
  // What the user said about the old file is kept until the new one was read, and then by place.
  const photo: RacePhoto = { ...before.photo, ...WAITING, sizeBytes, modifiedAtMs };
  return { ...withPhoto(before, photo), contentHash: null };
}

function newPhoto(
  id: string,
  eventId: string,
  sourceId: string,
  { path, sizeBytes, modifiedAtMs }: FoundFile,
  duplicateOf: string | null,
): RacePhoto {
  return {
    ...{ id, eventId, sourceId, path, sizeBytes, modifiedAtMs, duplicateOf },
    ...{ state: duplicateOf === null ? 'waiting' : 'skipped', problem: null, attempts: 0, readAtMs: null },
    ...{ cameraId: null, cameraAtMs: null, widthPx: 0, heightPx: 0, sharpness01: null },
  };
}
