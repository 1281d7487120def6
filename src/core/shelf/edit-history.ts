/** @file What a photo's reading becomes by edits, with the way back and forth. Pure; any thread. */
import type { ShelfEdit, ShelfPart, PhotoReading } from '../../contracts/visit.ts';
import type { Facing, PriceTag, ShelfReading } from '../../contracts/shelf.ts';
import type { BayHeights } from './eye-level.ts';
import { applyEdit, dismissedGaps, inverseOf, reapplyEdits } from './edit-reading.ts';
import { layoutShelf } from './layout-shelf.ts';

/** More steps back than this nobody goes. */
const MAX_EDITS = 500;

/** What the layout needs beside the boxes; null: as usual. */
export type Heights = BayHeights | null;

/** Do something new; what was taken back before cannot be done again. */
export function withEdit(photo: PhotoReading, edit: ShelfEdit, heights: Heights): PhotoReading {
  const edits = [...photo.edits, edit].slice(-MAX_EDITS);
  return { ...photo, current: changed(photo.current, edit, edits, heights), edits, undone: [] };
}

/** Take the last edit back. @returns the same photo when there is none. */
export function withoutLast(photo: PhotoReading, heights: Heights): PhotoReading {
  const last = photo.edits.at(-1);
  if (last === undefined) return photo;
  const edits = photo.edits.slice(0, -1);
  return { ...photo, current: changed(photo.current, inverseOf(last), edits, heights), edits, undone: [...photo.undone, last] };
}

/** Do the edit again that was taken back last. @returns the same photo when there is none. */
export function withRedone(photo: PhotoReading, heights: Heights): PhotoReading {
  const next = photo.undone.at(-1);
  if (next === undefined) return photo;
  const edits = [...photo.edits, next];
  return { ...photo, current: changed(photo.current, next, edits, heights), edits, undone: photo.undone.slice(0, -1) };
}

/** Other names for the same boxes, e.g. after a correction elsewhere in the visit. It is no edit of this photo. */
export function withNames(photo: PhotoReading, facings: readonly Facing[], heights: Heights): PhotoReading {
  return { ...photo, current: laidOut(photo.current, { facings, gaps: photo.current.layout.gaps }, photo.edits, heights) };
}

/** The photo was read anew: the user's edits stay, found by their places. */
export function withFound(before: PhotoReading, found: ShelfReading, heights: Heights): PhotoReading {
  const part = reapplyEdits(found, before.edits);
  return { ...before, found, current: laidOut(found, part, before.edits, heights) };
}

function changed(reading: ShelfReading, edit: ShelfEdit, edits: readonly ShelfEdit[], heights: Heights): ShelfReading {
  const tags = reading.tags.map((tag) => followed(tag, edit));
  return laidOut({ ...reading, tags }, applyEdit(reading, edit), edits, heights);
}

function laidOut(reading: ShelfReading, { facings, gaps }: ShelfPart, edits: readonly ShelfEdit[], heights: Heights): ShelfReading {
  const layout = layoutShelf(facings, gaps, { dismissedGaps: dismissedGaps(edits), ...(heights === null ? {} : { bay: heights }) });
  const there = new Set(facings.map(({ id }) => id));
  const tags = reading.tags.map((tag) => ({ ...tag, facingIds: tag.facingIds.filter((id) => there.has(id)) }));
  return { facings, layout, tags };
}

/** A tag below a facing that was merged or split is below what came of it. */
function followed(tag: PriceTag, { removed, added }: ShelfEdit): PriceTag {
  const gone = new Set(removed.facings.map(({ id }) => id));
  if (!tag.facingIds.some((id) => gone.has(id))) return tag;
  return { ...tag, facingIds: [...new Set([...tag.facingIds, ...added.facings.map(({ id }) => id)])] };
}
