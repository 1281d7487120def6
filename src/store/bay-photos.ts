/**
 * @file Photos of bays, what was read in them, and what their facings look like. A photo is on disk before it is acknowledged, and waits there
 * as it came until it was read; then a smaller one is kept. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import type { FacingLook } from '../contracts/shelf.ts';
import { bayPhotoSchema, type BayPhoto, type PhotoReading } from '../contracts/visit.ts';
import { withNewsOn } from '../core/shelf/facing-news.ts';
import { transact, type Database, type FacingLooksRow, type PictureKind, type WaitingRow } from './db.ts';
import { removePhoto } from './visits.ts';

/** What came out of reading a photo. */
export interface ReadPhoto {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly screen: Blob;
  readonly thumbnail: Blob;
  readonly reading: PhotoReading;
  readonly looks: readonly FacingLook[];
}

export interface BayPhotoStore {
  /**
   * Keep a photo that waits to be read.
   * @param tab that will read it. @throws AppError('quota-exceeded'); nothing of it is kept then, and nothing else is lost.
   */
  add(photo: BayPhoto, blob: Blob, order: number, tab: string): Promise<void>;
  get(id: string): Promise<BayPhoto | null>;
  /** Of a visit, or of one bay of it; in the order of capture. */
  ofVisit(visitId: string, bayId?: string): Promise<BayPhoto[]>;
  /** Of a bay over all visits, newest first. */
  ofBay(bayId: string, limit?: number): Promise<BayPhoto[]>;
  /** To look at; the photo as it came while it was not read yet. */
  picture(id: string, kind: PictureKind): Promise<Blob | null>;
  /** Bytes that the pictures of a visit take; those that wait not counted. */
  sizeOf(visitId: string): Promise<number>;
  /** It was read: all of it is kept, and the photo as it came is given up, in one step. @throws AppError('quota-exceeded' | 'invalid-input') */
  finish(id: string, read: ReadPhoto): Promise<BayPhoto>;
  /** It cannot be read; `problem` is the code of the reason. */
  fail(id: string, problem: string): Promise<void>;
  /** To another bay, e.g. when the import guessed wrong. */
  move(id: string, bayId: string): Promise<void>;
  /** With all that was made of it. */
  remove(id: string): Promise<void>;
  reading(id: string): Promise<PhotoReading | null>;
  /** Of a visit, or of one bay of it. */
  readingsOf(visitId: string, bayId?: string): Promise<PhotoReading[]>;
  /**
   * Keep changed readings, and looks that were compared anew; all or none, since a name may change several photos. What was read on a facing or
   * said by a server meanwhile stays.
   * @throws AppError('quota-exceeded')
   */
  put(readings: readonly PhotoReading[], looks?: ReadonlyMap<string, readonly FacingLook[]>): Promise<void>;
  looks(id: string): Promise<FacingLook[]>;
  /** Change the looks of a photo in one step. @returns as kept; none when the photo has none, or is gone. @throws AppError('quota-exceeded') */
  amendLooks(id: string, amend: (looks: readonly FacingLook[]) => readonly FacingLook[]): Promise<readonly FacingLook[]>;
  /** Looks of a whole visit, e.g. to apply a correction again. */
  looksOf(visitId: string): Promise<ReadonlyMap<string, readonly FacingLook[]>>;
}

