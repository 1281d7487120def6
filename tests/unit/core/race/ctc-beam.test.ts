/** @file Beam search and likelihoods against all paths counted one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIB_CLASSES, classOf, textOf } from '../../../../src/core/race/bib-alphabet.ts';
import { formatLexicon, listLexicon } from '../../../../src/core/race/bib-lexicon.ts';
import { likeliestTexts, textLikelihood } from '../../../../src/core/race/ctc-beam.ts';

const DIGITS = ['', '0', '1', '2'];

/** Every path over blank, 0, 1, 2 → text → probability. */
function byCounting(probabilities: Float32Array): Map<string, number> {
  const steps = probabilities.length / BIB_CLASSES;
  const found = new Map<string, number>();
  const walk = (step: number, text: string, last: string, probability: number): void => {
    if (step === steps) {
      found.set(text, (found.get(text) ?? 0) + probability);
      return;
    }
    for (const one of DIGITS) {
      const next = one === '' || one === last ? text : text + one;
      walk(step + 1, next, one, probability * probabilities[step * BIB_CLASSES + classOf(one)]!);
    }
  };
  walk(0, '', '', 1);
  return found;
}

/** Any scores over blank, 0, 1, 2. */
const anyScores = fc.array(fc.tuple(...DIGITS.map(() => fc.integer({ min: 1, max: 20 }))), { minLength: 1, maxLength: 6 }).map((rows) => {
  const probabilities = new Float32Array(rows.length * BIB_CLASSES);
  rows.forEach((row, step) => {
    const sum = row.reduce((a, b) => a + b, 0);
    DIGITS.forEach((one, i) => (probabilities[step * BIB_CLASSES + classOf(one)] = row[i]! / sum));
  });
  return probabilities;
});

describe('textLikelihood', () => {
  it('is the sum over all paths', () => {
    fc.assert(
      fc.property(anyScores, (probabilities) => {
        for (const [text, probability] of byCounting(probabilities))
          expect(Math.exp(textLikelihood(probabilities, BIB_CLASSES, Array.from(text, classOf)))).toBeCloseTo(probability, 6);
      }),
    );
  });

  it('is nothing for a text that needs more steps than there are', () => {
    const probabilities = new Float32Array(3 * BIB_CLASSES).fill(1 / BIB_CLASSES);
    expect(textLikelihood(probabilities, BIB_CLASSES, [2, 2, 3])).toBe(-Infinity);
    expect(textLikelihood(probabilities, BIB_CLASSES, [2, 3, 4])).toBeCloseTo(-3 * Math.log(BIB_CLASSES), 4);
  });
});

describe('likeliestTexts', () => {
  it('finds the likeliest number of the format', () => {
    const lexicon = formatLexicon({ prefixes: [], minDigits: 1, maxDigits: 5, waveColours: [] });
    fc.assert(
      fc.property(anyScores, (probabilities) => {
        const counted = [...byCounting(probabilities)].filter(([text]) => text !== '' && text.length <= 5).sort((a, b) => b[1] - a[1]);
        const [best] = likeliestTexts(probabilities, BIB_CLASSES, lexicon, 64);
        const likelihood = textLikelihood(probabilities, BIB_CLASSES, best!);
        expect(Math.exp(likelihood)).toBeCloseTo(counted[0]![1], 6);
      }),
    );
  });

  it('finds the likeliest number of a list and nothing else', () => {
    const numbers = ['0', '12', '120', '22', '2011'];
    fc.assert(
      fc.property(anyScores, (probabilities) => {
        const counted = byCounting(probabilities);
        const best = numbers.map((text) => [text, counted.get(text) ?? 0] as const).sort((a, b) => b[1] - a[1])[0]!;
        const found = likeliestTexts(probabilities, BIB_CLASSES, listLexicon(numbers), 64).map(textOf);
        for (const text of found) expect(numbers).toContain(text);
        if (best[1] > 0) expect(counted.get(found[0]!)).toBeCloseTo(best[1], 6);
      }),
    );
  });
});
