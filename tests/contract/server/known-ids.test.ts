/** @file Ids of a table while many rows come in. */
import { describe, expect, it } from 'vitest';
import { KnownIds } from '../../../server/repositories/known-ids.ts';

describe('known ids', () => {
  it('know each id they were given, also after growing, and no other', () => {
    const known = new KnownIds();
    const ids = Array.from({ length: 200_000 }, (_, n) => `item-${n}`);
    expect(ids.filter((id) => known.add(id))).toEqual([]);
    expect(ids.every((id) => known.add(id))).toBe(true);
    expect(Array.from({ length: 200_000 }, (_, n) => `other-${n}`).filter((id) => known.add(id))).toEqual([]);
  });

  it('tell apart ids that differ in one place, in order, or in length', () => {
    const known = new KnownIds();
    const ids = ['', 'a', 'b', 'ab', 'ba', 'a'.repeat(200), 'a'.repeat(199), '商品', '品商', '\u0000', '\u0000\u0000'];
    expect(ids.filter((id) => known.add(id))).toEqual([]);
  });
});
