/**
 * @file Row ids of the engine, as it gives them: 64-bit numbers, which are objects here. They count files and rows, so that doubles hold them.
 */
import type { Table } from 'apache-arrow';

/** What LanceDB calls the column. */
export const ROW_ID = '_rowid';

/** @returns the row ids of a table, in its order. */
export function rowIdsOf(table: Table): Float64Array {
  const ids = new Float64Array(table.numRows);
  let row = 0;
  for (const { values, length } of table.getChild(ROW_ID)?.data ?? []) {
    const { buffer, byteOffset } = values as BigUint64Array;
    const halves = new Uint32Array(buffer, byteOffset, length * 2);
    for (let n = 0; n < length; n++) ids[row++] = halves[n * 2 + 1]! * 2 ** 32 + halves[n * 2]!;
  }
  return ids;
}

/** Row ids that are asked for one by one. */
export class RowIdSet {
  readonly #sorted: Float64Array;

  constructor(ids: Float64Array) {
    this.#sorted = ids.toSorted();
  }

  get size(): number {
    return this.#sorted.length;
  }

  has(id: number): boolean {
    let low = 0;
    let high = this.#sorted.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#sorted[middle]!;
      if (found === id) return true;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}
