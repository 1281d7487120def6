/** @file What a race's numbers look like, in words. Thread: page. */
import type { BibFormat } from '../../contracts/race.ts';
import { m } from '../../paraglide/messages.js';

/** @returns e.g. `2–4 digits, or A, B and digits`. */
export function formatText({ prefixes, minDigits, maxDigits }: BibFormat): string {
  const digits = minDigits === maxDigits ? String(minDigits) : `${minDigits}–${maxDigits}`;
  const text = m.bib_format_digits({ digits });
  return prefixes.length === 0 ? text : m.bib_format_prefixed({ digits: text, prefixes: prefixes.join(', ') });
}
