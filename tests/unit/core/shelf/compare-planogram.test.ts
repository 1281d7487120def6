import { describe, expect, it } from 'vitest';
import type { Facing, Planogram, PlanogramRow, ShelfReading } from '../../../../src/contracts/shelf.ts';
import { comparePlanogram } from '../../../../src/core/shelf/planogram/compare-planogram.ts';
import { checkFixes, fixList } from '../../../../src/core/shelf/planogram/fix-list.ts';
import { layoutShelf, type UnplacedGap } from '../../../../src/core/shelf/layout-shelf.ts';
import { planogramFromReading } from '../../../../src/core/shelf/planogram/planogram-from-reading.ts';
import { drawShelf, known, type DrawnCamera, type DrawnColumn } from './drawn-shelf.ts';

/** One letter a column: upper case a product, `_` an empty place, `?` something that nobody can name. */
function reading(rows: readonly string[], camera: DrawnCamera = {}): ShelfReading {
  const columns = (row: string): DrawnColumn[] =>
    Array.from(row, (sku): DrawnColumn => ({ sku, widthCm: 8, heightCm: 15, levels: sku === '_' ? 0 : 1 }));
  const photo = drawShelf(
    rows.map((row) => ({ columns: columns(row), heightCm: 20 })),
    camera,
  );
  const facings = photo.drawn.map(({ facing, sku }): Facing => ({ ...facing, identity: sku === '?' ? known('Z', 0.2) : known(sku) }));
  const gaps = photo.gaps.map(({ box }, i): UnplacedGap => ({
    id: `gap${i}`,
    box,
    confidence01: 0.8,
    expectedProductId: null,
    saidBy: 'net',
  }));
  return { facings, layout: layoutShelf(facings, gaps), tags: [] };
}

function planogram(rows: readonly string[]): Planogram {
  const planned = rows.flatMap((row, shelf) =>
    [...row.matchAll(/(.)\1*/gu)].map(({ 0: block, index }): PlanogramRow => ({
      store: null,
      bay: null,
      shelf,
      position: index,
      sku: block[0]!,
      name: `Product ${block[0]!}`,
      facingsWide: block.length,
      facingsHigh: 1,
      xCm: null,
      yCm: null,
      widthCm: null,
      heightCm: null,
      brand: null,
      category: null,
      price: null,
      isOwnLabel: null,
    })),
  );
  return { id: 'p', name: 'p', rows: planned, source: 'user', updatedAtMs: 0 };
}

const PLAN = ['AAABBCCDD', 'EEEFFGGHH', 'IIIJJKKLL'];

function differences(found: readonly string[], planned = PLAN): string[] {
  return comparePlanogram([reading(found)], planogram(planned)).differences.map(
    ({ kind, sku, expected, found: at }) =>
      `${kind} ${sku} ${expected === null ? '-' : `${expected.row}.${expected.position}x${expected.facings}`} ${at === null ? '-' : `${at.row}.${at.position}x${at.facings}`}`,
  );
}

