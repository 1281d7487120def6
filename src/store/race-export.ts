/** @file A race out of the device and back, as JSON. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import { raceExportSchema, type RaceExport } from '../contracts/race-export.ts';
import { transact, type Database, type RacePhotoRow, type Within } from './db.ts';
import { inPieces, PIECE } from './in-pieces.ts';
import { eraseFaces } from './race-faces.ts';
import {
  emptyCounts,
  newPhotoRow,
  ofEvent,
  ofEventInPairs,
  photoAtMs,
  sightingRows,
  startingWith,
  summaryOf,
  Tally,
  toEntrantRow,
  withPhoto,
} from './race-rows.ts';

/** Larger files are no race: 10,000 photos with five runners each have about 60 MB. */
const MAX_BYTES = 512 << 20;

/** What {@link putRace} writes. Faces of a race that is replaced go, and its search by selfie is off: a file never turns it on. */
export const RACE_EXPORT_STORES = [
  ...(['raceEvents', 'raceEntrants', 'raceCameras', 'raceSources', 'racePhotos', 'raceReadings'] as const),
  ...(['raceSightings', 'raceLooks', 'raceNumbers', 'raceDecisions', 'raceCounts', 'raceFaces', 'raceFaceSearches'] as const),
] as const;

/** @returns the race and its parts as a file, as they are at one moment. @throws AppError('invalid-input') when it is gone */
export function exportRace(database: Database, eventId: string, nowMs: number): Promise<Blob> {
  return transact(database, RACE_EXPORT_STORES, 'readonly', async (transaction) => {
    const all = await transaction.objectStore('raceEvents').getAll();
    const main = all.find(({ id }) => id === eventId);
    if (main === undefined) throw new AppError('invalid-input', 'the race is gone', { stage: 'store' });
    const events = [main, ...all.filter(({ parentId }) => parentId === eventId)];
    const ranges = events.map(({ id }) => ofEvent(id));
    const cameras = await Promise.all(ranges.map((range) => transaction.objectStore('raceCameras').getAll(range)));
    const sources = await Promise.all(
      events.map(({ id }) => transaction.objectStore('raceSources').index('byEvent').getAll(startingWith(id))),
    );
    const head = JSON.stringify({
      ...{ format: 'mekiki-race', version: 1, exportedAtMs: nowMs, events, cameras: cameras.flat(), sources: sources.flat() },
    });
    const list = async <Row>(
      name: string,
      read: (range: IDBKeyRange, count: number) => Promise<Row[]>,
      keyOf: (row: Row) => string,
      valueOf: (row: Row) => unknown,
    ): Promise<BlobPart[]> => {
      const texts: Blob[] = [];
      // Written as they come: what is read at once is put into words, and into bytes, at once.
      const piece = async (range: IDBKeyRange, count: number): Promise<Row[]> => {
        const rows = await read(range, count);
        if (rows.length > 0) texts.push(new Blob([texts.length === 0 ? '' : ',', rows.map((row) => JSON.stringify(valueOf(row))).join()]));
        return rows;
      };
      for (const range of ranges) await inPieces(range, piece, keyOf);
      return [`,"${name}":[`, ...texts, ']'];
    };
    const entrants = transaction.objectStore('raceEntrants');
    const photos = transaction.objectStore('racePhotos');
    const readings = transaction.objectStore('raceReadings');
    return new Blob(
      [
        head.slice(0, -1),
        ...(await list(
          'entrants',
          (range, count) => entrants.getAll(range, count),
          ({ id }) => id,
          ({ entrant }) => entrant,
        )),
        ...(await list(
          'photos',
          (range, count) => photos.getAll(range, count),
          ({ id }) => id,
          ({ photo }) => photo,
        )),
        ...(await list(
          'readings',
          (range, count) => readings.getAll(range, count),
          ({ photoId }) => photoId,
          (reading) => reading,
        )),
        '}',
      ],
      { type: 'application/json' },
    );
  });
}

/**
 * Bring an exported race back. What has the same ids is replaced, decisions on this device included; previews and folders that the browser remembers
 * stay. Photos are found again by name, size and time when their source is chosen.
 * @returns id of the race. @throws AppError('invalid-input') for anything else, `quota-exceeded`; nothing is written then.
 */
export async function importRace(database: Database, file: Blob): Promise<string> {
  const race = await readRace(file);
  await transact(database, RACE_EXPORT_STORES, 'readwrite', (transaction) => putRace(transaction, race));
  return race.events[0]!.id;
}

