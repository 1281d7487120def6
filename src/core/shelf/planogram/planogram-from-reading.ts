/** @file A bay as it stands, taken as what it should be: a planogram from a reference photo. Pure; any thread. */
import type { Planogram, PlanogramRow, ShelfReading } from '../../../contracts/shelf.ts';

/** What the catalogue knows of a product beside its name. */
export interface PlannedFacts {
  readonly brand: string | null;
  readonly category: string | null;
  readonly price: number | null;
  readonly isOwnLabel: boolean | null;
}

/** What the photo does not say. */
export interface PlanogramOrigin {
  readonly id: string;
  readonly name: string;
  readonly updatedAtMs: number;
  readonly nameOf: (productId: string) => string;
  readonly factsOf?: (productId: string) => PlannedFacts;
}

const NO_FACTS: PlannedFacts = { brand: null, category: null, price: null, isOwnLabel: null };

/**
 * Facings that nobody named leave holes. Gaps within a block or beside it count for the product that they are expected to hold. A tag's
 * price is taken before the catalogue's.
 */
export function planogramFromReading({ layout, tags }: ShelfReading, origin: PlanogramOrigin): Planogram {
  const { id, name, updatedAtMs, nameOf, factsOf = () => NO_FACTS } = origin;
  const placementOf = new Map(layout.placements.map((placement) => [placement.facingId, placement]));
  const rows = layout.blocks.flatMap((block): PlanogramRow[] => {
    if (block.productId === null) return [];
    const placements = block.facingIds.map((id) => placementOf.get(id)!);
    // What stands on another product has no column of its own.
    if (!placements.some(({ level }) => level === 0)) return [];
    const after = gapsBeside(layout.gaps, block.row, block.firstPosition + block.columns, 1, block.productId);
    const before = gapsBeside(layout.gaps, block.row, block.firstPosition - 1, -1, block.productId);
    const tag = tags.find(({ price, facingIds }) => price !== null && facingIds.some((id) => block.facingIds.includes(id)));
    const facts = factsOf(block.productId);
    return [
      {
        store: null,
        bay: null,
        shelf: block.row,
        position: block.firstPosition - before,
        sku: block.productId,
        name: nameOf(block.productId),
        facingsWide: block.columns + before + after,
        facingsHigh: Math.max(...placements.map(({ level }) => level)) + 1,
        xCm: null,
        yCm: null,
        widthCm: null,
        heightCm: null,
        brand: facts.brand,
        category: facts.category,
        price: tag?.price ?? facts.price,
        isOwnLabel: facts.isOwnLabel,
      },
    ];
  });
  return { id, name, rows: rows.sort((a, b) => a.shelf - b.shelf || a.position - b.position), source: 'photo', updatedAtMs };
}

/** Gaps in a row from a place on that are expected to hold the product. */
function gapsBeside(gaps: ShelfReading['layout']['gaps'], row: number, from: number, step: 1 | -1, productId: string): number {
  let count = 0;
  while (gaps.some((gap) => gap.row === row && gap.position === from + count * step && gap.expectedProductId === productId)) count++;
  return count;
}
