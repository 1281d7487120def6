/** @file Looks compared with what was learnt or forgotten since, without their pixels and without a search. Pure; any thread. */
import type { GalleryItem } from '../../contracts/product.ts';
import type { FacingLook } from '../../contracts/shelf.ts';
import type { Match } from '../../contracts/results.ts';
import { facingScore, facingWeights } from '../fuse/facing-score.ts';
import { dot } from '../vector.ts';

/** How a gallery changed. */
export interface GalleryChange {
  readonly added: readonly Pick<GalleryItem, 'id' | 'productId' | 'space' | 'vector' | 'colour' | 'front'>[];
  /** Gallery ids. */
  readonly removed: readonly string[];
}

/**
 * @returns the looks with their matches as a search would give them now, best first. What is taken back by a later change leaves no
 * trace. Photos of another space than a look's are no match for it.
 */
export function rematch(looks: readonly FacingLook[], { added, removed }: GalleryChange): FacingLook[] {
  const gone = new Set([...removed, ...added.map(({ id }) => id)]);
  return looks.map((facing) => {
    const { embedding, colour, front } = facing.look;
    const { space, vector } = embedding;
    const weights = facingWeights(space);
    const scored = (match: Match): { match: Match; score: number } => ({
      match,
      score: facingScore(match, front?.aspect ?? null, weights),
    });
    const kept = facing.matches.filter(({ galleryId }) => !gone.has(galleryId));
    const fresh = added
      .filter((item) => item.space === space && item.vector.length === vector.length)
      .map((item): Match => ({
        galleryId: item.id,
        productId: item.productId,
        cosine: dot(vector, item.vector),
        colour: item.colour?.length === colour.length ? clamped(dot(colour, item.colour)) : null,
        ...(item.front === undefined || item.front.layout.length !== front?.layout.length
          ? {}
          : { front: { likeness: dot(front.layout, item.front.layout), aspect: item.front.aspect } }),
        computedOn: 'device',
      }));
    const matches = [...kept, ...fresh]
      .map(scored)
      .sort((a, b) => b.score - a.score)
      .map(({ match }) => match);
    return { ...facing, matches };
  });
}

function clamped(value: number): number {
  return Math.max(0, Math.min(1, value));
}
