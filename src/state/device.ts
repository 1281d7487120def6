/** @file The stores of this device, opened once at first use. Thread: page. */
import { createBayPhotoStore, type BayPhotoStore } from '../store/bay-photos.ts';
import { createBayReportStore, type BayReportStore } from '../store/bay-reports.ts';
import { createCorrectionStore, type CorrectionStore } from '../store/corrections.ts';
import { createDemo, type Demo } from '../store/demo.ts';
import { createDatabase, type Database, type DatabaseEvent } from '../store/db.ts';
import { createGalleryStore, type GalleryStore } from '../store/embeddings.ts';
import { createHistoryStore, type HistoryStore } from '../store/history.ts';
import { createLedger, type Ledger } from '../store/ledger.ts';
import { createPackPictures, type PackPictures } from '../store/pack-pictures.ts';
import { createPeopleStore, type PeopleStore } from '../store/people.ts';
import { createPlanogramStore, type PlanogramStore } from '../store/planograms.ts';
import { createEntrantStore, type EntrantStore } from '../store/race-entrants.ts';
import { createRaceEventStore, type RaceEventStore } from '../store/race-events.ts';
import { createRaceFaceStore, type RaceFaceStore } from '../store/race-faces.ts';
import { createRacePhotoStore, type RacePhotoStore } from '../store/race-photos.ts';
import { createRaceReadingStore, type RaceReadingStore } from '../store/race-readings.ts';
import { createPhotoSourceStore, type PhotoSourceStore } from '../store/race-sources.ts';
import { createProductStore, type ProductStore } from '../store/products.ts';
import { readAppJson } from '../models/app-files.ts';
import { createRunnerPageStore, type RunnerPageStore } from '../store/runner-pages.ts';
import { createSettingsStore, type SettingsStore } from '../store/settings.ts';
import { createShopStore, type ShopStore } from '../store/shops.ts';
import { createVisitStore, type VisitStore } from '../store/visits.ts';
import { createWaitingStore, type WaitingStore } from '../store/waiting.ts';

/** Everything that this device remembers. */
export interface Device {
  readonly database: Database;
  readonly settings: SettingsStore;
  readonly people: PeopleStore;
  readonly history: HistoryStore;
  readonly corrections: CorrectionStore;
  readonly products: ProductStore;
  readonly gallery: GalleryStore;
  readonly pictures: PackPictures;
  readonly ledger: Ledger;
  readonly demo: Demo;
  readonly waiting: WaitingStore;
  readonly shops: ShopStore;
  readonly visits: VisitStore;
  readonly bayPhotos: BayPhotoStore;
  readonly planograms: PlanogramStore;
  readonly bayReports: BayReportStore;
  readonly raceEvents: RaceEventStore;
  readonly entrants: EntrantStore;
  readonly photoSources: PhotoSourceStore;
  readonly racePhotos: RacePhotoStore;
  readonly raceReadings: RaceReadingStore;
  readonly raceFaces: RaceFaceStore;
  readonly runnerPages: RunnerPageStore;
}

let opened: Device | null = null;
const listeners = new Set<(event: DatabaseEvent) => void>();

/** @returns the same stores each time; the database itself opens when one is first asked. */
export function device(): Device {
  opened ??= open();
  return opened;
}

/** Called when another tab or the browser took the database away. */
export function onDatabaseEvent(listener: (event: DatabaseEvent) => void): void {
  listeners.add(listener);
}

function open(): Device {
  const database = createDatabase({
    onEvent: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  return {
    database,
    settings: createSettingsStore(database),
    people: createPeopleStore(database),
    history: createHistoryStore(database),
    corrections: createCorrectionStore(database),
    products: createProductStore(database),
    gallery: createGalleryStore(database),
    pictures: createPackPictures(database),
    ledger: createLedger(database),
    demo: createDemo(database, readAppJson),
    waiting: createWaitingStore(database),
    shops: createShopStore(database),
    visits: createVisitStore(database),
    bayPhotos: createBayPhotoStore(database),
    planograms: createPlanogramStore(database),
    bayReports: createBayReportStore(database),
    raceEvents: createRaceEventStore(database),
    entrants: createEntrantStore(database),
    photoSources: createPhotoSourceStore(database),
    racePhotos: createRacePhotoStore(database),
    raceReadings: createRaceReadingStore(database),
    raceFaces: createRaceFaceStore(database),
    runnerPages: createRunnerPageStore(database),
  };
}
