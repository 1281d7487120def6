/** @file A Node thread that looks like a browser's worker, for tests of what talks to workers. */
import { Worker as Thread } from 'node:worker_threads';
import type { HostedWorker } from '../../../src/clients/worker-host.ts';

/** Told to a thread that ends itself. */
const END = 'end';
/** … and if it does not, it is ended after so long. */
const END_MS = 5_000;

/**
 * @param script an ES module that talks over `parentPort`.
 * @param endsItself it ends when it hears `'end'`. For threads that run native nets: ended from outside during a run, one takes the whole
 * process along.
 */
export function startThread(script: URL, endsItself = false): HostedWorker & { terminate(): void } {
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
    terminate: () => {
      if (!endsItself) return void thread.terminate();
      thread.postMessage(END);
      const timer = setTimeout(() => void thread.terminate(), END_MS);
      thread.once('exit', () => clearTimeout(timer));
    },
  } as unknown as HostedWorker & { terminate(): void };
}
