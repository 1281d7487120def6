/**
 * @file Rows of races: what a photo, a sighting or an entrant is found by, and the counts that are kept with every change. Pure. Thread: any.
 * [Note: Race ids] Ids of entrants, photos and cameras begin with the id of their event and a dot; what belongs to a photo is kept by the photo's
 * id. So everything of an event is one range of keys, deleted or read in one request however much it is.
 */
import type { BibCertainty, Entrant, PhotoOutcome, RaceCamera, RaceEvent, RacePhoto, RacePhotoReading } from '../contracts/race.ts';
import type { EntrantRow, RaceCountsRow, RacePhotoRow, SightingRow } from './db.ts';
import { searchKey } from './search-key.ts';

/** Everything in a store whose keys follow [Note: Race ids]. */
export function ofEvent(eventId: string): IDBKeyRange {
  return IDBKeyRange.bound(`${eventId}.`, `${eventId}/`, false, true);
}

/** The same for stores that are kept by photo and sighting. */
export function ofEventInPairs(eventId: string): IDBKeyRange {
  return IDBKeyRange.bound([`${eventId}.`], [`${eventId}/`], false, true);
}

/** Everything that begins with these parts. */
export function startingWith(...parts: readonly (string | number)[]): IDBKeyRange {
  return IDBKeyRange.bound([...parts], [...parts, []]);
}

/** Id of the photo that was found as `order`-th of its event; ids sort as they were found. */
export function photoIdOf(eventId: string, order: number): string {
  return `${eventId}.${String(order).padStart(8, '0')}`;
}

