/** @file Opens everything that holds data, in order, and closes it in reverse. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerConfig } from '../config.ts';
import { ApiKeys } from '../repositories/api-keys.ts';
import { Arrivals } from '../repositories/arrivals.ts';
import { AuditLog } from '../repositories/audit-log.ts';
import { CollectionRulesTable } from '../repositories/collection-rules.ts';
import { DatabaseFile } from '../repositories/database-file.ts';
import { openDatabase } from '../repositories/database.ts';
import { Erasures } from '../repositories/erasures.ts';
import { IdempotentAnswers } from '../repositories/idempotent-answers.ts';
import { KeyRequests } from '../repositories/key-requests.ts';
import { Loads } from '../repositories/loads.ts';
import { Packs } from '../repositories/packs.ts';
import { Products } from '../repositories/products.ts';
import { Records } from '../repositories/records.ts';
import { Thumbnails } from '../repositories/thumbnails.ts';
import type { BulkIngest } from './bulk-ingest.ts';
import type { CollectionStore } from './collection-store.ts';
import { ErasureService } from './erasure.ts';
import { Journal } from './journal.ts';
import { KeyService } from './key-service.ts';
import { openIndex } from './open-index.ts';
import { openRecognition, type RecognitionServices } from './open-recognition.ts';
import { openMasterKey } from './master-key.ts';
import { PackParts } from './pack-parts.ts';
import { PackService } from './pack-service.ts';
import { packSources } from './pack-sources.ts';
import { productsByLook } from './products-by-look.ts';
import { RecordKeeper } from './record-keeper.ts';
import { openSigningKey, type SigningKey } from './signing-key.ts';
import { ThumbnailService } from './thumbnail-service.ts';

/** What routes and jobs work with. */
export interface Services extends RecognitionServices {
  readonly store: CollectionStore;
  readonly bulk: BulkIngest;
  readonly products: Products;
  readonly loads: Loads;
  readonly keys: KeyService;
  readonly audit: AuditLog;
  readonly arrivals: Arrivals;
  readonly journal: Journal;
  readonly idempotentAnswers: IdempotentAnswers;
  readonly records: Records;
  readonly keeper: RecordKeeper;
  readonly thumbnails: ThumbnailService;
  readonly erasure: ErasureService;
  readonly signingKey: SigningKey;
  readonly packs: PackService;
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
  'dataFolder' | 'indexUri' | 'isReplica' | 'masterKey' | 'masterKeyFile' | 'erasePauseMs' | 'recognisers' | 'isLoopbackAllowed'
>;

/**
 * Open the data folder, made when absent (readable by its owner only). Writes left over by a crash are applied before this resolves.
 * @throws AppError('invalid-input') when the data is of a newer version or of another master key.
 */
export async function openServices(settings: DataSettings, logger: FastifyBaseLogger): Promise<Services> {
  const { dataFolder } = settings;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  try {
    const loads = new Loads(client);
    // First: with a wrong key nothing is opened.
    const masterKey = await openMasterKey(settings, loads);
    const signingKey = openSigningKey(dataFolder);
    const index = await openIndex(settings, client, logger);
    const { store, bulk } = index;
    const apiKeys = new ApiKeys(client);
    const keys = new KeyService(apiKeys, new KeyRequests(client), logger);
    const audit = new AuditLog(client);
    const journal = new Journal(audit, logger);
    const arrivals = new Arrivals(client);
    const records = new Records(client);
    const stored = new Thumbnails(client);
    const erasure = await ErasureService.open({
      ...{ store, journal, signingKey, logger, dataFolder, thumbnails: stored, graceMs: settings.erasePauseMs },
      erasures: new Erasures(client),
      database: new DatabaseFile(client),
    });
    const keeper = new RecordKeeper({ store, records, arrivals, erasure, logger, rules: await CollectionRulesTable.open(client) });
    const products = new Products(client);
    const thumbnails = new ThumbnailService(stored, masterKey);
    const packs = new PackService({
      ...{ packs: new Packs(client), products, key: signingKey, logger },
      sources: packSources(store, keeper, thumbnails),
      parts: new PackParts(join(dataFolder, PACKS_FOLDER)),
    });
    packs.resume();
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
      journal,
      idempotentAnswers: new IdempotentAnswers(client),
      records,
      keeper,
      thumbnails,
      erasure,
      signingKey,
      packs,
      ...recognition,
      holdsPersons: (collection) => keeper.holdsPersons(collection),
      close: async () => {
        await recognition.close();
        await packs.close();
        await keeper.close();
        await erasure.close();
        await index.close();
        await keys.close();
        await journal.close();
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}
