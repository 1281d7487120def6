/** @file The race worker as the page calls it. Thread: page. */
import type { RaceDeskService } from '../contracts/race-desk-api.ts';
import { WorkerHost } from './worker-host.ts';

/** A {@link RaceDeskService} that holds a worker; it starts with the first call. */
export function createRaceDeskClient(): RaceDeskService {
  const host = new WorkerHost({
    name: 'race',
    create: () => new Worker(new URL('../../workers/race.worker.ts', import.meta.url), { type: 'module' }),
    setup: () => ({ override: null, isIos: false }),
    budgetMs: () => 60_000,
    idleMs: 60_000,
  });
  return {
    exportRace: (eventId, nowMs, options) => host.call('exportRace', [eventId, nowMs], options),
    importRace: (file, options) => host.call('importRace', [file], options),
    runners: (eventId, bibs, certainty, options) => host.call('runners', [eventId, bibs, certainty], options),
    summary: (question, options) => host.call('summary', [question], options),
    table: (question, words, withNames, options) => host.call('table', [question, words, withNames], options),
    clocks: (eventId, options) => host.call('clocks', [eventId], options),
    weigh: (eventId, cameraId, atMs, candidates, options) => host.call('weigh', [eventId, cameraId, atMs, candidates], options),
    recognise: (eventId, options) => host.call('recognise', [eventId], options),
  };
}
