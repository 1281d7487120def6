/** @file The words of the photo against the words read in gallery photos. Thread: page or Node. */
import { toAppError } from '../contracts/errors.ts';
import type { TextReading, WordMatch } from '../contracts/results.ts';
import type { CallOptions } from '../contracts/task.ts';
import { photoWords } from '../core/photo-words.ts';
import type { Pipeline } from './pipeline.ts';

/** Products asked for. */
const PRODUCTS = 30;

/**
 * @returns products whose photos show the same words; none when nothing was read. A failure costs this cue only.
 * @throws AppError('cancelled')
 */
export async function matchWords(
  text: TextReading | null,
  pipeline: Pick<Pipeline, 'index'>,
  call: CallOptions,
): Promise<readonly WordMatch[]> {
  const words = text === null ? [] : photoWords(text);
  if (words.length === 0) return [];
  try {
    return await pipeline.index.matchWords(words, PRODUCTS, call);
  } catch (caught) {
    if (toAppError(caught).code === 'cancelled') throw caught;
    return [];
  }
}
