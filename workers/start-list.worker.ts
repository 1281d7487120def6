/** @file The start-list worker: lists of entrants become rows of this device's database, and what a bib shows one of their numbers. Wiring only. */
import { serve } from '../src/contracts/wire.ts';
import { createDatabase } from '../src/store/db.ts';
import { createEntrantStore } from '../src/store/race-entrants.ts';
import { readWorkbook } from './runtime/read-workbook.ts';
import { listenForSetup } from './setup.ts';
import { createStartLists } from './stages/start-lists.ts';

listenForSetup();
serve(createStartLists(createEntrantStore(createDatabase()), readWorkbook), self);
