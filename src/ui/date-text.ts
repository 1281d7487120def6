/** @file Dates in the language shown. Thread: page. */
import { getLocale } from '../paraglide/runtime.js';

/** @returns e.g. `21 Nov 2026` or `2026年11月21日`. */
export function dateText(atMs: number): string {
  return format(atMs, {});
}

/** @returns e.g. `21 Nov 2026` or `2026/11/21`, where there is little room. */
export function shortDateText(atMs: number): string {
  return format(atMs, { dateStyle: 'medium' });
}

/** @returns date and time of day. */
export function timeText(atMs: number): string {
  return format(atMs, { timeStyle: 'short' });
}

/** @param atMs what a camera's clock said, as if it were UTC. @returns date and time of day, to the second. */
export function cameraTimeText(atMs: number): string {
  return format(atMs, { timeStyle: 'medium', timeZone: 'UTC' });
}

/** @returns time of day, e.g. `17:53`; with seconds, `17:53:05`. */
export function clockText(atMs: number, hasSeconds: boolean): string {
  const style = hasSeconds ? 'medium' : 'short';
  return new Intl.DateTimeFormat(getLocale() === 'ja' ? 'ja-JP' : 'en-GB', { timeStyle: style }).format(atMs);
}

/** Japanese says year, month and day only in the long style; its medium one is `2026/11/21`. */
function format(atMs: number, more: Intl.DateTimeFormatOptions): string {
  const isJapanese = getLocale() === 'ja';
  return new Intl.DateTimeFormat(isJapanese ? 'ja-JP' : 'en-GB', { dateStyle: isJapanese ? 'long' : 'medium', ...more }).format(atMs);
}
