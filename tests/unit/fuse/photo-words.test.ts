import { describe, expect, it } from 'vitest';
import { indexPhotoWords, photoWords } from '../../../src/core/photo-words.ts';
import { readingOf } from '../flow/fake-pipeline.ts';

describe('photoWords', () => {
  it('folds the words of each line, each once, in reading order', () => {
    expect(photoWords(readingOf('GOD MORGON\nＡｐｐｌｅ juice\nJUICE 濃厚しょうゆ'))).toEqual([
      'god',
      'morgon',
      'apple',
      'juice',
      '濃厚シヨウユ',
    ]);
  });

  it('leaves out numbers, short Latin words and lines that were read badly', () => {
    expect(photoWords(readingOf('100% 1 L of oats'))).toEqual(['oats']);
    expect(photoWords(readingOf('oats', 0.4))).toEqual([]);
  });

  it('bounds what it gives', () => {
    const words = photoWords(readingOf(Array.from({ length: 200 }, (_, i) => `word${i}${'x'.repeat(80)}`).join(' ')));
    expect(words).toHaveLength(60);
    expect(Math.max(...words.map(({ length }) => length))).toBe(40);
  });
});

describe('indexPhotoWords', () => {
  const index = indexPhotoWords([
    { productId: 'apple', words: ['tropicana', 'apple', 'juice'] },
    { productId: 'apple', words: ['tropicana', 'appie'] },
    { productId: 'orange', words: ['tropicana', 'orange', 'juice'] },
    { productId: 'pear', words: [] },
  ]);

  it('names first the product whose own words were read', () => {
    expect(index.match(['tropicana', 'orange'], 9).map(({ productId }) => productId)).toEqual(['orange', 'apple']);
    expect(index.match(['tropicana', 'apple'], 9)[0]?.productId).toBe('apple');
  });

  it('bears slips of the reader', () => {
    expect(index.match(['0range', 'tropicana'], 9)[0]?.productId).toBe('orange');
  });

  it('is less when words that nobody knows stand beside them, and nothing for other words', () => {
    const [same] = index.match(['tropicana', 'orange', 'juice'], 1);
    const [more] = index.match(['tropicana', 'orange', 'juice', 'sommarerbjudande'], 1);
    expect(more?.similarity01).toBeGreaterThan(0);
    expect(more?.similarity01).toBeLessThan(same?.similarity01 ?? 0);
    expect(index.match(['zzzzz'], 9)).toEqual([]);
    expect(index.match([], 9)).toEqual([]);
  });

  it('is near 1 for the very same words once they are many, and says little of one short word', () => {
    const words = Array.from({ length: 20 }, (_, i) => `ingredient${String.fromCharCode(97 + i)}${i * 7919}`);
    const many = indexPhotoWords([{ productId: 'long', words }, ...[1, 2, 3].map((i) => ({ productId: `o${i}`, words: ['milk'] }))]);
    expect(many.match(words, 1)[0]?.similarity01).toBeGreaterThan(0.9);
    expect(many.match(['milk'], 1)[0]?.similarity01).toBeLessThan(0.2);
  });

  it('gives at most as many as were asked for', () => {
    expect(index.match(['tropicana'], 1)).toHaveLength(1);
  });
});
