/** @file What is known beforehand of the numbers of a race; made once for a start list, used for every bib. Pure; any thread. */
import type { BibFormat } from '../../contracts/race.ts';
import { classOf } from './bib-alphabet.ts';
import { formatLexicon, knownClasses, listLexicon, type BibLexicon } from './bib-lexicon.ts';
import { hiddenEnds, type HiddenEnds } from './hidden-ends.ts';

/** Numbers of a race as the decoder wants them. */
export interface RaceNumbers {
  readonly format: BibFormat;
  /** 1 for classes that stand in numbers of this race. */
  readonly known: Uint8Array;
  /** Whole numbers, and what is left of them when an end is hidden. */
  readonly whole: BibLexicon;
  readonly part: BibLexicon;
  /** How many numbers the format allows, for the prior of one that is on no list. */
  readonly possible: number;
  /** Null without a start list. */
  readonly list: { readonly numbers: ReadonlySet<string>; readonly lexicon: BibLexicon; readonly ends: HiddenEnds } | null;
}

/**
 * @param bibs the start list's numbers as printed (capitals, half width, no spaces), repeats allowed; null or empty: there is no list. Numbers with
 * characters that the reader does not know can never be read; they are left out.
 */
export function raceNumbers(format: BibFormat, bibs: readonly string[] | null = null): RaceNumbers {
  const numbers = [...new Set(bibs ?? [])].filter((bib) => bib !== '' && !Array.from(bib, classOf).includes(0));
  const digits = Math.max(format.minDigits, format.maxDigits);
  return {
    format,
    known: knownClasses(format, numbers),
    whole: formatLexicon(format),
    part: formatLexicon(format, true),
    possible: (1 + format.prefixes.length) * 10 ** digits,
    list: numbers.length === 0 ? null : { numbers: new Set(numbers), lexicon: listLexicon(numbers), ends: hiddenEnds(numbers) },
  };
}
