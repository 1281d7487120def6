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
/**
 * [Note: Filter by code] Under a filter the engine compares the codes that match one by one, 6.5 µs of CPU each; without one it compares all of a
 * cell's 2,600 in 80 µs. So the nearest codes are asked for without the filter, enough of them that those which match are among them, and the
 * filter is applied here: by the row ids that match where they are few, else by the fields of the rows found.
 */
const MARGIN = 1.2;
/** Row ids of matching rows are listed up to so many: 14 ms of CPU for 70,000, then kept until the next write. */
const MOST_LISTED = 400_000;
/** Fields are read of so many rows at most, 40 to 100 µs each. */
const MOST_READ = 700;
/** Where more codes would have to be asked for, few rows match, and the engine compares those as quickly by itself. */
const MOST_CODES = 8_000;
/**
 * [Note: Three bits] Bits a dimension of the codes. Reading a full vector costs the engine 100 µs, comparing a code 30 ns: with
 * three bits 20 to 30 candidates suffice where one bit needs 200, which halves the CPU time of a search; five bits find no more.
 */
export const CODE_BITS = 3;
/**
 * [Note: Codes scanned] A search looks into as many cells of the index as hold so many codes, 30 ns each: 36 cells at seven million, where 30 find
 * .90 of the ten nearest and 40 find .92. A smaller collection has smaller cells, and as much time for more of them: at a million of 256
 * dimensions 22 cells find .82, 64 find .92, 90 find .94.
 */
const SCANNED_CODES = 95_000;
/** Beyond seven million a search takes longer rather than find less. */
const LEAST_CELLS = 36;
/**
 * With a filter: so many ÷ share^{@link FILTERED_POWER}: under one of 1 % at seven million 748 cells, where 505 found .923 in one index and .865 in
 * another of the same rows; under one of a half 106, which found .957.
 */
const FILTERED_CODES = 198_000;
const FILTERED_POWER = 0.5;
const MOST_SCANNED = 2_100_000;
/** Candidates whose full vectors are compared, 100 µs each. 30 find .016 more of the ten nearest. */
const CANDIDATES = 20;
/** … and at least so many times what was asked for. */
const CANDIDATE_FACTOR = 2;

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

/** How a filter is applied to the codes found: [Note: Filter by code]. */
type CodeFilter = 'by-row-ids' | 'by-fields';

/** @returns null when the engine shall apply it. @param matching rows that match, nearly. @param share01 of all rows. */
export function codeFilter(k: number, matching: number, share01: number): CodeFilter | null {
  const codes = codesFor(k, share01);
  if (codes <= MOST_READ) return 'by-fields';
  return matching <= MOST_LISTED && codes <= MOST_CODES ? 'by-row-ids' : null;
}

/** @returns codes to ask for, so that about {@link candidatesFor} of them match. */
export function codesFor(k: number, share01: number): number {
  return share01 === 0 ? Infinity : Math.ceil((candidatesFor(k) / share01) * MARGIN);
}

/** @returns rows whose full vectors are compared. */
export function candidatesFor(k: number): number {
  return Math.max(CANDIDATES, k * CANDIDATE_FACTOR);
}

/**
 * How wide an approximate search looks.
 * @param rows of the collection. @param share01 of rows that match the filter; 1 without one. Few matches lie in more cells, so more cells are
 * looked into.
 */
export function effortOf(k: number, rows: number, share01: number): { readonly probes: number; readonly refine: number } {
  const codes = share01 === 1 ? SCANNED_CODES : Math.min(MOST_SCANNED, FILTERED_CODES / Math.max(share01, 1e-6) ** FILTERED_POWER);
  const cells = partitionsOf(rows);
  return { probes: Math.min(cells, Math.max(LEAST_CELLS, Math.round((codes / rows) * cells))), refine: Math.ceil(candidatesFor(k) / k) };
}
