/** @file Two sequences laid against each other so that what belongs together stands together. Pure; any thread. */

/** Indexes that stand together; null where one side has nothing. */
export interface AlignedPair {
  readonly a: number | null;
  readonly b: number | null;
}

/** What an alignment is worth. */
export interface AlignmentScores {
  /** Of putting `a[i]` and `b[j]` together. */
  readonly pair: (a: number, b: number) => number;
  /** Of leaving out `a[i]` after so many of the other side, or `b[j]`; negative. */
  readonly skipA: (a: number, afterB: number) => number;
  readonly skipB: (b: number) => number;
}

/**
 * The alignment of highest sum, order kept on both sides (Needleman & Wunsch 1970). Ties prefer pairs.
 * @returns all of both, in order.
 */
export function alignSequences(
  lengthA: number,
  lengthB: number,
  { pair, skipA, skipB }: AlignmentScores,
): { pairs: AlignedPair[]; score: number } {
  const width = lengthB + 1;
  const best = new Float64Array((lengthA + 1) * width);
  const step = new Uint8Array((lengthA + 1) * width); // 0 pair, 1 skip a, 2 skip b
  for (let i = 0; i <= lengthA; i++)
    for (let j = 0; j <= lengthB; j++) {
      if (i === 0 && j === 0) continue;
      let [top, how] = [-Infinity, 0];
      if (i > 0 && j > 0) top = best[(i - 1) * width + j - 1]! + pair(i - 1, j - 1);
      if (i > 0) {
        const value = best[(i - 1) * width + j]! + skipA(i - 1, j);
        if (value > top + 1e-9) [top, how] = [value, 1];
      }
      if (j > 0) {
        const value = best[i * width + j - 1]! + skipB(j - 1);
        if (value > top + 1e-9) [top, how] = [value, 2];
      }
      best[i * width + j] = top;
      step[i * width + j] = how;
    }
  const pairs: AlignedPair[] = [];
  let [i, j] = [lengthA, lengthB];
  while (i > 0 || j > 0) {
    const how = step[i * width + j]!;
    const a = how === 2 ? null : --i;
    const b = how === 1 ? null : --j;
    pairs.push({ a, b });
  }
  return { pairs: pairs.reverse(), score: best[lengthA * width + lengthB]! };
}
