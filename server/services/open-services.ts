/** @file Opens everything that holds data, in order, and closes it in reverse. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@libsql/client';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../src/contracts/errors.ts';
import type { ServerConfig } from '../config.ts';
import { ApiKeys } from '../repositories/api-keys.ts';
import { Arrivals } from '../repositories/arrivals.ts';
import { AuditLog } from '../repositories/audit-log.ts';
import { CollectionRulesTable } from '../repositories/collection-rules.ts';
import { CopiedState, isCopy } from '../repositories/copied-state.ts';
import { DatabaseFile } from '../repositories/database-file.ts';
import { inspectLog } from '../repositories/database-log.ts';
import { openDatabase } from '../repositories/database.ts';
import { Erasures } from '../repositories/erasures.ts';
import { FolderLock } from '../repositories/folder-lock.ts';
import { IdempotentAnswers } from '../repositories/idempotent-answers.ts';
import { KeyRequests } from '../repositories/key-requests.ts';
import { Loads } from '../repositories/loads.ts';
import { Packs } from '../repositories/packs.ts';
import { Products } from '../repositories/products.ts';
import { RaceGalleries } from '../repositories/race-galleries.ts';
import { Records } from '../repositories/records.ts';
import { SharedState } from '../repositories/shared-state.ts';
import { ShelfVisits } from '../repositories/shelf-visits.ts';
import { Thumbnails } from '../repositories/thumbnails.ts';
import type { BulkIngest } from './collections/bulk-ingest.ts';
import type { CollectionStore } from './collections/collection-store.ts';
import { DamageReport } from './storage/damage.ts';
import { ErasureService } from './records/erasure.ts';
import { Journal } from './watching/journal.ts';
import { KeyService } from './keys/key-service.ts';
import { openIndex } from './collections/open-index.ts';
import { openRecognition, type RecognitionServices } from './recognition/open-recognition.ts';
import { openMasterKey } from './secrets/master-key.ts';
import { PackParts } from './packs/pack-parts.ts';
import { PackService } from './packs/pack-service.ts';
import { packSources } from './packs/pack-sources.ts';
import { productsByLook } from './collections/products-by-look.ts';
import { RaceGalleryService } from './lenses/race-gallery-service.ts';
import { RecordKeeper } from './records/record-keeper.ts';
import { openKnownSigningKey, type SigningKey } from './secrets/signing-key.ts';
import type { Scrub } from './storage/scrub.ts';
import { ShelfVisitService } from './lenses/shelf-visit-service.ts';
import { ThumbnailService } from './records/thumbnail-service.ts';
import { PackCopy } from './replicas/pack-copy.ts';
import { StateCopy } from './replicas/state-copy.ts';
import { StateFeed } from './replicas/state-feed.ts';
import { writerLink } from './replicas/writer-link.ts';
import { WriterProducts, type ProductTable } from './replicas/writer-products.ts';

/** What routes and jobs work with. */
export interface Services extends RecognitionServices {
  readonly store: CollectionStore;
  readonly bulk: BulkIngest;
  readonly products: ProductTable;
  readonly loads: Loads;
  readonly keys: KeyService;
  readonly audit: AuditLog;
  readonly arrivals: Arrivals;
  readonly shelfVisits: ShelfVisitService;
  readonly raceGalleries: RaceGalleryService;
  readonly journal: Journal;
  readonly idempotentAnswers: IdempotentAnswers;
  readonly records: Records;
  readonly keeper: RecordKeeper;
  readonly thumbnails: ThumbnailService;
  readonly erasure: ErasureService;
  readonly signingKey: SigningKey;
  readonly packs: PackService;
  readonly damage: DamageReport;
  readonly scrub: Scrub | null;
  /** What servers that only read copy from this one. */
  readonly feed: StateFeed;
  /** What this server copies from the one that writes; null: it writes itself. */
  readonly copy: StateCopy | null;
  /** True for collections that are closed to everybody without a key that names them. */
  readonly holdsPersons: (collection: string) => boolean;
  close(): Promise<void>;
}

