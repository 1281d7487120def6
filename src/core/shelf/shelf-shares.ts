/** @file How much of a shelf each product, brand or category holds. Pure; any thread. */
import type { Facing, ShelfReading } from '../../contracts/shelf.ts';
import { knownProductOf } from './find-blocks.ts';
import { fitTilt } from './fit-tilt.ts';
import { planeOfLayout } from './plane-of-layout.ts';
import { planeSpan, widthInShop } from './row-plane.ts';

/** What one name holds of the shelf. */
export interface ShelfShare {
  /** Product id, brand, category, or whatever was asked for; null for facings that are not known or have none. */
  readonly key: string | null;
  /** Front facings, stacked ones counted. */
  readonly facings: number;
  /** Columns whose lowest facing it is. */
  readonly columns: number;
  /** Share of all facings. */
  readonly facingShare01: number;
  /** Share of the length of boards that anything stands on, gaps left out. */
  readonly linearShare01: number;
}

/**
 * Length is measured along each board as if the camera faced it ([Note: Row plane]), and between rows as if it were not tilted
 * ([Note: Tilt]), as far as the photo tells that.
 * @param keyOf what a product counts for; null for nothing.
 * @returns linear share descending, then facings; one entry per key, with `null` last.
 */
export function shelfShares({ facings, layout }: ShelfReading, keyOf: (productId: string) => string | null): ShelfShare[] {
  const plane = planeOfLayout({ layout, facings });
  const tilt = fitTilt({ layout, facings }, plane);
  const levelOf = new Map(layout.placements.map(({ facingId, level }) => [facingId, level]));
  const sums = new Map<string | null, { facings: number; columns: number; length: number }>();
  let allLength = 0;
  for (const facing of facings) {
    const key = keyOfFacing(facing, keyOf);
    const sum = sums.get(key) ?? { facings: 0, columns: 0, length: 0 };
    sums.set(key, sum);
    sum.facings++;
    if ((levelOf.get(facing.id) ?? 0) > 0) continue;
    const length = widthInShop(tilt, planeSpan(plane, facing.box));
    sum.columns++;
    sum.length += length;
    allLength += length;
  }
  return [...sums]
    .map(([key, sum]): ShelfShare => ({
      key,
      facings: sum.facings,
      columns: sum.columns,
      facingShare01: sum.facings / facings.length,
      linearShare01: allLength > 0 ? sum.length / allLength : 0,
    }))
    .sort((a, b) => Number(a.key === null) - Number(b.key === null) || b.linearShare01 - a.linearShare01 || b.facings - a.facings);
}

function keyOfFacing(facing: Facing, keyOf: (productId: string) => string | null): string | null {
  const productId = knownProductOf(facing);
  return productId === null ? null : keyOf(productId);
}