/** Write a race inside a wider transaction. */
export async function putRace(transaction: Within<(typeof RACE_EXPORT_STORES)[number], 'readwrite'>, race: RaceExport): Promise<void> {
  for (const { id } of race.events) await clearEvent(transaction, id);
  for (const event of race.events) await transaction.objectStore('raceEvents').put(event);
  await putAll(race.entrants, (entrant) => [transaction.objectStore('raceEntrants').put(toEntrantRow(entrant))]);
  for (const camera of race.cameras) await transaction.objectStore('raceCameras').put(camera);
  for (const source of race.sources) await transaction.objectStore('raceSources').put(source);
  const readings = new Map(race.readings.map((reading) => [reading.photoId, reading]));
  const tallies = new Map<string, Tally>();
  const found = new Map<string, number>();
  const shown = new Map<string, number>();
  await putAll([...photoRows(race)], (row) => {
    const full = { ...row, ...summaryOf(readings.get(row.id) ?? null) };
    found.set(row.eventId, Math.max(found.get(row.eventId) ?? 0, row.order));
    for (const id of [row.eventId, row.sourceId]) {
      const tally = tallies.get(id) ?? new Tally();
      tallies.set(id, tally);
      tally.changed(null, full);
    }
    for (const bib of full.bibs) shown.set(`${row.eventId}.${bib}`, (shown.get(`${row.eventId}.${bib}`) ?? 0) + 1);
    return [transaction.objectStore('racePhotos').put(full)];
  });
  await putAll([...shown], ([id, photos]) => [transaction.objectStore('raceNumbers').put({ id, photos })]);
  await putAll(race.readings, (reading) => [
    transaction.objectStore('raceReadings').put(reading),
    ...sightingRows(reading).map((row) => transaction.objectStore('raceSightings').put(row)),
  ]);
  for (const id of [...race.events, ...race.sources].map((each) => each.id)) {
    const before = await transaction.objectStore('raceCounts').get(id);
    const counts = (tallies.get(id) ?? new Tally()).onto(emptyCounts(id));
    const most = Math.max(found.get(id) ?? 0, before?.found ?? 0);
    await transaction.objectStore('raceCounts').put({ ...counts, found: most, thumbnailBytes: before?.thumbnailBytes ?? 0 });
  }
}

/** One piece after the other: waiting for each row takes ten times as long, and all at once would hold the page up. */
async function putAll<Row>(rows: readonly Row[], put: (row: Row) => readonly Promise<unknown>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += PIECE) await Promise.all(rows.slice(at, at + PIECE).flatMap(put));
}

/** @throws AppError('invalid-input') for anything that is no whole race */
export async function readRace(file: Blob): Promise<RaceExport> {
  if (file.size > MAX_BYTES) throw new AppError('invalid-input', 'the file is too large for a race', { stage: 'store' });
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch (error) {
    throw new AppError('invalid-input', 'the file is not JSON', { cause: error, stage: 'store' });
  }
  const parsed = raceExportSchema.safeParse(value);
  if (!parsed.success)
    throw new AppError('invalid-input', `the race is damaged at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, { stage: 'store' });
  const race = parsed.data;
  const events = new Set(race.events.map(({ id }) => id));
  const sources = new Set(race.sources.map(({ id }) => id));
  const photos = new Set(race.photos.map(({ id }) => id));
  // [Note: Race ids] Ranges of keys rest on it: a file must not write into other races.
  const isOwn = ({ id, eventId }: { readonly id: string; readonly eventId: string }): boolean =>
    events.has(eventId) && id.startsWith(`${eventId}.`);
  const isWhole =
    race.events.every(({ id, parentId }, index) => !/[./]/.test(id) && (index === 0 || parentId === race.events[0]!.id)) &&
    [...race.entrants, ...race.cameras, ...race.photos].every(isOwn) &&
    race.sources.every(({ eventId }) => events.has(eventId)) &&
    race.photos.every(({ sourceId }) => sources.has(sourceId)) &&
    race.readings.every(({ photoId, eventId }) => photos.has(photoId) && events.has(eventId));
  if (!isWhole) throw new AppError('invalid-input', 'parts of the race do not belong together', { stage: 'store' });
  return race;
}

/** What the file replaces. */
async function clearEvent(transaction: Within<(typeof RACE_EXPORT_STORES)[number], 'readwrite'>, id: string): Promise<void> {
  for (const name of ['raceEntrants', 'raceCameras', 'racePhotos', 'raceReadings', 'raceLooks', 'raceNumbers', 'raceDecisions'] as const)
    await transaction.objectStore(name).delete(ofEvent(id));
  await transaction.objectStore('raceSightings').delete(ofEventInPairs(id));
  await eraseFaces(transaction, id);
}

function* photoRows({ events, cameras, photos }: RaceExport): Generator<RacePhotoRow> {
  const eventOf = new Map(events.map((event) => [event.id, event]));
  const cameraOf = new Map(cameras.map((camera) => [camera.id, camera]));
  for (const photo of photos) {
    const order = Number.parseInt(photo.id.slice(photo.eventId.length + 1), 10);
    const row = newPhotoRow(photo, Number.isFinite(order) ? order : 0);
    yield withPhoto(row, photo, photoAtMs(photo, cameraOf.get(photo.cameraId ?? '') ?? null, eventOf.get(photo.eventId)!));
  }
}
