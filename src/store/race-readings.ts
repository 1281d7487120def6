/**
 * @file What was read in photos of a race, who is where, and what the user decided about it. A reading, its sightings and the photo's row change
 * together, and so do the photos around it. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import {
  bibDecisionSchema,
  racePhotoReadingSchema,
  type BibAnswer,
  type BibCertainty,
  type BibDecision,
  type RacePhoto,
  type RacePhotoReading,
  type SightingLooks,
} from '../contracts/race.ts';
import { transact, type Database, type DecisionRow, type RacePhotoRow, type SightingRow, type Within } from './db.ts';
import { inPieces } from './in-pieces.ts';
import { bibOrder, emptyCounts, ofEvent, sightingRows, startingWith, summaryOf, Tally } from './race-rows.ts';

/** A photo with what is known of it. */
export interface NeighbourPhoto {
  readonly photo: RacePhoto;
  /** When it was taken, clock corrected. */
  readonly atMs: number;
  readonly reading: RacePhotoReading;
  readonly looks: SightingLooks | null;
}

/** How photos of one camera that were taken soon after each other change each other's answers. */
export interface SettleAnswers {
  /** Photos further from the changed one have nothing to say to it, nor to those that it changes. */
  readonly windowMs: number;
  /** Nor have those that are more places away. */
  readonly photos: number;
  /**
   * Called within a transaction: it must not wait for anything.
   * @param photos in the order in which they were taken: the changed one, and what lies around it.
   * @returns the readings that are different now.
   */
  settle(photos: readonly NeighbourPhoto[], changedId: string): readonly RacePhotoReading[];
}

/** Sightings of one burst that are listed. */
const BURST = 200;

/** What can still be taken back, and done again. */
export interface DecisionHistory {
  readonly done: number;
  readonly undone: number;
  readonly last: BibDecision | null;
  readonly next: BibDecision | null;
}

export interface RaceReadingStore {
  get(photoId: string): Promise<RacePhotoReading | null>;
  ofEvent(eventId: string): Promise<RacePhotoReading[]>;
  /** In the order of `photoIds`; those that were not read are left out. */
  ofPhotos(photoIds: readonly string[]): Promise<RacePhotoReading[]>;
  looks(photoId: string): Promise<SightingLooks | null>;
  /** Sightings of an event in a state, as the photos were found. Light: all doubtful ones of a race fit. */
  sightings(eventId: string, certainty: BibCertainty): Promise<SightingRow[]>;
  /** Ids of the photos that show a number, as they were found. */
  photosOf(eventIds: readonly string[], bib: string): Promise<string[]>;
  /** Numbers that photos of an event show, those that begin so; as people count. */
  bibsOf(eventId: string, beginning?: string): Promise<string[]>;
  /** How many photos show each number, in the order of `bibs`. */
  countsOf(eventId: string, bibs: readonly string[]): Promise<number[]>;
  /** Other sightings of the same burst that nobody decided. */
  burstOf(eventId: string, burstId: string): Promise<SightingRow[]>;
  /**
   * The user says which number a runner has: the burst learns it, and what was undone cannot be done again.
   * @returns photos whose answers changed. @throws AppError('invalid-input') when the sighting is gone, `quota-exceeded`
   */
  decide(decision: BibDecision, settle: SettleAnswers): Promise<string[]>;
  /** Take the last decision back, with what the burst had learnt from it. @returns null when there is none */
  undo(eventId: string, settle: SettleAnswers): Promise<{ decision: BibDecision; changed: string[] } | null>;
  redo(eventId: string, settle: SettleAnswers): Promise<{ decision: BibDecision; changed: string[] } | null>;
  history(eventId: string): Promise<DecisionHistory>;
}

/** What {@link putReadings} and {@link settleAround} write and read. */
export const ANSWER_STORES = ['racePhotos', 'raceReadings', 'raceLooks', 'raceSightings', 'raceNumbers', 'raceCounts'] as const;
type Writing = Within<(typeof ANSWER_STORES)[number], 'readwrite'>;

