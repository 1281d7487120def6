/** @file Table + meaning of its columns → entrants, every fault with its line. Pure; any thread. */
import type { BibFormat } from '../../contracts/race.ts';
import type {
  ListedEntrant,
  StartListField,
  StartListMapping,
  StartListProblem,
  StartListProblemCode,
} from '../../contracts/start-list-api.ts';
import type { Cells } from '../table/read-table.ts';
import { fitsFormat, isBib, normaliseBib, proposeFormat } from './bib-format.ts';

/** Who starts, and everything that was wrong. */
export interface ParsedStartList {
  /** In the order of the list. Two with one number are both kept. */
  readonly entrants: readonly ListedEntrant[];
  /** In the order of the file; problems of the whole file first. */
  readonly problems: readonly StartListProblem[];
  /** What the numbers of the list look like. */
  readonly proposed: BibFormat;
}

/** Rows of the largest races, twice over. */
const MAX_ROWS = 100_000;
const LIMITS = { name: 200, category: 100, team: 200, wave: 100 } as const;

/**
 * @param mapping from `guessStartListColumns`, corrected by the user.
 * @param format that numbers are checked against; null: what the list itself proposes.
 */
export function parseStartList(table: Cells, mapping: StartListMapping, format: BibFormat | null): ParsedStartList {
  const problems: StartListProblem[] = [];
  const fail = (code: StartListProblemCode, field: StartListField | null): ParsedStartList => ({
    entrants: [],
    problems: [...problems, { code, line: null, field, value: '', severity: 'file' }],
    proposed: proposeFormat([]),
  });
  if (table.rows.length === 0) return fail('no-rows', null);
  if (table.rows.length > MAX_ROWS) return fail('too-many-rows', null);
  if (mapping.bib === undefined) return fail('missing-column', 'bib');

  const kept: { readonly line: number; readonly entrant: ListedEntrant }[] = [];
  const firstLine = new Map<string, number>();
  const rows = new Set<string>();
  for (const line of table.emptyLines) problems.push({ code: 'empty-line', line, field: null, value: '', severity: 'note' });
  for (const { line, cells } of table.rows) {
    const note = (code: StartListProblemCode, field: StartListField, value: string, severity: 'row' | 'note'): void => {
      problems.push({ code, line, field, value: value.slice(0, 80), severity });
    };
    const cell = (field: StartListField): string => cellOf(cells, mapping[field]);
    const words = (field: keyof typeof LIMITS, text: string): string => {
      if (text.length > LIMITS[field]) note('too-long', field, text, 'note');
      return text.slice(0, LIMITS[field]);
    };
    const written = cell('bib');
    const bib = normaliseBib(written);
    if (bib === '') {
      note('missing-bib', 'bib', [cell('name'), cell('familyName'), cell('givenName')].filter((each) => each !== '').join(' '), 'row');
      continue;
    }
    if (!isBib(bib)) {
      note('bad-bib', 'bib', written, 'row');
      continue;
    }
    const name =
      mapping.name === undefined ? [cell('familyName'), cell('givenName')].filter((each) => each !== '').join(' ') : cell('name');
    const entrant: ListedEntrant = {
      ...{ bib, name: words('name', name) },
      ...{ category: words('category', cell('category')), team: words('team', cell('team')), wave: words('wave', cell('wave')) },
    };
    const row = JSON.stringify(entrant);
    if (rows.has(row)) {
      note('repeated-row', 'bib', bib, 'row');
      continue;
    }
    rows.add(row);
    if (firstLine.has(bib)) note('duplicate-bib', 'bib', bib, 'note');
    else firstLine.set(bib, line);
    kept.push({ line, entrant });
  }
  const proposed = proposeFormat([...firstLine.keys()]);
  const expected = format ?? proposed;
  for (const { line, entrant } of kept)
    if (!fitsFormat(entrant.bib, expected))
      problems.push({ code: 'outside-format', line, field: 'bib', value: entrant.bib, severity: 'note' });
  if (kept.length === 0) return fail('no-rows', null);
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { entrants: kept.map(({ entrant }) => entrant), problems, proposed };
}

/** Without the apostrophe that spreadsheets put before what looks like a formula. */
function cellOf(cells: readonly string[], column: number | undefined): string {
  return column === undefined ? '' : (cells[column] ?? '').replace(/^'(?=[=+\-@\d])/u, '').trim();
}
