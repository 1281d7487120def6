/** @file Tables as a workbook (XLSX), made on this device. Thread: page; the library is loaded with the first. */
import type { Cell, Table } from '../core/table.ts';

/** Excel refuses longer names, and these characters in them. */
const MAX_SHEET_NAME = 31;
/** Excel refuses longer cells. */
const MAX_CELL = 32_767;
const WIDTHS = { least: 8, most: 40 } as const;

/** One sheet per table: titles stay in sight, numbers are numbers, dates are dates, and no text is ever a formula. */
export async function visitWorkbook(tables: readonly Table[]): Promise<Blob> {
  const { default: writeExcelFile } = await import('write-excel-file/universal');
  const sheets = tables.map(({ title, columns, rows }) => ({
    sheet: title.replaceAll(/[\\/?*[\]:]/g, ' ').slice(0, MAX_SHEET_NAME),
    data: [columns.map((value) => ({ value, fontWeight: 'bold' as const })), ...rows.map((row) => row.map(cellOf))],
    columns: columns.map((title, index) => ({ width: widthOf([title, ...rows.slice(0, 200).map((row) => row[index] ?? null)]) })),
    stickyRowsCount: 1,
  }));
  return writeExcelFile(sheets).toBlob();
}

function cellOf(value: Cell) {
  if (value === null) return null;
  if (typeof value === 'string') return { type: String, value: storable(value).slice(0, MAX_CELL) };
  if (typeof value === 'number') return Number.isFinite(value) ? { type: Number, value } : null;
  return { type: Date, value, format: 'yyyy-mm-dd hh:mm' };
}

/** XML has no way to say these characters. */
function storable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu, '');
}

/** Japanese characters are twice as wide. */
function widthOf(cells: readonly Cell[]): number {
  const widths = cells.map((cell) =>
    typeof cell === 'string'
      ? Array.from(cell).reduce((sum, character) => sum + (character > '\u2e7f' ? 2 : 1), 0)
      : cell instanceof Date
        ? 16
        : 8,
  );
  return Math.min(WIDTHS.most, Math.max(WIDTHS.least, ...widths) + 2);
}
