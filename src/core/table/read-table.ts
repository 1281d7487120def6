/** @file A file of rows → a table of cells, before anybody knows what its columns mean. Pure; any thread. */
import { parse } from 'csv-parse/browser/esm/sync';
import { decodeText, type TextEncodingName } from './decode-text.ts';

/** One row and where it stands. */
export interface TableRow {
  /** Line of the file, or number of the entry in a JSON list, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Cells as they stand in a file. */
export interface Cells {
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
  /** Lines without a word between others. */
  readonly emptyLines: readonly number[];
}

/** A text file as a table. */
export interface Table extends Cells {
  readonly source: 'csv' | 'json';
  readonly encoding: TextEncodingName;
}

/** Why a file is no table. */
export type TableProblem = 'not-text' | 'not-a-table' | 'no-rows';

/** The table, or why there is none. */
export type TableReading =
  | { readonly table: Table; readonly problem: null; readonly value: '' }
  | { readonly table: null; readonly problem: TableProblem; readonly value: string };

/** A header stands within the first lines; titles and dates may stand before it. */
const HEADER_WITHIN = 15;
const DELIMITERS = [',', '\t', ';', '|'];

/**
 * @param bytes CSV (any usual delimiter) or JSON (a list of objects, or an object that holds one).
 * @param understood how many columns mean something if the header were this.
 * @param encoding what the user says it is; guessed when absent.
 */
export function readTable(bytes: Uint8Array, understood: (header: readonly string[]) => number, encoding?: TextEncodingName): TableReading {
  const refused = (problem: TableProblem, value = ''): TableReading => ({ table: null, problem, value });
  const decoded = decodeText(bytes, encoding);
  if (decoded === null) return refused('not-text');
  const text = decoded.text.trim();
  if (text === '') return refused('no-rows');
  const isJson = /^[[{]/u.test(text);
  const cells = isJson ? jsonCells(text) : csvCells(decoded.text, understood);
  if (cells === null) return refused('not-a-table', text.slice(0, 80));
  if (cells.rows.length === 0) return refused('no-rows');
  return { table: { ...cells, source: isJson ? 'json' : 'csv', encoding: decoded.encoding }, problem: null, value: '' };
}

/** @returns null when no line can be a header. */
export function tableOfLines(lines: readonly TableRow[], understood: (header: readonly string[]) => number): Cells | null {
  const filled = lines.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const headerAt = headerIndex(
    filled.slice(0, HEADER_WITHIN).map(({ cells }) => cells),
    understood,
  );
  const header = filled[headerAt];
  if (header === undefined || header.cells.length < 2) return null;
  const last = filled.at(-1)?.line ?? 0;
  const emptyLines = lines
    .filter(({ line, cells }) => line > header.line && line < last && cells.every((cell) => cell === ''))
    .map(({ line }) => line);
  return { header: header.cells, rows: filled.slice(headerAt + 1), emptyLines };
}

function csvCells(text: string, understood: (header: readonly string[]) => number): Cells | null {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relaxColumnCount: true,
      relaxQuotes: true,
      skipEmptyLines: false,
      trim: true,
    }) as unknown as typeof records;
  } catch {
    return null;
  }
  return tableOfLines(
    records.map(({ record, info }) => ({ line: info.lines, cells: record })),
    understood,
  );
}

/** The line whose words mean most columns; the first one of several cells when none means anything. */
function headerIndex(lines: readonly (readonly string[])[], understood: (header: readonly string[]) => number): number {
  const known = lines.map(understood);
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
  return { header, rows, emptyLines: [] };
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
