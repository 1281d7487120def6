import { describe, expect, it } from 'vitest';
import type { PhotoReading } from '../../../src/contracts/visit.ts';
import { withEdit, withFound, withNames, withoutLast, withRedone } from '../../../src/core/shelf/edit-history.ts';
import { addFacing, mergeFacings, nameFacings, removeParts } from '../../../src/core/shelf/edit-reading.ts';
import { layoutShelf } from '../../../src/core/shelf/layout-shelf.ts';
import { known, photoReading, shelfReading } from '../../store/shelf-fixtures.ts';

let number = 0;
const stamp = () => ({ id: `e${++number}`, atMs: number });

/** The fixture, laid out by the real layout. */
function laidOut(): PhotoReading {
  const reading = shelfReading();
  const found = { ...reading, layout: layoutShelf(reading.facings, reading.layout.gaps) };
  return photoReading('p1', { found, current: found });
}

const idsOf = ({ current }: PhotoReading): string[] => current.facings.map(({ id }) => id).sort();

const placesOf = ({ current }: PhotoReading): unknown[] =>
  current.layout.placements.map(({ facingId, row, position, level }) => `${facingId} ${row} ${position} ${level}`).sort();

describe('the history of a photo', () => {
  it('goes back and forth, layout and all, and a new edit ends what could be done again', () => {
    const start = laidOut();
    const merged = withEdit(start, mergeFacings(start.current, ['f0', 'f1'], 'm', stamp()), null);
    expect(idsOf(merged)).toEqual(['f2', 'f3', 'm']);
    expect(merged.current.layout.placements.map(({ facingId }) => facingId).sort()).toEqual(['f2', 'f3', 'm']);
    // The tag below the two is below what they became.
    expect(merged.current.tags[0]!.facingIds).toEqual(['m']);
    const back = withoutLast(merged, null);
    expect(idsOf(back)).toEqual(idsOf(start));
    expect(placesOf(back)).toEqual(placesOf(start));
    expect([...back.current.tags[0]!.facingIds].sort()).toEqual(['f0', 'f1']);
    expect(placesOf(withRedone(back, null))).toEqual(placesOf(merged));
    const other = withEdit(back, removeParts(back.current, ['f2'], [], stamp()), null);
    expect(withRedone(other, null)).toBe(other);
    expect(withoutLast(start, null)).toBe(start);
    expect(start).toEqual(laidOut());
  });

  it('keeps a gap that was said to be none away, also when the layout is made anew', () => {
    const start = laidOut();
    const gap = start.current.layout.gaps[0]!;
    const without = withEdit(start, removeParts(start.current, [], [gap.id], stamp()), null);
    expect(without.current.layout.gaps).toEqual([]);
    const moved = withEdit(without, addFacing({ x: 0.4, y: 0.15, width: 0.1, height: 0.3 }, 'n', stamp()), null);
    expect(moved.current.layout.gaps).toEqual([]);
    expect(withoutLast(withoutLast(moved, null), null).current.layout.gaps).toHaveLength(1);
  });

  it('lays blocks anew when names change, without an edit', () => {
    const start = laidOut();
    const facings = start.current.facings.map((facing) => (facing.id === 'f2' ? { ...facing, identity: known('a') } : facing));
    const named = withNames(start, facings, null);
    expect(named.current.layout.blocks.filter(({ row }) => row === 0)).toHaveLength(1);
    expect(named.edits).toEqual([]);
  });

  it('puts the user’s edits on a new reading of the photo', () => {
    const start = laidOut();
    const edited = withEdit(start, nameFacings(start.current, ['f3'], 'c', stamp()), null);
    const found = { ...start.found, facings: start.found.facings.map((facing) => ({ ...facing, id: `x-${facing.id}` })) };
    const anew = withFound(edited, found, null);
    expect(anew.current.facings.find(({ id }) => id === 'f3')?.identity).toMatchObject({ productId: 'c', saidBy: 'user' });
    expect(anew.current.facings).toHaveLength(4);
    expect(anew.found).toBe(found);
  });
});
