/** @file A planogram → CSV or JSON that this app and spreadsheets read back. Pure; any thread. */
import type { PlanogramRow } from '../../../contracts/shelf.ts';

/** Columns, named as `planogram-columns.ts` understands them. */
const COLUMNS: readonly (readonly [name: string, value: (row: PlanogramRow) => string | number | boolean | null])[] = [
  ['store', ({ store }) => store],
  ['bay', ({ bay }) => bay],
  // Spreadsheets count from 1; a file whose figures all exceed 0 is read that way.
  ['shelf', ({ shelf }) => shelf + 1],
  ['position', ({ position }) => position + 1],
  ['sku', ({ sku }) => sku],
  ['name', ({ name }) => name],
  ['facings_wide', ({ facingsWide }) => facingsWide],
  ['facings_high', ({ facingsHigh }) => facingsHigh],
  ['x_cm', ({ xCm }) => xCm],
  ['y_cm', ({ yCm }) => yCm],
  ['width_cm', ({ widthCm }) => widthCm],
  ['height_cm', ({ heightCm }) => heightCm],
  ['brand', ({ brand }) => brand],
  ['category', ({ category }) => category],
  ['price', ({ price }) => price],
  ['own_label', ({ isOwnLabel }) => isOwnLabel],
];

/** UTF-8 text with a byte order mark, so that Excel opens Japanese; shelves and positions count from 1. */
export function planogramToCsv({ rows }: { readonly rows: readonly PlanogramRow[] }): string {
  const lines = [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, value]) => cell(value(row))))];
  return `\uFEFF${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** The same columns as a list of objects, with the name of the planogram. */
export function planogramToJson({ name, rows }: { readonly name: string; readonly rows: readonly PlanogramRow[] }): string {
  return JSON.stringify(
    { name, rows: rows.map((row) => Object.fromEntries(COLUMNS.map(([column, value]) => [column, value(row)]))) },
    null,
    1,
  );
}

/** What a spreadsheet would take for a formula is marked as text; reading takes the mark off again. */
function cell(value: string | number | boolean | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/u.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
