/** @file What every worker does first: hear the page's setup, and make unheard failures fatal. Thread: workers. */
import { toSideMessage, type SideMessage, type WorkerSetup } from '../src/contracts/wire.ts';

/** @returns the latest setup that the page sent; it comes before the first call. */
export function listenForSetup(): () => WorkerSetup {
  let setup: WorkerSetup = { override: null, isIos: false };
  self.addEventListener('message', ({ data }: MessageEvent) => {
    const message = toSideMessage(data);
    if (message?.mekiki === 'setup') setup = message.setup;
  });
  self.addEventListener('unhandledrejection', ({ reason }) => {
    const message = reason instanceof Error ? reason.message : String(reason);
    self.postMessage({ mekiki: 'fatal', message } satisfies SideMessage);
  });
  return () => setup;
}
