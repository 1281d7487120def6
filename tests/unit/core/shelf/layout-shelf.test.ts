import { describe, expect, it } from 'vitest';
import { layoutShelf, type UnplacedGap } from '../../../../src/core/shelf/layout-shelf.ts';
import { drawShelf, known, seeded, type DrawnCamera, type DrawnColumn, type DrawnPhoto, type DrawnRow } from './drawn-shelf.ts';

const CAMERAS: Readonly<Record<string, DrawnCamera>> = {
  'squarely in front': {},
  'from the left': { yaw: 0.5 },
  'from the right, rolled': { yaw: -0.45, roll: 0.06 },
  'from above': { pitch: -0.35 },
  'from below, askew': { pitch: 0.3, yaw: 0.3, roll: -0.05 },
  'close with a wide lens': { focal: 0.55, yaw: 0.35 },
};

/** Rows of unlike heights, some stacked, as a supermarket has them. */
function supermarket(seed: number, isStacked = true): DrawnRow[] {
  const random = seeded(seed);
  return Array.from({ length: 3 + Math.floor(random() * 4) }, (_, row): DrawnRow => {
    const columns: DrawnColumn[] = [];
    let width = 0;
    for (let block = 0; width < 110; block++) {
      const heightCm = 8 + random() * 20;
      const widthCm = Math.min(heightCm, 6 + random() * 9);
      const levels = isStacked && heightCm < 13 && random() < 0.5 ? 2 : 1;
      for (let facing = 0; facing <= random() * 4 && width < 110; facing++) {
        columns.push({ sku: `s${row}-${block}`, widthCm, heightCm, levels, spaceCm: 0.2 + random() * 0.8, backCm: random() * 2 });
        width += widthCm + 0.6;
      }
    }
    return { columns, heightCm: 4 + Math.max(...columns.map(({ heightCm, levels = 1 }) => heightCm * levels)) };
  });
}

/** Share of facings whose row and position are right; a photo need not show the first column of a row. */
function rightShare(photo: DrawnPhoto): number {
  const { placements } = layoutShelf(photo.facings);
  const placeOf = new Map(placements.map((placement) => [placement.facingId, placement]));
  const topRow = Math.min(...photo.drawn.map(({ row }) => row));
  const firstOf = new Map<number, number>();
  for (const { row, position } of photo.drawn) firstOf.set(row, Math.min(position, firstOf.get(row) ?? Infinity));
  const right = photo.drawn.filter(({ facing, row, position }) => {
    const place = placeOf.get(facing.id);
    return place?.row === row - topRow && place.position === position - firstOf.get(row)!;
  });
  return right.length / photo.drawn.length;
}

