/** @file A Node thread that looks like a browser's worker, for tests of what talks to workers. */
import { Worker as Thread } from 'node:worker_threads';
import type { HostedWorker } from '../../../src/clients/worker-host.ts';

/** @param script an ES module that talks over `parentPort`. */
export function startThread(script: URL): HostedWorker & { terminate(): void } {
  const thread = new Thread(script);
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message: unknown, transfer?: unknown) =>
      thread.postMessage(message, Array.isArray(transfer) ? (transfer as never[]) : []),
    addEventListener: (type: string, listener: (event: never) => void) => {
      const heard = (data: unknown): void =>
        listener((type === 'error' ? { message: (data as Error).message, preventDefault: () => {} } : { data, origin: '' }) as never);
      listeners.set(listener, heard);
      thread.on(type, heard);
    },
    removeEventListener: (type: string, listener: unknown) => {
      const heard = listeners.get(listener);
      if (heard !== undefined) thread.off(type, heard);
    },
    terminate: () => void thread.terminate(),
  } as unknown as HostedWorker & { terminate(): void };
}
