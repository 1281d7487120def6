/** @file Price tags with what they stand below, beside the list's price. Thread: page. */
import type { Box } from '../../contracts/geometry.ts';
import type { ShelfReading } from '../../contracts/shelf.ts';
import { isNamed } from './reading-boxes.ts';

/** One tag. */
export interface TagLine {
  readonly id: string;
  readonly box: Box;
  readonly text: string;
  readonly price: number | null;
  /** The product that most facings above it show; null when none is named. */
  readonly productId: string | null;
  readonly listPrice: number | null;
  /** Shelf and list say different prices. */
  readonly isOff: boolean;
}

/** @returns tags top to bottom, left to right. */
export function tagLines({ facings, tags }: ShelfReading, listPriceOf: (productId: string) => number | null): TagLine[] {
  const byId = new Map(facings.map((facing) => [facing.id, facing]));
  return tags
    .map(({ id, box, text, price, facingIds }) => {
      const counts = new Map<string, number>();
      for (const facingId of facingIds) {
        const facing = byId.get(facingId);
        const productId = facing === undefined || !isNamed(facing) ? null : (facing.identity?.productId ?? null);
        if (productId !== null) counts.set(productId, (counts.get(productId) ?? 0) + 1);
      }
      const productId = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
      const listPrice = productId === null ? null : listPriceOf(productId);
      return { id, box, text, price, productId, listPrice, isOff: price !== null && listPrice !== null && price !== listPrice };
    })
    .sort((a, b) => Math.round((a.box.y - b.box.y) * 20) || a.box.x - b.box.x);
}
