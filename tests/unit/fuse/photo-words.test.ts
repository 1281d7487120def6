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

  it('is nearly 1 for the very same words, less with words that nobody knows, and nothing for others', () => {
    const [same] = index.match(['tropicana', 'orange', 'juice'], 1);
    const [more] = index.match(['tropicana', 'orange', 'juice', 'sommarerbjudande'], 1);
    expect(same?.similarity01).toBeGreaterThan(0.99);
    expect(more?.similarity01).toBeGreaterThan(0.4);
    expect(more?.similarity01).toBeLessThan(same?.similarity01 ?? 0);
    expect(index.match(['zzzzz'], 9)).toEqual([]);
    expect(index.match([], 9)).toEqual([]);
  });

  it('gives at most as many as were asked for', () => {
    expect(index.match(['tropicana'], 1)).toHaveLength(1);
  });
});
