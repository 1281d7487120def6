/** @file How numbers are written, and what the numbers of a race look like. Pure; any thread. */
import { ANY_BIB, type BibFormat } from '../../contracts/race.ts';

/** Prefixes and lengths rarer than this are rather mistakes of the list. */
const RARE = 0.002;
const MAX_DIGITS = 8;
const MAX_PREFIXES = 50;

/**
 * A number as it is printed: capitals, half width, without spaces; `No. 12`, `#12`, `12番`, `12.0` and `1,012` are 12, 12, 12, 12 and 1012.
 * @returns empty when nothing is left.
 */
export function normaliseBib(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[‐‑‒–—―−ー]/gu, '-')
    .replace(/^\s*(?:NO\.?(?=[\s\d])|№|#|['`]|BIB(?=[\s\d]))\s*/u, '')
    .replace(/\s+/gu, '')
    .replace(/番$/u, '')
    .replace(/^(\d+)\.0+$/u, '$1')
    .replace(/^\d{1,3}(?:,\d{3})+$/u, (figure) => figure.replaceAll(',', ''));
}

/** False for what can be no number: other marks than a hyphen, no digit or letter, or too long. */
export function isBib(text: string): boolean {
  return /^[\p{L}\p{N}-]{1,16}$/u.test(text) && /[\p{L}\p{N}]/u.test(text);
}

/** Letters before the digits, and how many digits; null: the number is built otherwise. */
export function partsOfBib(bib: string): { readonly prefix: string; readonly digits: number } | null {
  const parts = /^([^\d]*)(\d+)$/u.exec(bib);
  return parts === null ? null : { prefix: parts[1]!, digits: parts[2]!.length };
}

/** Whether a number may be one of this race. */
export function fitsFormat(bib: string, { prefixes, minDigits, maxDigits }: BibFormat): boolean {
  const parts = partsOfBib(bib);
  if (parts === null || parts.digits < minDigits || parts.digits > maxDigits) return false;
  return parts.prefix === '' || prefixes.includes(parts.prefix);
}

/**
 * What the numbers of a list have in common.
 * @param bibs as {@link normaliseBib} gives them. @returns prefixes most frequent first; without colours, which no list tells.
 */
export function proposeFormat(bibs: readonly string[]): BibFormat {
  const prefixes = new Map<string, number>();
  const lengths = new Map<number, number>();
  for (const bib of bibs) {
    const parts = partsOfBib(bib);
    if (parts === null || parts.digits > MAX_DIGITS || parts.prefix.length > 6) continue;
    prefixes.set(parts.prefix, (prefixes.get(parts.prefix) ?? 0) + 1);
    lengths.set(parts.digits, (lengths.get(parts.digits) ?? 0) + 1);
  }
  const most = Math.max(0, ...lengths.values());
  // A long list has its first nine numbers, too: lengths between usual ones are usual.
  const usual = [...lengths].filter(
    ([digits, count]) => count >= Math.max(bibs.length < 200 ? 1 : 2, bibs.length * RARE) || isRun(digits, bibs),
  );
  if (most === 0 || usual.length === 0) return ANY_BIB;
  return {
    prefixes: [...prefixes]
      .filter(([prefix, count]) => prefix !== '' && count >= Math.max(bibs.length < 200 ? 1 : 2, bibs.length * RARE))
      .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
      .slice(0, MAX_PREFIXES)
      .map(([prefix]) => prefix),
    minDigits: Math.min(...usual.map(([digits]) => digits)),
    maxDigits: Math.max(...usual.map(([digits]) => digits)),
    waveColours: [],
  };
}

/** Numbers of this length that stand beside those of the next: 8, 9, 10. */
function isRun(digits: number, bibs: readonly string[]): boolean {
  if (digits >= MAX_DIGITS) return false;
  const known = new Set(bibs);
  return known.has('9'.repeat(digits)) && known.has(`1${'0'.repeat(digits)}`);
}
