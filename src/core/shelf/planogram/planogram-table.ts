/** @file A planogram file → a table of cells, before anybody knows what its columns mean. Pure; any thread. */
import type { TextEncodingName } from '../../table/decode-text.ts';
import { readTable, type Table } from '../../table/read-table.ts';
import { guessPlanogramColumns } from './planogram-columns.ts';
import type { PlanogramProblem } from './planogram-problem.ts';

/** The table, or why there is none. */
export type PlanogramTableReading =
  { readonly table: Table; readonly problem: null } | { readonly table: null; readonly problem: PlanogramProblem };

/**
 * @param bytes CSV (any usual delimiter) or JSON (a list of objects, or an object that holds one).
 * @param encoding what the user says it is; guessed when absent.
 */
export function readPlanogramTable(bytes: Uint8Array, encoding?: TextEncodingName): PlanogramTableReading {
  const { table, problem, value } = readTable(bytes, (header) => Object.keys(guessPlanogramColumns(header)).length, encoding);
  if (table !== null) return { table, problem: null };
  return { table: null, problem: { code: problem, line: null, field: null, value, severity: 'file' } };
}
