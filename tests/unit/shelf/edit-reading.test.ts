import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/geometry.ts';
import type { ShelfReading } from '../../../src/contracts/shelf.ts';
import type { ShelfEdit, ShelfPart } from '../../../src/contracts/visit.ts';
import {
  addFacing,
  addGap,
  applyEdit,
  dismissedGaps,
  inverseOf,
  mergeFacings,
  moveFacing,
  moveGap,
  nameFacings,
  namingBetween,
  reapplyEdits,
  removeParts,
  splitFacing,
} from '../../../src/core/shelf/edit-reading.ts';
import { facing, known, shelfReading } from '../../store/shelf-fixtures.ts';

const stamp = { id: 'e', atMs: 1 };

function withPart(reading: ShelfReading, { facings, gaps }: ShelfPart): ShelfReading {
  return { ...reading, facings, layout: { ...reading.layout, gaps } };
}

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]): Thing[] =>
  [...things].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('an edit and its inverse', () => {
  const boxes = fc.record({
    x: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
    y: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
    width: fc.double({ min: -0.5, max: 1, noNaN: true }),
    height: fc.double({ min: -0.5, max: 1, noNaN: true }),
  });
  const makers: readonly ((reading: ShelfReading, box: Box, n: number) => ShelfEdit)[] = [
    (reading, box) => moveFacing(reading, reading.facings[0]!.id, box, stamp),
    (_reading, box, n) => addFacing(box, `new${n}`, stamp),
    (reading) =>
      removeParts(
        reading,
        [reading.facings[0]!.id],
        reading.layout.gaps.map(({ id }) => id),
        stamp,
      ),
    (reading, _box, n) =>
      mergeFacings(
        reading,
        reading.facings.slice(0, 2).map(({ id }) => id),
        `merged${n}`,
        stamp,
      ),
    (reading, { x }, n) =>
      splitFacing(
        reading,
        reading.facings.at(-1)!.id,
        { direction: x > 0.5 ? 'beside' : 'stacked', at01: x, ids: [`l${n}`, `r${n}`] },
        stamp,
      ),
    (reading, { y }) =>
      nameFacings(
        reading,
        reading.facings.map(({ id }) => id),
        y > 0.5 ? 'x' : null,
        stamp,
      ),
    (_reading, box, n) => addGap(box, `gap${n}`, stamp),
    (reading, box, n) =>
      reading.layout.gaps[0] === undefined ? addGap(box, `gap${n}`, stamp) : moveGap(reading, reading.layout.gaps[0].id, box, stamp),
  ];

  it('leave everything as it was, whatever was done between, and keep every box inside the frame', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(makers.length - 1), boxes), { minLength: 1, maxLength: 12 }), (steps) => {
        let reading = shelfReading();
        const done: ShelfEdit[] = [];
        steps.forEach(([which, box], n) => {
          // Merging takes two.
          if (reading.facings.length < 3) return;
          const edit = makers[which]!(reading, box, n);
          reading = withPart(reading, applyEdit(reading, edit));
          done.push(edit);
          for (const { box: inside } of [...reading.facings, ...reading.layout.gaps]) {
            expect(inside.x).toBeGreaterThanOrEqual(0);
            expect(inside.y + inside.height).toBeLessThanOrEqual(1 + 1e-9);
            expect(inside.width).toBeGreaterThan(0);
            expect(inside.height).toBeGreaterThan(0);
          }
        });
        for (const edit of done.reverse()) reading = withPart(reading, applyEdit(reading, inverseOf(edit)));
        const before = shelfReading();
        expect(byId(reading.facings)).toEqual(byId(before.facings));
        expect(byId(reading.layout.gaps)).toEqual(byId(before.layout.gaps));
      }),
    );
  });
});

it('merges to the box around both and keeps the surer name, the user’s above all', () => {
  const reading = shelfReading();
  const [merged] = mergeFacings(reading, ['f1', 'f3'], 'm', stamp).added.facings;
  expect(merged).toMatchObject({ id: 'm', isEdited: true, identity: known('a') });
  expect(merged!.box.x).toBeCloseTo(0.1);
  expect(merged!.box.height).toBeCloseTo(0.7);
  const said = withPart(reading, applyEdit(reading, nameFacings(reading, ['f3'], 'c', stamp)));
  expect(mergeFacings(said, ['f1', 'f3'], 'm', stamp).added.facings[0]!.identity).toMatchObject({ productId: 'c', saidBy: 'user' });
  expect(() => mergeFacings(reading, ['f1', 'f1'], 'm', stamp)).toThrow('two facings');
});

it('splits beside or stacked, without a sliver', () => {
  const [left, right] = splitFacing(shelfReading(), 'f0', { direction: 'beside', at01: 0.4, ids: ['l', 'r'] }, stamp).added.facings;
  expect(left!.box.width).toBeCloseTo(0.04);
  expect(right!.box.x).toBeCloseTo(0.14);
  const [, lower] = splitFacing(shelfReading(), 'f0', { direction: 'stacked', at01: 2, ids: ['u', 'd'] }, stamp).added.facings;
  expect(lower!.box.height).toBeCloseTo(0.3 * 0.05);
});

it('tells what a correction changed, and nothing when it changed nothing', () => {
  const before = shelfReading().facings;
  expect(
    namingBetween(
      before,
      before.map((each) => ({ ...each })),
      stamp,
    ),
  ).toBeNull();
  const after = before.map((each) => (each.id === 'f3' ? { ...each, identity: known('c') } : each));
  const edit = namingBetween(before, after, stamp)!;
  expect(edit.removed.facings.map(({ id }) => id)).toEqual(['f3']);
  expect(edit.added.facings[0]!.identity?.productId).toBe('c');
});

it('remembers which gaps were said to be none, until they are put back', () => {
  const reading = shelfReading();
  const removal = removeParts(reading, [], ['g0'], stamp);
  expect(dismissedGaps([removal])).toEqual([reading.layout.gaps[0]!.box]);
  const again = reading.layout.gaps[0]!;
  expect(dismissedGaps([removal, addGap(again.box, 'mine', stamp)])).toEqual([]);
  const moved = moveGap(reading, 'g0', { x: 0.7, y: 0.6, width: 0.1, height: 0.2 }, stamp);
  expect(dismissedGaps([moved])).toEqual([reading.layout.gaps[0]!.box]);
});

it('is applied again to a new analysis of the same photo, found by place', () => {
  const reading = shelfReading();
  const edits: ShelfEdit[] = [];
  let state = reading;
  for (const edit of [
    removeParts(state, ['f2'], [], stamp),
    moveFacing(state, 'f0', { x: 0.1, y: 0.15, width: 0.12, height: 0.3 }, stamp),
    nameFacings(state, ['f3'], 'c', stamp),
  ]) {
    edits.push(edit);
    state = withPart(state, applyEdit(state, edit));
  }
  // Other ids, boxes a little off, one facing more.
  const found = withPart(reading, {
    facings: [
      ...reading.facings.map((each) => ({ ...each, id: `new-${each.id}`, identity: null, box: { ...each.box, x: each.box.x + 0.005 } })),
      facing('fresh', 1, 3),
    ],
    gaps: reading.layout.gaps,
  });
  const { facings } = reapplyEdits(found, edits);
  expect(facings.map(({ id }) => id).sort()).toEqual(['f0', 'f3', 'fresh', 'new-f1']);
  expect(facings.find(({ id }) => id === 'f3')!.identity).toMatchObject({ productId: 'c', saidBy: 'user' });
  expect(facings.find(({ id }) => id === 'f0')!.box.width).toBe(0.12);
});
