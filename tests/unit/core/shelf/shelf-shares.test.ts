import { describe, expect, it } from 'vitest';
import { fitTilt } from '../../../../src/core/shelf/fit-tilt.ts';
import { layoutShelf } from '../../../../src/core/shelf/layout-shelf.ts';
import { planeOfLayout } from '../../../../src/core/shelf/plane-of-layout.ts';
import { shelfShares } from '../../../../src/core/shelf/shelf-shares.ts';
import type { ShelfReading } from '../../../../src/contracts/shelf.ts';
import { drawShelf, seeded, type DrawnCamera, type DrawnColumn, type DrawnPhoto, type DrawnRow } from './drawn-shelf.ts';

function column(sku: string, widthCm: number): DrawnColumn {
  return { sku, widthCm, heightCm: 15 };
}

function readingOf({ facings }: Pick<DrawnPhoto, 'facings'>): ShelfReading {
  return { facings, layout: layoutShelf(facings), tags: [] };
}

function row(...blocks: readonly (readonly [sku: string, columns: number, widthCm: number])[]): DrawnRow {
  return { columns: blocks.flatMap(([sku, columns, widthCm]) => Array<DrawnColumn>(columns).fill(column(sku, widthCm))), heightCm: 22 };
}

/** Largest error of a linear share. */
function worstShare(reading: ShelfReading, truth: ReadonlyMap<string, number>): number {
  const total = [...truth.values()].reduce((sum, length) => sum + length, 0);
  const shares = new Map(shelfShares(reading, (productId) => productId).map(({ key, linearShare01 }) => [key, linearShare01]));
  return Math.max(...[...truth].map(([sku, length]) => Math.abs((shares.get(sku) ?? 0) - length / total)));
}

describe('shelfShares', () => {
  it('measures length along the board, whatever the view', () => {
    const wide = drawShelf(
      [{ columns: [column('a', 20), column('a', 20), ...Array<DrawnColumn>(4).fill(column('b', 10))], heightCm: 18 }],
      { yaw: 0.4 },
    );
    const shares = shelfShares({ facings: wide.facings, layout: layoutShelf(wide.facings), tags: [] }, (productId) => productId);
    expect(shares.map(({ key, facings, columns }) => [key, facings, columns])).toEqual(
      expect.arrayContaining([
        ['a', 2, 2],
        ['b', 4, 4],
      ]),
    );
    for (const { linearShare01 } of shares) expect(linearShare01).toBeCloseTo(0.5, 1);
  });

  it('counts stacks as facings but not as length, and unknown ones apart', () => {
    const stacked = drawShelf([{ columns: [{ ...column('a', 10), levels: 2 }, column('b', 10)], heightCm: 34 }]);
    const facings = stacked.facings.map((facing) => (facing.identity?.productId === 'b' ? { ...facing, identity: null } : facing));
    const shares = shelfShares({ facings, layout: layoutShelf(facings), tags: [] }, () => 'brand');
    expect(shares).toMatchObject([
      { key: 'brand', facings: 2, columns: 1, facingShare01: 2 / 3 },
      { key: null, facings: 1, columns: 1 },
    ]);
    expect(shares[0]!.linearShare01).toBeCloseTo(0.5, 1);
    expect(shelfShares({ facings: [], layout: layoutShelf([]), tags: [] }, () => 'x')).toEqual([]);
  });

  const TILTED: Readonly<Record<string, DrawnCamera>> = {
    'held high, tilted down': { pitch: -0.35 },
    'held low, tilted up': { pitch: 0.35 },
    'tilted and turned': { pitch: -0.3, yaw: 0.35 },
    'tilted, turned and rolled': { pitch: 0.3, yaw: -0.3, roll: 0.04 },
  };

  it.each(Object.entries(TILTED))('weighs rows alike where the ends of the shelf are in the photo: %s', (_, camera) => {
    const skus = ['a', 'b', 'c', 'd', 'e', 'f'];
    const drawn = drawShelf(
      skus.map((sku) => row([sku, 10, 10])),
      { ...camera, distanceCm: 170 },
      { noise: 0.02, random: seeded(3) },
    );
    const reading = readingOf(drawn);
    expect(reading.facings.every(({ box }) => box.x > 0.01 && box.x + box.width < 0.99)).toBe(true);
    expect(worstShare(reading, new Map(skus.map((sku) => [sku, 1])))).toBeLessThan(0.02);
  });

  it.each(Object.entries(TILTED))('weighs rows alike where products stand on several rows of an endless shelf: %s', (_, camera) => {
    const drawn = drawShelf(
      [row(['a', 12, 9], ['b', 6, 11]), row(['c', 6, 9], ['a', 12, 9]), row(['d', 10, 7], ['c', 9, 9]), row(['b', 6, 11], ['e', 7, 12])],
      { ...camera, distanceCm: 95 },
      { noise: 0.02, random: seeded(5) },
    );
    const whole = drawn.drawn.filter(({ facing: { box } }) => box.x > 0.01 && box.x + box.width < 0.99);
    const truth = new Map<string, number>();
    const widths: Readonly<Record<string, number>> = { a: 9, b: 11, c: 9, d: 7, e: 12 };
    for (const { sku } of whole) truth.set(sku, (truth.get(sku) ?? 0) + widths[sku]!);
    expect(worstShare(readingOf({ facings: whole.map(({ facing }) => facing) }), truth)).toBeLessThan(0.02);
  });

  it('sees no tilt where there is none, and where nothing tells', () => {
    const rows = [row(['a', 6, 9], ['b', 5, 10]), row(['b', 6, 10], ['a', 5, 9]), row(['a', 11, 9])];
    const level = readingOf(drawShelf(rows, { yaw: 0.3 }, { noise: 0.02, random: seeded(7) }));
    expect(Math.abs(fitTilt(level, planeOfLayout(level)))).toBeLessThan(0.2);
    expect(worstShare(level, new Map([['a', 198], ['b', 110]]))).toBeLessThan(0.01); // prettier-ignore
    const strange = drawShelf(rows, { pitch: -0.35, distanceCm: 60 }, { isNamed: false });
    const cut = readingOf(strange);
    expect(cut.facings.some(({ box }) => box.x < 0.01)).toBe(true);
    expect(fitTilt(cut, planeOfLayout(cut))).toBe(0);
  });
});
