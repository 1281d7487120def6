/** @file The picture worker as the page calls it. Thread: page. */
import type { PictureService } from '../contracts/picture-api.ts';
import { WorkerHost } from './worker-host.ts';

/** A picture under way cannot be interrupted; 100 megapixels take a while. */
const BUDGET_MS = 20_000;
const IDLE_MS = 30_000;

/** @returns a client; its worker starts with the first call. */
export function createPictureClient(): PictureService {
  const host = new WorkerHost({
    name: 'picture',
    create: () => new Worker(new URL('../../workers/picture.worker.ts', import.meta.url), { type: 'module' }),
    setup: () => ({ override: null, isIos: false }),
    budgetMs: () => BUDGET_MS,
    idleMs: IDLE_MS,
  });
  return {
    make: (photo, change, options) => host.call('make', [photo, change], options),
    end: () => host.end(),
  };
}
