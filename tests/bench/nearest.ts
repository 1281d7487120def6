/** @file Exact search of the largest gallery that a pack brings, in the browser: the app's index worker against a plain loop in a worker. */
import type { Arena } from './contender-page.ts';
import type { BenchRow } from './row.ts';

/** `PACK_LIMITS.photos`. */
const GALLERY = 50_000;
const SEARCHES = 25;

export async function nearest(arena: Arena): Promise<BenchRow[]> {
  const what = `${SEARCHES} exact searches of ${GALLERY} × 128 in the index worker against a plain loop in a worker`;
  return [await arena.duel(what, 'searchGallery', 'searchGalleryPlainly', [GALLERY, SEARCHES], 'checksum')];
}