/** Readings over the device's database. */
export function createRaceReadingStore(database: Database): RaceReadingStore {
  return {
    get: (photoId) =>
      transact(
        database,
        ['raceReadings'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceReadings').get(photoId)) ?? null,
      ),
    ofEvent: (eventId) =>
      inPieces(
        ofEvent(eventId),
        (range, count) =>
          transact(database, ['raceReadings'], 'readonly', (transaction) => transaction.objectStore('raceReadings').getAll(range, count)),
        ({ photoId }) => photoId,
      ),
    ofPhotos: (photoIds) =>
      transact(database, ['raceReadings'], 'readonly', async (transaction) =>
        (await Promise.all(photoIds.map((id) => transaction.objectStore('raceReadings').get(id)))).flatMap((reading) => reading ?? []),
      ),
    looks: (photoId) =>
      transact(
        database,
        ['raceLooks'],
        'readonly',
        async (transaction) => (await transaction.objectStore('raceLooks').get(photoId)) ?? null,
      ),
    sightings: (eventId, certainty) =>
      transact(database, ['raceSightings'], 'readonly', (transaction) =>
        transaction.objectStore('raceSightings').index('byCertainty').getAll(startingWith(eventId, certainty)),
      ),
    photosOf: (eventIds, bib) =>
      transact(database, ['raceSightings'], 'readonly', async (transaction) => {
        const index = transaction.objectStore('raceSightings').index('byBib');
        const keys = await Promise.all(eventIds.map((id) => index.getAllKeys(startingWith(id, bib))));
        return [...new Set(keys.flat().map(([photoId]) => photoId))];
      }),
    bibsOf: (eventId, beginning = '') =>
      transact(database, ['raceNumbers'], 'readonly', async (transaction) => {
        const from = `${eventId}.${beginning}`;
        const keys = await transaction.objectStore('raceNumbers').getAllKeys(IDBKeyRange.bound(from, `${from}\uffff`));
        const bibs = keys.map((key) => ({ bib: key.slice(eventId.length + 1), order: bibOrder(key) }));
        return bibs.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ bib }) => bib);
      }),
    countsOf: (eventId, bibs) =>
      transact(database, ['raceNumbers'], 'readonly', (transaction) =>
        Promise.all(bibs.map(async (bib) => (await transaction.objectStore('raceNumbers').get(`${eventId}.${bib}`))?.photos ?? 0)),
      ),
    burstOf: (eventId, burstId) =>
      transact(database, ['raceSightings'], 'readonly', (transaction) =>
        transaction.objectStore('raceSightings').index('byBurst').getAll([eventId, burstId], BURST),
      ),
    async decide(decision, settle) {
      const parsed = bibDecisionSchema.safeParse(decision);
      if (!parsed.success || !decision.id.startsWith(`${decision.eventId}.`))
        throw new AppError('invalid-input', 'a decision that is malformed', { stage: 'store' });
      return transact(
        database,
        [...ANSWER_STORES, 'raceDecisions'],
        'readwrite',
        async (transaction) => {
          const { id, eventId, photoId, sightingId, after } = parsed.data;
          const changed = await answer(transaction, photoId, sightingId, () => after, settle);
          if (changed === null) throw new AppError('invalid-input', 'the sighting is gone', { stage: 'store' });
          const store = transaction.objectStore('raceDecisions');
          for (const key of await store.index('byEvent').getAllKeys(startingWith(eventId, 'undone'))) await store.delete(key);
          const last = await lastOf(transaction, eventId, 'done');
          await store.put({ id, eventId, photoId, state: 'done', sequence: (last?.sequence ?? 0) + 1, decision: parsed.data });
          return changed;
        },
        { durability: 'strict' },
      );
    },
    undo: (eventId, settle) => turn(database, eventId, 'done', settle),
    redo: (eventId, settle) => turn(database, eventId, 'undone', settle),
    history: (eventId) =>
      transact(database, ['raceDecisions'], 'readonly', async (transaction) => {
        const index = transaction.objectStore('raceDecisions').index('byEvent');
        const [done, undone] = [startingWith(eventId, 'done'), startingWith(eventId, 'undone')];
        return {
          ...{ done: await index.count(done), undone: await index.count(undone) },
          ...{ last: (await lastOf(transaction, eventId, 'done'))?.decision ?? null, next: (await index.get(undone))?.decision ?? null },
        };
      }),
  };
}

