/** @file What to do so that a bay is as planned, in walking order, and what of it a second photo shows as done. Pure; any thread. */
import type { Compliance, PlanogramDifference } from '../../../contracts/shelf.ts';

/** What one has to do. */
export type FixAction = 'refill' | 'put' | 'move' | 'add-facings' | 'remove-facings' | 'take-away';

/** One thing to do. */
export interface FixItem {
  /** Of the difference. */
  readonly id: string;
  readonly action: FixAction;
  readonly difference: PlanogramDifference;
}

/** Surest first is no order to walk in; differences below this are left to the auditor's eye, at the end. */
const DOUBTFUL = 0.35;

/** @returns in walking order, doubtful ones last. */
export function fixList({ differences }: Pick<Compliance, 'differences'>): FixItem[] {
  const items = differences.map((difference): FixItem => ({ id: difference.id, action: actionOf(difference), difference }));
  const isDoubtful = ({ difference }: FixItem): boolean => difference.confidence01 < DOUBTFUL;
  return [...items.filter((item) => !isDoubtful(item)), ...items.filter(isDoubtful)];
}

function actionOf({ kind, expected, found }: PlanogramDifference): FixAction {
  switch (kind) {
    case 'out-of-stock':
      return 'refill';
    case 'missing':
      return 'put';
    case 'misplaced':
      return 'move';
    case 'foreign':
      return 'take-away';
    case 'wrong-facings':
      return (found?.facings ?? 0) < (expected?.facings ?? 0) ? 'add-facings' : 'remove-facings';
  }
}

/** What a second reading says of one thing to do. */
export type FixState = 'done' | 'open' | 'not-seen';

/**
 * Done: the second reading shows the place, and nothing wrong with it. Not seen: the photo does not show enough to say.
 * @param after the second reading against the same planogram.
 * @returns by id of the item.
 */
export function checkFixes(items: readonly FixItem[], after: Compliance): Map<string, FixState> {
  const stillWrong = new Set(after.differences.map(problemKey));
  const undecided = new Set((after.undecidedPlaces ?? []).map(({ sku, expected }) => placeKey(sku, expected.row, expected.position)));
  return new Map(
    items.map(({ id, difference }) => {
      const { sku, expected } = difference;
      if (stillWrong.has(problemKey(difference))) return [id, 'open'] as const;
      return [id, expected !== null && undecided.has(placeKey(sku, expected.row, expected.position)) ? 'not-seen' : 'done'] as const;
    }),
  );
}

/** One problem however it shows: a missing product that stands elsewhere by now is still that product's problem. */
function problemKey({ sku, expected }: PlanogramDifference): string {
  return expected === null ? sku : placeKey(sku, expected.row, expected.position);
}

function placeKey(sku: string, row: number, position: number): string {
  return JSON.stringify([sku, row, position]);
}
