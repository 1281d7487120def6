/** @file The quota of a collection: whether items that come would fit in. */
import { HttpProblem } from '../http/problem.ts';
import type { ServedCollection } from './open-collections.ts';

/** Ids looked up at a time. */
const PAGE = 1000;

/** @throws HttpProblem 507 when these ids and `pending` others would not fit into the collection's quota. */
export async function requireRoom({ description, index }: ServedCollection, ids: readonly string[], pending = 0): Promise<void> {
  if (description.quota === null) return;
  const { maximumItems } = description.quota;
  const count = await index.count();
  if (count + pending + ids.length <= maximumItems) return;
  let existing = 0;
  const unique = [...new Set(ids)];
  for (let start = 0; start < unique.length; start += PAGE) existing += (await index.get(unique.slice(start, start + PAGE))).length;
  if (count + pending + unique.length - existing > maximumItems)
    throw new HttpProblem(
      507,
      'quota-exceeded',
      `Collection "${description.name}" may hold ${maximumItems} items. Nothing of this write was kept.`,
    );
}
