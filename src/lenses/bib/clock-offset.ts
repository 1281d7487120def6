/** @file How far a camera's clock is off: as people write it, and as two moments tell it. Thread: any. */

const SECOND_MS = 1000;

/** @returns e.g. `+1:35`, `−0:07`, `+9:00:00`; `0:00` for a right clock. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / SECOND_MS);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  const sign = seconds === 0 ? '' : offsetMs < 0 ? '−' : '+';
  return `${sign}${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

/**
 * What to add to a camera's clock, when it is known at which time of day a photo was really taken.
 * @param cameraAtMs what the camera said, as if it were UTC.
 * @param timeOfDay `hh:mm` or `hh:mm:ss` at the place of the race; digits and colons may be full-width, and a phone's number pad has no colons.
 * @returns null for what is no time; of the days around the nearest one counts, so that midnight does no harm.
 */
export function offsetFromTime(cameraAtMs: number, timeOfDay: string): number | null {
  const parts = /^(\d{1,2}):?(\d{2})(?::?(\d{2}))?$/u.exec(timeOfDay.normalize('NFKC').trim());
  if (parts === null) return null;
  const [hours, minutes, seconds] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const DAY_MS = 86_400_000;
  const ofDay = ((cameraAtMs % DAY_MS) + DAY_MS) % DAY_MS;
  const offset = ((hours * 60 + minutes) * 60 + seconds) * SECOND_MS - (ofDay - (ofDay % SECOND_MS));
  if (offset > DAY_MS / 2) return offset - DAY_MS;
  return offset < -DAY_MS / 2 ? offset + DAY_MS : offset;
}
