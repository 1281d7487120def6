/** @file One line of what `npm run bench` prints. */

export interface BenchRow {
  readonly what: string;
  readonly ours: string;
  /** The peer's figure, or the limit. */
  readonly theirs: string;
  readonly ratio: string;
}

/** Middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
