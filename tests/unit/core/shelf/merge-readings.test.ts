import { describe, expect, it } from 'vitest';
import type { Facing } from '../../../../src/contracts/shelf.ts';
import { fitHomography, inverse, mapPoint, type Homography } from '../../../../src/core/shelf/fit-homography.ts';
import { layoutShelf } from '../../../../src/core/shelf/layout-shelf.ts';
import { boxInPhoto, mergeReadings, type MergePart } from '../../../../src/core/shelf/merge-readings.ts';
import { drawShelf, known, seeded, type DrawnCamera, type DrawnColumn, type DrawnRow } from './drawn-shelf.ts';

/** A bay of unlike products: 4 rows of about 20 columns. */
function bay(seed: number): DrawnRow[] {
  const random = seeded(seed);
  return Array.from({ length: 4 }, (_, row): DrawnRow => {
    const columns = Array.from({ length: 9 }, (_block, block) => {
      const column: DrawnColumn = { sku: `s${row}-${block}`, widthCm: 6 + random() * 4, heightCm: 12 + random() * 8 };
      return Array<DrawnColumn>(1 + Math.floor(random() * 3)).fill(column);
    }).flat();
    return { columns, heightCm: 24 };
  });
}

function part(name: string, rows: readonly DrawnRow[], camera: DrawnCamera, noise = 0.02): MergePart {
  const photo = drawShelf(rows, camera, { noise, random: seeded(7) });
  const facings = photo.facings.map((facing) => ({ ...facing, id: `${name}/${facing.id}` }));
  return { reading: { facings, layout: layoutShelf(facings), tags: [] }, widthPx: 3000, heightPx: 4000 };
}

const LEFT: DrawnCamera = { distanceCm: 95, aimCm: [-32, 0], yaw: 0.15 };
const RIGHT: DrawnCamera = { distanceCm: 105, aimCm: [32, 3], yaw: -0.2, roll: 0.03 };

/** What the places of a shelf are called whatever photo shows them. */
const placeOf = (id: string): string => id.slice(id.indexOf('/') + 1);

