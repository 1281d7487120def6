/** @file What was found out about facings after their photo was read, joined to their looks. Pure; any thread. */
import type { FacingLook, FacingNews } from '../../contracts/shelf.ts';

/** @returns the looks, those that there is news of as new objects. News of a facing that is gone is dropped. */
export function withNews(looks: readonly FacingLook[], news: readonly FacingNews[]): FacingLook[] {
  const byFacing = new Map(news.map((each) => [each.facingId, each]));
  return looks.map((look) => {
    const fresh = byFacing.get(look.facingId);
    return fresh === undefined ? look : withNewsOn(look, fresh);
  });
}

/** News of one facing laid over what is known of it: matches that this device knows itself stay as they are, words are replaced. */
export function withNewsOn<Known extends Pick<FacingLook, 'matches' | 'words'>>(
  facing: Known,
  { words = facing.words, serverMatches = [] }: Omit<FacingNews, 'facingId'>,
): Known {
  const known = new Set(facing.matches.map(({ galleryId }) => galleryId));
  const matches = [...facing.matches, ...serverMatches.filter(({ galleryId }) => !known.has(galleryId))];
  return { ...facing, matches, ...(words === undefined ? {} : { words }) };
}
