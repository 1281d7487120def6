/** @file Checks vectors and items before they are logged, stored or searched for. */
import type { CreateCollection } from '../../../src/contracts/server-api.ts';
import type { AnnItem } from '../../vectors/ann-index.ts';
import { requireFields } from '../../vectors/item-rows.ts';
import { HttpProblem } from '../http/problem.ts';

/** @throws HttpProblem 400 when the collection holds vectors of another space. */
export function requireSpace(collection: CreateCollection, space: string): void {
  if (space !== collection.space)
    throw new HttpProblem(400, 'invalid-input', `This collection holds ${collection.space} vectors, not ${space}.`);
}

/**
 * @returns the item with a checked vector.
 * @throws HttpProblem 400 for its vector | AppError('invalid-input') for a value of another type than its field is declared.
 */
export function checkedItem(
  collection: CreateCollection,
  space: string,
  item: Omit<AnnItem, 'vector'> & { readonly vector: ArrayLike<number> },
): AnnItem {
  requireFields(collection, item.metadata);
  return { ...item, vector: checkedVector(collection, space, item.vector, item.id) };
}

/** @returns a copy as floats. @throws HttpProblem 400, so that nothing wrong is ever logged or stored. */
export function checkedVector(collection: CreateCollection, space: string, vector: ArrayLike<number>, id?: string): Float32Array {
  const where = id === undefined ? '' : ` (item "${id}")`;
  requireSpace(collection, space);
  if (vector.length !== collection.dimensions)
    throw new HttpProblem(400, 'invalid-input', `Expected ${collection.dimensions} dimensions, got ${vector.length}${where}.`);
  const floats = Float32Array.from(vector);
  let sum = 0;
  for (const value of floats) sum += value * value;
  if (!Number.isFinite(sum)) throw new HttpProblem(400, 'invalid-input', `The vector has a value that is not a finite number${where}.`);
  if (sum < 1e-12) throw new HttpProblem(400, 'invalid-input', `The vector is zero and points nowhere${where}.`);
  return floats;
}