describe('mergeReadings', () => {
  it.each([1, 2, 3, 4])('counts nothing twice and nothing less (bay %i)', (seed) => {
    const rows = bay(seed);
    const parts = [part('a', rows, LEFT), part('b', rows, RIGHT)];
    const seen = new Set(parts.flatMap(({ reading }) => reading.facings.map(({ id }) => placeOf(id))));
    const both = parts[0]!.reading.facings.length + parts[1]!.reading.facings.length - seen.size;
    expect(both).toBeGreaterThan(8);
    const { merged } = mergeReadings(parts);
    expect(merged).not.toBeNull();
    const places = merged!.reading.facings.map(({ id }) => placeOf(id));
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(places)).toEqual(seen);
    for (const same of merged!.sameFacings.values()) expect(new Set(same.map(placeOf)).size).toBe(1);
    expect(merged!.reading.layout.rows).toHaveLength(4);
  });

  it('joins three photos, the outer ones through the middle one', () => {
    const rows = bay(5);
    const parts = [
      part('a', rows, { distanceCm: 80, aimCm: [-50, 0] }),
      part('c', rows, { distanceCm: 80, aimCm: [50, 0] }),
      part('b', rows, { distanceCm: 85, aimCm: [0, 0], yaw: 0.1 }),
    ];
    const { merged } = mergeReadings(parts);
    const seen = new Set(parts.flatMap(({ reading }) => reading.facings.map(({ id }) => placeOf(id))));
    expect(new Set(merged?.reading.facings.map(({ id }) => placeOf(id)))).toEqual(seen);
  });

  it('works by looks alone, before anything is named', () => {
    const rows = bay(6);
    const random = seeded(99);
    const lookOf = new Map<string, Float32Array>();
    const unnamed = [part('a', rows, LEFT), part('b', rows, RIGHT)].map((one): MergePart => {
      const looks = new Map<string, Float32Array>();
      const facings = one.reading.facings.map((facing): Facing => {
        const sku = facing.identity!.productId!;
        const base = lookOf.get(sku) ?? Float32Array.from({ length: 32 }, () => random() - 0.5);
        lookOf.set(sku, base);
        const noisy = base.map((value) => value + 0.1 * (random() - 0.5));
        const length = Math.hypot(...noisy);
        looks.set(
          facing.id,
          noisy.map((value) => value / length),
        );
        return { ...facing, identity: null };
      });
      return { ...one, reading: { facings, layout: layoutShelf(facings), tags: [] }, looks };
    });
    const { merged } = mergeReadings(unnamed);
    const seen = new Set(unnamed.flatMap(({ reading }) => reading.facings.map(({ id }) => placeOf(id))));
    expect(merged?.reading.facings).toHaveLength(seen.size);
  });

  it('keeps the surer name, and the user’s before any', () => {
    const rows = bay(1);
    const [a, b] = [part('a', rows, LEFT), part('b', rows, RIGHT)];
    const shared = a.reading.facings.find(({ id }) => b.reading.facings.some((other) => placeOf(other.id) === placeOf(id)))!;
    const named = b.reading.facings.map((facing) =>
      placeOf(facing.id) === placeOf(shared.id) ? { ...facing, identity: { ...known('mine', 1), saidBy: 'user' as const } } : facing,
    );
    const { merged } = mergeReadings([a, { ...b, reading: { ...b.reading, facings: named } }]);
    expect(merged?.reading.facings.find(({ id }) => placeOf(id) === placeOf(shared.id))?.identity?.productId).toBe('mine');
  });

  it('finds its way back to a photo', () => {
    const rows = bay(2);
    const parts = [part('a', rows, LEFT, 0), part('b', rows, RIGHT, 0)];
    const { merged } = mergeReadings(parts);
    for (const { id, box } of merged!.reading.facings.filter((facing) => facing.id.startsWith('b/'))) {
      const inB = boxInPhoto(merged!, 1, box)!;
      const original = parts[1]!.reading.facings.find((facing) => facing.id === id)!.box;
      expect(Math.abs(inB.x + inB.width / 2 - original.x - original.width / 2)).toBeLessThan(original.width / 4);
    }
  });

  it('refuses photos of different bays, and of too little', () => {
    const refusalOf = (...parts: MergePart[]): unknown => mergeReadings(parts).refusal;
    const renamed = bay(9).map(({ columns, heightCm }) => ({
      heightCm,
      columns: columns.map((column) => ({ ...column, sku: `other ${column.sku}` })),
    }));
    expect(refusalOf(part('a', bay(1), LEFT), part('b', renamed, RIGHT))).toEqual({ reason: 'no-overlap', parts: [expect.any(Number)] });
    const few: DrawnRow[] = [{ columns: [{ sku: 'x', widthCm: 20, heightCm: 20 }], heightCm: 30 }];
    expect(refusalOf(part('a', bay(1), LEFT), part('b', few, {}))).toMatchObject({ reason: 'too-few-facings' });
  });

  it('refuses photos that do not overlap although they show the same bay', () => {
    const rows = bay(3);
    const far = mergeReadings([part('a', rows, { distanceCm: 55, aimCm: [-60, 0] }), part('b', rows, { distanceCm: 55, aimCm: [60, 0] })]);
    expect(far.refusal).toMatchObject({ reason: 'no-overlap' });
  });

  it('refuses to guess where all facings are alike', () => {
    const can: DrawnColumn = { sku: 'can', widthCm: 7, heightCm: 12 };
    const rows = Array<DrawnRow>(4).fill({ columns: Array<DrawnColumn>(24).fill(can), heightCm: 16 });
    expect(mergeReadings([part('a', rows, LEFT), part('b', rows, RIGHT)]).merged).toBeNull();
  });
});

describe('fitHomography', () => {
  it('finds the map that made the points, and its inverse takes them back', () => {
    const made: Homography = [1.1, 0.05, -0.1, -0.04, 0.9, 0.2, 0.15, -0.1, 1];
    const points = [0.1, 0.5, 0.9].flatMap((x) => [0.2, 0.8].map((y) => ({ x, y })));
    const fitted = fitHomography(points.map((from) => ({ from, to: mapPoint(made, from)!, weight: 1 })))!;
    for (const point of points) {
      const image = mapPoint(fitted, point)!;
      expect(image.x).toBeCloseTo(mapPoint(made, point)!.x, 6);
      const back = mapPoint(inverse(fitted)!, image)!;
      expect(back.x).toBeCloseTo(point.x, 6);
      expect(back.y).toBeCloseTo(point.y, 6);
    }
    expect(fitHomography([{ from: { x: 0, y: 0 }, to: { x: 0, y: 0 }, weight: 1 }])).toBeNull();
  });
});
