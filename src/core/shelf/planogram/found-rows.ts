/** @file The rows of a shelf as a photo shows them, column by column. Pure; any thread. */
import type { ShelfReading } from '../../../contracts/shelf.ts';
import { isDoubtful } from '../doubtful-gap.ts';
import { knownProductOf } from '../find-blocks.ts';
import type { FoundColumn } from './found-column.ts';

/** With less room than this between a row's end and the frame's edge, in widths of its last facing, the row may go on outside. */
const ROOM = 0.8;

/** Whether a row may go on outside the frame. */
export interface RowEnds {
  readonly isOpenLeft: boolean;
  readonly isOpenRight: boolean;
}

/** Columns from the left. */
export interface FoundRow extends RowEnds {
  readonly columns: readonly FoundColumn[];
}

/** Ends of a row that is all in the photo. */
export const CLOSED: RowEnds = { isOpenLeft: false, isOpenRight: false };

/** @param photo number of the photo. @returns rows from the top; a stack is what its lowest facing is. */
export function foundRows({ facings, layout }: ShelfReading, photo: number): FoundRow[] {
  const facingOf = new Map(facings.map((facing) => [facing.id, facing]));
  const numbers = [...new Set(layout.rows.map(({ row }) => row))].sort((a, b) => a - b);
  return numbers.map((row) => {
    const columns = new Map<number, FoundColumn>();
    const inRow = layout.placements.filter((placement) => placement.row === row).sort((a, b) => a.level - b.level);
    for (const { facingId, position } of inRow) {
      const facing = facingOf.get(facingId);
      const column = columns.get(position);
      if (facing === undefined) continue;
      if (column !== undefined) columns.set(position, { ...column, facingIds: [...column.facingIds, facingId] });
      else
        columns.set(position, {
          ...{ photo, row, position },
          facingIds: [facingId],
          gapId: null,
          isHole: false,
          productId: knownProductOf(facing),
          facing,
          expectedProductId: null,
          confidence01: facing.identity?.saidBy === 'user' ? 1 : (facing.identity?.probability01 ?? 0),
        });
    }
    for (const { id, row: gapRow, position, expectedProductId, confidence01, saidBy } of layout.gaps) {
      if (gapRow !== row || columns.has(position)) continue;
      const isHole = isDoubtful({ saidBy, confidence01 });
      columns.set(position, {
        ...{ photo, row, position },
        facingIds: [],
        gapId: id,
        isHole,
        productId: null,
        facing: null,
        expectedProductId,
        confidence01,
      });
    }
    const boxes = inRow.flatMap(({ facingId }) => facingOf.get(facingId)?.box ?? []);
    return {
      columns: [...columns.values()].sort((a, b) => a.position - b.position),
      isOpenLeft: boxes.some(({ x, width }) => x < ROOM * width),
      isOpenRight: boxes.some(({ x, width }) => x + width > 1 - ROOM * width),
    };
  });
}
