import { expect, it } from 'vitest';
import type { Facing, FacingIdentity, FacingLook, ShelfReading } from '../../../../src/contracts/shelf.ts';
import { undecidedFacings } from '../../../../src/core/shelf/undecided-facings.ts';
import { facingLook } from '../../../store/shelf-fixtures.ts';

const FRAME = { widthPx: 1000, heightPx: 1000 };

function identityOf(chances: readonly number[], more: Partial<FacingIdentity> = {}): FacingIdentity {
  const candidates = chances.map((probability01, i) => ({ productId: `p${i}`, probability01 }));
  const [first] = candidates;
  return {
    ...{ productId: first?.productId ?? null, probability01: first?.probability01 ?? 0, candidates, groupId: null },
    ...{ certainty: 'likely', saidBy: 'look' },
    ...more,
  };
}

function readingOf(facings: readonly (readonly [id: string, widthPx: number, block: number, identity: FacingIdentity | null])[]) {
  const all = facings.map(([id, widthPx, , identity]): Facing => ({
    ...{ id, identity, confidence01: 1, isEdited: false },
    box: { x: 0, y: 0, width: widthPx / FRAME.widthPx, height: 0.3 },
  }));
  const placements = facings.map(([facingId, , block]) => ({ facingId, row: 0, position: 0, level: 0, block, confidence01: 1 }));
  const reading: Pick<ShelfReading, 'facings' | 'layout'> = { facings: all, layout: { rows: [], placements, blocks: [], gaps: [] } };
  return { reading, looks: facings.map(([id]): FacingLook => facingLook(id, 0.5)) };
}

const ids = (facings: readonly Facing[]): string[] => facings.map(({ id }) => id);

it('takes those that nobody is sure of, and that are one of several known products', () => {
  const { reading, looks } = readingOf([
    ['likely', 100, 0, identityOf([0.6, 0.3])],
    ['not sure', 100, 1, identityOf([0.4, 0.35], { certainty: 'not-sure' })],
    ['sure', 100, 2, identityOf([0.9, 0.05], { certainty: 'sure' })],
    ['strange', 100, 3, identityOf([0.05, 0.04], { certainty: 'not-sure' })],
    ['without a rival', 100, 4, identityOf([0.6, 0.004])],
    ['alone', 100, 5, identityOf([0.6])],
    ['said by the user', 100, 6, identityOf([0.6, 0.3], { saidBy: 'user' })],
    ['not looked at', 100, 7, null],
    ['too small', 27, 8, identityOf([0.6, 0.3])],
  ]);
  expect(ids(undecidedFacings(reading, looks, FRAME))).toEqual(['likely', 'not sure']);
  const read = looks.map((look) => (look.facingId === 'likely' ? { ...look, words: [] } : look));
  expect(ids(undecidedFacings(reading, read, FRAME))).toEqual(['not sure']);
});

it('takes the largest of each block first', () => {
  const unsure = identityOf([0.6, 0.3]);
  const { reading, looks } = readingOf([
    ['a-small', 50, 0, unsure],
    ['a-large', 90, 0, unsure],
    ['a-middle', 80, 0, unsure],
    ['b', 60, 1, unsure],
  ]);
  expect(ids(undecidedFacings(reading, looks, FRAME))).toEqual(['a-large', 'b', 'a-middle', 'a-small']);
});
