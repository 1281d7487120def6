/** @file A span of time as people say it. Thread: page. */
import { getLocale } from '../../paraglide/runtime.js';

const SECOND_MS = 1000;
const UNITS = [
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** @returns to the second, e.g. `1 h 2 s`, `1 min 35 s`; `0 s` for none. */
export function spanText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / SECOND_MS);
  const locale = getLocale();
  const parts = UNITS.map(([unit, length], i) => ({ unit, value: Math.floor((seconds % (UNITS[i - 1]?.[1] ?? Infinity)) / length) }));
  const shown = parts.filter(({ unit, value }) => value > 0 || (unit === 'second' && seconds === 0));
  const texts = shown.map(({ unit, value }) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value));
  return new Intl.ListFormat(locale, { type: 'unit', style: 'narrow' }).format(texts);
}
