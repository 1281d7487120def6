/** @file Progress in words: bytes as megabytes, items as "3 of 12". Thread: page. */
import type { Progress } from '../contracts/task.ts';
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

/** @returns e.g. `4.2 MB of 10.9 MB`. */
export function progressText({ done, total, unit }: Progress): string {
  if (unit === 'bytes') return m.progress_of({ done: byteText(done), total: byteText(total) });
  return total > 1 ? m.progress_of({ done: String(done), total: String(total) }) : '';
}

/** @returns bytes in the unit that reads best, e.g. `812 kB`, in the language shown. */
export function byteText(bytes: number): string {
  const [value, unit] =
    bytes >= 1e9
      ? [bytes / 1e9, 'gigabyte']
      : bytes >= 1e6
        ? [bytes / 1e6, 'megabyte']
        : bytes >= 1e3
          ? [bytes / 1e3, 'kilobyte']
          : [bytes, 'byte'];
  return new Intl.NumberFormat(getLocale(), {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: value < 100 ? 1 : 0,
  }).format(value);
}
