/** @file Places of a row that are empty or hold a facing that was overlooked: nobody can say. Pure; any thread. */
import type { ShelfGap } from '../../contracts/shelf.ts';

/** [Note: Doubtful gaps] From this probability on a place counts as empty; chosen where drawn shelves have the best F1 (docs/shelf.md). */
export const MIN_EMPTY01 = 0.3;

/** Whether a gap counts as a position only: it is no empty place that anybody should fill. */
export function isDoubtful({ saidBy, confidence01 }: Pick<ShelfGap, 'saidBy' | 'confidence01'>): boolean {
  return saidBy !== 'user' && confidence01 < MIN_EMPTY01;
}
