import { describe, expect, it } from 'vitest';
import { decodeCtc } from '../../../src/core/text/ctc-decoding.ts';

const CHARACTERS = ['あ', 'い', 'う'];

/** Rows of class probabilities; class 0 is blank. */
function steps(...rows: number[][]): Float32Array {
  return Float32Array.from(rows.flat());
}

describe('decodeCtc', () => {
  it('merges repeats, drops blanks, and keeps a letter that follows itself after a blank', () => {
    const read = decodeCtc(steps([0, 0.9, 0.1, 0], [0, 0.8, 0.2, 0], [1, 0, 0, 0], [0.1, 0.9, 0, 0], [0, 0, 0.1, 0.9]), 4, CHARACTERS, 5);
    expect(read.map(({ text }) => text).join('')).toBe('ああう');
    expect(read[0]!.confidence01).toBeCloseTo(0.9);
    expect(read[0]!.start01).toBe(0);
    expect(read[0]!.end01).toBeCloseTo(0.4);
  });

  it('names the runners-up, best first', () => {
    const [first] = decodeCtc(steps([0.05, 0.5, 0.15, 0.3]), 4, CHARACTERS, 1);
    expect(first!.alternatives.map(({ text }) => text)).toEqual(['う', 'い']);
  });

  it('reads nothing from blanks', () => {
    expect(decodeCtc(steps([1, 0, 0, 0], [0.9, 0.1, 0, 0]), 4, CHARACTERS, 2)).toEqual([]);
  });
});
