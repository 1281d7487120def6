import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Product } from '../../../src/contracts/product.ts';
import { foldPackText, indexPackWords, matchPackWords, substringDistance } from '../../../src/core/pack-words.ts';

const product = (id: string, packWords: string[], name: Product['name'] = {}): Product => ({
  id,
  name,
  gtins: [],
  kind: 'packaged',
  packWords,
  source: 'demo',
  updatedAtMs: 0,
});

describe('foldPackText', () => {
  it.each([
    ['ＡＢＣ　１２３', 'abc123'],
    ['ﾎﾟﾃﾄﾁｯﾌﾟｽ', 'ポテトチツプス'],
    ['ぽてとちっぷす', 'ポテトチツプス'],
    ['クッキ－', 'クツキー'],
    ['クッキ一', 'クツキー'],
    ['一番', '一番'],
    ['がぎぐ', 'ガギグ'],
    ['Café Crème!', 'cafecreme'],
    ['コカ・コーラ', 'コカコーラ'],
    ['㌘', 'グラム'],
  ])('%s → %s', (raw, folded) => expect(foldPackText(raw)).toBe(folded));

  it('is settled after one pass', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(foldPackText(foldPackText(text))).toBe(foldPackText(text));
      }),
    );
  });
});

describe('substringDistance', () => {
  it.each([
    ['abc', 'xxabcxx', 0],
    ['abc', 'xxaxcxx', 1],
    ['abc', 'ac', 1],
    ['abc', '', 3],
  ])('%s in %s: %i', (word, text, expected) => expect(substringDistance(word, text, 3)).toBe(expected));

  it('is 0 exactly when the word is there', () => {
    const word = fc.stringMatching(/^[abc]{1,5}$/);
    fc.assert(
      fc.property(word, fc.stringMatching(/^[abc]{0,20}$/), (w, text) => {
        expect(substringDistance(w, text, 9) === 0).toBe(text.includes(w));
      }),
    );
  });
});

describe('matchPackWords', () => {
  const catalogue = [
    product('salt', ['やまのポテト', 'うすしお味']),
    product('consomme', ['やまのポテト', 'コンソメ味']),
    product('milk', ['Farm', 'Whole Milk']),
    product('oat', ['Farm', 'Oat Drink']),
    ...Array.from({ length: 30 }, (_, i) => product(`other${i}`, [`その他の商品${i}号`])),
  ];
  const index = indexPackWords(catalogue);
  const best = (...lines: string[]) => matchPackWords(index, lines)[0];

  it('tells flavours apart by the words that differ', () => {
    expect(best('やまの ポテト', 'うすしお味')?.productId).toBe('salt');
    expect(best('やまのポテト', 'コンソメ味')?.productId).toBe('consomme');
    expect(best('FARM', 'Oat drink')?.productId).toBe('oat');
  });

  it('bears a misread character in a long word', () => {
    expect(best('やまのボテト', 'コンソメ昧')?.productId).toBe('consomme');
  });

  it('scores all words near 1 and a shared brand alone low', () => {
    expect(best('やまのポテト', 'うすしお味')!.score01).toBeGreaterThan(0.9);
    expect(best('やまのポテト')!.score01).toBeLessThan(0.5);
  });

  it('does not find short Latin words inside others', () => {
    const short = indexPackWords([product('oat', ['Oat']), ...catalogue]);
    expect(matchPackWords(short, ['boats']).some(({ productId }) => productId === 'oat')).toBe(false);
    expect(matchPackWords(short, ['oat']).some(({ productId }) => productId === 'oat')).toBe(true);
  });

  it('uses names and brand, and finds nothing in nothing', () => {
    const named = indexPackWords([product('x', [], { ja: 'さくらもち', en: 'Cherry Mochi' }), ...catalogue]);
    expect(matchPackWords(named, ['さくらもち'])[0]?.productId).toBe('x');
    expect(matchPackWords(named, [])).toEqual([]);
    expect(matchPackWords(indexPackWords([]), ['さくらもち'])).toEqual([]);
  });
});
