/** @file The race worker: what is made of a whole race. Wiring only. */
import { serve } from '../src/contracts/wire.ts';
import { createDatabase } from '../src/store/db.ts';
import { listenForSetup } from './setup.ts';
import { createRaceDesk } from './stages/race-desk.ts';

listenForSetup();
serve(createRaceDesk(createDatabase()), self);