describe('comparePlanogram', () => {
  it('finds nothing to mend on a bay that is as planned', () => {
    expect(comparePlanogram([reading(PLAN, { yaw: 0.3 })], planogram(PLAN))).toMatchObject({
      score01: 1,
      expectedFacings: 27,
      rightFacings: 27,
      undecidedFacings: 0,
      differences: [],
    });
  });

  it.each<[string, string[], string[]]>([
    ['missing, the rest closed up', ['AAABBDDXX', PLAN[1]!, PLAN[2]!], ['missing C 0.5x2 -', 'foreign X - 0.7x2']],
    ['out of stock', ['AAABB__DD', PLAN[1]!, PLAN[2]!], ['out-of-stock C 0.5x2 -']],
    ['on another shelf', ['AAABBDDJJ', PLAN[1]!, 'IIIJJKKLL'], ['missing C 0.5x2 -', 'misplaced J 2.3x2 0.7x2']],
    ['two that changed places', ['AAABBDDCC', PLAN[1]!, PLAN[2]!], ['misplaced D 0.7x2 0.5x2']],
    ['moved to another shelf', ['AAABBDD', 'EEEFFGGHHCC', PLAN[2]!], ['misplaced C 0.5x2 1.9x2']],
    ['too few', ['AABBCCDD', PLAN[1]!, PLAN[2]!], ['wrong-facings A 0.0x3 0.0x2']],
    ['some sold out', ['AAABBC_DD', PLAN[1]!, PLAN[2]!], ['wrong-facings C 0.5x2 0.5x1']],
    ['too many', ['AAAAABBCCDD', PLAN[1]!, PLAN[2]!], ['wrong-facings A 0.0x3 0.0x5']],
    ['a stranger in a place', ['AAABBXXDD', PLAN[1]!, PLAN[2]!], ['missing C 0.5x2 -', 'foreign X - 0.5x2']],
    ['a stranger in between', ['AAAXBBCCDD', PLAN[1]!, PLAN[2]!], ['foreign X - 0.3x1']],
  ])('%s', (_, found, expected) => {
    expect(differences(found)).toEqual(expected);
  });

  it('takes what nobody could name for neither right nor wrong', () => {
    const compliance = comparePlanogram([reading(['AAABB??DD', 'EEEFFG?HH', PLAN[2]!])], planogram(PLAN));
    expect(compliance.differences).toEqual([]);
    expect(compliance).toMatchObject({ score01: 1, expectedFacings: 24, rightFacings: 24, undecidedFacings: 3 });
    expect(compliance.undecidedPlaces?.map(({ sku }) => sku)).toEqual(['C', 'G']);
  });

  it('counts something unsure as right where its candidates hold what is planned', () => {
    const whole = reading(['AAABB??DD', PLAN[1]!, PLAN[2]!]);
    const facings = whole.facings.map((facing) =>
      facing.identity?.certainty === 'not-sure'
        ? {
            ...facing,
            identity: {
              ...facing.identity,
              candidates: [
                { productId: 'Z', probability01: 0.3 },
                { productId: 'C', probability01: 0.25 },
              ],
            },
          }
        : facing,
    );
    expect(comparePlanogram([{ ...whole, facings }], planogram(PLAN))).toMatchObject({
      rightFacings: 27,
      undecidedFacings: 0,
      differences: [],
    });
  });

  it('does not let a name that is only likely speak against the planogram', () => {
    const whole = reading(['AAABBXCDD', PLAN[1]!, PLAN[2]!]);
    const facings = whole.facings.map((facing) =>
      facing.identity?.productId === 'X' ? { ...facing, identity: { ...known('X', 0.6), certainty: 'likely' as const } } : facing,
    );
    expect(comparePlanogram([{ ...whole, facings }], planogram(PLAN))).toMatchObject({ differences: [], undecidedFacings: 1 });
    expect(comparePlanogram([whole], planogram(PLAN)).differences.map(({ kind, sku }) => `${kind} ${sku}`)).toEqual([
      'wrong-facings C',
      'foreign X',
    ]);
  });

  it('nor one that is sure but leaves what is expected a chance, unless the user said it', () => {
    const whole = reading(['AAABBXXDD', PLAN[1]!, PLAN[2]!]);
    const named = (saidBy: 'look' | 'user'): ShelfReading => ({
      ...whole,
      facings: whole.facings.map((facing) => {
        if (facing.identity?.productId !== 'X') return facing;
        const candidates = [
          { productId: 'X', probability01: 0.9 },
          { productId: 'C', probability01: 0.08 },
        ];
        return { ...facing, identity: { ...facing.identity, candidates, saidBy } };
      }),
    });
    expect(comparePlanogram([named('look')], planogram(PLAN))).toMatchObject({ differences: [], undecidedFacings: 2 });
    expect(comparePlanogram([named('user')], planogram(PLAN)).differences.map(({ kind }) => kind)).toEqual(['missing', 'foreign']);
  });

  it('does not miss what lies outside the photo', () => {
    const plan = ['AAABBBCCCDDDEEE', 'FFFGGGHHHIIIJJJ', 'KKKLLLMMMNNNOOO'];
    const part = reading(plan, { distanceCm: 55 });
    expect(part.facings.length).toBeLessThan(40);
    const compliance = comparePlanogram([part], planogram(plan));
    expect(compliance.differences).toEqual([]);
    expect(compliance.undecidedFacings).toBeGreaterThan(0);
    expect(comparePlanogram([part], planogram(plan), { view: 'whole' }).differences.length).toBeGreaterThan(0);
  });

  describe('of photos that were not joined', () => {
    const PLAN_OF_15 = ['AAABBBCCCDDDEEE', 'FFFGGGHHHIIIJJJ', 'KKKLLLMMMNNNOOO'];
    const halves = (rows: readonly string[]): ShelfReading[] => [-31, 31].map((aim) => reading(rows, { distanceCm: 75, aimCm: [aim, 0] }));

    it('decides on what any of them shows, and counts nothing twice', () => {
      const [left, right] = halves(PLAN_OF_15);
      const one = comparePlanogram([left!], planogram(PLAN_OF_15));
      expect(one.undecidedFacings).toBeGreaterThan(9);
      const both = comparePlanogram([left!, right!], planogram(PLAN_OF_15));
      expect(both).toMatchObject({ differences: [], score01: 1, expectedFacings: 45, rightFacings: 45, undecidedFacings: 0 });
    });

    it('finds what is wrong in the second one', () => {
      const found = halves(['AAABBBCCCDDD___', 'FFFGGGHHHIIIXXX', PLAN_OF_15[2]!]);
      const { differences: all } = comparePlanogram(found, planogram(PLAN_OF_15));
      expect(all.map(({ kind, sku }) => `${kind} ${sku}`).sort()).toEqual(['foreign X', 'missing J', 'out-of-stock E']);
      expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    });
  });

  it('lists in walking order: row by row, left to right', () => {
    expect(differences(['AAABBCCD', 'XEEEFFGGHH', 'IIJJKKLL'])).toEqual([
      'wrong-facings D 0.7x2 0.7x1',
      'foreign X - 1.0x1',
      'wrong-facings I 2.0x3 2.0x2',
    ]);
  });

  it('is sure only where the facings are', () => {
    const whole = reading(['AAABBXXDD', PLAN[1]!, PLAN[2]!]);
    const facings = whole.facings.map((facing) =>
      facing.identity?.productId === 'X' ? { ...facing, identity: known('X', 0.55) } : facing,
    );
    const foreign = comparePlanogram([{ ...whole, facings }], planogram(PLAN)).differences.find(({ kind }) => kind === 'foreign');
    expect(foreign?.confidence01).toBeCloseTo(0.55);
  });

  it('compares with an empty planogram, and an empty reading', () => {
    expect(comparePlanogram([reading(['AA'])], planogram([])).differences.map(({ kind }) => kind)).toEqual(['foreign']);
    expect(comparePlanogram([reading([])], planogram(PLAN), { view: 'whole' })).toMatchObject({ score01: 0, rightFacings: 0 });
  });
});

