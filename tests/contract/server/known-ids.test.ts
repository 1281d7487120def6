/** @file Ids of a table while many rows come in. */
import { makeVector } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { textColumn, textLayout } from '../../../server/vectors/item-columns.ts';
import { KnownIds } from '../../../server/vectors/known-ids.ts';

const column = (ids: readonly string[]) => makeVector(textColumn(textLayout(ids)));

describe('known ids', () => {
  it('know each id they were given, also after growing, and no other', () => {
    const known = new KnownIds();
    const ids = column(Array.from({ length: 200_000 }, (_, n) => `item-${n}`));
    expect(known.add(ids)).toBe(0);
    expect(known.add(ids)).toBe(200_000);
    expect(known.add(column(Array.from({ length: 200_000 }, (_, n) => `other-${n}`)))).toBe(0);
    expect(known.add(column(['new', 'item-77', 'new']))).toBe(2);
  });

  it('read a part of a column as that part', () => {
    const known = new KnownIds();
    const ids = column(Array.from({ length: 100 }, (_, n) => `item-${n}`));
    expect(known.add(ids.slice(10, 20))).toBe(0);
    expect(known.add(ids)).toBe(10);
  });

  it('tell apart ids that differ in one place, in order, or in length', () => {
    const known = new KnownIds();
    const ids = ['', 'a', 'b', 'ab', 'ba', 'a'.repeat(200), 'a'.repeat(199), '商品', '品商', '\u0000', '\u0000\u0000'];
    expect(known.add(column(ids))).toBe(0);
  });
});
