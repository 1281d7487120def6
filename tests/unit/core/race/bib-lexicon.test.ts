/** @file Which texts a race's lexicons allow. */
import { expect, it } from 'vitest';
import type { BibFormat } from '../../../../src/contracts/race.ts';
import { classOf } from '../../../../src/core/race/bib-alphabet.ts';
import { formatLexicon, knownClasses, listLexicon, type BibLexicon } from '../../../../src/core/race/bib-lexicon.ts';

const FORMAT: BibFormat = { prefixes: ['T', 'S', 'TX-'], minDigits: 2, maxDigits: 4, waveColours: [] };

function allows({ next, isEnd }: BibLexicon, text: string): boolean {
  let node = 0;
  for (const character of text) {
    node = next(node, classOf(character));
    if (node < 0) return false;
  }
  return isEnd(node);
}

it('allows the prefixes of the format or none, then its digits', () => {
  const lexicon = formatLexicon(FORMAT);
  for (const text of ['12', '1234', 'T12', 'S1234', 'TX-007']) expect(allows(lexicon, text), text).toBe(true);
  for (const text of ['', '1', '12345', 'T', 'T1', 'TX12', 'X12', 'T12S', '-12', 'TX-']) expect(allows(lexicon, text), text).toBe(false);
});

it('allows what is left of a number when an end is hidden', () => {
  const lexicon = formatLexicon(FORMAT, true);
  for (const text of ['1', 'T1', '1234']) expect(allows(lexicon, text), text).toBe(true);
  for (const text of ['', 'T', '12345']) expect(allows(lexicon, text), text).toBe(false);
});

it('allows the numbers of a list, repeats and strange characters left out', () => {
  const lexicon = listLexicon(['12', '123', '12', 'T-9', '', '4é']);
  for (const text of ['12', '123', 'T-9']) expect(allows(lexicon, text), text).toBe(true);
  for (const text of ['', '1', '4', '1234', 'T', 'T-']) expect(allows(lexicon, text), text).toBe(false);
});

it('knows the characters of format and list', () => {
  const known = knownClasses(FORMAT, ['K9']);
  for (const character of '0123456789TSXK-') expect(known[classOf(character)], character).toBe(1);
  expect(known[classOf('A')]).toBe(0);
});
