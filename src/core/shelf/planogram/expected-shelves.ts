/** @file A planogram's shelves as columns of what is expected in them. Pure; any thread. */
import type { PlanogramRow, ShelfPlace } from '../../../contracts/shelf.ts';

/** A row of the planogram: one product, one or more columns wide. */
export interface ExpectedBlock {
  readonly planned: PlanogramRow;
  readonly productId: string;
}

/** One column of a block. */
export interface ExpectedColumn {
  readonly block: ExpectedBlock;
}

/** Top down, columns from the left. */
export type ExpectedShelves = readonly { readonly columns: readonly ExpectedColumn[] }[];

/** @param productOf product of a planogram's SKU. */
export function expectedShelves(planned: readonly PlanogramRow[], productOf: (sku: string) => string): ExpectedShelves {
  const shelves = new Map<number, ExpectedBlock[]>();
  planned.forEach((row) => {
    const block = { planned: row, productId: productOf(row.sku) };
    shelves.set(row.shelf, [...(shelves.get(row.shelf) ?? []), block]);
  });
  return [...shelves]
    .sort(([a], [b]) => a - b)
    .map(([, blocks]) => ({
      columns: blocks
        .sort((a, b) => a.planned.position - b.planned.position)
        .flatMap((block) => Array.from({ length: block.planned.facingsWide }, (): ExpectedColumn => ({ block }))),
    }));
}

/** Where the planogram has it. */
export function placeOfPlan({ shelf, position, facingsWide }: PlanogramRow): ShelfPlace {
  return { row: shelf, position, facings: facingsWide };
}
