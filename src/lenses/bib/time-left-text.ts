/** @file How long a long piece of work will still take: as exact as such a guess is. Thread: page. */
import { m } from '../../paraglide/messages.js';
import { getLocale } from '../../paraglide/runtime.js';

const MINUTE_MS = 60_000;

/** @returns e.g. `less than a minute`, `12 min`, `1 h 35 min`. */
export function timeLeftText(ms: number): string {
  if (ms < MINUTE_MS) return m.bib_under_a_minute();
  const minutes = Math.round(ms / MINUTE_MS);
  const hours = Math.floor(minutes / 60);
  const unit = (value: number, name: 'hour' | 'minute'): string =>
    new Intl.NumberFormat(getLocale(), { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  if (hours === 0) return unit(minutes, 'minute');
  // Nobody can say to the minute what hours will bring.
  const rest = Math.round((minutes % 60) / 5) * 5;
  if (rest === 60) return unit(hours + 1, 'hour');
  return rest === 0 ? unit(hours, 'hour') : `${unit(hours, 'hour')} ${unit(rest, 'minute')}`;
}