describe('layoutShelf', () => {
  it.each(Object.entries(CAMERAS))('finds rows and positions %s', (_, camera) => {
    const shares = [1, 2, 3, 4, 5, 6].map((seed) =>
      rightShare(drawShelf(supermarket(seed), camera, { noise: 0.02, random: seeded(seed) })),
    );
    expect(Math.min(...shares)).toBeGreaterThan(0.9);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(0.97);
  });

  it('counts from the top and the left, and levels from the lowest', () => {
    const can: DrawnColumn = { sku: 'can', widthCm: 7, heightCm: 12, levels: 3 };
    const row: DrawnRow = { columns: [can, can, can, can], heightCm: 42 };
    const { drawn, facings } = drawShelf([row, row], { yaw: 0.3 });
    const { rows, placements } = layoutShelf(facings);
    expect(rows.map(({ columns }) => columns)).toEqual([4, 4]);
    for (const { facing, row: trueRow, position, level } of drawn)
      expect(placements.find(({ facingId }) => facingId === facing.id)).toMatchObject({ row: trueRow, position, level });
  });

  it('keeps a row that the frame cuts at its foot', () => {
    const bottle: DrawnColumn = { sku: 'bottle', widthCm: 8, heightCm: 28 };
    const row: DrawnRow = { columns: Array<DrawnColumn>(10).fill(bottle), heightCm: 33 };
    const photo = drawShelf([row, row, row], { distanceCm: 75, yaw: 0.15 });
    expect(photo.facings.some(({ box }) => box.y + box.height > 0.999)).toBe(true);
    expect(rightShare(photo)).toBe(1);
  });

  it('takes bags on hooks for rows although their feet do not line up', () => {
    const row = (seed: number): DrawnRow => {
      const random = seeded(seed);
      const columns = Array.from({ length: 8 }, (_, i): DrawnColumn => ({ sku: `bag${i}`, widthCm: 13, heightCm: 17 + random() * 4 }));
      return { columns, heightCm: 28 };
    };
    // Bags hang: heads line up, so the drawn rows are turned upside down.
    const { drawn } = drawShelf([row(1), row(2), row(3)]);
    const facings = drawn.map(({ facing }) => ({ ...facing, box: { ...facing.box, y: 1 - facing.box.y - facing.box.height } }));
    const { placements, rows } = layoutShelf(facings);
    expect(rows).toHaveLength(3);
    for (const { facing, row: fromTop, position } of drawn)
      expect(placements.find(({ facingId }) => facingId === facing.id)).toMatchObject({ row: 2 - fromTop, position });
  });

  it('counts the rows of each bay where boards step at an upright', () => {
    const column = (sku: string, heightCm: number): DrawnColumn => ({ sku, widthCm: 9, heightCm });
    const left = drawShelf(
      Array.from({ length: 4 }, (): DrawnRow => ({ columns: Array<DrawnColumn>(8).fill(column('l', 20)), heightCm: 26 })),
      { aimCm: [40, 0], distanceCm: 150 },
    );
    const right = drawShelf(
      Array.from({ length: 5 }, (): DrawnRow => ({ columns: Array<DrawnColumn>(8).fill(column('r', 15)), heightCm: 20 })),
      { aimCm: [-40, 0], distanceCm: 150 },
    );
    const drawn = [...left.drawn, ...right.drawn].map((each, i) => ({ ...each, facing: { ...each.facing, id: `${each.sku}${i}` } }));
    const { placements, rows } = layoutShelf(drawn.map(({ facing }) => facing));
    expect(rows.map(({ row }) => row)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4]);
    for (const { facing, sku, row, position } of drawn)
      expect(placements.find(({ facingId }) => facingId === facing.id)).toMatchObject({
        row,
        position: sku === 'r' && row < 4 ? 8 + position : position,
      });
  });

  it('is not misled by a false box across two rows', () => {
    const box: DrawnColumn = { sku: 'box', widthCm: 12, heightCm: 18 };
    const row: DrawnRow = { columns: Array<DrawnColumn>(9).fill(box), heightCm: 24 };
    const { facings } = drawShelf([row, row, row]);
    const sign = { id: 'sign', box: { x: 0.3, y: 0.3, width: 0.3, height: 0.35 }, confidence01: 0.4, identity: null, isEdited: false };
    const { rows } = layoutShelf([...facings, sign]);
    expect(rows).toHaveLength(3);
  });

  it('draws rails along the boards', () => {
    const box: DrawnColumn = { sku: 'box', widthCm: 10, heightCm: 15 };
    const row: DrawnRow = { columns: Array<DrawnColumn>(10).fill(box), heightCm: 22 };
    const photo = drawShelf([row, row, row], { yaw: 0.4 });
    const { rows } = layoutShelf(photo.facings);
    rows.forEach(({ rail, row: number }) => {
      for (const { facing, row: trueRow } of photo.drawn) {
        if (trueRow !== number) continue;
        const middle = facing.box.x + facing.box.width / 2;
        const y = rail.from.y + ((rail.to.y - rail.from.y) * (middle - rail.from.x)) / (rail.to.x - rail.from.x);
        expect(Math.abs(facing.box.y + facing.box.height - y)).toBeLessThan(0.1 * facing.box.height);
      }
    });
  });

  it('places what the detector saw empty, and what the spacing shows, each once', () => {
    const can: DrawnColumn = { sku: 'can', widthCm: 7, heightCm: 12 };
    const gap: DrawnColumn = { ...can, levels: 0 };
    const row: DrawnRow = { columns: [can, can, gap, can, can, gap, can, can, can], heightCm: 16 };
    const photo = drawShelf([row], { yaw: 0.3, distanceCm: 90 });
    const seen: UnplacedGap = { id: 'net', box: photo.gaps[0]!.box, confidence01: 0.8, expectedProductId: null, saidBy: 'net' };
    const { gaps, blocks } = layoutShelf(photo.facings, [seen]);
    expect(gaps.map(({ position, saidBy, expectedProductId }) => [position, saidBy, expectedProductId])).toEqual([
      [2, 'net', 'can'],
      [5, 'spacing', 'can'],
    ]);
    expect(gaps[1]!.confidence01).toBeLessThan(0.5);
    expect(blocks).toMatchObject([{ firstPosition: 0, columns: 9, productId: 'can' }]);
  });

  it('does not bring back a gap that the user took away, and keeps one that the user drew', () => {
    const can: DrawnColumn = { sku: 'can', widthCm: 7, heightCm: 12 };
    const row: DrawnRow = { columns: [can, can, { ...can, levels: 0 }, can, can], heightCm: 16 };
    const photo = drawShelf([row]);
    const [inferred] = layoutShelf(photo.facings).gaps;
    expect(layoutShelf(photo.facings, [], { dismissedGaps: [inferred!.box] }).gaps).toEqual([]);
    const drawn: UnplacedGap = { id: 'mine', box: photo.gaps[0]!.box, confidence01: 1, expectedProductId: 'tea', saidBy: 'user' };
    expect(layoutShelf(photo.facings, [drawn]).gaps).toMatchObject([{ id: 'mine', position: 2, expectedProductId: 'tea', saidBy: 'user' }]);
  });

  it('parts blocks by product, and by group where products are unknown', () => {
    const column = (sku: string): DrawnColumn => ({ sku, widthCm: 8, heightCm: 14 });
    const photo = drawShelf([{ columns: [column('a'), column('a'), column('b'), column('x'), column('x'), column('a')], heightCm: 18 }]);
    const facings = photo.drawn.map(({ facing, sku }) => ({
      ...facing,
      identity: sku === 'x' ? { ...known('x', 0.1), groupId: 'group 1' } : facing.identity,
    }));
    expect(
      layoutShelf(facings).blocks.map(({ productId, groupId, firstPosition, columns }) => [productId, groupId, firstPosition, columns]),
    ).toEqual([
      ['a', null, 0, 2],
      ['b', null, 2, 1],
      [null, 'group 1', 3, 2],
      ['a', null, 5, 1],
    ]);
  });

  it('says at which height rows stand', () => {
    const box: DrawnColumn = { sku: 'box', widthCm: 20, heightCm: 24 };
    const row: DrawnRow = { columns: Array<DrawnColumn>(5).fill(box), heightCm: 30 };
    expect(layoutShelf(drawShelf([row, row, row, row, row]).facings).rows.map(({ eyeLevel }) => eyeLevel)).toEqual([
      'stretch',
      'eye',
      'touch',
      'stoop',
      'stoop',
    ]);
  });

  it('gives the same layout whatever the order of the boxes', () => {
    const { facings } = drawShelf(supermarket(3), { yaw: 0.2 });
    const places = (list: typeof facings): unknown[] =>
      layoutShelf(list)
        .placements.map(({ facingId, row, position, level }) => [facingId, row, position, level])
        .sort();
    expect(places([...facings].reverse())).toEqual(places(facings));
  });

  it('has nothing to say of a photo without facings, and one row for a single one', () => {
    expect(layoutShelf([])).toEqual({ rows: [], placements: [], blocks: [], gaps: [] });
    const single = { id: 'a', box: { x: 0.4, y: 0.3, width: 0.1, height: 0.2 }, confidence01: 0.8, identity: null, isEdited: false };
    expect(layoutShelf([single])).toMatchObject({
      rows: [{ row: 0, columns: 1 }],
      placements: [{ facingId: 'a', row: 0, position: 0, level: 0 }],
    });
  });
});
