/** @file What a pack covers, how old it is and how long it holds, in words. Thread: page. */
import type { PackSummary } from '../contracts/pack.ts';
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';
import { dateText } from '../ui/date-text.ts';
import { byteText } from '../ui/progress-text.ts';

const DAY_MS = 86_400_000;

/** @returns e.g. `1,204 of 1,500 products have photos, 1,480 have ingredients.`; of a pack with planograms, how many of their SKUs have photos, too. */
export function packCoverage({ products, withPhotos, withContents, skus }: PackSummary['coverage']): string {
  const all = m.pack_coverage({ photos: count(withPhotos), products: count(products), contents: count(withContents) });
  return skus === undefined ? all : `${all} ${m.pack_skus({ photos: count(skus.withPhotos), listed: count(skus.listed) })}`;
}

/** @returns what of the size is not vectors and products, e.g. `print detail 3.4 MB`, `pictures 0.4 MB`. */
export function packSizeParts({ sizes: { keypoints, thumbnails } }: Pick<PackSummary, 'sizes'>): string[] {
  return [
    ...(keypoints === 0 ? [] : [m.pack_size_keypoints({ size: byteText(keypoints) })]),
    ...(thumbnails === 0 ? [] : [m.pack_size_thumbnails({ size: byteText(thumbnails) })]),
  ];
}

/** @returns date and distance, e.g. `21 Nov 2026 (3 days ago)`. */
export function packAge(builtAtMs: number, nowMs: number): string {
  return m.pack_date_and_distance({ date: dateText(builtAtMs), distance: distance(builtAtMs - nowMs) });
}

/** @returns the same for the end, e.g. `21 Dec 2026 (in 27 days)`. */
export function packEnd(expiresAtMs: number, nowMs: number): string {
  return m.pack_date_and_distance({ date: dateText(expiresAtMs), distance: distance(expiresAtMs - nowMs) });
}

function distance(ms: number): string {
  return new Intl.RelativeTimeFormat(getLocale(), { numeric: 'auto' }).format(Math.round(ms / DAY_MS), 'day');
}

function count(value: number): string {
  return new Intl.NumberFormat(getLocale()).format(value);
}
