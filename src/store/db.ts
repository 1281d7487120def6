/**
 * @file The device's IndexedDB: schema, migrations, one self-healing connection, and the one way to run a transaction.
 * Thread: page or index worker.
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore, type IDBPTransaction } from 'idb';
import type { Person } from '../contracts/dietary.ts';
import type { LedgerRow } from '../contracts/egress.ts';
import { AppError, toAppError } from '../contracts/errors.ts';
import type { Correction, HistoryEntry } from '../contracts/history.ts';
import type { CaptureSource } from '../contracts/media.ts';
import type { SignedPack } from '../contracts/pack.ts';
import type { Product } from '../contracts/product.ts';
import type {
  BibCertainty,
  BibDecision,
  Entrant,
  FaceSearch,
  PhotoFaces,
  PhotoOutcome,
  PhotoSource,
  RaceCamera,
  RaceCounts,
  RaceEvent,
  RacePhoto,
  RacePhotoReading,
  SightingLooks,
} from '../contracts/race.ts';
import type { RunnerPage } from '../contracts/race-gallery.ts';
import type { Backend, EmbeddingSpace, Front, LocalFeatures } from '../contracts/results.ts';
import type { FacingLook } from '../contracts/shelf.ts';
import type { Bay, BayPhoto, KeptPlanogram, PhotoReading, Route, Shop, Visit } from '../contracts/visit.ts';
import type { BayReport } from '../contracts/visit-report.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

export const DATABASE_NAME = 'mekiki';

/** A gallery photo without its keypoints, which are large and rarely wanted; those live in `features` under the same id. */
export interface GalleryRow {
  readonly id: string;
  readonly productId: string;
  readonly space: EmbeddingSpace;
  readonly vector: Float32Array<ArrayBuffer>;
  readonly colour: Float32Array<ArrayBuffer> | null;
  readonly front?: Front;
  readonly source: string;
  readonly words?: readonly string[];
}

export interface FeaturesRow extends LocalFeatures {
  readonly id: string;
}

/** A product with what it is found by. */
export interface ProductRow {
  readonly id: string;
  readonly product: Product;
  readonly gtins: readonly string[];
  readonly source: string;
  /** Folded names, brand and words of the pack; see `search-key.ts`. */
  readonly searchKey: string;
}

/** An entry with what it is ordered and found by. */
export interface HistoryRow {
  readonly id: string;
  readonly atMs: number;
  readonly favourite: 0 | 1;
  readonly searchKey: string;
  readonly entry: HistoryEntry;
}

/** A photo that waits for its answer; see `waiting.ts`. */
export interface WaitingRow {
  readonly id: string;
  readonly lensId: string;
  readonly blob: Blob;
  readonly name: string;
  readonly source: CaptureSource;
  readonly capturedAtMs: number;
  readonly order: number;
  /** Tab that looks at it. */
  readonly tab: string;
  /** Times that a look began. */
  readonly attempts: number;
  /** Whose it is; absent: the looks'. */
  readonly queue?: 'shelf';
}

/** A pack on this device, without its manifest: it is read with every look. */
export interface PackRow {
  readonly id: string;
  /** Server that it came from. */
  readonly origin: string;
  readonly installed: PackState | null;
  /** A version that is being fetched; its parts are not used yet. */
  readonly isPending: boolean;
}

/** What answers depend on. */
export interface PackState {
  readonly version: number;
  readonly space: string;
  readonly expiresAtMs: number;
  readonly installedAtMs: number;
}

/** Key: `<pack>/installed` or `<pack>/pending`. */
export interface PackManifestRow {
  readonly key: string;
  readonly signed: SignedPack;
}

