/**
 * @file What the companion server knows of facings that this device does not: one vector for each group of unknowns, as far as the user allowed
 * it; never a picture. Thread: page or Node.
 */
import { toAppError } from '../contracts/errors.ts';
import type { Product } from '../contracts/product.ts';
import type { Match } from '../contracts/results.ts';
import type { SearchResponse } from '../contracts/server-api.ts';
import type { Facing, FacingLook, FacingNews } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { chooseExamples } from '../core/shelf/choose-examples.ts';
import { dot } from '../core/vector.ts';
import type { Pipeline } from './pipeline.ts';

const LENS = 'shelf';
/** Gallery photos asked for. */
const NEIGHBOURS = 12;
/** Largest groups asked for; a shelf with more unknowns than this belongs to nobody's catalogue. */
const MAX_GROUPS = 24;
/** Less alike, a photo of the server is not even a candidate. */
const LEAST_COSINE = 0.75;

/** What a server said about one group. */
export interface GroupNews {
  readonly news: readonly FacingNews[];
  /** Products of the news, as the server has them. */
  readonly products: readonly Product[];
}

/** Options of {@link askUnknowns}. */
export interface AskUnknownsOptions extends CallOptions {
  /** A group got its answer. */
  readonly onNews: (answer: GroupNews) => Promise<void> | void;
}

/**
 * Ask, the largest group first. A facing that is asked for stands for its group: to the others, a photo is as alike as it is to that facing,
 * times how alike they are to it.
 * @returns how many groups were asked for: none where the user did not allow `vector` for the lens. A server that does not answer is asked no
 * further.
 * @throws AppError('cancelled'), and what `onNews` throws
 */
export async function askUnknowns(
  facings: readonly Facing[],
  looks: readonly FacingLook[],
  server: Pipeline['server'],
  { onNews, onProgress, ...call }: AskUnknownsOptions,
): Promise<number> {
  if (server === null) return 0;
  const groups = unknownGroups(facings).slice(0, MAX_GROUPS);
  const lookOf = new Map(looks.map((look) => [look.facingId, look]));
  for (const [asked, group] of groups.entries()) {
    const look = lookOf.get(chooseExamples(group, looks)[0]?.id ?? '');
    // Taken up again after the app was closed: what was asked before is not asked twice.
    if (look === undefined || look.matches.some(({ computedOn }) => computedOn === 'server')) continue;
    onProgress?.({ stage: 'match', done: asked, total: groups.length, unit: 'items' });
    let answer: SearchResponse | null;
    try {
      answer = await server.search(LENS, look.look.embedding, NEIGHBOURS, call);
    } catch (caught) {
      if (toAppError(caught).code === 'cancelled') throw caught;
      return asked;
    }
    if (answer === null) return asked;
    await onNews(newsOf(group, look, lookOf, answer));
  }
  return groups.length;
}

/** Facings of each group, the largest group first. */
function unknownGroups(facings: readonly Facing[]): Facing[][] {
  const groups = new Map<string, Facing[]>();
  for (const facing of facings) {
    const groupId = facing.identity?.groupId ?? null;
    if (groupId === null || facing.identity?.saidBy === 'user') continue;
    groups.set(groupId, [...(groups.get(groupId) ?? []), facing]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function newsOf(group: readonly Facing[], asked: FacingLook, lookOf: ReadonlyMap<string, FacingLook>, answer: SearchResponse): GroupNews {
  const found = answer.matches.filter(({ score }) => score >= LEAST_COSINE);
  const named = new Set(found.map(({ productId }) => productId));
  const news = group.flatMap(({ id: facingId }): FacingNews[] => {
    const look = lookOf.get(facingId);
    if (look === undefined || look.look.embedding.space !== asked.look.embedding.space) return [];
    const likeness = look === asked ? 1 : dot(look.look.embedding.vector, asked.look.embedding.vector);
    const serverMatches = found.map(({ id, productId, score }): Match => ({
      ...{ galleryId: id, productId, cosine: score * likeness, colour: null, computedOn: 'server' },
    }));
    return [{ facingId, serverMatches }];
  });
  return { news, products: answer.products.filter(({ id }) => named.has(id)) };
}
