/** @file Counts, times and shares in the language shown. Thread: page. */
import { getLocale } from '../paraglide/runtime.js';

/** @returns e.g. `1,204`. */
export function countText(value: number): string {
  return new Intl.NumberFormat(getLocale()).format(value);
}

/** @returns e.g. `4.2 ms`, or `1.3 s` from a second on. */
export function durationText(ms: number): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, 'second'] : [ms, 'millisecond'];
  return new Intl.NumberFormat(getLocale(), {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumSignificantDigits: value < 100 ? 2 : 3,
  }).format(value);
}

/** @param share01 0..1. @returns e.g. `98 %`. */
export function shareText(share01: number): string {
  return new Intl.NumberFormat(getLocale(), { style: 'percent', maximumFractionDigits: 1 }).format(share01);
}

/** @returns requests in a second, e.g. `12.5`. */
export function rateText(value: number): string {
  return new Intl.NumberFormat(getLocale(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
