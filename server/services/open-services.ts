/** @file Opens everything that holds data, in order, and closes it in reverse. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { Collections } from '../repositories/collections.ts';
import { openDatabase } from '../repositories/database.ts';
import { engineLocation } from '../repositories/engine-location.ts';
import { openLanceEngine } from '../repositories/lancedb-index.ts';
import { Loads } from '../repositories/loads.ts';
import { Products } from '../repositories/products.ts';
import { WriteAheadLog } from '../repositories/write-ahead-log.ts';
import { CollectionStore } from './collection-store.ts';

/** What routes and jobs work with. */
export interface Services {
  readonly store: CollectionStore;
  readonly products: Products;
  readonly loads: Loads;
  close(): Promise<void>;
}

/** Name of the database file in the data folder. */
export const DATABASE_FILE = 'mekiki.db';

/** Open the data folder, made when absent (readable by its owner only). Writes left over by a crash are applied before this resolves. */
export async function openServices(dataFolder: string, logger: FastifyBaseLogger): Promise<Services> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  try {
    const engine = await openLanceEngine(engineLocation(join(dataFolder, 'vectors')));
    const store = await CollectionStore.open({
      engine,
      collections: new Collections(client),
      writeAhead: new WriteAheadLog(client),
      logger,
    });
    return {
      store,
      products: new Products(client),
      loads: new Loads(client),
      close: async () => {
        await store.close();
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}