/** Key: the SHA-256 of the bytes; with `.partial` behind it while some are missing at the end. */
export interface PackPartRow {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A product of a pack. The user's own products and the demo's are elsewhere: no pack can touch them. */
export interface PackProductRow {
  readonly packId: string;
  readonly id: string;
  /** SHA-256 of the part that it came in. */
  readonly part: string;
  readonly product: Product;
  readonly gtins: readonly string[];
  readonly searchKey: string;
}

/** The key that a server is known by. */
export interface PackKeyRow {
  readonly origin: string;
  readonly publicKey: string;
  readonly pinnedAtMs: number;
}

/** A visit with what it is ordered and found by. */
export interface VisitRow {
  readonly id: string;
  /** When it began, else the day that it is wanted on, else when it was made. */
  readonly atMs: number;
  readonly shopId: string;
  readonly status: Visit['status'];
  readonly sending: Visit['sending'];
  readonly visit: Visit;
}

/** How a photo of a bay is kept once it was read: to look at, and small. Until then it waits as it came. */
export type PictureKind = 'screen' | 'thumbnail';

/** A picture of a photo of a bay; in a table of its own, so that lists of photos stay light. */
export interface BayPictureRow {
  readonly photoId: string;
  readonly kind: PictureKind;
  readonly sizeBytes: number;
  readonly blob: Blob;
}

/** What the facings of a photo look like, so that a correction is applied again without the net. Row `i` of the arrays belongs to `facings[i]`. */
export interface FacingLooksRow {
  readonly photoId: string;
  readonly visitId: string;
  readonly space: EmbeddingSpace;
  readonly backend: Backend;
  readonly facings: readonly Omit<FacingLook, 'look'>[];
  /** n × dimensions, each row of length 1. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** n × bins, each row of length 1. */
  readonly colours: Float32Array<ArrayBuffer>;
  /** Absent when some look has no front. `layouts`: n × dimensions, each row of length 1. */
  readonly fronts?: { readonly layouts: Float32Array<ArrayBuffer>; readonly aspects: readonly number[] };
}

/** An entrant with what it is ordered and found by. */
export interface EntrantRow {
  /** [Note: Race ids] With the number in it, so that ranges of keys are ranges of numbers. */
  readonly id: string;
  readonly eventId: string;
  /** The number, padded so that 9 comes before 10. */
  readonly order: string;
  /** Folded parts of the name, each behind the event's id. */
  readonly words: readonly string[];
  readonly entrant: Entrant;
}

/** A folder that may be opened again; of this device only, so it is in no backup. */
export interface RaceHandleRow {
  readonly sourceId: string;
  readonly handle: FileSystemDirectoryHandle;
}

/** A photo with what it is ordered and found by, and enough of its reading for a contact sheet. */
export interface RacePhotoRow {
  /** [Note: Race ids] */
  readonly id: string;
  readonly eventId: string;
  readonly sourceId: string;
  readonly cameraId: string | null;
  readonly path: string;
  readonly state: RacePhoto['state'];
  readonly attempts: number;
  /** Place among the photos of its event, as they were found. */
  readonly order: number;
  /** When it was taken, clock corrected; when the file was written, as long as the photo does not tell. */
  readonly atMs: number;
  /** Name without folders, size and time: the same file on another card has the same. */
  readonly fileKey: string;
  /** Of its first bytes and its size; null until it was read. */
  readonly contentHash: string | null;
  readonly outcome: PhotoOutcome;
  /** Numbers that hold for it, doubtful ones too; in the order of its sightings. */
  readonly bibs: readonly string[];
  readonly sightings: Readonly<Record<BibCertainty, number>>;
  readonly photo: RacePhoto;
}

/** About 320 px; in a table of its own, so that lists of photos stay light. */
export interface RaceThumbnailRow {
  readonly photoId: string;
  readonly blob: Blob;
}

/** One sighting of a reading, to be found by number, certainty and burst. */
export interface SightingRow {
  readonly photoId: string;
  readonly sightingId: string;
  readonly eventId: string;
  readonly bib: string | null;
  readonly certainty: BibCertainty;
  readonly probability01: number;
  readonly burstId: string | null;
}

/** How many photos of an event show a number; gone when none does. */
export interface RaceNumberRow {
  /** [Note: Race ids] With the number in it. */
  readonly id: string;
  readonly photos: number;
}

/** A decision and its place in the history. */
export interface DecisionRow {
  readonly id: string;
  readonly eventId: string;
  readonly photoId: string;
  /** `undone` ones can be done again until something else is decided. */
  readonly state: 'done' | 'undone';
  readonly sequence: number;
  readonly decision: BibDecision;
}

/** Of an event or a source. */
export interface RaceCountsRow extends RaceCounts {
  readonly id: string;
  /** Photos ever found, for the next one's id. */
  readonly found: number;
}

export interface NoteRow {
  readonly key: string;
  readonly value: unknown;
}

export interface MekikiSchema extends DBSchema {
  gallery: { key: string; value: GalleryRow; indexes: { bySpace: [string, string]; byProduct: string; bySource: string } };
  features: { key: string; value: FeaturesRow };
  products: { key: string; value: ProductRow; indexes: { byGtin: string; bySearchKey: string; bySource: string } };
  history: { key: string; value: HistoryRow; indexes: { byTime: [number, string]; byFavourite: [0 | 1, number, string] } };
  corrections: { key: string; value: Correction; indexes: { byTime: [number, string]; byHistory: string } };
  ledger: { key: number; value: LedgerRow };
  people: { key: string; value: Person };
  settings: { key: string; value: NoteRow };
  /** Facts about the database itself: start of the ledger's chain, demo version. */
  notes: { key: string; value: NoteRow };
  waiting: { key: string; value: WaitingRow };
  packs: { key: string; value: PackRow };
  packManifests: { key: string; value: PackManifestRow };
  packParts: { key: string; value: PackPartRow };
  packProducts: {
    key: [string, string];
    value: PackProductRow;
    indexes: { byId: string; byGtin: string; bySearchKey: string; byPart: [string, string] };
  };
  packKeys: { key: string; value: PackKeyRow };
  shelfShops: { key: string; value: Shop };
  shelfBays: { key: string; value: Bay; indexes: { byShop: [string, number] } };
  shelfRoutes: { key: string; value: Route };
  shelfVisits: {
    key: string;
    value: VisitRow;
    indexes: { byTime: [number, string]; byShop: [string, number]; byStatus: [string, number]; bySending: string };
  };
  shelfPhotos: { key: string; value: BayPhoto; indexes: { byVisit: [string, string, number]; byBay: [string, number] } };
  shelfPictures: { key: [string, PictureKind]; value: BayPictureRow };
  shelfReadings: { key: string; value: PhotoReading; indexes: { byVisit: string } };
  shelfLooks: { key: string; value: FacingLooksRow; indexes: { byVisit: string } };
  shelfPlanograms: { key: string; value: KeptPlanogram; indexes: { byShop: string } };
  /** Key: visit and bay. */
  shelfReports: { key: [string, string]; value: BayReport; indexes: { byBay: [string, number]; byShop: [string, number] } };
  raceEvents: { key: string; value: RaceEvent };
  raceEntrants: { key: string; value: EntrantRow; indexes: { byOrder: [string, string, string]; byWord: string } };
  raceCameras: { key: string; value: RaceCamera; indexes: { byLabel: [string, string, string] } };
  raceSources: { key: string; value: PhotoSource; indexes: { byEvent: [string, number] } };
  raceHandles: { key: string; value: RaceHandleRow };
  racePhotos: {
    key: string;
    value: RacePhotoRow;
    indexes: {
      /** What is read next: those that never failed a tab first. */
      byQueue: [string, RacePhoto['state'], number, number];
      byPath: [string, string];
      byState: [string, RacePhoto['state'], number, string];
      byOutcome: [string, PhotoOutcome, number, string];
      byTime: [string, number, string];
      byCamera: [string, number, string];
      byFile: [string, string];
      byHash: [string, string];
      /** Those whose sharpness was measured. */
      bySharpness: [string, number];
    };
  };
  raceThumbnails: { key: string; value: RaceThumbnailRow };
  raceReadings: { key: string; value: RacePhotoReading };
  raceLooks: { key: string; value: SightingLooks };
  raceSightings: {
    key: [string, string];
    value: SightingRow;
    indexes: { byBib: [string, string, string]; byCertainty: [string, BibCertainty, string]; byBurst: [string, string] };
  };
  raceNumbers: { key: string; value: RaceNumberRow };
  /** Biometric: only while the race has a row in `raceFaceSearches`. */
  raceFaces: { key: string; value: PhotoFaces };
  raceFaceSearches: { key: string; value: FaceSearch };
  raceDecisions: { key: string; value: DecisionRow; indexes: { byEvent: [string, DecisionRow['state'], number] } };
  /** Key: an event's or a source's id. */
  raceCounts: { key: string; value: RaceCountsRow };
  /** Pages of runners on a server. */
  racePages: { key: string; value: RunnerPage };
}

/** What is remembered of shelves; `shelfPictures` holds the photos. */
export type ShelfStoreName =
  | 'shelfShops'
  | 'shelfBays'
  | 'shelfRoutes'
  | 'shelfVisits'
  | 'shelfPhotos'
  | 'shelfPictures'
  | 'shelfReadings'
  | 'shelfLooks'
  | 'shelfPlanograms'
  | 'shelfReports';

/** What is remembered of races; the photos stay where they are. */
export type RaceStoreName =
  | 'raceEvents'
  | 'raceEntrants'
  | 'raceCameras'
  | 'raceSources'
  | 'raceHandles'
  | 'racePhotos'
  | 'raceThumbnails'
  | 'raceReadings'
  | 'raceLooks'
  | 'raceSightings'
  | 'raceNumbers'
  | 'raceFaces'
  | 'raceFaceSearches'
  | 'raceDecisions'
  | 'raceCounts'
  | 'racePages';

export type StoreName =
  | 'gallery'
  | 'features'
  | 'products'
  | 'history'
  | 'corrections'
  | 'ledger'
  | 'people'
  | 'settings'
  | 'notes'
  | 'waiting'
  | 'packs'
  | 'packManifests'
  | 'packParts'
  | 'packProducts'
  | 'packKeys'
  | ShelfStoreName
  | RaceStoreName;

type Connection = IDBPDatabase<MekikiSchema>;
export type Transaction<Names extends StoreName, Mode extends IDBTransactionMode> = IDBPTransaction<MekikiSchema, Names[], Mode>;

/** What a part of a transaction's work needs of it: some of its stores. A transaction over more stores is one, too. */
export interface Within<Names extends StoreName, Mode extends IDBTransactionMode> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Which other stores the transaction has; a type there would have to name them all.
  objectStore<Name extends Names>(name: Name): IDBPObjectStore<MekikiSchema, any, Name, Mode>;
}

