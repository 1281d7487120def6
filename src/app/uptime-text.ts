/** @file How long a server has been running, in the language shown. Thread: page. */
import { m } from '../paraglide/messages.js';
import { countText } from '../ui/number-text.ts';

/** @returns e.g. `3 h 12 min`; under an hour the minutes alone. */
export function uptimeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = countText(Math.floor((seconds % 3600) / 60));
  return hours > 0 ? m.duration_hours({ hours: countText(hours), minutes }) : m.duration_minutes({ minutes });
}
