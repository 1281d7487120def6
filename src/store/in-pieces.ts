/** @file Thousands of rows, read piece by piece: what is read at once is unpacked at once, and the page waits for it. Thread: any. */

/** Rows of one piece: unpacked in a few milliseconds. */
export const PIECE = 200;

/**
 * @param range of keys, with both ends. @param read rows of a range in the order of their keys, as many at most; each in a transaction of its own, or
 * all in one. @param keyOf a row's key within the range.
 * @returns all of them; what changes while it reads may be in it or not.
 */
export async function inPieces<Row>(
  range: IDBKeyRange,
  read: (range: IDBKeyRange, count: number) => Promise<Row[]>,
  keyOf: (row: Row) => IDBValidKey,
  count: number = PIECE,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let rest = range; ;) {
    const piece = await read(rest, count);
    rows.push(...piece);
    if (piece.length < count) return rows;
    rest = IDBKeyRange.bound(keyOf(piece.at(-1)!), range.upper, true, range.upperOpen);
  }
}
