/** @file Whether found facings stand in their row and at their position, wherever the photo begins. Pure. */

/** A found facing's place, and the true one. */
export interface PlacePair {
  readonly found: { readonly row: number; readonly position: number };
  readonly truth: { readonly row: number; readonly position: number };
}

/** How many are right. */
export interface PlaceAccuracy {
  readonly total: number;
  readonly rightRows: number;
  /** Row and position. */
  readonly right: number;
}

/**
 * Truth counts over the whole shelf, the app over what the photo shows. So rows may be off by one number for the whole photo, and positions by
 * one number for each row: those that make most facings right.
 */
export function placeAccuracy(pairs: readonly PlacePair[]): PlaceAccuracy {
  const rowOffset = mostFrequent(pairs.map(({ found, truth }) => truth.row - found.row));
  const inRow = pairs.filter(({ found, truth }) => truth.row - found.row === rowOffset);
  let right = 0;
  for (const row of new Set(inRow.map(({ truth }) => truth.row))) {
    const offsets = inRow.filter(({ truth }) => truth.row === row).map(({ found, truth }) => truth.position - found.position);
    const usual = mostFrequent(offsets);
    right += offsets.filter((offset) => offset === usual).length;
  }
  return { total: pairs.length, rightRows: inRow.length, right };
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<readonly [number, number]>((best, each) => (each[1] > best[1] ? each : best), [0, 0])[0];
}
