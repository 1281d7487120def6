/**
 * @file Everything that this device remembers, as one ZIP that its owner can read, keep and bring back; and its erasure.
 * `mekiki.json` holds the records, `races/` the races, `photos/`, `thumbnails/` and `shelves/` the pictures, `looks/` what facings look like,
 * `ledger.json` the ledger with its hashes. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import type { HistoryEntry } from '../contracts/history.ts';
import type { GalleryItem } from '../contracts/product.ts';
import type { RaceExport } from '../contracts/race-export.ts';
import type { EmbeddingSpace } from '../contracts/results.ts';
import { backupSchema, type Backup, type BackupGallery, type BackupHistory } from './backup-schema.ts';
import { floatsFromBase64, fromBase64, toBase64 } from './base64.ts';
import {
  transact,
  type BayPictureRow,
  type Database,
  type FacingLooksRow,
  type FeaturesRow,
  type GalleryRow,
  type HistoryRow,
  type RaceThumbnailRow,
  type Within,
} from './db.ts';
import { DEMO_SOURCE } from './demo.ts';
import { checkItem, putGallery } from './embeddings.ts';
import { toHistoryRow } from './history.ts';
import type { Ledger } from './ledger.ts';
import { decodeLooks, encodeLooks } from './look-file.ts';
import { toProductRow } from './products.ts';
import { createRaceEventStore, RACE_STORES } from './race-events.ts';
import { exportRace, putRace, RACE_EXPORT_STORES, readRace } from './race-export.ts';
import { keepCounts } from './race-readings.ts';
import { ofEvent, Tally } from './race-rows.ts';
import { SETTING_KEYS, valid, type SettingKey } from './settings.ts';
import { allRecords, putRecords, RECORD_STORES } from './visit-export.ts';
import { readZip, writeZip, type ZipEntry } from './zip.ts';

const RECORDS = 'mekiki.json';
const MAX_RECORDS_BYTES = 256 << 20;
/** A ZIP holds 65,535 files; thumbnails of races beyond that can be made again from the photos. */
const MAX_RACE_PICTURES = 50_000;
/** Bringing looks back takes about 300 kB of memory a photo. Older photos lose them; their names stay. */
const MAX_LOOKS = 500;
/** What may leave this device is decided on this device, never by a file. */
const NOT_RESTORED: ReadonlySet<SettingKey> = new Set(['egress', 'serverUrl']);

/** What {@link eraseAll} empties; of the notes the ledger's own stay. */
const ERASED = [
  ...(['history', 'corrections', 'products', 'gallery', 'features', 'people', 'settings', 'waiting'] as const),
  ...(['packs', 'packManifests', 'packParts', 'packProducts', 'packKeys'] as const),
  ...([...RECORD_STORES, 'shelfRoutes', 'shelfPictures', 'shelfLooks', ...RACE_STORES] as const),
] as const;

/** What a backup holds. */
const KEPT = [
  ...(['history', 'corrections', 'products', 'gallery', 'features', 'people', 'settings'] as const),
  ...([...RECORD_STORES, 'shelfRoutes', 'shelfPictures', 'shelfLooks'] as const),
  ...([...RACE_EXPORT_STORES, 'raceThumbnails'] as const),
] as const;

/** How much came back. */
export interface ImportResult {
  readonly history: number;
  readonly corrections: number;
  readonly products: number;
  readonly gallery: number;
  readonly people: number;
  /** Visits of shops. */
  readonly visits: number;
  readonly races: number;
}

/** @returns ZIP. The demo catalogue is left out: the app brings it. */
export async function exportData(database: Database, ledger: Pick<Ledger, 'export'>, now: () => number = Date.now): Promise<Blob> {
  const all = await transact(database, KEPT, 'readonly', async (transaction) => ({
    history: await transaction.objectStore('history').getAll(),
    corrections: await transaction.objectStore('corrections').getAll(),
    products: await transaction.objectStore('products').getAll(),
    gallery: await transaction.objectStore('gallery').getAll(),
    features: await transaction.objectStore('features').getAll(),
    people: await transaction.objectStore('people').getAll(),
    settings: await transaction.objectStore('settings').getAll(),
    records: await allRecords(transaction),
    routes: await transaction.objectStore('shelfRoutes').getAll(),
    bayPictures: await transaction.objectStore('shelfPictures').getAll(),
    looks: await newestLooks(transaction),
  }));
  const races = await exportRaces(database, now());
  const features = new Map(all.features.map((row) => [row.id, row]));
  const pictures: ZipEntry[] = [];
  const history = all.history.map(({ entry }, index): BackupHistory => {
    const { photo, thumbnail, ...rest } = entry;
    const names = { photo: `photos/${index}.jpg`, thumbnail: `thumbnails/${index}.jpg` };
    pictures.push({ name: names.photo, blob: photo }, { name: names.thumbnail, blob: thumbnail });
    // Readonly arrays of the contract and mutable ones of zod are the same JSON.
    return { ...(rest as Omit<BackupHistory, 'photo' | 'thumbnail'>), ...names };
  });
  const bayPictures = all.bayPictures.map(({ photoId, kind, blob }, index) => {
    const name = `shelves/${index}.jpg`;
    pictures.push({ name, blob });
    return { photoId, kind, name };
  });
  const looks = all.looks.map((blob, index): ZipEntry => ({ name: `looks/${index}.bin`, blob }));
  const backup: Backup = {
    format: 'mekiki-backup',
    version: 1,
    exportedAtMs: now(),
    history,
    corrections: all.corrections,
    products: all.products.filter(({ source }) => source !== DEMO_SOURCE).map(({ product }) => product),
    gallery: all.gallery.filter(({ source }) => source !== DEMO_SOURCE).map((row) => packGallery(row, features.get(row.id))),
    people: all.people.map((person) => ({ ...person, rules: [...person.rules] })),
    settings: Object.fromEntries(all.settings.map(({ key, value }) => [key, value])),
    shelf: { records: all.records, routes: all.routes, pictures: bayPictures, looks: looks.map(({ name }) => name) },
    races: races.map(({ file, thumbnails }) => ({
      file: file.name,
      thumbnails: thumbnails.map(({ photoId, name }) => ({ photoId, name })),
    })),
  };
  const ofRaces = races.flatMap(({ file, thumbnails }) => [file, ...thumbnails]);
  return writeZip([json(RECORDS, backup), json('ledger.json', await ledger.export()), ...ofRaces, ...pictures, ...looks]);
}

