/**
 * @file Every version of the database, as steps. A step is never edited after it was released: a change of the schema is a new step,
 * and `tests/store/migrations.test.ts` opens every old version.
 */
import type { IDBPDatabase, IDBPTransaction } from 'idb';

/** From version `i` to `i + 1`, inside the version-change transaction. Untyped on purpose: it sees the schema of its own time. */
export type Migration = (database: IDBPDatabase, transaction: IDBPTransaction<unknown, string[], 'versionchange'>) => void;

const toVersion1: Migration = (database) => {
  const gallery = database.createObjectStore('gallery', { keyPath: 'id' });
  gallery.createIndex('bySpace', ['space', 'id']);
  gallery.createIndex('byProduct', 'productId');
  gallery.createIndex('bySource', 'source');
  database.createObjectStore('features', { keyPath: 'id' });
  const products = database.createObjectStore('products', { keyPath: 'id' });
  products.createIndex('byGtin', 'gtins', { multiEntry: true });
  products.createIndex('bySearchKey', 'searchKey');
  products.createIndex('bySource', 'source');
  const history = database.createObjectStore('history', { keyPath: 'id' });
  history.createIndex('byTime', ['atMs', 'id']);
  history.createIndex('byFavourite', ['favourite', 'atMs', 'id']);
  const corrections = database.createObjectStore('corrections', { keyPath: 'id' });
  corrections.createIndex('byTime', ['atMs', 'id']);
  corrections.createIndex('byHistory', 'historyId');
  database.createObjectStore('ledger', { keyPath: 'sequence' });
  database.createObjectStore('people', { keyPath: 'id' });
  database.createObjectStore('settings', { keyPath: 'key' });
  database.createObjectStore('notes', { keyPath: 'key' });
};

/** Photos chosen and not answered yet. */
const toVersion2: Migration = (database) => {
  database.createObjectStore('waiting', { keyPath: 'id' });
};

/** Packs, their parts and products, and the keys of the servers that they come from. */
const toVersion3: Migration = (database) => {
  database.createObjectStore('packs', { keyPath: 'id' });
  database.createObjectStore('packManifests', { keyPath: 'key' });
  database.createObjectStore('packParts', { keyPath: 'key' });
  const products = database.createObjectStore('packProducts', { keyPath: ['packId', 'id'] });
  products.createIndex('byId', 'id');
  products.createIndex('byGtin', 'gtins', { multiEntry: true });
  products.createIndex('bySearchKey', 'searchKey');
  products.createIndex('byPart', ['packId', 'part']);
  database.createObjectStore('packKeys', { keyPath: 'origin' });
};

/** Shops, visits, and photos of their shelves with what was read in them. */
const toVersion4: Migration = (database) => {
  database.createObjectStore('shelfShops', { keyPath: 'id' });
  database.createObjectStore('shelfBays', { keyPath: 'id' }).createIndex('byShop', ['shopId', 'order']);
  database.createObjectStore('shelfRoutes', { keyPath: 'id' });
  const visits = database.createObjectStore('shelfVisits', { keyPath: 'id' });
  visits.createIndex('byTime', ['atMs', 'id']);
  visits.createIndex('byShop', ['shopId', 'atMs']);
  visits.createIndex('byStatus', ['status', 'atMs']);
  visits.createIndex('bySending', 'sending');
  const photos = database.createObjectStore('shelfPhotos', { keyPath: 'id' });
  photos.createIndex('byVisit', ['visitId', 'bayId', 'capturedAtMs']);
  photos.createIndex('byBay', ['bayId', 'capturedAtMs']);
  database.createObjectStore('shelfPictures', { keyPath: ['photoId', 'kind'] });
  database.createObjectStore('shelfReadings', { keyPath: 'photoId' }).createIndex('byVisit', 'visitId');
  database.createObjectStore('shelfLooks', { keyPath: 'photoId' }).createIndex('byVisit', 'visitId');
  database.createObjectStore('shelfPlanograms', { keyPath: 'id' }).createIndex('byShop', 'shopId');
  const reports = database.createObjectStore('shelfReports', { keyPath: ['visitId', 'bayId'] });
  reports.createIndex('byBay', ['bayId', 'atMs']);
  reports.createIndex('byShop', ['shopId', 'atMs']);
};

/** Races: who starts, which photos there are, and who is in them. */
const toVersion5: Migration = (database) => {
  database.createObjectStore('raceEvents', { keyPath: 'id' });
  const entrants = database.createObjectStore('raceEntrants', { keyPath: 'id' });
  entrants.createIndex('byOrder', ['eventId', 'order', 'id']);
  entrants.createIndex('byWord', 'words', { multiEntry: true });
  database.createObjectStore('raceCameras', { keyPath: 'id' }).createIndex('byLabel', ['eventId', 'label', 'photographer']);
  database.createObjectStore('raceSources', { keyPath: 'id' }).createIndex('byEvent', ['eventId', 'addedAtMs']);
  database.createObjectStore('raceHandles', { keyPath: 'sourceId' });
  const photos = database.createObjectStore('racePhotos', { keyPath: 'id' });
  photos.createIndex('byQueue', ['sourceId', 'state', 'attempts', 'order']);
  photos.createIndex('byPath', ['sourceId', 'path']);
  photos.createIndex('byState', ['eventId', 'state', 'atMs', 'id']);
  photos.createIndex('byOutcome', ['eventId', 'outcome', 'atMs', 'id']);
  photos.createIndex('byTime', ['eventId', 'atMs', 'id']);
  photos.createIndex('byCamera', ['cameraId', 'atMs', 'id']);
  photos.createIndex('byFile', ['eventId', 'fileKey']);
  photos.createIndex('byHash', ['eventId', 'contentHash']);
  database.createObjectStore('raceThumbnails', { keyPath: 'photoId' });
  database.createObjectStore('raceReadings', { keyPath: 'photoId' });
  database.createObjectStore('raceLooks', { keyPath: 'photoId' });
  const sightings = database.createObjectStore('raceSightings', { keyPath: ['photoId', 'sightingId'] });
  sightings.createIndex('byBib', ['eventId', 'bib', 'photoId']);
  sightings.createIndex('byCertainty', ['eventId', 'certainty', 'photoId']);
  sightings.createIndex('byBurst', ['eventId', 'burstId']);
  database.createObjectStore('raceNumbers', { keyPath: 'id' });
  database.createObjectStore('raceDecisions', { keyPath: 'id' }).createIndex('byEvent', ['eventId', 'state', 'sequence']);
  database.createObjectStore('raceCounts', { keyPath: 'id' });
  database.createObjectStore('racePages', { keyPath: 'id' });
};

/** Blurred photos are found without reading all. */
const toVersion6: Migration = (_database, transaction) => {
  transaction.objectStore('racePhotos').createIndex('bySharpness', ['eventId', 'photo.sharpness01']);
};

/** Faces of runners, described where a race's search by selfie is on. */
const toVersion7: Migration = (database) => {
  database.createObjectStore('raceFaces', { keyPath: 'photoId' });
  database.createObjectStore('raceFaceSearches', { keyPath: 'eventId' });
};

/** Their number is the database's version. */
export const MIGRATIONS: readonly Migration[] = [toVersion1, toVersion2, toVersion3, toVersion4, toVersion5, toVersion6, toVersion7];
