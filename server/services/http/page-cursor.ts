/** @file Cursors of lists: the sort key of the last row, opaque to callers. A page is stable while rows come and go. */
import { z } from 'zod';
import type { PagePlace } from '../../repositories/page-place.ts';
import { HttpProblem } from './problem.ts';

const cursorSchema = z.tuple([z.number(), z.string()]);

/** @returns the cursor that continues after a place. */
export function cursorAfter(place: PagePlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @returns the place, or null for the first page. @throws HttpProblem 400 for a cursor that is not ours. */
export function placeOf(cursor: string | undefined): PagePlace | null {
  if (cursor === undefined) return null;
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new HttpProblem(400, 'invalid-input', 'The cursor is not one that this list gave.');
  }
}

/** Cut rows that were read with `limit + 1` into a page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, placeOfRow: (row: Row) => PagePlace) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorAfter(placeOfRow(last)) : null };
}
