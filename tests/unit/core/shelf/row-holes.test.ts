import { describe, expect, it } from 'vitest';
import { emptyEnd01, rowHoles, type SpacedColumn } from '../../../../src/core/shelf/row-holes.ts';
import type { PlaneSpan } from '../../../../src/core/shelf/row-plane.ts';

const at = (left: number, width = 0.1, height = 0.2): PlaneSpan => ({ left, right: left + width, top: 0.5 - height, bottom: 0.5 });

/** Columns of facings; a number is the left edge. */
function columns(...of: readonly (readonly [left: number, key: string | null, width?: number])[]): SpacedColumn[] {
  return of.map(([left, key, width], index) => {
    const span = at(left, width);
    return { members: [{ index, span, level: 0 }], gap: null, span, key, isWidthCut: false };
  });
}

describe('rowHoles', () => {
  it('counts the places of a hole, and lays each where a facing would stand', () => {
    const holes = rowHoles(columns([0, 'a'], [0.11, 'a'], [0.44, 'a'], [0.55, 'a']), []);
    expect(holes.map(({ after }) => after)).toEqual([1, 1]);
    expect(holes[0]!.span.left).toBeCloseTo(0.2175);
    expect(holes[0]!.span.right - holes[0]!.span.left).toBeCloseTo(0.1);
    expect(holes[1]!.span).toMatchObject({ top: 0.3, bottom: 0.5 });
  });

  it('believes a hole as wide as a facing sooner than one that is not, and one between two of a kind sooner than between strangers', () => {
    const emptiness = (left: number, keys: readonly [string, string]): number =>
      rowHoles(columns([0, keys[0]], [0.11, keys[0]], [left, keys[1]], [left + 0.11, keys[1]]), [])[0]!.empty01;
    const exact = emptiness(0.33, ['a', 'a']);
    expect(exact).toBeGreaterThan(emptiness(0.295, ['a', 'a']));
    expect(exact).toBeGreaterThan(emptiness(0.33, ['a', 'b']));
  });

  it('asks the net, which tells an empty place from a facing that was overlooked', () => {
    const row = columns([0, 'a'], [0.11, 'a'], [0.33, 'a'], [0.44, 'a']);
    const [unseen] = rowHoles(row, []);
    const [seen] = rowHoles(row, [
      { span: at(0.7), seen01: 0.9 },
      { span: at(0.225), seen01: 0.35 },
      { span: at(0.215), seen01: 0.2 },
    ]);
    expect(unseen!.seen).toBeNull();
    expect(seen!.seen).toBe(1);
    expect(seen!.empty01).toBeGreaterThan(2 * unseen!.empty01);
  });

  it('asks about no hole in a sparse row, beside a gap that is known, or between facings that the frame cuts', () => {
    expect(rowHoles(columns([0, 'a'], [0.2, 'a'], [0.4, 'a'], [0.6, 'a']), [])).toEqual([]);
    const [a, b, c, d] = columns([0, 'a'], [0.11, 'a'], [0.33, 'a'], [0.44, 'a']) as [
      SpacedColumn,
      SpacedColumn,
      SpacedColumn,
      SpacedColumn,
    ];
    const known: SpacedColumn = { members: [], gap: 9, span: at(0.22), key: null, isWidthCut: false };
    expect(rowHoles([a, b, known, c, d], [])).toEqual([]);
    expect(rowHoles([a, { ...b, isWidthCut: true }, { ...c, isWidthCut: true }, d], [])).toEqual([]);
    expect(rowHoles([], [])).toEqual([]);
  });
});

describe('emptyEnd01', () => {
  it('believes what is as large as the facing beside it', () => {
    const row = columns([0, 'a'], [0.11, 'a']);
    const like = emptyEnd01(at(0.22), row, 0.35);
    expect(like).toBeGreaterThan(emptyEnd01(at(0.22, 0.2), row, 0.35));
    expect(like).toBeGreaterThan(emptyEnd01(at(0.5), row, 0.35));
    expect(like).toBeGreaterThan(emptyEnd01(at(0.22), row, 0.2));
  });
});