/**
 * Bring a backup back: records with the same id are replaced, others stay. The ledger and the egress switches are not taken over.
 * @throws AppError('invalid-input') for anything that is not a whole backup, `quota-exceeded`; nothing is written then.
 */
export async function importData(database: Database, zip: Blob): Promise<ImportResult> {
  const files = await readZip(zip);
  const backup = await readRecords(files);
  const picture = async (name: string): Promise<Blob> => {
    const open = files.get(name);
    if (open === undefined) throw new AppError('invalid-input', 'the backup lacks a picture that it names', { stage: 'store' });
    return new Blob([await open()], { type: 'image/jpeg' });
  };
  const history: HistoryRow[] = [];
  for (const record of backup.history) {
    const entry = { ...record, photo: await picture(record.photo), thumbnail: await picture(record.thumbnail) };
    // zod says `| undefined` where the contract says "absent"; parsed JSON has no undefined.
    history.push(toHistoryRow(entry as HistoryEntry));
  }
  const gallery = backup.gallery.map(unpackGallery);
  gallery.forEach(checkItem);
  const products = backup.products.map(toProductRow);
  const settings = SETTING_KEYS.filter((key) => key in backup.settings && !NOT_RESTORED.has(key));
  const bayPictures: BayPictureRow[] = [];
  for (const { photoId, kind, name } of backup.shelf?.pictures ?? []) {
    const blob = await picture(name);
    bayPictures.push({ photoId, kind, sizeBytes: blob.size, blob });
  }
  const looks: FacingLooksRow[] = [];
  for (const name of backup.shelf?.looks ?? []) {
    const open = files.get(name);
    if (open === undefined) throw new AppError('invalid-input', 'the backup lacks looks that it names', { stage: 'store' });
    looks.push(await decodeLooks(await open()));
  }
  const races: { readonly race: RaceExport; readonly thumbnails: readonly RaceThumbnailRow[] }[] = [];
  for (const { file, thumbnails } of backup.races ?? []) {
    const open = files.get(file);
    if (open === undefined) throw new AppError('invalid-input', 'the backup lacks a race that it names', { stage: 'store' });
    const race = await readRace(await open());
    const rows = await Promise.all(thumbnails.map(async ({ photoId, name }) => ({ photoId, blob: await picture(name) })));
    races.push({ race, thumbnails: rows });
  }
  await transact(database, KEPT, 'readwrite', async (transaction) => {
    for (const { race, thumbnails } of races) {
      await putRace(transaction, race);
      await putThumbnails(transaction, thumbnails);
    }
    for (const row of history) await transaction.objectStore('history').put(row);
    for (const row of backup.corrections) await transaction.objectStore('corrections').put(row);
    for (const row of products) await transaction.objectStore('products').put(row);
    for (const row of backup.people) await transaction.objectStore('people').put(row);
    for (const key of settings) await transaction.objectStore('settings').put({ key, value: valid(key, backup.settings[key]) });
    await putGallery(transaction, gallery);
    if (backup.shelf === undefined) return;
    await putRecords(transaction, backup.shelf.records);
    for (const route of backup.shelf.routes) await transaction.objectStore('shelfRoutes').put(route);
    for (const row of bayPictures) await transaction.objectStore('shelfPictures').put(row);
    for (const row of looks) await transaction.objectStore('shelfLooks').put(row);
  });
  return {
    history: history.length,
    corrections: backup.corrections.length,
    products: products.length,
    gallery: gallery.length,
    people: backup.people.length,
    visits: backup.shelf?.records.visits.length ?? 0,
    races: races.length,
  };
}

