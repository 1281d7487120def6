/** @file Changes that a user makes to a planogram. Each gives a new one and keeps the columns of a shelf in a row. Pure; any thread. */
import { AppError } from '../../../contracts/errors.ts';
import { planogramRowSchema, type Planogram, type PlanogramRow } from '../../../contracts/shelf.ts';

/** One change; `index` counts the planogram's rows. */
export type PlanogramEdit =
  | { readonly kind: 'insert'; readonly shelf: number; readonly position: number; readonly row: Omit<PlanogramRow, 'shelf' | 'position'> }
  | { readonly kind: 'remove'; readonly index: number }
  | { readonly kind: 'move'; readonly index: number; readonly shelf: number; readonly position: number }
  | { readonly kind: 'change'; readonly index: number; readonly values: Partial<Omit<PlanogramRow, 'shelf' | 'position'>> }
  | { readonly kind: 'insert-shelf'; readonly shelf: number }
  | { readonly kind: 'remove-shelf'; readonly shelf: number };

/**
 * @param planogram of one bay.
 * @returns a new planogram, `source` and `updatedAtMs` as told; what stood to the right moves along.
 * @throws AppError('invalid-input') for an index that is not there, or values that the contract does not allow.
 */
export function editPlanogram(planogram: Planogram, edit: PlanogramEdit, nowMs: number): Planogram {
  return { ...planogram, rows: editedRows(planogram.rows, edit), source: 'user', updatedAtMs: nowMs };
}

function editedRows(rows: readonly PlanogramRow[], edit: PlanogramEdit): PlanogramRow[] {
  switch (edit.kind) {
    case 'insert':
      return inserted(rows, { ...edit.row, shelf: edit.shelf, position: edit.position });
    case 'remove': {
      const { rest } = taken(rows, edit.index);
      return rest;
    }
    case 'move': {
      const { row, rest } = taken(rows, edit.index);
      return inserted(rest, { ...row, shelf: edit.shelf, position: edit.position });
    }
    case 'change': {
      const row = rowAt(rows, edit.index);
      const changed = checked({ ...row, ...edit.values });
      const wider = changed.facingsWide - row.facingsWide;
      return sorted(
        rows.map((other, i) => {
          if (i === edit.index) return changed;
          return other.shelf === row.shelf && other.position > row.position
            ? checked({ ...other, position: other.position + wider })
            : other;
        }),
      );
    }
    case 'insert-shelf':
      return rows.map((row) => (row.shelf >= edit.shelf ? checked({ ...row, shelf: row.shelf + 1 }) : row));
    case 'remove-shelf':
      return rows
        .filter(({ shelf }) => shelf !== edit.shelf)
        .map((row) => (row.shelf > edit.shelf ? { ...row, shelf: row.shelf - 1 } : row));
  }
}

/** Put where it begins, or after the product whose columns it would part. */
function inserted(rows: readonly PlanogramRow[], row: PlanogramRow): PlanogramRow[] {
  const parted = rows.find(
    ({ shelf, position, facingsWide }) => shelf === row.shelf && position < row.position && position + facingsWide > row.position,
  );
  const position = parted === undefined ? row.position : parted.position + parted.facingsWide;
  const isTaken = rows.some(
    (other) => other.shelf === row.shelf && other.position < position + row.facingsWide && other.position + other.facingsWide > position,
  );
  const moved = rows.map((other) =>
    isTaken && other.shelf === row.shelf && other.position >= position
      ? checked({ ...other, position: other.position + row.facingsWide })
      : other,
  );
  return sorted([...moved, checked({ ...row, position })]);
}

/** The columns that it held close up. */
function taken(rows: readonly PlanogramRow[], index: number): { row: PlanogramRow; rest: PlanogramRow[] } {
  const row = rowAt(rows, index);
  const rest = rows
    .filter((_, i) => i !== index)
    .map((other) =>
      other.shelf === row.shelf && other.position > row.position ? { ...other, position: other.position - row.facingsWide } : other,
    );
  return { row, rest };
}

function rowAt(rows: readonly PlanogramRow[], index: number): PlanogramRow {
  const row = rows[index];
  if (row === undefined) throw new AppError('invalid-input', `the planogram has no row ${index}`);
  return row;
}

function checked(row: PlanogramRow): PlanogramRow {
  const parsed = planogramRowSchema.safeParse(row);
  if (!parsed.success) throw new AppError('invalid-input', `not a row of a planogram: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
  return parsed.data;
}

function sorted(rows: readonly PlanogramRow[]): PlanogramRow[] {
  return [...rows].sort((a, b) => a.shelf - b.shelf || a.position - b.position);
}
