/** @file The index worker: nearest neighbours over the gallery in this device's database. Wiring only. */
import { serve } from '../src/contracts/wire.ts';
import { createDatabase } from '../src/store/db.ts';
import { createGalleryStore } from '../src/store/embeddings.ts';
import { listenForSetup } from './setup.ts';
import { createIndex } from './stages/index-service.ts';

listenForSetup();
serve(createIndex(createGalleryStore(createDatabase())), self);