/** Photos of bays over the device's database. */
export function createBayPhotoStore(database: Database): BayPhotoStore {
  const change = (id: string, patch: Partial<BayPhoto>): Promise<void> =>
    transact(database, ['shelfPhotos'], 'readwrite', async (transaction) => {
      const photo = await transaction.objectStore('shelfPhotos').get(id);
      if (photo !== undefined) await transaction.objectStore('shelfPhotos').put({ ...photo, ...patch });
    });
  return {
    async add(photo, blob, order, tab) {
      const parsed = bayPhotoSchema.safeParse(photo);
      if (!parsed.success) throw new AppError('invalid-input', 'a photo of a bay that is malformed', { stage: 'store' });
      const { id, name, source, capturedAtMs } = photo;
      const row: WaitingRow = { id, lensId: 'shelf', blob, name, source, capturedAtMs, order, tab, attempts: 0, queue: 'shelf' };
      await transact(
        database,
        ['shelfPhotos', 'waiting'],
        'readwrite',
        async (transaction) => {
          await transaction.objectStore('shelfPhotos').put(parsed.data);
          await transaction.objectStore('waiting').put(row);
        },
        { durability: 'strict' },
      );
    },
    get: (id) =>
      transact(
        database,
        ['shelfPhotos'],
        'readonly',
        async (transaction) => (await transaction.objectStore('shelfPhotos').get(id)) ?? null,
      ),
    ofVisit: (visitId, bayId) =>
      transact(database, ['shelfPhotos'], 'readonly', (transaction) => {
        const from = bayId === undefined ? [visitId] : [visitId, bayId];
        return transaction
          .objectStore('shelfPhotos')
          .index('byVisit')
          .getAll(IDBKeyRange.bound(from, [...from, []]));
      }),
    ofBay: (bayId, limit = 100) =>
      transact(database, ['shelfPhotos'], 'readonly', async (transaction) => {
        const photos: BayPhoto[] = [];
        const index = transaction.objectStore('shelfPhotos').index('byBay');
        let cursor = await index.openCursor(IDBKeyRange.bound([bayId], [bayId, []]), 'prev');
        while (cursor !== null && photos.length < limit) {
          photos.push(cursor.value);
          cursor = await cursor.continue();
        }
        return photos;
      }),
    picture: (id, kind) =>
      transact(database, ['shelfPictures', 'waiting'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('shelfPictures').get([id, kind]);
        return row?.blob ?? (await transaction.objectStore('waiting').get(id))?.blob ?? null;
      }),
    sizeOf: (visitId) =>
      transact(database, ['shelfPhotos', 'shelfPictures'], 'readonly', async (transaction) => {
        let bytes = 0;
        const ids = await transaction
          .objectStore('shelfPhotos')
          .index('byVisit')
          .getAllKeys(IDBKeyRange.bound([visitId], [visitId, []]));
        for (const id of ids)
          for (const { sizeBytes } of await transaction.objectStore('shelfPictures').getAll(IDBKeyRange.bound([id], [id, []])))
            bytes += sizeBytes;
        return bytes;
      }),
    finish: (id, { widthPx, heightPx, screen, thumbnail, reading, looks }) => {
      const looksRow = toLooksRow(id, reading.visitId, looks);
      return transact(
        database,
        ['shelfPhotos', 'shelfPictures', 'shelfReadings', 'shelfLooks', 'waiting'],
        'readwrite',
        async (transaction) => {
          const before = await transaction.objectStore('shelfPhotos').get(id);
          if (before === undefined) throw new AppError('invalid-input', 'the photo is gone', { stage: 'store' });
          const photo: BayPhoto = { ...before, state: 'read', problem: null, widthPx, heightPx, readAtMs: reading.readAtMs };
          await transaction.objectStore('shelfPhotos').put(photo);
          for (const [kind, blob] of [
            ['screen', screen],
            ['thumbnail', thumbnail],
          ] as const)
            await transaction.objectStore('shelfPictures').put({ photoId: id, kind, sizeBytes: blob.size, blob });
          await transaction.objectStore('shelfReadings').put({ ...reading, bayId: before.bayId });
          if (looksRow === null) await transaction.objectStore('shelfLooks').delete(id);
          else await transaction.objectStore('shelfLooks').put(looksRow);
          await transaction.objectStore('waiting').delete(id);
          return photo;
        },
      );
    },
    fail: (id, problem) => change(id, { state: 'failed', problem }),
    move: (id, bayId) =>
      transact(database, ['shelfPhotos', 'shelfReadings'], 'readwrite', async (transaction) => {
        const photo = await transaction.objectStore('shelfPhotos').get(id);
        if (photo !== undefined) await transaction.objectStore('shelfPhotos').put({ ...photo, bayId });
        const reading = await transaction.objectStore('shelfReadings').get(id);
        if (reading !== undefined) await transaction.objectStore('shelfReadings').put({ ...reading, bayId });
      }),
    remove: (id) =>
      transact(database, ['shelfPhotos', 'shelfPictures', 'shelfReadings', 'shelfLooks', 'waiting'], 'readwrite', (transaction) =>
        removePhoto(transaction, id),
      ),
    reading: (id) =>
      transact(
        database,
        ['shelfReadings'],
        'readonly',
        async (transaction) => (await transaction.objectStore('shelfReadings').get(id)) ?? null,
      ),
    readingsOf: (visitId, bayId) =>
      transact(database, ['shelfReadings', 'shelfPhotos'], 'readonly', async (transaction) => {
        const readings = transaction.objectStore('shelfReadings');
        if (bayId === undefined) return readings.index('byVisit').getAll(visitId);
        const range = IDBKeyRange.bound([visitId, bayId], [visitId, bayId, []]);
        const ids = await transaction.objectStore('shelfPhotos').index('byVisit').getAllKeys(range);
        return (await Promise.all(ids.map((id) => readings.get(id)))).filter((reading) => reading !== undefined);
      }),
    async put(readings, looks = new Map()) {
      const rows = readings.flatMap(({ photoId, visitId }) => toLooksRow(photoId, visitId, looks.get(photoId) ?? []) ?? []);
      await transact(database, ['shelfReadings', 'shelfLooks'], 'readwrite', async (transaction) => {
        for (const reading of readings) await transaction.objectStore('shelfReadings').put(reading);
        for (const row of rows) {
          const before = await transaction.objectStore('shelfLooks').get(row.photoId);
          await transaction.objectStore('shelfLooks').put(before === undefined ? row : withNewsOf(before, row));
        }
      });
    },
    looks: (id) =>
      transact(database, ['shelfLooks'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('shelfLooks').get(id);
        return row === undefined ? [] : fromLooksRow(row);
      }),
    amendLooks: (id, amend) =>
      transact(database, ['shelfLooks'], 'readwrite', async (transaction) => {
        const before = await transaction.objectStore('shelfLooks').get(id);
        const looks = before === undefined ? [] : amend(fromLooksRow(before));
        const row = before === undefined ? null : toLooksRow(id, before.visitId, looks);
        if (row !== null) await transaction.objectStore('shelfLooks').put(row);
        return looks;
      }),
    looksOf: (visitId) =>
      transact(database, ['shelfLooks'], 'readonly', async (transaction) => {
        const rows = await transaction.objectStore('shelfLooks').index('byVisit').getAll(visitId);
        return new Map(rows.map((row) => [row.photoId, fromLooksRow(row)]));
      }),
  };
}

