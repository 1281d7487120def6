/** @file Workbooks (XLSX, XLS, ODS) by SheetJS, loaded with the first one. Thread: start-list worker, or Node in tests. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Workbook } from '../stages/start-lists.ts';

/** Rows of a sheet that are read; one more than any list may have. */
const MAX_ROWS = 100_100;

/** @throws AppError('invalid-input') for what is no workbook, or is locked by a password */
export async function readWorkbook(bytes: Uint8Array): Promise<Workbook> {
  const { read, utils } = await import('@e965/xlsx');
  try {
    const book = read(bytes, { type: 'array', dense: true, sheetRows: MAX_ROWS, cellHTML: false, cellFormula: false });
    return {
      sheets: book.SheetNames,
      cells(name) {
        const sheet = book.Sheets[name];
        // As it is shown: a number with the format 00000 keeps its zeros.
        return sheet === undefined ? [] : utils.sheet_to_json<string[]>(sheet, { header: 1, raw: false, defval: '', blankrows: true });
      },
    };
  } catch (error) {
    throw new AppError('invalid-input', 'the workbook cannot be read', { cause: error, stage: 'read' });
  }
}
