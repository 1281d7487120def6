import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadCharacter } from '../../../src/core/text/ctc-decoding.ts';
import { correctByLexicon } from '../../../src/core/text/lexicon-correction.ts';

/** `text` as read, with what the recogniser thought possible at some places. */
function read(text: string, doubts: Readonly<Record<number, readonly [other: string, probability01: number]>> = {}): ReadCharacter[] {
  return Array.from(text).map((character, i) => {
    const doubt = doubts[i];
    return {
      text: character,
      confidence01: doubt === undefined ? 0.99 : 0.6,
      start01: 0,
      end01: 0,
      alternatives: doubt === undefined ? [] : [{ text: doubt[0], probability01: doubt[1] }],
    };
  });
}
const correct = (characters: readonly ReadCharacter[]): string => correctByLexicon(characters).join('');

describe('correctByLexicon', () => {
  it('takes an alternative that makes a known word', () => {
    expect(correct(read('曽味期限', { 0: ['賞', 0.2] }))).toBe('賞味期限');
  });

  it('takes a look-alike that makes a known word', () => {
    expect(correct(read('、酵母工キス、'))).toBe('、酵母エキス、');
    expect(correct(read('ビ夕ミンC'))).toBe('ビタミンC');
  });

  it('leaves a misreading alone that the recogniser had no doubt about', () => {
    expect(correct(read('蕾味期限'))).toBe('蕾味期限');
  });

  it.each(['さけ', 'さば', 'かに', '卵', '乳', 'もも', 'くるみ', 'ごま'])('never turns the allergen %s into another', (word) => {
    const others = ['さけ', 'さば', 'かに', 'えび', 'いか', 'もも', 'ごま', 'そば'];
    for (const other of others) {
      if (other === word || other.length !== word.length) continue;
      const doubts = Object.fromEntries(Array.from(other).map((character, i) => [i, [character, 0.35] as const]));
      expect(correct(read(word, doubts))).toBe(word);
    }
  });

  it('keeps the number of characters, and every character that it had no reason to doubt', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('小麦粉砂糖、（）一部に乳成分を含むあいうABC12')), maxLength: 60 }),
        (text) => {
          const characters = read(text);
          const out = correctByLexicon(characters);
          expect(out).toHaveLength(characters.length);
          // Only look-alikes can differ where there are no alternatives; none of these characters has one in a known word but 一.
          out.forEach((character, i) => {
            if (!'一にOo0CcA'.includes(characters[i]!.text)) expect(character).toBe(characters[i]!.text);
          });
        },
      ),
    );
  });
});
