/** @file Figures of kind `retrieval`: is a gallery photo of the right label among the nearest k? Pure. */

/** One query's outcome. */
export interface RetrievalResult {
  readonly file: string;
  readonly expected: string;
  /** Labels of the nearest gallery photos, nearest first; a label may come several times. */
  readonly got: readonly string[];
  readonly ms: number;
}

/** `recall_at_1`, `recall_at_5`, `recall_at_10`, 0..1; empty without queries. */
export function retrievalMetrics(results: readonly RetrievalResult[]): Record<string, number> {
  if (results.length === 0) return {};
  const recallAt = (k: number): number => results.filter(({ expected, got }) => got.slice(0, k).includes(expected)).length / results.length;
  return { recall_at_1: recallAt(1), recall_at_5: recallAt(5), recall_at_10: recallAt(10) };
}
