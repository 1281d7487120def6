/** @file Opens the vector index where it is configured to be: checks the store, stands for election, opens every collection. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@libsql/client';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import { buffered } from '../../vectors/buffered-index.ts';
import { Collections } from '../../repositories/collections.ts';
import { conditionalStore, requireConditionalWrites, type ConditionalStore } from '../../repositories/conditional-store.ts';
import { engineLocation, type EngineLocation } from '../../vectors/engine-location.ts';
import { IngestSegments } from '../../vectors/ingest-segments.ts';
import { Loads } from '../../repositories/loads.ts';
import { FileSums } from '../../repositories/file-sums.ts';
import { Ingests } from '../../repositories/ingests.ts';
import { openLanceEngine } from '../../vectors/lancedb-index.ts';
import { SharedCatalogue } from '../../repositories/shared-catalogue.ts';
import { WriteAheadLog } from '../../repositories/write-ahead-log.ts';
import { WriterLease } from '../../repositories/writer-lease.ts';
import { BulkIngest } from './bulk-ingest.ts';
import { CollectionStore } from './collection-store.ts';
import type { DamageReport } from '../storage/damage.ts';
import { Scrub } from '../storage/scrub.ts';

/** Under which name the data folder remembers where its index is: the URI as given, a folder as an absolute path; null: within. */
export const INDEX_LOCATION = 'index-location';
/** A reader sees what the writer wrote after so long at most. */
const REFRESH_S = 1;

/** Where the index is and what this server is to it. */
export interface IndexSettings {
  readonly dataFolder: string;
  /** Folder, `s3://bucket/path` or `db://database`; null: `vectors` in the data folder, used by this server alone. */
  readonly indexUri: string | null;
  /** Only read; another server writes. */
  readonly isReplica: boolean;
  /** Collections up to this many items are searched exactly. */
  readonly exactRows: number;
  /** Of a reader: false for a collection whose rules are not known here, which is not served. */
  readonly knows?: (collection: string) => boolean;
}

/** The index and its bulk lane. */
export interface OpenIndex {
  readonly store: CollectionStore;
  readonly bulk: BulkIngest;
  /** Null: the index lies elsewhere, or another server looks after it. */
  readonly scrub: Scrub | null;
  close(): Promise<void>;
}

/**
 * Open it. Writes left over by a crash are applied before this resolves; rows of bulk ingests go on in the background.
 * @throws AppError('busy') when another server writes there; 'server-refused' for an object store that would lose commits;
 * 'invalid-input' | 'permission-denied' | 'offline' when it cannot be reached as configured.
 */
export async function openIndex(
  settings: IndexSettings,
  client: Client,
  damage: DamageReport,
  logger: FastifyBaseLogger,
): Promise<OpenIndex> {
  const location = engineLocation(settings.indexUri ?? join(settings.dataFolder, 'vectors'), process.env);
  await new Loads(client).set(INDEX_LOCATION, settings.indexUri === null ? null : location.uri);
  const shared = settings.indexUri === null ? null : conditionalStore(location);
  if (settings.isReplica && shared === null)
    throw new AppError('invalid-input', '--replica needs --index with a folder or s3:// that a writer uses too.');
  return settings.isReplica
    ? openReplica(settings, location, shared!, client, damage, logger)
    : openWriter(settings, location, shared, client, damage, logger);
}

async function openWriter(
  settings: IndexSettings,
  location: EngineLocation,
  shared: ConditionalStore | null,
  client: Client,
  damage: DamageReport,
  logger: FastifyBaseLogger,
): Promise<OpenIndex> {
  if (shared !== null && location.kind === 'object-store') await requireConditionalWrites(shared);
  const lease =
    shared === null
      ? null
      : await WriterLease.acquire(shared, serverId(settings.dataFolder), () => {
          logger.error('another server writes to the index now; this one only reads');
        });
  try {
    const collections = new Collections(client);
    const catalogue = shared === null ? null : new SharedCatalogue(shared);
    // A writer on a fresh machine takes over what its predecessor made.
    for (const description of (await catalogue?.read()) ?? []) await collections.add(description);
    // Over a shared index a writer that lost its term may wake up and commit what it had written.
    const engine = await openLanceEngine(location, { exactRows: settings.exactRows, isAlone: shared === null });
    const store = await CollectionStore.open({
      // Over a shared index an answered write must be there for the other servers, also when this machine is lost with its log.
      engine: shared === null && location.kind === 'folder' ? buffered(engine) : engine,
      collections,
      writeAhead: new WriteAheadLog(client),
      damage,
      logger,
      refusal: () => (lease === null || lease.isHeld ? null : 'Another server writes to this index now.'),
      ...(catalogue === null ? {} : { onCollections: (all) => catalogue.publish(all) }),
    });
    const bulk = new BulkIngest({
      store,
      segments: new IngestSegments(join(settings.dataFolder, 'ingest')),
      ingests: new Ingests(client),
      damage,
      logger,
    });
    await bulk.resume();
    const scrub =
      location.kind === 'folder'
        ? new Scrub({
            folder: location.uri,
            sums: new FileSums(client),
            logger,
            onChanged: (name, file, isIndex) => store.reportChanged(name, file, isIndex),
          })
        : null;
    await scrub?.start();
    return {
      store,
      bulk,
      scrub,
      close: async () => {
        await scrub?.close();
        await bulk.close();
        await store.close();
        await lease?.release();
      },
    };
  } catch (error) {
    await lease?.release();
    throw error;
  }
}

async function openReplica(
  { exactRows, knows = () => true }: IndexSettings,
  location: EngineLocation,
  shared: ConditionalStore,
  client: Client,
  damage: DamageReport,
  logger: FastifyBaseLogger,
): Promise<OpenIndex> {
  const catalogue = new SharedCatalogue(shared);
  const store = CollectionStore.openReplica({
    engine: await openLanceEngine(location, { exactRows, readIntervalS: REFRESH_S }),
    collections: new Collections(client),
    writeAhead: new WriteAheadLog(client),
    damage,
    logger,
    refusal: () => 'This server only reads its index. Send writes to the one that writes.',
  });
  const known = async () => (await catalogue.read()).filter(({ name }) => knows(name));
  await store.adopt(await known());
  let refreshing: Promise<void> | null = null;
  const timer = setInterval(() => {
    refreshing ??= known()
      .then((descriptions) => store.adopt(descriptions))
      .catch((error: unknown) => logger.warn({ err: error }, 'the list of collections could not be read; the last one is served'))
      .finally(() => {
        refreshing = null;
      });
  }, REFRESH_S * 1000).unref();
  const bulk = new BulkIngest({ store, segments: new IngestSegments(''), ingests: new Ingests(client), damage, logger });
  return {
    store,
    bulk,
    scrub: null,
    close: async () => {
      clearInterval(timer);
      await refreshing;
      await store.close();
    },
  };
}

/** An id that this data folder keeps. */
function serverId(dataFolder: string): string {
  const path = join(dataFolder, 'server-id');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  writeFileSync(path, `${id}\n`, { mode: 0o600 });
  return id;
}
