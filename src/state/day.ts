/** @file Days in the user's own time zone. Thread: page. */

/** @returns when the day of a time began. */
export function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}

/** @returns a time's day as a date field takes it, `2026-11-21`; the day here, not in Greenwich. */
export function dayText(atMs: number): string {
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** @param day as {@link dayText} says it. @returns when that day begins here: what shows it shows the same day everywhere. */
export function dayStart(day: string): number {
  return new Date(`${day}T00:00:00`).getTime();
}

/** @returns when today ends. */
export function endOfToday(): number {
  return new Date().setHours(24, 0, 0, 0);
}
