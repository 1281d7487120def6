/** @file Work that a look needs and that would block it, and photos that an earlier visit left: done while nobody waits. Thread: page. */
import type { LensSpec } from '../contracts/lens.ts';

/** Read the ingredient knowledge once the page is idle; its index takes longer to build than a frame may last. */
export function warmUp(): void {
  const build = (): void =>
    void import('../core/dietary/knowledge.ts').then(
      ({ knowledge }) => void knowledge(),
      () => {}, // No network on the first visit: the look itself will say so.
    );
  whenIdle(build);
}

/** Go on with photos that waited when the page was closed. @param label what the task tray calls each. */
export function goOnWaiting(lensOf: (lensId: string) => LensSpec, label: string): void {
  whenIdle(
    () =>
      void import('./looks.svelte.ts').then(
        ({ looks }) => looks.goOn(lensOf, label),
        () => {}, // No network on the first visit: nothing waits then either.
      ),
  );
}

/** Go on with what a lens' own pages left under way. */
export function goOnDesk(goOn: () => Promise<void>): void {
  // No network on the first visit: nothing waits then either.
  whenIdle(() => void goOn().catch(() => {}));
}

/** Safari has no idle callback. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: 4000 });
  else setTimeout(work, 1500);
}