/** Erase everything that this device remembers. Of the ledger a marked start stays, which says that and when rows were erased. */
export async function eraseAll(database: Database, ledger: Pick<Ledger, 'erase' | 'count'>): Promise<void> {
  await transact(database, [...ERASED, 'notes'], 'readwrite', async (transaction) => {
    for (const name of ERASED) await transaction.objectStore(name).clear();
    for (const key of await transaction.objectStore('notes').getAllKeys())
      if (!key.startsWith('ledger-')) await transaction.objectStore('notes').delete(key);
  });
  if ((await ledger.count()) > 0) await ledger.erase();
}

/** One by one: as files they lie outside the page's memory. */
async function newestLooks(transaction: Within<'shelfPhotos' | 'shelfLooks', 'readonly'>): Promise<Blob[]> {
  const photos = await transaction.objectStore('shelfPhotos').getAll();
  const files: Blob[] = [];
  for (const { id } of photos.sort((a, b) => b.capturedAtMs - a.capturedAtMs).slice(0, MAX_LOOKS)) {
    const row = await transaction.objectStore('shelfLooks').get(id);
    if (row !== undefined) files.push(encodeLooks(row));
  }
  return files;
}

interface RaceFiles {
  readonly file: ZipEntry;
  readonly thumbnails: readonly (ZipEntry & { readonly photoId: string })[];
}

/** A file for each race that is not a part of another; newest first. */
async function exportRaces(database: Database, nowMs: number): Promise<RaceFiles[]> {
  const events = (await createRaceEventStore(database).list()).filter(({ parentId }) => parentId === null);
  const races: RaceFiles[] = [];
  let left = MAX_RACE_PICTURES;
  for (const [index, { id }] of events.entries()) {
    const family = await createRaceEventStore(database).family(id);
    const rows = await transact(database, ['raceThumbnails'], 'readonly', async (transaction) =>
      (await Promise.all(family.map((event) => transaction.objectStore('raceThumbnails').getAll(ofEvent(event.id))))).flat(),
    );
    const thumbnails = rows.slice(0, left).map(({ photoId, blob }) => ({ photoId, name: `races/${index}/${photoId}.jpg`, blob }));
    left -= thumbnails.length;
    races.push({ file: { name: `races/${index}.json`, blob: await exportRace(database, id, nowMs) }, thumbnails });
  }
  return races;
}

async function putThumbnails(
  transaction: Within<'racePhotos' | 'raceThumbnails' | 'raceCounts', 'readwrite'>,
  rows: readonly RaceThumbnailRow[],
): Promise<void> {
  for (const row of rows) {
    const photo = await transaction.objectStore('racePhotos').get(row.photoId);
    if (photo === undefined) continue;
    const before = await transaction.objectStore('raceThumbnails').get(row.photoId);
    await transaction.objectStore('raceThumbnails').put(row);
    const tally = new Tally();
    tally.thumbnail(row.blob.size - (before?.blob.size ?? 0));
    await keepCounts(transaction, photo, tally);
  }
}

async function readRecords(files: ReadonlyMap<string, () => Promise<Blob>>): Promise<Backup> {
  const open = files.get(RECORDS);
  if (open === undefined) throw new AppError('invalid-input', 'this ZIP is not a backup of Mekiki', { stage: 'store' });
  const blob = await open();
  if (blob.size > MAX_RECORDS_BYTES) throw new AppError('invalid-input', 'the records of the backup are too large', { stage: 'store' });
  let value: unknown;
  try {
    value = JSON.parse(await blob.text());
  } catch (error) {
    throw new AppError('invalid-input', 'the records of the backup are not JSON', { cause: error, stage: 'store' });
  }
  const parsed = backupSchema.safeParse(value);
  if (!parsed.success)
    throw new AppError('invalid-input', `the backup is damaged at ${parsed.error.issues[0]?.path.join('.') ?? ''}`, { stage: 'store' });
  return parsed.data;
}

function json(name: string, value: unknown): ZipEntry {
  return { name, blob: new Blob([JSON.stringify(value)], { type: 'application/json' }) };
}

function packGallery({ words, front, ...row }: GalleryRow, features: FeaturesRow | undefined): BackupGallery {
  return {
    ...row,
    ...(words === undefined ? {} : { words: [...words] }),
    vector: toBase64(row.vector),
    colour: row.colour === null ? null : toBase64(row.colour),
    ...(front === undefined ? {} : { front: { layout: toBase64(front.layout), aspect: front.aspect } }),
    features:
      features === undefined
        ? null
        : {
            algorithm: features.algorithm,
            count: features.count,
            points: toBase64(features.points),
            descriptors: toBase64(features.descriptors),
            descriptorBytes: features.descriptorBytes,
            aspect: features.aspect,
          },
  };
}

function unpackGallery({ vector, colour, features, space, words, front, ...rest }: BackupGallery): GalleryItem {
  return {
    ...rest,
    ...(words === undefined ? {} : { words }),
    space: space as EmbeddingSpace,
    vector: floatsFromBase64(vector),
    colour: colour === null ? null : floatsFromBase64(colour),
    ...(front === undefined ? {} : { front: { layout: floatsFromBase64(front.layout), aspect: front.aspect } }),
    features:
      features === null ? null : { ...features, points: floatsFromBase64(features.points), descriptors: fromBase64(features.descriptors) },
  };
}
