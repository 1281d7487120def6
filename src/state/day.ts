/** @file Days in the user's own time zone. Thread: page. */

/** @returns when the day of a time began. */
export function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}

/** @returns when today ends. */
export function endOfToday(): number {
  return new Date().setHours(24, 0, 0, 0);
}