/** What happened to the connection that a page should tell its user about. */
export type DatabaseEvent =
  /** Another tab holds an older version open; opening waits until it is closed. */
  | 'blocked'
  /** Another tab wants a newer version: this connection was closed, the page should be reloaded. */
  | 'superseded'
  /** The browser ended the connection (storage cleared, disk error); the next use opens a new one. */
  | 'terminated';

export interface DatabaseOptions {
  readonly name?: string;
  /** Steps from version `i` to `i + 1`; their number is the version. Tests pass their own. */
  readonly migrations?: readonly Migration[];
  readonly onEvent?: (event: DatabaseEvent) => void;
  /** How long opening may stay blocked by another tab before it fails with `busy`. */
  readonly blockedTimeoutMs?: number;
}

/** One connection, opened at first use, opened again after the browser ended it. */
export interface Database {
  readonly name: string;
  /** @throws AppError('busy' | 'permission-denied' | 'quota-exceeded' | 'bug') */
  connect(): Promise<Connection>;
  /** Close; the next {@link connect} opens again. */
  close(): void;
}

/** Prepare the connection; nothing is opened before the first use. */
export function createDatabase(options: DatabaseOptions = {}): Database {
  const name = options.name ?? DATABASE_NAME;
  let opening: Promise<Connection> | null = null;
  const forget = (): void => {
    opening = null;
  };
  return {
    name,
    connect() {
      if (opening === null) {
        const attempt = open(name, options, forget);
        opening = attempt;
        attempt.catch(() => {
          if (opening === attempt) forget();
        });
      }
      return opening;
    },
    close() {
      opening?.then(
        (connection) => {
          connection.close();
        },
        () => {},
      );
      forget();
    },
  };
}

