/** @file Races that the store tests share. */
import type {
  BibAnswer,
  BibDecision,
  PhotoSource,
  RaceEvent,
  RacePhotoFacts,
  RacePhotoReading,
  Sighting,
} from '../../src/contracts/race.ts';
import { ANY_BIB } from '../../src/contracts/race.ts';
import type { Database } from '../../src/store/db.ts';
import type { ListedEntrant } from '../../src/contracts/start-list-api.ts';
import { createEntrantStore } from '../../src/store/race-entrants.ts';
import { createRaceEventStore } from '../../src/store/race-events.ts';
import { createRacePhotoStore, type FinishedPhoto, type FoundFile } from '../../src/store/race-photos.ts';
import { createRaceReadingStore, type SettleAnswers } from '../../src/store/race-readings.ts';
import { createPhotoSourceStore } from '../../src/store/race-sources.ts';

export function raceEvent(id = 'e1', overrides: Partial<RaceEvent> = {}): RaceEvent {
  return {
    id,
    name: `Race ${id}`,
    day: '2026-11-22',
    parentId: null,
    format: ANY_BIB,
    utcOffsetMinutes: 540,
    updatedAtMs: 1,
    ...overrides,
  };
}

export function photoSource(id = 's1', overrides: Partial<PhotoSource> = {}): PhotoSource {
  return { id, eventId: 'e1', name: `Card ${id}`, kind: 'folder', photographer: '', addedAtMs: 1, ...overrides };
}

export function entrant(bib: string, name = `Runner ${bib}`, overrides: Partial<ListedEntrant> = {}): ListedEntrant {
  return { bib, name, category: '', team: '', wave: '', ...overrides };
}

export function foundFile(path: string, overrides: Partial<FoundFile> = {}): FoundFile {
  return { path, sizeBytes: 1000 + path.length, modifiedAtMs: 1_700_000_000_000, ...overrides };
}

export function bibAnswer(bib: string | null, certainty: BibAnswer['certainty'] = bib === null ? 'none' : 'sure'): BibAnswer {
  const probability01 = { sure: 0.99, check: 0.6, none: 0 }[certainty];
  return { bib, certainty, probability01, partial: null, candidates: bib === null ? [] : [{ bib, probability01 }], saidBy: 'print' };
}

export function sighting(id: string, answer: BibAnswer, overrides: Partial<Sighting> = {}): Sighting {
  const personBox = { x: 0.1, y: 0.1, width: 0.3, height: 0.8 };
  return { id, personBox, bibBox: null, confidence01: 0.9, read: answer, answer, burstId: null, ...overrides };
}

export function raceReading(photoId: string, sightings: readonly Sighting[], eventId = 'e1'): RacePhotoReading {
  return { photoId, eventId, sightings: [...sightings], readAtMs: 5, durationsMs: { read: 3 } };
}

export function photoFacts(overrides: Partial<RacePhotoFacts> = {}): RacePhotoFacts {
  return {
    ...{ cameraLabel: 'Nikon Z9 7', cameraAtMs: 1_700_000_000_000, cameraUtcOffsetMinutes: null, widthPx: 4000, heightPx: 3000 },
    ...{ sharpness01: 0.7, contentHash: 'h', ...overrides },
  };
}

export function finishedPhoto(
  photoId: string,
  sightings: readonly Sighting[],
  facts: Partial<RacePhotoFacts> = {},
  eventId = 'e1',
): FinishedPhoto {
  return {
    reading: raceReading(photoId, sightings, eventId),
    looks: { photoId, eventId, space: 'test@1', looks: sightings.map(() => Float32Array.from([1, 0])) },
    facts: photoFacts({ contentHash: `hash of ${photoId}`, ...facts }),
    thumbnail: new Blob(['small']),
  };
}

export function decision(id: string, photoId: string, sightingId: string, bib: string | null, before: BibAnswer): BibDecision {
  const after: BibAnswer = { ...bibAnswer(bib), probability01: 1, saidBy: 'user' };
  return { id: `e1.${id}`, eventId: 'e1', photoId, sightingId, atMs: 9, before, after };
}

/** Neighbours say nothing. */
export const KEEP_APART: SettleAnswers = { windowMs: 1000, photos: 20, settle: () => [] };

/** All stores of one database, with one event and one source. */
export async function raceStand(database: Database) {
  const stand = {
    database,
    events: createRaceEventStore(database),
    entrants: createEntrantStore(database),
    sources: createPhotoSourceStore(database),
    photos: createRacePhotoStore(database),
    readings: createRaceReadingStore(database),
  };
  await stand.events.put(raceEvent());
  await stand.sources.put(photoSource());
  return stand;
}
