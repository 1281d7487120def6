import { describe, expect, it } from 'vitest';
import type { BayPhoto } from '../../../src/contracts/visit.ts';
import { comparePlanogram } from '../../../src/core/shelf/planogram/compare-planogram.ts';
import { layoutShelf } from '../../../src/core/shelf/layout-shelf.ts';
import { inAllPhotos, joinBayPhotos, type ReadPhoto } from '../../../src/flow/join-bay-photos.ts';
import { drawShelf, type DrawnCamera, type DrawnColumn, type DrawnRow } from '../core/shelf/drawn-shelf.ts';

const ROWS = Array.from({ length: 3 }, (_, row): DrawnRow => {
  const columns = Array.from({ length: 16 }, (_column, i): DrawnColumn => ({ sku: `p${row}-${i}`, widthCm: 8, heightCm: 16 }));
  return { columns, heightCm: 21 };
});

function photo(id: string, camera: DrawnCamera): ReadPhoto {
  const facings = drawShelf(ROWS, camera).facings.map((facing) => ({ ...facing, id: `${id}/${facing.id}` }));
  const current = { facings, layout: layoutShelf(facings), tags: [] };
  const row: BayPhoto = {
    ...{ id, visitId: 'v', shopId: 's', bayId: 'b', name: id, source: 'file', capturedAtMs: 0, addedAtMs: 0 },
    ...{ purpose: 'audit', state: 'read', problem: null, widthPx: 3000, heightPx: 4000, readAtMs: 0 },
  };
  return {
    photo: row,
    reading: { photoId: id, visitId: 'v', bayId: 'b', found: current, current, edits: [], undone: [], durationsMs: {}, readAtMs: 0 },
  };
}

const noLooks = { looks: () => Promise.resolve([]) };
const LEFT = photo('l', { distanceCm: 85, aimCm: [-28, 0] });
const RIGHT = photo('r', { distanceCm: 90, aimCm: [28, 0], yaw: -0.1 });

describe('joinBayPhotos', () => {
  it('makes one reading of photos that overlap, and names differences by the ids of all photos', async () => {
    const { readings, sameFacings } = await joinBayPhotos([LEFT, RIGHT], noLooks, null);
    expect(readings).toHaveLength(1);
    expect(readings[0]!.facings).toHaveLength(48);
    const compliance = inAllPhotos(comparePlanogram(readings, { rows: [] }), sameFacings);
    const inBoth = compliance.differences.filter(({ facingIds }) => facingIds.length === 2);
    expect(inBoth.length).toBeGreaterThan(5);
    for (const { facingIds } of inBoth) expect(new Set(facingIds.map((id) => id.slice(2))).size).toBe(1);
  });

  it('leaves photos apart that do not overlap, and a single one as it is', async () => {
    const far = photo('r', { distanceCm: 40, aimCm: [50, 0] });
    const near = photo('l', { distanceCm: 40, aimCm: [-50, 0] });
    expect((await joinBayPhotos([near, far], noLooks, null)).readings).toEqual([near.reading.current, far.reading.current]);
    const single = await joinBayPhotos([LEFT], noLooks, null);
    expect(single).toEqual({ readings: [LEFT.reading.current], sameFacings: new Map() });
    const compliance = comparePlanogram([LEFT.reading.current], { rows: [] });
    expect(inAllPhotos(compliance, single.sameFacings)).toBe(compliance);
  });
});
