/**
 * @file A reading against a planogram: what is right, and in which ways the rest differs. Pure; any thread.
 *
 * [Note: Comparing] Shelves are laid against rows, then the columns of each shelf against those of its row, both in order and both free
 * to leave something out, so that neither a photo of part of the bay nor one product too many shifts all that follows. What then
 * stands at its place is right. What is left over on both sides is put together by product: expected here and found there is
 * misplaced. A facing that nobody could name, or that is only likely to be something else, is neither right nor wrong: it takes the place
 * that it stands at out of the count.
 *
 * [Note: Photos apart] Photos that could not be laid over each other are each compared by themselves, the rest of the bay unseen. What is
 * known of a block is then the sum of what they saw, as long as that is no more than the block: else two saw the same, and the photo that
 * saw most of it counts. What stands where it should not counts in every photo.
 */
import type { Compliance, PlanogramDifference, PlanogramRow, ShelfPlace, ShelfReading } from '../../../contracts/shelf.ts';
import type { ComparedView } from './align-bay.ts';
import { joinedOutcome, type BlockOutcome } from './block-outcome.ts';
import { comparePhoto } from './compare-photo.ts';
import { expectedShelves, placeOfPlan } from './expected-shelves.ts';
import { meanConfidence } from './found-column.ts';
import { foundRows } from './found-rows.ts';
import { blockDifferences, planogramDifference } from './planogram-difference.ts';

/** What may be said beside the two. */
export interface CompareOptions {
  /** Default `auto`. */
  readonly view?: ComparedView;
  /** Product of a planogram's SKU, where they have different names. Default: the same. */
  readonly productOf?: (sku: string) => string;
  /** Name of a product that the planogram does not list. Default: its id. */
  readonly nameOf?: (productId: string) => string;
}

/**
 * @param readings of one bay: one for all photos that could be laid over each other, else one for each ([Note: Photos apart]).
 * @param planogram of the bay that they show.
 * Facings are counted as columns: what stands on top of another is stock, and falls with every sale.
 */
export function comparePlanogram(
  readings: readonly ShelfReading[],
  planogram: { readonly rows: readonly PlanogramRow[] },
  options: CompareOptions = {},
): Compliance {
  const { productOf = (sku: string) => sku, nameOf = (id: string) => id, view = 'auto' } = options;
  const shelves = expectedShelves(planogram.rows, productOf);
  const photos = readings.map((reading, photo) => comparePhoto(shelves, foundRows(reading, photo), readings.length > 1 ? 'auto' : view));
  const strayBlocks = photos.flatMap(({ strays }) => strays);
  const outcomes = photos.length === 0 ? [] : photos[0]!.outcomes.map((_, at) => joinedOutcome(photos.map((photo) => photo.outcomes[at]!)));
  const expectedProducts = new Map<string, BlockOutcome[]>();
  for (const outcome of outcomes)
    expectedProducts.set(outcome.block.productId, [...(expectedProducts.get(outcome.block.productId) ?? []), outcome]);
  const differences: PlanogramDifference[] = [];
  const moved = new Set<BlockOutcome>();
  for (const stray of strayBlocks.sort((a, b) => b.length - a.length)) {
    const productId = stray[0]!.productId!;
    const homes = expectedProducts.get(productId) ?? [];
    const home = homes.find((outcome) => !moved.has(outcome) && outcome.right.length === 0) ?? homes[0];
    if (home === undefined) {
      differences.push(planogramDifference('foreign', productId, nameOf(productId), null, stray, [], meanConfidence(stray)));
      continue;
    }
    if (home.right.length === 0) moved.add(home);
    const { planned } = home.block;
    differences.push(planogramDifference('misplaced', planned.sku, planned.name, placeOfPlan(planned), stray, [], meanConfidence(stray)));
  }
  for (const outcome of outcomes) if (!moved.has(outcome)) differences.push(...blockDifferences(outcome));

  return { ...scoreOf(outcomes), differences: walkingOrder(differences) };
}

function scoreOf(
  outcomes: readonly BlockOutcome[],
): Pick<Compliance, 'score01' | 'expectedFacings' | 'rightFacings' | 'undecidedFacings' | 'undecidedPlaces'> {
  let [expectedFacings, rightFacings, undecidedFacings] = [0, 0, 0];
  const undecidedPlaces: { sku: string; expected: ShelfPlace }[] = [];
  for (const { block, right, unsure, holes, unseen } of outcomes) {
    const undecided = Math.min(block.planned.facingsWide - right.length, unsure.length + holes.length + unseen);
    undecidedFacings += undecided;
    if (undecided > 0) undecidedPlaces.push({ sku: block.planned.sku, expected: placeOfPlan(block.planned) });
    expectedFacings += block.planned.facingsWide - undecided;
    rightFacings += right.length;
  }
  const score01 = expectedFacings === 0 ? 0 : rightFacings / expectedFacings;
  return { score01, expectedFacings, rightFacings, undecidedFacings, undecidedPlaces };
}

/** By where one has to stand to mend it: row by row from the top, left to right. */
function walkingOrder(differences: readonly PlanogramDifference[]): PlanogramDifference[] {
  const at = ({ expected, found }: PlanogramDifference): ShelfPlace => expected ?? found!;
  return [...differences].sort((a, b) => at(a).row - at(b).row || at(a).position - at(b).position || a.id.localeCompare(b.id));
}
