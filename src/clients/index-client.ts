/** @file The index worker as the page calls it. Thread: page. */
import type { IndexService } from '../contracts/client-api.ts';
import { WorkerHost } from './worker-host.ts';

/** An {@link IndexService} that holds a worker. */
export interface IndexClient extends IndexService {
  /** End the worker and free its memory; pending calls reject with `cancelled`. */
  end(): void;
}

/** The gallery is read from the database again after this long, so it may stay. */
const IDLE_MS = 300_000;

/** @returns a client; its worker starts with the first call. A worker that was ended or died reads the last space again by itself. */
export function createIndexClient(): IndexClient {
  let space: string | null = null;
  let isLoaded = false;
  const host = new WorkerHost({
    name: 'index',
    create: () => new Worker(new URL('../../workers/index.worker.ts', import.meta.url), { type: 'module' }),
    setup: () => ({ override: null, isIos: false }),
    budgetMs: () => 5_000,
    idleMs: IDLE_MS,
    // A gallery that was handed over, not stored, would be lost with the worker.
    canEnd: () => space !== null,
    onEnd: () => {
      isLoaded = false;
    },
  });
  const reload: IndexClient['reload'] = async (wanted, options) => {
    const count = await host.call<number>('reload', [wanted], options);
    space = wanted;
    isLoaded = true;
    return count;
  };
  return {
    reload,
    async replace(items, options) {
      const count = await host.call<number>('replace', [items], options);
      space = null;
      isLoaded = true;
      return count;
    },
    async search(probe, k, options) {
      if (!isLoaded && space !== null) await reload(space, options);
      return host.call('search', [probe, k], options);
    },
    async matchWords(words, k, options) {
      if (!isLoaded && space !== null) await reload(space, options);
      return host.call('matchWords', [words, k], options);
    },
    end: () => host.end(),
  };
}
