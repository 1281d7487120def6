/** @file How a bay differs from its planogram, in words. Thread: page. */
import type { ShelfPlace } from '../../contracts/shelf.ts';
import type { ReportFix } from '../../contracts/visit-report.ts';
import { m } from '../../paraglide/messages.js';

type Difference = Pick<ReportFix, 'kind' | 'expected' | 'found'>;

/** @returns what to do about it. */
export function fixText({ kind, expected, found }: Difference): string {
  switch (kind) {
    case 'missing':
      return expected === null ? m.fix_missing_anywhere() : m.fix_missing({ place: placeText(expected), count: expected.facings });
    case 'out-of-stock':
      return expected === null ? m.fix_refill_anywhere() : m.fix_refill({ place: placeText(expected) });
    case 'misplaced':
      // Rows are counted anew in each photo: what stands too far by a neighbour's width may have the number it should have.
      if (expected !== null && expected.row === found?.row && expected.position === found.position)
        return m.fix_order({ place: placeText(expected) });
      return m.fix_move({ from: found === null ? '?' : placeText(found), to: expected === null ? '?' : placeText(expected) });
    case 'wrong-facings':
      return m.fix_facings({ found: found?.facings ?? 0, expected: expected?.facings ?? 0, place: placeText(expected ?? found) });
    case 'foreign':
      return m.fix_remove({ place: placeText(found) });
  }
}

function placeText(place: ShelfPlace | null): string {
  return place === null ? '?' : m.shelf_place({ row: place.row + 1, position: place.position + 1 });
}
