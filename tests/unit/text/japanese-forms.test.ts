import { describe, expect, it } from 'vitest';
import { japaneseShare01, restoreWideForms, settleLookAlikes, unifyBrackets } from '../../../src/core/text/japanese-forms.ts';

const settle = (text: string): string => settleLookAlikes(Array.from(text)).join('');
const widen = (text: string): string => restoreWideForms(Array.from(text)).join('');

describe('settleLookAlikes', () => {
  it.each([
    ['ビ夕ミン', 'ビタミン'],
    ['チョコレ一ト', 'チョコレート'],
    ['シ口ップ', 'シロップ'],
    ['デキストリン', 'デキストリン'],
    ['一部に小麦', '一部に小麦'],
    ['口に入れる', '口に入れる'],
    ['チーズ一枚', 'チーズ一枚'],
    ['食塩ヘ', '食塩へ'],
    ['03ー1234', '03-1234'],
    ['380mー', '380ml'],
    ['2|5|8', '2-5-8'],
    ['100m-1', '100m-1'],
  ])('%s → %s', (read, wanted) => {
    expect(settle(read)).toBe(wanted);
  });
});

describe('restoreWideForms', () => {
  it.each([
    ['食塩/調味料(アミノ酸等)', '食塩／調味料（アミノ酸等）'],
    ['砂糖,食塩', '砂糖、食塩'],
    ['エネルギー 1,200kcal', 'エネルギー 1,200kcal'],
    ['賞味期限 2027/03/15', '賞味期限 2027/03/15'],
    ['名称:菓子', '名称：菓子'],
    ['Wheat flour (enriched), salt/sugar', 'Wheat flour (enriched), salt/sugar'],
    ['食塩/V.C', '食塩／V.C'],
  ])('%s → %s', (read, wanted) => {
    expect(widen(read)).toBe(wanted);
  });

  it('keeps the number of characters', () => {
    const read = Array.from('米(国産)/酒精,A:B');
    expect(restoreWideForms(read)).toHaveLength(read.length);
  });
});

describe('japaneseShare01', () => {
  it('counts letters only', () => {
    expect(japaneseShare01('123 g, 45%')).toBe(0);
    expect(japaneseShare01('小麦')).toBe(1);
    expect(japaneseShare01('ab小麦')).toBe(0.5);
  });
});

describe('unifyBrackets', () => {
  it.each([
    ['[名称〕菓子〔内容量]', '〔名称〕菓子〔内容量〕'],
    ['[名称]菓子[内容量]', '[名称]菓子[内容量]'],
    ['[1][2][3][4〕', '[1][2][3][4]'],
  ])('%s → %s', (read, wanted) => {
    expect(unifyBrackets(Array.from(read)).join('')).toBe(wanted);
  });
});
