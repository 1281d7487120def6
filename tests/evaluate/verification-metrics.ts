/** @file How well a likeness tells pairs of one person from pairs of two. */

/** Two pictures. */
export interface PairResult {
  readonly isSame: boolean;
  /** Null: no face was found in one of them; counts as less alike than any other. */
  readonly likeness: number | null;
}

/** What {@link verificationFigures} gives. */
export interface VerificationFigures {
  readonly [name: string]: number;
}

/** Share of pairs of two people that may be taken for one where recall is read. */
const FALSE_ACCEPTS = [
  ['tar_far_1e2', 1e-2],
  ['tar_far_1e3', 1e-3],
] as const;

/**
 * @param threshold from which on the app would say "one person" among few.
 * @returns `accuracy` at that threshold, classes weighing alike; `auc`, area under the curve, ties count half; `tar_far_…`, pairs of one person that are
 * accepted where so many of two are; means and standard deviations of both likenesses, and counts.
 */
export function verificationFigures(pairs: readonly PairResult[], threshold: number): VerificationFigures {
  const same = sorted(pairs.filter(({ isSame }) => isSame));
  const other = sorted(pairs.filter(({ isSame }) => !isSame));
  const accepted = (likenesses: readonly number[], at: number): number => likenesses.filter((each) => each >= at).length;
  let wins = 0;
  for (const each of same) for (const against of other) wins += each > against ? 1 : each === against ? 0.5 : 0;
  const falseAccepts = FALSE_ACCEPTS.map(([name, share]) => {
    // The likeness that just so many pairs of two people exceed.
    const limit = other[Math.floor(other.length * share)] ?? -Infinity;
    return [name, same.filter((each) => each > limit).length / same.length] as const;
  });
  const seen = (likenesses: readonly number[]): number[] => likenesses.filter((each) => each > -Infinity);
  return {
    accuracy: (accepted(same, threshold) / same.length + 1 - accepted(other, threshold) / other.length) / 2,
    auc: wins / (same.length * other.length),
    ...Object.fromEntries(falseAccepts),
    same_mean: mean(seen(same)),
    same_deviation: deviation(seen(same)),
    other_mean: mean(seen(other)),
    other_deviation: deviation(seen(other)),
    pairs_same: same.length,
    pairs_other: other.length,
  };
}

/** Most alike first. */
function sorted(pairs: readonly PairResult[]): number[] {
  return pairs.map(({ likeness }) => likeness ?? -Infinity).sort((a, b) => b - a);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
