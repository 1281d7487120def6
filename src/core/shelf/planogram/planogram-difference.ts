/** @file How a shelf differs from what its planogram expects. Pure; any thread. */
import type { PlanogramDifference, ShelfPlace } from '../../../contracts/shelf.ts';
import type { BlockOutcome } from './block-outcome.ts';
import { placeOfPlan } from './expected-shelves.ts';
import { meanConfidence, type FoundColumn } from './found-column.ts';

/** Confidence of what is not there: never as certain as what is. */
const ABSENT_CONFIDENCE = 0.85;

/** @returns what is wrong with a block at its place; none or one. */
export function blockDifferences({ block, right, gaps, unsure, holes, extra, unseen }: BlockOutcome): PlanogramDifference[] {
  const { planned } = block;
  const { sku, name, facingsWide } = planned;
  const expected = placeOfPlan(planned);
  const standing = [...right, ...extra];
  if (standing.length === 0) {
    const seen = facingsWide - unseen;
    // What nobody could name may be the product.
    if (seen <= 0 || unsure.length * 2 >= seen) return [];
    const empty = [...gaps, ...holes];
    const confidence01 = (ABSENT_CONFIDENCE * (seen - unsure.length)) / facingsWide;
    if (empty.length * 2 >= seen - unsure.length)
      return [planogramDifference('out-of-stock', sku, name, expected, [], empty, meanConfidence(empty))];
    return [planogramDifference('missing', sku, name, expected, [], [], unsure.length > 0 ? confidence01 / 2 : confidence01)];
  }
  const most = standing.length + unsure.length + holes.length + unseen;
  if (standing.length === facingsWide || (standing.length < facingsWide && most >= facingsWide)) return [];
  const isDoubtful = unsure.length + holes.length + unseen > 0;
  const confidence01 = meanConfidence(standing) * (isDoubtful ? 0.5 : 1) * (gaps.length > 0 ? Math.max(0.5, meanConfidence(gaps)) : 0.9);
  return [planogramDifference('wrong-facings', sku, name, expected, standing, gaps, confidence01)];
}

/** @param expected null for what the planogram does not list. @param confidence01 brought between 0 and 1. */
export function planogramDifference(
  kind: PlanogramDifference['kind'],
  sku: string,
  name: string,
  expected: ShelfPlace | null,
  found: readonly FoundColumn[],
  gaps: readonly FoundColumn[],
  confidence01: number,
): PlanogramDifference {
  const ordered = [...found].sort((a, b) => a.row - b.row || a.position - b.position);
  const first = ordered[0];
  // By what the planogram says, so that a second reading's differences can be told to be the same; what it does not list, by its place.
  const place =
    expected === null || kind === 'misplaced'
      ? `${kind} ${first === undefined || first.photo === 0 ? '' : `photo ${first.photo} `}${first?.row ?? 0} ${first?.position ?? 0}`
      : `${expected.row} ${expected.position}`;
  return {
    id: `${sku} ${expected === null ? '' : `${expected.row} ${expected.position} `}${place}`,
    kind,
    sku,
    name,
    expected,
    found: first === undefined ? null : { row: first.row, position: first.position, facings: ordered.length },
    facingIds: ordered.flatMap(({ facingIds }) => facingIds),
    gapIds: gaps.flatMap(({ gapId }) => gapId ?? []),
    confidence01: Math.max(0, Math.min(1, confidence01)),
  };
}
