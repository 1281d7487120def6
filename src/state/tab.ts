/** @file This tab's name, and which tabs are alive: a photo that waits belongs to the tab that looks at it. Thread: page. */

const PREFIX = 'mekiki-tab-';
/** Names this visit of the page; a reload is another tab. */
export const tabId = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Absent outside secure contexts, whatever the type says: every other tab then counts as gone. */
const locks = (navigator as { locks?: LockManager }).locks;
let isShown = false;

/** Let other tabs see that this one lives; the browser takes the lock back when it ends, however it ends. */
export function showThatTabLives(): void {
  if (isShown) return;
  isShown = true;
  void locks?.request(`${PREFIX}${tabId}`, () => new Promise<never>(() => {})).catch(() => {});
}

/** @returns tabs of this app that are open now, with this one. */
export async function livingTabs(): Promise<Set<string>> {
  const { held = [] } = (await locks?.query().catch(() => undefined)) ?? {};
  const names = held.flatMap(({ name }) => (name?.startsWith(PREFIX) === true ? [name.slice(PREFIX.length)] : []));
  return new Set([...names, tabId]);
}
