/** @file The row plane that a layout was made in, told from its rails, so that a reading is all that later steps need. Pure; any thread. */
import type { ShelfRail, ShelfReading } from '../../contracts/shelf.ts';
import { fitRowPlane, planeOfBoards } from './fit-row-plane.ts';
import type { Line } from '../robust.ts';
import type { RowPlane } from './row-plane.ts';

/** @param reading of one photo. One rail does not tell how rails converge; then the facings do. */
export function planeOfLayout({ layout: { rows }, facings }: Pick<ShelfReading, 'layout' | 'facings'>): RowPlane {
  if (rows.length < 2) return fitRowPlane(facings.map(({ box }) => box));
  return planeOfBoards(
    rows.map(({ rail }) => {
      const length = rail.to.x - rail.from.x;
      return { line: lineOfRail(rail), weight: length * length };
    }),
  );
}

/** y - 0.5 over x - 0.5. */
function lineOfRail({ from, to }: ShelfRail): Line {
  const slope = to.x - from.x > 1e-9 ? (to.y - from.y) / (to.x - from.x) : 0;
  return { intercept: from.y - 0.5 - slope * (from.x - 0.5), slope };
}
