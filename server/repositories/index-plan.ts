/**
 * @file When a collection is searched exactly, when an index is trained, and how wide a search looks. Pure rules; the figures behind
 * them are in docs/server.md and come from tests/bench/index.
 */

/** Up to here every vector is compared, unless the settings say otherwise. */
export const EXACT_ROWS = 100_000;
/** Retrain when the collection has grown by this factor since it was trained. */
const RETRAIN_GROWTH = 2;
/** Up to so many matching rows are compared one by one: reading each costs the engine about 25 µs, so 70,000 take over a second. */
const NARROW_ROWS = 4_000;
/** From this share of matching rows on, a filter is applied to the answer: see {@link wideAnswers}. */
const WIDE_SHARE = 0.2;
/** … for so many neighbours at most: each of the many asked for is read whole. */
const WIDE_K = 50;
/** … and so many times what would do if matching rows were spread evenly. */
const WIDE_MARGIN = 1.5;
const WIDE_MORE = 5;
/**
 * [Note: Three bits] Bits a dimension of the codes. Reading a full vector costs the engine 25 µs of CPU, comparing a code next to nothing: with
 * three bits 30 candidates suffice where one bit needs 200, which halves the CPU time of a search; five bits find no more.
 */
export const CODE_BITS = 3;
/** Cells of the index that a search looks into, without a filter: at seven million 40 find .94 of the ten nearest, 100 find .97 and cost twice. */
const PROBES = 40;
/** With a filter, before its share is accounted for. */
const FILTERED_PROBES = 50;
const MAXIMUM_PROBES = 800;
/** Candidates whose full vectors are compared, … */
const CANDIDATES = 30;
/** … and at least so many times what was asked for. */
const CANDIDATE_FACTOR = 3;

/**
 * @returns true when an index shall be trained (again).
 * @param trainedOn rows at the last training; null: never.
 * @param exactRows up to here no index is needed.
 */
export function isTrainingDue(rows: number, trainedOn: number | null, exactRows: number): boolean {
  return rows > exactRows && (trainedOn === null || rows >= trainedOn * RETRAIN_GROWTH);
}

/** @returns cells for so many rows. */
export function partitionsOf(rows: number): number {
  return Math.max(1, Math.round(Math.sqrt(rows)));
}

/** @returns true when the rows that match a filter shall be compared one by one. */
export function isNarrow(matching: number): boolean {
  return matching <= NARROW_ROWS;
}

/**
 * Under a filter that many rows match, the engine would first list them all, millions. It is cheaper to ask for more neighbours and to drop those
 * that do not match; should fewer than `k` remain, the engine is asked with the filter after all.
 * @returns how many neighbours to ask for; null: too few rows match.
 */
export function wideAnswer(k: number, share01: number): number | null {
  return share01 < WIDE_SHARE || k > WIDE_K ? null : Math.ceil((k / share01) * WIDE_MARGIN) + WIDE_MORE;
}

/**
 * How wide an approximate search looks.
 * @param share01 of rows that match the filter; 1 without one. Few matches lie in more cells, so more cells are looked into.
 */
export function effortOf(k: number, share01: number): { readonly probes: number; readonly refine: number } {
  const probes = share01 === 1 ? PROBES : Math.min(MAXIMUM_PROBES, Math.round(FILTERED_PROBES / Math.sqrt(Math.max(share01, 1e-6))));
  return { probes, refine: Math.ceil(Math.max(CANDIDATES, k * CANDIDATE_FACTOR) / k) };
}
