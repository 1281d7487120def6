/** @file A start list in a file, as the app reads it (CSV; any usual column names and encodings). */
import { readFile } from 'node:fs/promises';
import { AppError } from '../../src/contracts/errors.ts';
import type { BibFormat } from '../../src/contracts/race.ts';
import { parseStartList } from '../../src/core/race/parse-start-list.ts';
import { guessStartListColumns } from '../../src/core/race/start-list-columns.ts';
import { readTable } from '../../src/core/table/read-table.ts';

/** Who starts, and what their numbers look like. */
export interface StartListFile {
  readonly numbers: readonly string[];
  readonly format: BibFormat;
}

/** @throws AppError('invalid-input') for a file that is none. */
export async function readStartList(path: string): Promise<StartListFile> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (error) {
    throw new AppError('invalid-input', `No start list at ${path}`, { cause: error });
  }
  const { table, problem } = readTable(bytes, (header) => Object.keys(guessStartListColumns(header)).length);
  if (table === null) throw new AppError('invalid-input', `${path} is no start list: ${problem}`);
  const { entrants, proposed } = parseStartList(table, guessStartListColumns(table.header), null);
  if (entrants.length === 0) throw new AppError('invalid-input', `Nobody is on the start list ${path}`);
  return { numbers: entrants.map(({ bib }) => bib), format: proposed };
}