async function open(name: string, options: DatabaseOptions, forget: () => void): Promise<Connection> {
  if (typeof indexedDB === 'undefined') throw new AppError('permission-denied', 'IndexedDB is not available here', { stage: 'store' });
  const migrations = options.migrations ?? MIGRATIONS;
  const notify = options.onEvent ?? (() => {});
  let connection: Connection | null = null;
  let blockedTimer: ReturnType<typeof setTimeout> | undefined;
  const opened = openDB<MekikiSchema>(name, migrations.length, {
    upgrade(database, oldVersion, _newVersion, transaction) {
      clearTimeout(blockedTimer);
      transaction.done.catch(() => {}); // A failed step rejects `opened` too.
      for (const migrate of migrations.slice(oldVersion)) migrate(database as unknown as IDBPDatabase, transaction as never);
    },
    blocked() {
      notify('blocked');
    },
    blocking() {
      // A newer version of the app waits in another tab: holding on would keep its user locked out.
      connection?.close();
      forget();
      notify('superseded');
    },
    terminated() {
      forget();
      notify('terminated');
    },
  });
  let hasTimedOut = false;
  const timedOut = new Promise<never>((_resolve, reject) => {
    blockedTimer = setTimeout(() => {
      hasTimedOut = true;
      reject(new AppError('busy', 'the database is held open by another tab', { stage: 'store' }));
    }, options.blockedTimeoutMs ?? 10_000);
  });
  opened.then(
    (late) => {
      if (hasTimedOut) late.close(); // Nobody waits for it any more.
    },
    () => {},
  );
  try {
    connection = await Promise.race([opened, timedOut]);
    return connection;
  } catch (error) {
    throw openError(error);
  } finally {
    clearTimeout(blockedTimer);
  }
}

