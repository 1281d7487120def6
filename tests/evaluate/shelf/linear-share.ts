/** @file How right the linear shares of one photo are. Pure. */
import type { ShelfReading } from '../../../src/contracts/shelf.ts';
import { shelfShares } from '../../../src/core/shelf/shelf-shares.ts';
import type { ShelfTruth } from './shelf-truth.ts';

/**
 * @param widthsCm of products, by label.
 * @returns share of the boards that is given to the wrong product, 0..1; null where widths or levels are not labelled.
 */
export function linearShareError(
  reading: ShelfReading,
  { facings }: Pick<ShelfTruth, 'facings'>,
  widthsCm: ReadonlyMap<string, number>,
): number | null {
  const truth = new Map<string, number>();
  for (const { label, level } of facings) {
    const widthCm = label === null ? undefined : widthsCm.get(label);
    if (label === null || level === null || widthCm === undefined) return null;
    if (level === 0) truth.set(label, (truth.get(label) ?? 0) + widthCm);
  }
  const total = [...truth.values()].reduce((sum, width) => sum + width, 0);
  if (total === 0) return null;
  const found = new Map(shelfShares(reading, (productId) => productId).map(({ key, linearShare01 }) => [key, linearShare01]));
  // What is missing on one side is too much on the other, so too little alone is counted.
  return [...truth].reduce((sum, [label, width]) => sum + Math.max(0, width / total - (found.get(label) ?? 0)), 0);
}