describe('fixList', () => {
  it('says what to do, and what a second photo shows as done', () => {
    const before = comparePlanogram([reading(['AAABB__DD', 'EEEFGGHH', 'IIIJJKKXX'])], planogram(PLAN));
    const items = fixList(before);
    expect(items.map(({ action, difference }) => `${action} ${difference.sku}`)).toEqual([
      'refill C',
      'add-facings F',
      'put L',
      'take-away X',
    ]);
    const after = comparePlanogram([reading(['AAABBCCDD', 'EEEFGGHH', 'IIIJJKK??'])], planogram(PLAN));
    const states = checkFixes(items, after);
    expect(items.map(({ id }) => states.get(id))).toEqual(['done', 'open', 'not-seen', 'done']);
  });
});

describe('planogramFromReading', () => {
  it('plans a bay as it stands, holes in blocks filled', () => {
    const made = planogramFromReading(reading(['AAABB?DD', 'EE_EFF']), {
      id: 'p',
      name: 'n',
      updatedAtMs: 1,
      nameOf: (id) => `Product ${id}`,
    });
    expect(made.rows.map(({ shelf, position, sku, facingsWide }) => `${shelf}.${position} ${sku}x${facingsWide}`)).toEqual([
      '0.0 Ax3',
      '0.3 Bx2',
      '0.6 Dx2',
      '1.0 Ex4',
      '1.4 Fx2',
    ]);
    expect(comparePlanogram([reading(['AAABB?DD', 'EEEEFF'])], made).differences).toEqual([]);
  });
});
