/** @file A planogram file → a table of cells, before anybody knows what its columns mean. Pure; any thread. */
import { parse } from 'csv-parse/browser/esm/sync';
import { decodeText, type TextEncodingName } from './decode-text.ts';
import { guessColumns } from './planogram-columns.ts';
import type { PlanogramProblem } from './planogram-problem.ts';

/** One row and where it stands. */
export interface TableRow {
  /** Line of the file, or number of the entry in a JSON list, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Cells as they stand in the file. */
export interface PlanogramTable {
  readonly source: 'csv' | 'json';
  readonly encoding: TextEncodingName;
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
}

/** The table, or why there is none. */
export type TableReading =
  { readonly table: PlanogramTable; readonly problem: null } | { readonly table: null; readonly problem: PlanogramProblem };

/** A header stands within the first lines; titles and dates may stand before it. */
const HEADER_WITHIN = 15;
const DELIMITERS = [',', '\t', ';', '|'];

/**
 * @param bytes CSV (any usual delimiter) or JSON (a list of objects, or an object that holds one).
 * @param encoding what the user says it is; guessed when absent.
 */
export function readPlanogramTable(bytes: Uint8Array, encoding?: TextEncodingName): TableReading {
  const decoded = decodeText(bytes, encoding);
  if (decoded === null) return refused('not-text');
  const text = decoded.text.trim();
  if (text === '') return refused('no-rows');
  const cells = /^[[{]/u.test(text) ? jsonCells(text) : csvCells(decoded.text);
  if (cells === null) return refused('not-a-table', text.slice(0, 80));
  if (cells.rows.length === 0) return refused('no-rows');
  return { table: { ...cells, encoding: decoded.encoding }, problem: null };
}

function refused(code: PlanogramProblem['code'], value = ''): TableReading {
  return { table: null, problem: { code, line: null, field: null, value, severity: 'file' } };
}

type Cells = Omit<PlanogramTable, 'encoding'>;

function csvCells(text: string): Cells | null {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relaxColumnCount: true,
      relaxQuotes: true,
      skipEmptyLines: true,
      trim: true,
    }) as unknown as typeof records;
  } catch {
    return null;
  }
  const filled = records
    .map(({ record, info }) => ({ line: info.lines, cells: record }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const headerAt = headerIndex(filled.slice(0, HEADER_WITHIN).map(({ cells }) => cells));
  const header = filled[headerAt]?.cells;
  if (header === undefined || header.length < 2) return null;
  return { source: 'csv', header, rows: filled.slice(headerAt + 1) };
}

/** The line whose words mean most columns; the first one of several cells when none means anything. */
function headerIndex(lines: readonly (readonly string[])[]): number {
  const known = lines.map((cells) => Object.keys(guessColumns(cells)).length);
  const most = Math.max(0, ...known);
  if (most >= 2) return known.indexOf(most);
  return Math.max(
    0,
    lines.findIndex((cells) => cells.filter((cell) => cell !== '').length >= 2),
  );
}

/** The delimiter that parts the first lines into most, and equally many, cells. */
function delimiterOf(text: string): string {
  const lines = text.split(/\r?\n|\r/u, HEADER_WITHIN).filter((line) => line.trim() !== '');
  const scored = DELIMITERS.map((delimiter) => {
    const counts = lines.map((line) => line.replaceAll(/"(?:[^"]|"")*"/gu, '').split(delimiter).length - 1).filter((count) => count > 0);
    const usual = Math.max(0, ...counts);
    return { delimiter, score: counts.filter((count) => count === usual).length * Math.min(usual, 3) };
  });
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).delimiter;
}

function jsonCells(text: string): Cells | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const entries = listOf(json);
  if (entries === null) return null;
  const header = [...new Set(entries.flatMap((entry) => Object.keys(entry)))];
  const rows = entries.map((entry, i): TableRow => ({ line: i + 1, cells: header.map((name) => cellOf(entry[name])) }));
  return { source: 'json', header, rows };
}

/** The list itself, or the longest list of objects within an object. */
function listOf(json: unknown): Record<string, unknown>[] | null {
  const isEntry = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (Array.isArray(json)) return json.every(isEntry) ? json : null;
  if (!isEntry(json)) return null;
  const lists = Object.values(json).filter((value): value is Record<string, unknown>[] => Array.isArray(value) && value.every(isEntry));
  return lists.reduce<Record<string, unknown>[] | null>(
    (longest, list) => (longest === null || list.length > longest.length ? list : longest),
    null,
  );
}

function cellOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
