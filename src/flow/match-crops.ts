/** @file Many crops of one photo against the gallery of this device: some are searched for while the next ones are embedded. Thread: page or Node. */
import type { Box } from '../contracts/geometry.ts';
import type { Look, Match } from '../contracts/results.ts';
import type { CallOptions } from '../contracts/task.ts';
import type { Pipeline } from './pipeline.ts';

/** Crops that are embedded in one call, and searched for at once. */
const AT_ONCE = 8;

/** What one crop looks like, and the gallery photos that look like it. */
export interface MatchedCrop {
  readonly look: Look;
  /** Fused look score descending. */
  readonly matches: readonly Match[];
}

/**
 * @param frameId open in `vision`; stays open. @param k gallery photos per crop.
 * @returns one answer per box, in order.
 * @throws AppError of the workers
 */
export async function matchCrops(
  frameId: string,
  boxes: readonly Box[],
  { vision, index }: Pick<Pipeline, 'vision' | 'index'>,
  k: number,
  call: CallOptions = {},
): Promise<MatchedCrop[]> {
  const search = async (look: Look): Promise<MatchedCrop> => ({
    look,
    matches: await index.search({ embedding: look.embedding, colour: look.colour }, k, call),
  });
  const matched: MatchedCrop[] = [];
  let searching: Promise<MatchedCrop[]> = Promise.resolve([]);
  for (let from = 0; from < boxes.length; from += AT_ONCE) {
    const looks = await vision.embed(frameId, boxes.slice(from, from + AT_ONCE), call);
    matched.push(...(await searching));
    searching = Promise.all(looks.map(search));
    // Should the next embedding fail, nobody waits for these any more.
    searching.catch(() => {});
  }
  matched.push(...(await searching));
  return matched;
}
