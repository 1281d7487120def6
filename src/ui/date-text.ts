/** @file Dates in the language shown. Thread: page. */
import { getLocale } from '../paraglide/runtime.js';

/** @returns e.g. `21 Nov 2026` or `2026年11月21日`. */
export function dateText(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale() === 'ja' ? 'ja-JP' : 'en-GB', { dateStyle: 'medium' }).format(atMs);
}

/** @returns date and time of day. */
export function timeText(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale() === 'ja' ? 'ja-JP' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(atMs);
}

/** @returns time of day, e.g. `17:53`; with seconds, `17:53:05`. */
export function clockText(atMs: number, hasSeconds: boolean): string {
  const style = hasSeconds ? 'medium' : 'short';
  return new Intl.DateTimeFormat(getLocale() === 'ja' ? 'ja-JP' : 'en-GB', { timeStyle: style }).format(atMs);
}
