import { describe, expect, it } from 'vitest';
import type { Planogram, PlanogramRow } from '../../../../src/contracts/shelf.ts';
import { editPlanogram, type PlanogramEdit } from '../../../../src/core/shelf/planogram/edit-planogram.ts';

const row = (sku: string, shelf: number, position: number, facingsWide = 1): PlanogramRow => ({
  ...{ store: null, bay: null, shelf, position, sku, name: sku, facingsWide, facingsHigh: 1 },
  ...{ xCm: null, yCm: null, widthCm: null, heightCm: null, brand: null, category: null, price: null, isOwnLabel: null },
});
const PLAN: Planogram = { id: 'p', name: 'p', rows: [row('a', 0, 0, 2), row('b', 0, 2), row('c', 1, 0)], source: 'csv', updatedAtMs: 1 };

function edited(...edits: readonly PlanogramEdit[]): string[] {
  const result = edits.reduce((planogram, edit) => editPlanogram(planogram, edit, 5), PLAN);
  expect(result).toMatchObject({ source: 'user', updatedAtMs: 5 });
  return result.rows.map(({ sku, shelf, position, facingsWide }) => `${sku} ${shelf}.${position}x${facingsWide}`);
}

describe('editPlanogram', () => {
  const fresh = row('n', 0, 0, 2);

  it('moves the rest of the shelf along', () => {
    expect(edited({ kind: 'insert', shelf: 0, position: 2, row: fresh })).toEqual(['a 0.0x2', 'n 0.2x2', 'b 0.4x1', 'c 1.0x1']);
    expect(edited({ kind: 'insert', shelf: 0, position: 1, row: fresh })).toEqual(['a 0.0x2', 'n 0.2x2', 'b 0.4x1', 'c 1.0x1']);
    expect(edited({ kind: 'remove', index: 0 })).toEqual(['b 0.0x1', 'c 1.0x1']);
    expect(edited({ kind: 'move', index: 0, shelf: 1, position: 1 })).toEqual(['b 0.0x1', 'c 1.0x1', 'a 1.1x2']);
    expect(edited({ kind: 'change', index: 0, values: { facingsWide: 3 } })).toEqual(['a 0.0x3', 'b 0.3x1', 'c 1.0x1']);
    expect(edited({ kind: 'insert-shelf', shelf: 1 })).toEqual(['a 0.0x2', 'b 0.2x1', 'c 2.0x1']);
    expect(edited({ kind: 'remove-shelf', shelf: 0 })).toEqual(['c 0.0x1']);
  });

  it('leaves what it was given as it was', () => {
    const before = structuredClone(PLAN);
    editPlanogram(PLAN, { kind: 'remove', index: 0 }, 2);
    expect(PLAN).toEqual(before);
  });

  it('refuses rows that are not there and values that no planogram may have', () => {
    expect(() => editPlanogram(PLAN, { kind: 'remove', index: 9 }, 2)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    expect(() => editPlanogram(PLAN, { kind: 'change', index: 0, values: { facingsWide: 0 } }, 2)).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});