/** Name of the database file in the data folder. */
export const DATABASE_FILE = 'mekiki.db';
/** Folder of the engine's files in the data folder. */
export const VECTORS_FOLDER = 'vectors';
/** Folder of the packs' parts in the data folder. */
export const PACKS_FOLDER = 'packs';

/** The settings that data depends on. */
export type DataSettings = Pick<
  ServerConfig,
  | 'dataFolder'
  | 'indexUri'
  | 'isReplica'
  | 'writerUrl'
  | 'writerKey'
  | 'writerAbsenceMs'
  | 'masterKey'
  | 'masterKeyFile'
  | 'isSigningKeyNew'
  | 'exactRows'
  | 'erasePauseMs'
  | 'recognisers'
  | 'isLoopbackAllowed'
  | 'shelfVisitDays'
  | 'raceGalleryDays'
>;

/**
 * Open the data folder, made when absent (readable by its owner only). Writes left over by a crash are applied before this resolves.
 * @throws AppError('busy') when another server uses the folder; 'invalid-input' when the data is of a newer version, or of another master or
 * signing key; 'model-integrity' when the database is damaged.
 */
export async function openServices(settings: DataSettings, logger: FastifyBaseLogger): Promise<Services> {
  const lock = await FolderLock.take(settings.dataFolder);
  try {
    return await openUnderLock(settings, lock, logger);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** An empty database beside vectors would be taken for a first start, and the vectors for left-overs. */
function requireDatabase({ dataFolder, indexUri }: DataSettings, path: string): void {
  if (indexUri !== null || (existsSync(path) && statSync(path).size > 0)) return;
  const vectors = join(dataFolder, VECTORS_FOLDER);
  if (!existsSync(vectors) || !readdirSync(vectors).some((name) => name.endsWith('.lance'))) return;
  throw new AppError(
    'model-integrity',
    `The database "${path}" is missing or empty, but there are vectors. Nothing was changed. Put it back, or restore a backup into another folder.`,
  );
}

/** What {@link openCopy} writes into. */
interface CopyTables {
  readonly client: Client;
  readonly rules: CollectionRulesTable;
  readonly packTable: Packs;
  readonly packParts: PackParts;
  readonly logger: FastifyBaseLogger;
}

/**
 * A reader's folder lacks what a writer must have, and a writer's would be overwritten by the copy.
 * @throws AppError('invalid-input') when the folder is of the other kind.
 */
async function requireOwnFolder({ isReplica }: DataSettings, client: Client, apiKeys: ApiKeys): Promise<void> {
  const isOfReader = await isCopy(client);
  if (isReplica && !isOfReader && (await apiKeys.count()) > 0)
    throw new AppError('invalid-input', 'This data folder has keys of its own. Give a server that only reads a folder of its own: --data.');
  if (!isReplica && isOfReader)
    throw new AppError(
      'invalid-input',
      'This data folder is a copy: it lacks whom items show, thumbnails and receipts. Start it with --replica; for a server that writes, ' +
        'restore a backup of the one that wrote (npm run restore).',
    );
}

/** Ask the writer once, and go on asking. */
async function openCopy(
  { writerUrl, writerKey, writerAbsenceMs: absenceMs }: DataSettings,
  { client, rules, packTable, packParts, logger }: CopyTables,
) {
  if (writerUrl === null || writerKey === null) throw new AppError('invalid-input', 'A replica needs a writer and a key of it.');
  const ask = writerLink(writerUrl, writerKey);
  const packs = new PackCopy({ packs: packTable, parts: packParts, ask, logger });
  const copied = new CopiedState(client);
  const copy = await StateCopy.open({ ask, writer: writerUrl, copied, rules, packs, absenceMs, logger });
  const close = async (): Promise<void> => {
    await copy.close();
    await packs.close();
  };
  return { ask, copy, packs, close };
}

async function openUnderLock(settings: DataSettings, lock: FolderLock, logger: FastifyBaseLogger): Promise<Services> {
  const { dataFolder } = settings;
  const path = join(dataFolder, DATABASE_FILE);
  requireDatabase(settings, path);
  const log = await inspectLog(`${path}-wal`);
  const client = await openDatabase(path);
  const database = new DatabaseFile(client, path);
  const damage = new DamageReport(logger);
  if (log !== null && (log.isHeaderDamaged || log.lostTransactions > 0)) {
    const lost = log.isHeaderDamaged ? 'All of it' : `${log.lostTransactions} transactions`;
    const reason = `SQLite's log of the database was damaged. ${lost} could not be taken over: what was written shortly before the last stop may be missing.`;
    damage.note({ kind: 'database', name: 'log', collection: null, reason });
  }
  let endCopy: (() => Promise<void>) | null = null;
  try {
    const apiKeys = new ApiKeys(client);
    await requireOwnFolder(settings, client, apiKeys);
    const loads = new Loads(client);
    // First: with a wrong key nothing is opened.
    const masterKey = await openMasterKey(settings, loads);
    const signingKey = await openKnownSigningKey(dataFolder, loads, settings.isSigningKeyNew);
    const rules = await CollectionRulesTable.open(client);
    const packTable = new Packs(client);
    const packParts = new PackParts(join(dataFolder, PACKS_FOLDER));
    // Before the index: no collection is served whose rules are not here.
    const reading = settings.isReplica ? await openCopy(settings, { client, rules, packTable, packParts, logger }) : null;
    endCopy = reading?.close ?? null;
    const index = await openIndex(
      reading === null ? settings : { ...settings, knows: (name) => reading.copy.knows(name) },
      client,
      damage,
      logger,
    );
    const { store, bulk, scrub } = index;
    const keys = new KeyService(apiKeys, new KeyRequests(client), logger);
    const audit = new AuditLog(client);
    const journal = new Journal(audit, logger);
    const arrivals = new Arrivals(client);
    const shelfVisits = new ShelfVisitService({ visits: new ShelfVisits(client), keepsDays: settings.shelfVisitDays, logger });
    await shelfVisits.sweep();
    const records = new Records(client);
    const stored = new Thumbnails(client);
    const erasure = await ErasureService.open({
      ...{ store, bulk, journal, signingKey, logger, dataFolder, database, thumbnails: stored, graceMs: settings.erasePauseMs },
      erasures: new Erasures(client),
      // Packs are made of what this hides; both begin when both are there.
      packs: { forget: (collection, ids) => packs.forget(collection, ids) },
    });
    const keeper = new RecordKeeper({ store, records, arrivals, erasure, logger, rules, isReader: reading !== null });
    const own = new Products(client);
    const products = reading === null ? own : new WriterProducts({ own, ask: reading.ask, logger });
    const thumbnails = new ThumbnailService(stored, masterKey, damage);
    const packs: PackService = new PackService({
      ...{ packs: packTable, products, key: signingKey, origin: reading?.packs, damage, logger },
      sources: packSources(store, keeper, thumbnails),
      parts: packParts,
    });
    if (reading === null) {
      packs.resume();
      erasure.resume();
    }
    const raceGalleries = new RaceGalleryService({
      ...{ galleries: new RaceGalleries(client), thumbnails, erasure, masterKey, logger, keepsDays: settings.raceGalleryDays },
    });
    await raceGalleries.sweep();
    const recognition = await openRecognition(
      { client, settings, masterKey, journal, logger, productsByLook: productsByLook(store, products, keeper) },
      apiKeys,
    );
    return {
      store,
      bulk,
      products,
      loads,
      keys,
      audit,
      arrivals,
      shelfVisits,
      raceGalleries,
      journal,
      idempotentAnswers: new IdempotentAnswers(client),
      records,
      keeper,
      thumbnails,
      erasure,
      signingKey,
      packs,
      damage,
      scrub,
      feed: new StateFeed({ shared: new SharedState(client), publicKey: signingKey.publicKey, hiddenMs: settings.erasePauseMs }),
      copy: reading?.copy ?? null,
      ...recognition,
      holdsPersons: (collection) => keeper.holdsPersons(collection),
      close: async () => {
        shelfVisits.close();
        raceGalleries.close();
        await recognition.close();
        await reading?.close();
        await packs.close();
        await keeper.close();
        await erasure.close();
        await index.close();
        await keys.close();
        await journal.close();
        client.close();
        await database.closeHandles();
        lock.release();
      },
    };
  } catch (error) {
    await endCopy?.();
    client.close();
    throw error;
  }
}
