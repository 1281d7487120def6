/** @file The start-list worker as the page calls it. Thread: page. */
import type { StartListService } from '../contracts/start-list-api.ts';
import { WorkerHost } from './worker-host.ts';

/** A {@link StartListService} that holds a worker; it starts with the first call, and reads the file again when it was ended in between. */
export function createStartListClient(): StartListService {
  const host = new WorkerHost({
    name: 'start-list',
    create: () => new Worker(new URL('../../workers/start-list.worker.ts', import.meta.url), { type: 'module' }),
    setup: () => ({ override: null, isIos: false }),
    budgetMs: () => 20_000,
    idleMs: 60_000,
  });
  return {
    check: (input, options) => host.call('check', [input], options),
    save: (input, eventId, options) => host.call('save', [input, eventId], options),
    decode: (source, scores, options) => host.call('decode', [source, scores], options),
  };
}
