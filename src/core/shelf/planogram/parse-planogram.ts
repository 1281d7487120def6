/** @file Table + meaning of its columns → rows of a planogram, every fault with its line. Pure; any thread. */
import { planogramRowSchema, type PlanogramRow } from '../../../contracts/shelf.ts';
import type { ColumnMapping } from '../../table/guess-columns.ts';
import type { Table, TableRow } from '../../table/read-table.ts';
import type { PlanogramField, PlanogramProblem, PlanogramProblemCode } from './planogram-problem.ts';

/** How the file counts; whatever is absent is guessed from its figures. */
export interface PlanogramCounting {
  /** What the first shelf and the first position are called. */
  readonly shelvesFrom?: 0 | 1;
  readonly positionsFrom?: 0 | 1;
  /** Where the first shelf is. */
  readonly firstShelf?: 'top' | 'bottom';
  /** `columns`: a product of 3 facings at 1 is followed by one at 4; `order`: by one at 2. */
  readonly positionsAre?: 'columns' | 'order';
}

/** Rows that can be used, and everything that was wrong. */
export interface ParsedPlanogram {
  /** By store, bay, shelf, position. */
  readonly rows: readonly PlanogramRow[];
  /** In the order of the file; problems of the whole file first. */
  readonly problems: readonly PlanogramProblem[];
  /** How it was counted in the end. */
  readonly counting: Required<PlanogramCounting>;
}

/** Rows that the contract allows. */
const MAX_ROWS = 20_000;

/** One row as it stands in the file: numbers read, nothing renumbered. */
interface RawRow {
  readonly line: number;
  readonly shelf: number;
  readonly position: number | null;
  readonly sku: string;
  readonly rest: Omit<PlanogramRow, 'shelf' | 'position' | 'sku'>;
}

/**
 * @param mapping from `guessColumns`, corrected by the user.
 * @param isKnownSku whether the catalogue has it; without it no SKU is called unknown.
 */
export function parsePlanogram(
  table: Table,
  mapping: ColumnMapping<PlanogramField>,
  counting: PlanogramCounting = {},
  isKnownSku?: (sku: string) => boolean,
): ParsedPlanogram {
  const problems: PlanogramProblem[] = [];
  const fail = (code: PlanogramProblemCode, field: PlanogramField | null): ParsedPlanogram => {
    problems.push({ code, line: null, field, value: '', severity: 'file' });
    return { rows: [], problems, counting: completed(counting) };
  };
  if (table.rows.length === 0) return fail('no-rows', null);
  if (table.rows.length > MAX_ROWS) return fail('too-many-rows', null);
  if (mapping.shelf === undefined) return fail('missing-column', 'shelf');
  if (mapping.sku === undefined && mapping.name === undefined) return fail('missing-column', 'sku');
  if (mapping.position === undefined && mapping.xCm === undefined)
    problems.push({ code: 'position-from-order', line: null, field: 'position', value: '', severity: 'note' });

  const raw = table.rows.flatMap((row) => rawRow(row, table.header, mapping, problems) ?? []);
  const used: Required<PlanogramCounting> = {
    shelvesFrom: counting.shelvesFrom ?? (raw.some(({ shelf }) => shelf === 0) ? 0 : 1),
    positionsFrom: counting.positionsFrom ?? (raw.some(({ position }) => position === 0) ? 0 : 1),
    firstShelf: counting.firstShelf ?? firstShelfOf(raw),
    positionsAre: counting.positionsAre ?? positionsMeaning(raw),
  };
  const rows = numbered(raw, used, problems);
  if (isKnownSku !== undefined)
    for (const { row, line } of rows)
      if (!isKnownSku(row.sku)) problems.push({ code: 'unknown-sku', line, field: 'sku', value: row.sku.slice(0, 80), severity: 'note' });
  if (rows.length === 0) return { ...fail('no-rows', null), counting: used };
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { rows: rows.map(({ row }) => row), problems, counting: used };
}

function completed(counting: PlanogramCounting): Required<PlanogramCounting> {
  return { shelvesFrom: 1, positionsFrom: 1, firstShelf: 'top', positionsAre: 'columns', ...counting };
}