/** One step back or forth. Decisions about photos that are gone are passed over. */
function turn(
  database: Database,
  eventId: string,
  from: DecisionRow['state'],
  settle: SettleAnswers,
): Promise<{ decision: BibDecision; changed: string[] } | null> {
  return transact(
    database,
    [...ANSWER_STORES, 'raceDecisions'],
    'readwrite',
    async (transaction) => {
      const store = transaction.objectStore('raceDecisions');
      for (;;) {
        // The newest that was done, the oldest that was undone: they stand in the order in which they were made.
        const row =
          from === 'done' ? await lastOf(transaction, eventId, 'done') : await store.index('byEvent').get(startingWith(eventId, 'undone'));
        if (row === null || row === undefined) return null;
        const { decision } = row;
        const next = (read: BibAnswer): BibAnswer => {
          if (from === 'undone') return decision.after;
          // What its neighbours say of it may have changed since: that is worked out anew.
          return decision.before.saidBy === 'user' || decision.before.saidBy === 'body' ? decision.before : read;
        };
        const changed = await answer(transaction, decision.photoId, decision.sightingId, next, settle);
        if (changed === null) {
          await store.delete(row.id);
          continue;
        }
        await store.put({ ...row, state: from === 'done' ? 'undone' : 'done' });
        return { decision, changed };
      }
    },
    { durability: 'strict' },
  );
}

async function lastOf(
  transaction: Within<'raceDecisions', 'readonly' | 'readwrite'>,
  eventId: string,
  state: DecisionRow['state'],
): Promise<DecisionRow | null> {
  const cursor = await transaction.objectStore('raceDecisions').index('byEvent').openCursor(startingWith(eventId, state), 'prev');
  return cursor?.value ?? null;
}

/** @returns ids of the photos that changed; null when the sighting is gone */
async function answer(
  transaction: Writing,
  photoId: string,
  sightingId: string,
  next: (read: BibAnswer) => BibAnswer,
  settle: SettleAnswers,
): Promise<string[] | null> {
  const reading = await transaction.objectStore('raceReadings').get(photoId);
  if (reading?.sightings.some(({ id }) => id === sightingId) !== true) return null;
  const sightings = reading.sightings.map((each) => (each.id === sightingId ? { ...each, answer: next(each.read) } : each));
  await putReadings(transaction, [{ ...reading, sightings }]);
  return [...new Set([photoId, ...(await settleAround(transaction, photoId, settle))])];
}

/**
 * Keep readings with all that follows from them, inside a wider transaction.
 * @throws AppError('invalid-input') for a reading that is malformed: nothing of the transaction is written then
 */