function openError(error: unknown): AppError {
  if (error instanceof DOMException) {
    if (error.name === 'VersionError')
      return new AppError('busy', 'the database was written by a newer version of the app; reload', { cause: error, stage: 'store' });
    if (error.name === 'SecurityError' || error.name === 'InvalidStateError')
      return new AppError('permission-denied', 'the browser refuses to store data here', { cause: error, stage: 'store' });
  }
  return toAppError(error, 'bug', 'store');
}

/**
 * Run `body` in one transaction: everything or nothing is written. `body` may await requests of the transaction only (anything
 * else would end it).
 * @throws AppError('quota-exceeded') when storage is full; whatever `body` throws as AppError; else `bug`.
 */
export async function transact<Names extends StoreName, Mode extends 'readonly' | 'readwrite', Result>(
  database: Database,
  stores: readonly Names[],
  mode: Mode,
  body: (transaction: Transaction<Names, Mode>) => Promise<Result>,
  options: { readonly durability?: 'strict' | 'relaxed' } = {},
): Promise<Result> {
  const transaction = await begin(database, stores, mode, options.durability ?? 'relaxed');
  const done = transaction.done;
  done.catch(() => {}); // Awaited below; a body that fails first must not leave it unhandled.
  try {
    const result = await body(transaction);
    await done;
    return result;
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // Already aborted by the failed request.
    }
    await done.catch(() => {});
    throw error instanceof AppError ? error : toAppError(transaction.error ?? error, 'bug', 'store');
  }
}

async function begin<Names extends StoreName, Mode extends 'readonly' | 'readwrite'>(
  database: Database,
  stores: readonly Names[],
  mode: Mode,
  durability: 'strict' | 'relaxed',
): Promise<Transaction<Names, Mode>> {
  const connection = await database.connect();
  try {
    return connection.transaction([...stores], mode, { durability });
  } catch (error) {
    // The connection closed under us (another tab, the browser): open again, once.
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw toAppError(error, 'bug', 'store');
    database.close();
    const fresh = await database.connect();
    try {
      return fresh.transaction([...stores], mode, { durability });
    } catch (second) {
      throw toAppError(second, 'bug', 'store');
    }
  }
}
