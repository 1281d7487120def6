/** @file What was found out about facings after their photo was read, joined to their looks. Pure; any thread. */
import type { FacingLook, FacingNews } from '../../contracts/shelf.ts';

/** @returns the looks, those that there is news of as new objects. News of a facing that is gone is dropped. */
export function withNews(looks: readonly FacingLook[], news: readonly FacingNews[]): FacingLook[] {
  const byFacing = new Map(news.map((each) => [each.facingId, each]));
  return looks.map((look) => {
    const fresh = byFacing.get(look.facingId);
    if (fresh === undefined) return look;
    const { words = look.words, serverMatches = [] } = fresh;
    const known = new Set(look.matches.map(({ galleryId }) => galleryId));
    // What this device knows itself stays as it is.
    const matches = [...look.matches, ...serverMatches.filter(({ galleryId }) => !known.has(galleryId))];
    return { ...look, matches, ...(words === undefined ? {} : { words }) };
  });
}