/** @returns null for a row that is left out; its problem is noted. */
function rawRow(
  row: TableRow,
  header: readonly string[],
  mapping: ColumnMapping<PlanogramField>,
  problems: PlanogramProblem[],
): RawRow | null {
  const cell = (field: PlanogramField): string => {
    const column = mapping[field];
    return column === undefined ? '' : (row.cells[column] ?? '').replace(/^'(?=[=+\-@])/u, '').trim();
  };
  const note = (code: PlanogramProblemCode, field: PlanogramField, severity: 'row' | 'note'): void => {
    problems.push({ code, line: row.line, field, value: cell(field).slice(0, 80), severity });
  };
  const number = (field: PlanogramField, { min, max }: { min: number; max: number }): number | null => {
    const text = cell(field);
    if (text === '') return null;
    const value = numberOf(text);
    if (value === null) {
      note('not-a-number', field, 'note');
      return null;
    }
    if (value >= min && value <= max) return value;
    note('out-of-range', field, 'note');
    return null;
  };
  const length = (field: PlanogramField): number | null => {
    const value = number(field, { min: -100_000, max: 1_000_000 });
    const name = header[mapping[field] ?? -1] ?? '';
    return value === null ? null : value * (/mm|ミリ/iu.test(name) ? 0.1 : /inch|\bin\b/iu.test(name) ? 2.54 : 1);
  };
  const size = (field: PlanogramField): number | null => {
    const value = length(field);
    return value !== null && value > 0 && value <= 100_000 ? value : null;
  };
  const words = (field: PlanogramField, limit: number): string => {
    const text = cell(field);
    if (text.length > limit) note('too-long', field, 'note');
    return text.slice(0, limit);
  };

  const sku = cell(mapping.sku === undefined ? 'name' : 'sku');
  if (sku === '') {
    note('missing-value', 'sku', 'row');
    return null;
  }
  if (sku.length > 200) {
    note('too-long', 'sku', 'row');
    return null;
  }
  const shelf = ordinalOf(cell('shelf'));
  if (shelf === null || shelf < 0 || shelf > 99) {
    note(cell('shelf') === '' ? 'missing-value' : shelf === null ? 'not-a-number' : 'out-of-range', 'shelf', 'row');
    return null;
  }
  const position = mapping.position === undefined ? null : ordinalOf(cell('position'));
  if (mapping.position !== undefined && (position === null || position < 0 || position > 999)) {
    note(cell('position') === '' ? 'missing-value' : position === null ? 'not-a-number' : 'out-of-range', 'position', 'row');
    return null;
  }
  const count = (field: 'facingsWide' | 'facingsHigh', max: number): number => Math.max(1, Math.round(number(field, { min: 1, max }) ?? 1));
  return {
    line: row.line,
    shelf,
    position,
    sku,
    rest: {
      store: words('store', 200) || null,
      bay: words('bay', 200) || null,
      name: words('name', 500),
      facingsWide: count('facingsWide', 500),
      facingsHigh: count('facingsHigh', 50),
      xCm: length('xCm'),
      yCm: length('yCm'),
      widthCm: size('widthCm'),
      heightCm: size('heightCm'),
      brand: words('brand', 300) || null,
      category: words('category', 300) || null,
      price: number('price', { min: 0, max: 1e9 }),
      isOwnLabel: truthOf(cell('isOwnLabel')),
    },
  };
}

/** Per shelf: places from the left, counted in columns, and whatever stands twice at one place. */
function numbered(
  raw: readonly RawRow[],
  counting: Required<PlanogramCounting>,
  problems: PlanogramProblem[],
): { row: PlanogramRow; line: number }[] {
  const done: { row: PlanogramRow; line: number }[] = [];
  for (const bay of groupedBy(raw, ({ rest }) => JSON.stringify([rest.store, rest.bay]))) {
    const last = Math.max(...bay.map(({ shelf }) => shelf));
    for (const shelf of groupedBy(bay, (row) => String(row.shelf))) {
      const taken = new Map<number, number>();
      let column = 0;
      const inOrder = shelf
        .map((row, order) => ({ row, at: row.position ?? row.rest.xCm ?? order }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);
      for (const { line, shelf: number, position, sku, rest } of inOrder) {
        if (position !== null && taken.has(position)) {
          problems.push({ code: 'duplicate-position', line, field: 'position', value: String(position), severity: 'row' });
          continue;
        }
        if (position !== null) taken.set(position, line);
        const isOrder = position === null || counting.positionsAre === 'order';
        const row = {
          ...rest,
          sku,
          shelf: counting.firstShelf === 'top' ? number - counting.shelvesFrom : last - number,
          position: isOrder ? column : position - counting.positionsFrom,
        };
        column += rest.facingsWide;
        const checked = planogramRowSchema.safeParse(row);
        if (checked.success) done.push({ row: checked.data, line });
        else problems.push({ code: 'out-of-range', line, field: fieldOf(checked.error.issues[0]?.path[0]), value: '', severity: 'row' });
      }
    }
  }
  const text = (value: string | null): string => value ?? '';
  return done.sort(
    ({ row: a }, { row: b }) =>
      text(a.store).localeCompare(text(b.store)) || text(a.bay).localeCompare(text(b.bay)) || a.shelf - b.shelf || a.position - b.position,
  );
}

function fieldOf(name: PropertyKey | undefined): PlanogramField | null {
  return (name ?? null) as PlanogramField | null;
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Shelf numbers that rise with the height above the floor count from below. */
function firstShelfOf(raw: readonly RawRow[]): 'top' | 'bottom' {
  const heights = new Map<number, number>();
  for (const { shelf, rest } of raw) if (rest.yCm !== null && !heights.has(shelf)) heights.set(shelf, rest.yCm);
  const ordered = [...heights].sort(([a], [b]) => a - b).map(([, height]) => height);
  return ordered.length >= 2 && ordered.every((height, i) => i === 0 || height > ordered[i - 1]!) ? 'bottom' : 'top';
}

/** Whether the next product's position is one more, or as many more as the product has facings. */
function positionsMeaning(raw: readonly RawRow[]): 'columns' | 'order' {
  let [asColumns, asOrder] = [0, 0];
  for (const shelf of groupedBy(raw, ({ shelf: number, rest }) => JSON.stringify([rest.store, rest.bay, number]))) {
    const sorted = shelf.filter(({ position }) => position !== null).sort((a, b) => a.position! - b.position!);
    sorted.forEach(({ position, rest }, i) => {
      const next = sorted[i + 1]?.position;
      if (next === undefined || next === null || rest.facingsWide < 2) return;
      if (next - position! >= rest.facingsWide) asColumns++;
      else asOrder++;
    });
  }
  return asOrder > asColumns ? 'order' : 'columns';
}

/** `12.5`, `12,5 cm`, `1,298`, `¥298`, full-width figures. */
function numberOf(text: string): number | null {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/[\s¥\\$€£円,]+(?=\d{3}(?:\D|$))/gu, '')
    .replaceAll(/[¥\\$€£円\s]|cm|mm/giu, '');
  const value = /^-?\d+,\d+$/u.test(plain) ? plain.replace(',', '.') : plain;
  return /^-?\d+(?:\.\d+)?$/u.test(value) ? Number(value) : null;
}

/** `3`, `3.0`, `3段目`, `Shelf 3`, `No.3`; letters count from A = 1. */
function ordinalOf(text: string): number | null {
  const plain = text.normalize('NFKC').trim();
  if (/^[A-Za-z]$/u.test(plain)) return plain.toUpperCase().charCodeAt(0) - 64;
  const figures = plain.match(/-?\d+(?:\.\d+)?/gu) ?? [];
  if (figures.length !== 1) return null;
  const value = Number(figures[0]);
  return Number.isInteger(value) ? value : null;
}

function truthOf(text: string): boolean | null {
  if (/^(?:1|y|yes|true|pb|○|◯|はい|有|あり|oui|ja)$/iu.test(text)) return true;
  return /^(?:0|n|no|false|nb|×|いいえ|無|なし|non|nein)$/iu.test(text) ? false : null;
}
