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

/** Options of {@link matchCrops}. */
export interface MatchCropsOptions extends CallOptions {
  /** Some more boxes have their answers: those from `from` on. */
  readonly onMatched?: (from: number, matched: readonly MatchedCrop[]) => Promise<void> | void;
}

/**
 * @param frameId open in `vision`; stays open. @param boxes of like size beside each other cost least: a call reads all of its crops
 * from the one level of the photo that the smallest needs. @param k gallery photos per crop.
 * @returns one answer per box, in order.
 * @throws AppError of the workers
 */
export async function matchCrops(
  frameId: string,
  boxes: readonly Box[],
  { vision, index }: Pick<Pipeline, 'vision' | 'index'>,
  k: number,
  { onMatched, ...call }: MatchCropsOptions = {},
): Promise<MatchedCrop[]> {
  const search = async (look: Look): Promise<MatchedCrop> => ({
    look,
    matches: await index.search(look, k, call),
  });
  const matched: MatchedCrop[] = [];
  let searching: Promise<MatchedCrop[]> = Promise.resolve([]);
  const collect = async (): Promise<void> => {
    const from = matched.length;
    const found = await searching;
    matched.push(...found);
    if (found.length > 0) await onMatched?.(from, found);
  };
  for (let from = 0; from < boxes.length; from += AT_ONCE) {
    const looks = await vision.embed(frameId, boxes.slice(from, from + AT_ONCE), call);
    await collect();
    searching = Promise.all(looks.map(search));
    // Should the next embedding fail, nobody waits for these any more.
    searching.catch(() => {});
  }
  await collect();
  return matched;
}
