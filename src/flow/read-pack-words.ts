/** @file The words on facings whose look leaves several known products, compared as the product lens compares them. Thread: page or Node. */
import type { OpenedFrame } from '../contracts/media.ts';
import type { FacingLook, FacingNews, ShelfReading } from '../contracts/shelf.ts';
import type { CallOptions } from '../contracts/task.ts';
import { productWords } from '../core/fuse/product-words.ts';
import { undecidedFacings } from '../core/shelf/undecided-facings.ts';
import { matchWords } from './match-words.ts';
import { nextTurn } from '../core/next-turn.ts';
import type { Pipeline } from './pipeline.ts';

/** Options of {@link readPackWords}. */
export interface PackWordsOptions extends CallOptions {
  /** No further pack is begun after this long, in ms. */
  readonly limitMs: number;
  /** One more facing was read. */
  readonly onNews: (news: readonly FacingNews[]) => Promise<void> | void;
}

/**
 * @param frame open in `vision`; stays open. @param looks of the reading's facings.
 * @returns how many facings were read, and how many were worth it.
 * @throws AppError of the workers
 */
export async function readPackWords(
  { frameId, widthPx, heightPx }: Pick<OpenedFrame, 'frameId' | 'widthPx' | 'heightPx'>,
  reading: Pick<ShelfReading, 'facings' | 'layout'>,
  looks: readonly FacingLook[],
  places: Pick<Pipeline, 'vision' | 'index' | 'catalogue'>,
  { limitMs, onNews, onProgress, ...call }: PackWordsOptions,
): Promise<{ readonly read: number; readonly total: number }> {
  const undecided = undecidedFacings(reading, looks, { widthPx, heightPx });
  const lookOf = new Map(looks.map((look) => [look.facingId, look]));
  const catalogue = await places.catalogue.all();
  const startedAtMs = performance.now();
  let read = 0;
  for (const { id: facingId, box: region } of undecided) {
    if (performance.now() - startedAtMs > limitMs) break;
    onProgress?.({ stage: 'read', done: read, total: undecided.length, unit: 'items' });
    const text = await places.vision.readText(frameId, { script: 'auto', region }, call);
    const candidates = new Set(lookOf.get(facingId)?.matches.map(({ productId }) => productId));
    const words = productWords(catalogue, text, await matchWords(text, places, call));
    await onNews([{ facingId, words: words.filter(({ productId }) => candidates.has(productId)) }]);
    read++;
    await nextTurn();
  }
  return { read, total: undecided.length };
}
