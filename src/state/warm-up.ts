/** @file Work that a look needs and that would block it: done while nobody waits. Thread: page. */

/** Read the ingredient knowledge once the page is idle; its index takes longer to build than a frame may last. */
export function warmUp(): void {
  const build = (): void =>
    void import('../core/dietary/knowledge.ts').then(
      ({ knowledge }) => void knowledge(),
      () => {}, // No network on the first visit: the look itself will say so.
    );
  // Safari has no idle callback.
  if ('requestIdleCallback' in globalThis) requestIdleCallback(build, { timeout: 4000 });
  else setTimeout(build, 1500);
}
