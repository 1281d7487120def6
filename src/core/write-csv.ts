/** @file A table as a CSV file that spreadsheets open as it is. Pure; any thread. */
import type { Cell, Table } from './table.ts';

/** Excel takes a file without it for one of the system's own encoding, and Japanese becomes noise. */
const BYTE_ORDER_MARK = '\ufeff';

/** RFC 4180, UTF-8 with a byte order mark. Texts that a spreadsheet would run as a formula are kept from it by an apostrophe. */
export function writeCsv({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string {
  const lines = [columns, ...rows].map((row: readonly Cell[]) => row.map(cellText).join(','));
  return `${BYTE_ORDER_MARK}${lines.join('\r\n')}\r\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  if (cell instanceof Date) return cell.toISOString();
  // [Note: Formula injection] OWASP: a cell that begins with one of these may run; also behind spaces or line breaks, and in full width.
  const safe = /^\s*[=+\-@\t\r＝＋－＠]/u.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