/** Name without folders, size and time. */
export function fileKeyOf({ path, sizeBytes, modifiedAtMs }: Pick<RacePhoto, 'path' | 'sizeBytes' | 'modifiedAtMs'>): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}|${sizeBytes}|${modifiedAtMs}`;
}

/** When a photo was taken, UTC; when its file was written where the photo does not tell. */
export function photoAtMs(
  { cameraAtMs, modifiedAtMs }: Pick<RacePhoto, 'cameraAtMs' | 'modifiedAtMs'>,
  camera: Pick<RaceCamera, 'clockOffsetMs'> | null,
  event: Pick<RaceEvent, 'utcOffsetMinutes'>,
): number {
  if (cameraAtMs === null) return modifiedAtMs;
  return Math.max(0, cameraAtMs + (camera?.clockOffsetMs ?? 0) - event.utcOffsetMinutes * 60_000);
}

/** What a reading says as a whole. */
export function outcomeOf(reading: Pick<RacePhotoReading, 'sightings'> | null): PhotoOutcome {
  if (reading === null) return 'unread';
  if (reading.sightings.length === 0) return 'nobody';
  if (reading.sightings.some(({ answer }) => answer.certainty === 'check')) return 'doubtful';
  return reading.sightings.some(({ answer }) => answer.bib !== null) ? 'named' : 'nameless';
}

/** What a row says of its photo's reading. */
export function summaryOf(reading: Pick<RacePhotoReading, 'sightings'> | null): Pick<RacePhotoRow, 'outcome' | 'bibs' | 'sightings'> {
  const sightings = { sure: 0, check: 0, none: 0 };
  const bibs = new Set<string>();
  for (const { answer } of reading?.sightings ?? []) {
    sightings[answer.certainty] += 1;
    if (answer.bib !== null) bibs.add(answer.bib);
  }
  return { outcome: outcomeOf(reading), bibs: [...bibs], sightings };
}

/** The photo with the parts that are indexed; what its row says of the reading stays. */
export function withPhoto(row: RacePhotoRow, photo: RacePhoto, atMs: number = row.atMs): RacePhotoRow {
  const { sourceId, cameraId, path, state, attempts } = photo;
  return { ...row, sourceId, cameraId, path, state, attempts, atMs, fileKey: fileKeyOf(photo), photo };
}

/** A photo that nobody has read. */
export function newPhotoRow(photo: RacePhoto, order: number): RacePhotoRow {
  const { id, eventId, sourceId, cameraId, path, state, attempts, modifiedAtMs } = photo;
  const keys = { id, eventId, sourceId, cameraId, path, state, attempts, order, atMs: modifiedAtMs, fileKey: fileKeyOf(photo) };
  return { ...keys, contentHash: null, ...summaryOf(null), photo };
}

/** One row for each sighting. */
export function sightingRows({ photoId, eventId, sightings }: RacePhotoReading): SightingRow[] {
  return sightings.map(({ id, burstId, answer: { bib, certainty, probability01 } }) => ({
    ...{ photoId, sightingId: id, eventId, bib, certainty, probability01, burstId },
  }));
}

/** Numbers as people count: `9` before `10`, `A7` before `A12`. */
export function bibOrder(bib: string): string {
  return bib.replace(/\d+/gu, (digits) => digits.padStart(8, '0'));
}

/** An entrant with what it is found by: number, and the beginnings of every part of the name. */
export function toEntrantRow(entrant: Entrant): EntrantRow {
  const { id, eventId, bib, name } = entrant;
  const parts = name.normalize('NFKC').split(/[\s・･,，、]+/u);
  const words = new Set([searchKey(name), ...parts.map(searchKey)].filter((word) => word !== ''));
  return { id, eventId, order: bibOrder(bib), words: [...words].map((word) => wordKey(eventId, word)), entrant };
}

/** A folded word within its event. */
export function wordKey(eventId: string, word: string): string {
  return `${eventId}\n${word}`;
}

/** Nothing yet. */
export function emptyCounts(id: string): RaceCountsRow {
  return {
    id,
    found: 0,
    photos: { waiting: 0, read: 0, failed: 0, gone: 0, skipped: 0 },
    outcomes: { unread: 0, nobody: 0, nameless: 0, doubtful: 0, named: 0 },
    sightings: { sure: 0, check: 0, none: 0 },
    thumbnailBytes: 0,
  };
}

/** Changes of rows, to be added to what is counted. */
export class Tally {
  readonly #photos = emptyCounts('').photos as Record<RacePhoto['state'], number>;
  readonly #outcomes = emptyCounts('').outcomes as Record<PhotoOutcome, number>;
  readonly #sightings = emptyCounts('').sightings as Record<BibCertainty, number>;
  #found = 0;
  #thumbnailBytes = 0;

  /** A row that is new (`before` null), changed, or goes (`after` null). */
  changed(before: RacePhotoRow | null, after: RacePhotoRow | null): void {
    if (before !== null) this.#add(before, -1);
    if (after !== null) this.#add(after, 1);
  }

  found(): void {
    this.#found += 1;
  }

  thumbnail(bytes: number): void {
    this.#thumbnailBytes += bytes;
  }

  /** @returns `counts` with the changes. */
  onto(counts: RaceCountsRow): RaceCountsRow {
    return {
      id: counts.id,
      found: counts.found + this.#found,
      photos: sum(counts.photos, this.#photos),
      outcomes: sum(counts.outcomes, this.#outcomes),
      sightings: sum(counts.sightings, this.#sightings),
      thumbnailBytes: counts.thumbnailBytes + this.#thumbnailBytes,
    };
  }

  #add({ state, outcome, sightings }: RacePhotoRow, sign: 1 | -1): void {
    this.#photos[state] += sign;
    this.#outcomes[outcome] += sign;
    for (const certainty of ['sure', 'check', 'none'] as const) this.#sightings[certainty] += sign * sightings[certainty];
  }
}

function sum<Key extends string>(a: Readonly<Record<Key, number>>, b: Readonly<Record<Key, number>>): Record<Key, number> {
  return Object.fromEntries((Object.keys(a) as Key[]).map((key) => [key, a[key] + b[key]])) as Record<Key, number>;
}
