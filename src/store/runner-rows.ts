/** @file Runners as a list of them shows them: who holds a number, how many photos show it, and which one is shown first. Thread: any. */
import type { SightingChoice } from '../contracts/race-delivery.ts';
import type { RunnerCover, RunnerRow } from '../contracts/race-desk-api.ts';
import type { Entrant, RacePhoto, RacePhotoReading } from '../contracts/race.ts';
import { runnersOf, type RunnerPhoto } from '../core/race/runner-photos.ts';
import type { Database } from './db.ts';
import { createEntrantStore } from './race-entrants.ts';
import { createRaceEventStore } from './race-events.ts';
import { createRacePhotoStore } from './race-photos.ts';
import { createRaceReadingStore } from './race-readings.ts';

/** One runner with all photos. */
export interface RunnerGalleryRow {
  /** None: not on the list; more than one: two runners hold the number. */
  readonly entrants: readonly Entrant[];
  /** In the order of a delivery. */
  readonly photos: readonly RunnerPhoto[];
}

export interface RunnerRowStore {
  /** In the order of `bibs`. Costs what their photos cost, however many the race has. */
  of(eventId: string, bibs: readonly string[], certainty: SightingChoice['certainty']): Promise<RunnerRow[]>;
  /** Also what nobody has looked at yet. */
  gallery(eventId: string, bib: string): Promise<RunnerGalleryRow>;
}

/** Runners over the device's database. */
export function createRunnerRowStore(database: Database): RunnerRowStore {
  const events = createRaceEventStore(database);
  const entrants = createEntrantStore(database);
  const photos = createRacePhotoStore(database);
  const readings = createRaceReadingStore(database);

  async function galleries(eventId: string, bibs: readonly string[], certainty: SightingChoice['certainty']): Promise<RunnerGalleryRow[]> {
    const family = await events.family(eventId);
    const event = family.find(({ id }) => id === eventId);
    if (event === undefined) return bibs.map(() => ({ entrants: [], photos: [] }));
    const eventIds = family.map(({ id }) => id);
    const [cameras, held, shown] = await Promise.all([
      events.cameras(eventId),
      Promise.all(bibs.map((bib) => entrants.withBib(eventIds, bib))),
      Promise.all(bibs.map((bib) => readings.photosOf([eventId], bib))),
    ]);
    const ids = [...new Set(shown.flat())];
    const [tiles, read] = await Promise.all([photos.tiles(ids), readings.ofPhotos(ids)]);
    const photoOf = new Map(tiles.map(({ id, photo }): [string, RacePhoto] => [id, photo]));
    const readingOf = new Map(read.map((reading): [string, RacePhotoReading] => [reading.photoId, reading]));
    return Promise.all(
      bibs.map(async (bib, at) => {
        const own = {
          photos: shown[at]!.flatMap((id) => photoOf.get(id) ?? []),
          readings: shown[at]!.flatMap((id) => onlyOf(bib, readingOf.get(id))),
        };
        const choice = { certainty, withDuplicates: false, minSharpness01: 0 };
        const runners = await runnersOf({ event, entrants: [], cameras, sources: [], ...own }, choice);
        return { entrants: held[at]!, photos: runners[0]?.photos ?? [] };
      }),
    );
  }

  return {
    async of(eventId, bibs, certainty) {
      const found = await galleries(eventId, bibs, certainty);
      return found.map(({ entrants: held, photos: own }, at) => ({
        ...{ bib: bibs[at]!, entrants: held, photos: own.length, cover: coverOf(own[0]) },
      }));
    },
    gallery: async (eventId, bib) => (await galleries(eventId, [bib], 'check'))[0]!,
  };
}

function coverOf(shown: RunnerPhoto | undefined): RunnerCover | null {
  if (shown === undefined) return null;
  const { photo, sighting } = shown;
  return { photoId: photo.id, box: sighting.personBox, aspect: photo.widthPx / Math.max(1, photo.heightPx) };
}

/** Of a photo that shows several runners, the one who is asked for. */
function onlyOf(bib: string, reading: RacePhotoReading | undefined): RacePhotoReading[] {
  if (reading === undefined) return [];
  return [{ ...reading, sightings: reading.sightings.filter(({ answer }) => answer.bib === bib) }];
}