export async function putReadings(transaction: Writing, readings: readonly RacePhotoReading[]): Promise<void> {
  const tallies = new Map<string, { readonly row: RacePhotoRow; readonly tally: Tally }>();
  for (const reading of readings) {
    const parsed = racePhotoReadingSchema.safeParse(reading);
    if (!parsed.success)
      throw new AppError('invalid-input', `a reading that is malformed at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, {
        stage: 'store',
      });
    const { photoId } = reading;
    const row = await transaction.objectStore('racePhotos').get(photoId);
    if (row === undefined) continue;
    const before = await transaction.objectStore('raceReadings').get(photoId);
    await transaction.objectStore('raceReadings').put(reading);
    await putSightings(transaction, before === undefined ? [] : sightingRows(before), sightingRows(reading));
    const summary = summaryOf(reading);
    // Neighbours often move by a hair: their rows, with all their indexes, stay.
    if (isSame(summary, { outcome: row.outcome, bibs: row.bibs, sightings: row.sightings })) continue;
    const after: RacePhotoRow = { ...row, ...summary };
    const { tally } = tallies.get(row.sourceId) ?? { tally: new Tally() };
    tallies.set(row.sourceId, { row, tally });
    tally.changed(row, after);
    await keepNumbers(transaction, row, after);
    await transaction.objectStore('racePhotos').put(after);
  }
  for (const { row, tally } of tallies.values()) await keepCounts(transaction, row, tally);
}

async function putSightings(
  transaction: Within<'raceSightings', 'readwrite'>,
  before: readonly SightingRow[],
  after: readonly SightingRow[],
): Promise<void> {
  const store = transaction.objectStore('raceSightings');
  const known = new Map(before.map((row) => [row.sightingId, row]));
  for (const row of after) {
    if (!isSame(row, known.get(row.sightingId))) await store.put(row);
    known.delete(row.sightingId);
  }
  for (const { photoId, sightingId } of known.values()) await store.delete([photoId, sightingId]);
}

/** Of plain rows whose fields stand in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Let a photo and those around it settle, inside a wider transaction. @returns ids of the photos that changed */
export async function settleAround(transaction: Writing, photoId: string, settling: SettleAnswers): Promise<string[]> {
  const photos = transaction.objectStore('racePhotos');
  const centre = await photos.get(photoId);
  const own = await transaction.objectStore('raceReadings').get(photoId);
  if (centre === undefined || own === undefined || centre.cameraId === null) return [];
  const { cameraId, atMs } = centre;
  const around = new Map<string, RacePhotoRow>([[photoId, centre]]);
  const byCamera = photos.index('byCamera');
  for (const row of await byCamera.getAll(
    IDBKeyRange.bound([cameraId, atMs, photoId], [cameraId, atMs + settling.windowMs, []], true),
    settling.photos,
  ))
    around.set(row.id, row);
  let cursor = await byCamera.openCursor(
    IDBKeyRange.bound([cameraId, atMs - settling.windowMs], [cameraId, atMs, photoId], false, true),
    'prev',
  );
  for (let left = settling.photos; cursor !== null && left > 0; left--) {
    around.set(cursor.value.id, cursor.value);
    cursor = await cursor.continue();
  }
  const known: NeighbourPhoto[] = [];
  for (const row of [...around.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))) {
    const reading = await transaction.objectStore('raceReadings').get(row.id);
    if (reading === undefined) continue;
    const looks = (await transaction.objectStore('raceLooks').get(row.id)) ?? null;
    known.push({ photo: row.photo, atMs: row.atMs, reading, looks });
  }
  const changed = settling.settle(known, photoId);
  await putReadings(transaction, changed);
  return changed.map((reading) => reading.photoId);
}

/** Keep how many photos show each number, inside a wider transaction. */
export async function keepNumbers(
  transaction: Within<'raceNumbers', 'readwrite'>,
  { eventId, bibs: before }: Pick<RacePhotoRow, 'eventId' | 'bibs'>,
  { bibs: after }: Pick<RacePhotoRow, 'bibs'>,
): Promise<void> {
  const store = transaction.objectStore('raceNumbers');
  for (const bib of new Set([...before, ...after])) {
    const change = Number(after.includes(bib)) - Number(before.includes(bib));
    if (change === 0) continue;
    const id = `${eventId}.${bib}`;
    const photos = ((await store.get(id))?.photos ?? 0) + change;
    await (photos > 0 ? store.put({ id, photos }) : store.delete(id));
  }
}

/** Keep the counts of an event and of one of its sources, inside a wider transaction. */
export async function keepCounts(
  transaction: Within<'raceCounts', 'readwrite'>,
  { eventId, sourceId }: Pick<RacePhoto, 'eventId' | 'sourceId'>,
  tally: Tally,
): Promise<void> {
  const store = transaction.objectStore('raceCounts');
  for (const id of [eventId, sourceId]) await store.put(tally.onto((await store.get(id)) ?? emptyCounts(id)));
}
