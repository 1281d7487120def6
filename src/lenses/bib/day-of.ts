/** @file The day of a moment by this device's calendar. Thread: any. */

/** @returns e.g. `2026-11-21`. */
export function dayOf(atMs: number): string {
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