/** A facing that looks as before keeps what was found out about it: whoever compared looks anew may have read them before that. */
function withNewsOf(before: FacingLooksRow, row: FacingLooksRow): FacingLooksRow {
  const placeOf = new Map(before.facings.map(({ facingId }, place) => [facingId, place]));
  const facings = row.facings.map((facing, place) => {
    const place0 = placeOf.get(facing.facingId);
    if (place0 === undefined || !isSameVector(vectorAt(before, place0), vectorAt(row, place))) return facing;
    const old = before.facings[place0]!;
    const words = facing.words ?? old.words;
    const serverMatches = old.matches.filter(({ computedOn }) => computedOn === 'server');
    return withNewsOn(facing, { serverMatches, ...(words === undefined ? {} : { words }) });
  });
  return { ...row, facings };
}

function vectorAt({ vectors, facings }: FacingLooksRow, place: number): Float32Array {
  const dimensions = vectors.length / facings.length;
  return vectors.subarray(place * dimensions, (place + 1) * dimensions);
}

function isSameVector(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** One array for all facings: hundreds of small ones cost more than their numbers. @returns null when there are none. */
export function toLooksRow(photoId: string, visitId: string, looks: readonly FacingLook[]): FacingLooksRow | null {
  const [first] = looks;
  if (first === undefined) return null;
  const { space, backend } = first.look.embedding;
  const dimensions = first.look.embedding.vector.length;
  const bins = first.look.colour.length;
  const vectors = new Float32Array(looks.length * dimensions);
  const colours = new Float32Array(looks.length * bins);
  looks.forEach(({ look: { embedding, colour } }, index) => {
    if (embedding.space !== space || embedding.vector.length !== dimensions || colour.length !== bins)
      throw new AppError('bug', 'looks of two spaces in one photo', { stage: 'store' });
    vectors.set(embedding.vector, index * dimensions);
    colours.set(colour, index * bins);
  });
  const facings = looks.map(({ facingId, matches, verifications, words }) => ({
    ...{ facingId, matches, verifications },
    ...(words === undefined ? {} : { words }),
  }));
  const fronts = frontsOf(looks);
  return { photoId, visitId, space, backend, facings, vectors, colours, ...(fronts === null ? {} : { fronts }) };
}

function frontsOf(looks: readonly FacingLook[]): NonNullable<FacingLooksRow['fronts']> | null {
  const fronts = looks.flatMap(({ look: { front } }) => front ?? []);
  const length = fronts[0]?.layout.length ?? 0;
  if (fronts.length !== looks.length || fronts.some(({ layout }) => layout.length !== length)) return null;
  const layouts = new Float32Array(fronts.length * length);
  fronts.forEach(({ layout }, index) => layouts.set(layout, index * length));
  return { layouts, aspects: fronts.map(({ aspect }) => aspect) };
}

export function fromLooksRow({ space, backend, facings, vectors, colours, fronts }: FacingLooksRow): FacingLook[] {
  const dimensions = vectors.length / facings.length;
  const bins = colours.length / facings.length;
  const cells = (fronts?.layouts.length ?? 0) / facings.length;
  return facings.map((facing, index) => ({
    ...facing,
    look: {
      embedding: { space, backend, vector: vectors.slice(index * dimensions, (index + 1) * dimensions) },
      colour: colours.slice(index * bins, (index + 1) * bins),
      ...(fronts === undefined
        ? {}
        : { front: { layout: fronts.layouts.slice(index * cells, (index + 1) * cells), aspect: fronts.aspects[index]! } }),
    },
  }));
}
