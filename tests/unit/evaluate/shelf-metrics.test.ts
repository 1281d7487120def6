import { describe, expect, it } from 'vitest';
import { layoutShelf } from '../../../src/core/shelf/layout-shelf.ts';
import { linearShareError } from '../../evaluate/shelf/linear-share.ts';
import { placeAccuracy } from '../../evaluate/shelf/place-accuracy.ts';
import { changedPlanogram, matchedDifferences } from '../../evaluate/shelf/planogram-changes.ts';
import { shelfTruthOf, type TrueBlock } from '../../evaluate/shelf/shelf-truth.ts';
import { drawShelf } from '../core/shelf/drawn-shelf.ts';

const pair = (foundRow: number, found: number, row: number, position: number) => ({
  found: { row: foundRow, position: found },
  truth: { row, position },
});

describe('placeAccuracy', () => {
  it('allows one offset of rows, and one of positions for each row', () => {
    const pairs = [pair(0, 0, 2, 5), pair(0, 1, 2, 6), pair(1, 0, 3, 0), pair(1, 1, 3, 1)];
    expect(placeAccuracy(pairs)).toEqual({ total: 4, rightRows: 4, right: 4 });
  });

  it('counts what stands in another row, or behind a column too many', () => {
    const pairs = [pair(0, 0, 0, 0), pair(0, 1, 0, 1), pair(0, 2, 0, 2), pair(0, 4, 0, 3), pair(1, 0, 0, 4)];
    expect(placeAccuracy(pairs)).toEqual({ total: 5, rightRows: 4, right: 3 });
    expect(placeAccuracy([])).toEqual({ total: 0, rightRows: 0, right: 0 });
  });
});

describe('changedPlanogram', () => {
  const blocks = Array.from({ length: 3 }, (_, row) =>
    Array.from({ length: 6 }, (_block, i): TrueBlock => ({
      label: `p${row}${i}`,
      row,
      position: 2 * i,
      columns: 2,
      emptyColumns: i === 5 ? row : 0,
    })),
  ).flat();
  const labels = [...blocks.map(({ label }) => label), 'new1', 'new2', 'new3'];

  it('changes the planogram, never the shelf, and says how', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { rows, expected } = changedPlanogram(blocks, labels, seed);
      const planned = new Set(rows.map(({ sku }) => sku));
      for (const { kind, label } of expected) {
        if (kind === 'foreign') expect(planned.has(label)).toBe(false);
        else expect(planned.has(label)).toBe(true);
        if (kind === 'missing') expect(blocks.some((block) => block.label === label)).toBe(false);
        if (kind === 'misplaced')
          expect(rows.find(({ sku }) => sku === label)?.shelf).not.toBe(blocks.find((block) => block.label === label)?.row);
      }
      expect(expected.filter(({ label }) => ['p15', 'p25'].includes(label))).toEqual([
        { kind: 'wrong-facings', label: 'p15' },
        { kind: 'out-of-stock', label: 'p25' },
      ]);
    }
  });

  it('is the same for the same photo, and another for another', () => {
    expect(changedPlanogram(blocks, labels, 3)).toEqual(changedPlanogram(blocks, labels, 3));
    expect(changedPlanogram(blocks, labels, 3)).not.toEqual(changedPlanogram(blocks, labels, 4));
  });
});

describe('matchedDifferences', () => {
  it('takes each expected difference once', () => {
    const found = (kind: 'missing' | 'foreign', sku: string) => {
      return { id: sku, kind, sku, name: sku, expected: null, found: null, facingIds: [], gapIds: [], confidence01: 1 };
    };
    const expected = [
      { kind: 'missing', label: 'a' },
      { kind: 'foreign', label: 'b' },
    ] as const;
    expect(matchedDifferences([found('missing', 'a'), found('missing', 'a'), found('missing', 'b')], expected)).toBe(1);
  });
});

describe('shelfTruthOf', () => {
  it('normalises boxes and joins neighbouring blocks of one product', () => {
    const truth = shelfTruthOf({
      file: 'a.jpg',
      width: 100,
      height: 200,
      boxes: [{ label: 'x', bbox: [10, 20, 30, 40], row: 0, position: 3 }],
      gaps: [{ bbox: [50, 20, 30, 40], row: 0, position: 4, label: 'x' }],
      planogram: [
        { row: 0, label: 'x', first_position: 3, facings: 1 },
        { row: 0, label: 'x', first_position: 4, facings: 1 },
        { row: 0, label: 'y', first_position: 5, facings: 1 },
      ],
    });
    expect(truth.facings).toEqual([{ box: { x: 0.1, y: 0.1, width: 0.3, height: 0.2 }, label: 'x', row: 0, position: 3, level: null }]);
    expect(truth.blocks).toEqual([
      { label: 'x', row: 0, position: 3, columns: 2, emptyColumns: 1 },
      { label: 'y', row: 0, position: 5, columns: 1, emptyColumns: 0 },
    ]);
  });

  it('works with boxes alone, and refuses an item without', () => {
    expect(shelfTruthOf({ file: 'a', width: 1, height: 1, boxes: [] })).toEqual({ facings: [], gaps: null, blocks: null });
    expect(() => shelfTruthOf({ file: 'a' })).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});

describe('linearShareError', () => {
  it('is the share of the boards that the wrong product gets', () => {
    const { facings } = drawShelf([
      {
        columns: [
          { sku: 'wide', widthCm: 15, heightCm: 15 },
          { sku: 'narrow', widthCm: 5, heightCm: 15, levels: 2 },
        ],
        heightCm: 34,
      },
    ]);
    const reading = { facings, layout: layoutShelf(facings), tags: [] };
    const truth = {
      facings: facings.map(({ box, identity }, i) => ({ box, label: identity!.productId, row: 0, position: 0, level: i === 2 ? 1 : 0 })),
    };
    expect(linearShareError(reading, truth, new Map([['wide', 15], ['narrow', 5]]))).toBeCloseTo(0, 2); // prettier-ignore
    expect(linearShareError(reading, truth, new Map([['wide', 10], ['narrow', 10]]))).toBeCloseTo(0.25, 2); // prettier-ignore
    expect(linearShareError(reading, truth, new Map([['wide', 15]]))).toBeNull();
  });
});
