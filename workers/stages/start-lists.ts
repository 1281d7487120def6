/** @file The start-list worker's interface: a file becomes a table, a table entrants, entrants rows on disk, and rows the numbers of bibs. Runtime-neutral. */
import { AppError } from '../../src/contracts/errors.ts';
import type {
  ListedEntrant,
  RaceNumberSource,
  StartListApi,
  StartListCheck,
  StartListInput,
  StartListProblem,
} from '../../src/contracts/start-list-api.ts';
import type { TaskOptions } from '../../src/contracts/task.ts';
import { proposeFormat } from '../../src/core/race/bib-format.ts';
import { decodeBibs } from '../../src/core/race/decode-bibs.ts';
import { parseStartList, type ParsedStartList } from '../../src/core/race/parse-start-list.ts';
import { raceNumbers, type RaceNumbers } from '../../src/core/race/race-numbers.ts';
import { guessStartListColumns } from '../../src/core/race/start-list-columns.ts';
import { readTable, tableOfLines, type Cells, type TableReading } from '../../src/core/table/read-table.ts';

/** Where entrants are kept; see `EntrantStore` in `src/store/race-entrants.ts`. */
export interface StoredEntrants {
  replace(eventId: string, entrants: readonly ListedEntrant[]): Promise<void>;
  bibs(eventIds: readonly string[]): Promise<string[]>;
}

/** A workbook, taken apart sheet by sheet. */
export interface Workbook {
  readonly sheets: readonly string[];
  /** Cells as the workbook shows them, row by row; empty cells and rows too. */
  cells(sheet: string): readonly (readonly string[])[];
}

/** @throws AppError('invalid-input') for what is no workbook, or is locked */
export type ReadWorkbook = (bytes: Uint8Array) => Promise<Workbook>;

/** Beyond the largest list by far. */
const MAX_BYTES = 100 << 20;
const PREVIEW = 8;
const SHOWN_PROBLEMS = 200;
/** Races whose numbers are kept at hand. */
const KEPT_RACES = 4;

interface ReadFile {
  readonly key: string;
  readonly cells: Cells | null;
  readonly problem: StartListProblem | null;
  readonly encoding: StartListCheck['encoding'];
  readonly sheets: readonly string[];
  readonly sheet: string | null;
}

/** @returns the interface; it keeps the file that was read last, and the numbers of a few races. */
export function createStartLists(entrants: StoredEntrants, readWorkbook: ReadWorkbook): StartListApi {
  let last: ReadFile | null = null;
  const cancelled = new Set<string>();
  const races = new Map<string, Promise<RaceNumbers>>();

  /** Made once for a list of 50,000. */
  function numbersOf({ version, format, eventIds }: RaceNumberSource): Promise<RaceNumbers> {
    const known = races.get(version);
    if (known !== undefined) return known;
    const made = entrants.bibs(eventIds).then((bibs) => raceNumbers(format, bibs));
    races.set(version, made);
    made.catch(() => races.delete(version));
    for (const old of [...races.keys()].slice(0, -KEPT_RACES)) races.delete(old);
    return made;
  }

  async function read(
    input: StartListInput,
    { taskId }: TaskOptions,
  ): Promise<{ file: ReadFile; mapping: StartListCheck['mapping']; list: ParsedStartList }> {
    const key = JSON.stringify([input.token, input.encoding, input.sheet]);
    const file: ReadFile = last?.key === key ? last : await taken(input, key, readWorkbook);
    last = file;
    if (cancelled.delete(taskId)) throw new AppError('cancelled', 'the task was cancelled', { stage: 'read' });
    const mapping = input.mapping ?? guessStartListColumns(file.cells?.header ?? []);
    const list =
      file.cells === null ? { entrants: [], problems: [], proposed: proposeFormat([]) } : parseStartList(file.cells, mapping, input.format);
    return { file, mapping, list };
  }

  return {
    async check(input, options) {
      const { file, mapping, list } = await read(input, options);
      const problems = file.problem === null ? list.problems : [file.problem];
      const problemCounts = { file: 0, row: 0, note: 0 };
      for (const { severity } of problems) problemCounts[severity] += 1;
      return {
        ...{ encoding: file.encoding, sheets: file.sheets, sheet: file.sheet, header: file.cells?.header ?? [], mapping },
        ...{ preview: list.entrants.slice(0, PREVIEW), entrants: list.entrants.length, proposed: list.proposed },
        ...{ problems: problems.slice(0, SHOWN_PROBLEMS), problemCounts },
      };
    },
    async save(input, eventId, options) {
      const { list } = await read(input, options);
      if (list.entrants.length === 0) throw new AppError('invalid-input', 'nobody is on the list', { stage: 'read' });
      await entrants.replace(eventId, list.entrants);
      return list.entrants.length;
    },
    async decode(source, scores, { taskId }) {
      const race = await numbersOf(source);
      if (cancelled.delete(taskId)) throw new AppError('cancelled', 'the task was cancelled', { stage: 'read' });
      return decodeBibs(scores, race);
    },
    cancel(taskId) {
      cancelled.add(taskId);
      return Promise.resolve();
    },
    ping: () => Promise.resolve('pong'),
  };
}

async function taken({ file, encoding, sheet }: StartListInput, key: string, readWorkbook: ReadWorkbook): Promise<ReadFile> {
  const nothing = { key, cells: null, encoding: null, sheets: [], sheet: null };
  const refused = (code: StartListProblem['code'], value = ''): ReadFile => ({
    ...nothing,
    problem: { code, line: null, field: null, value, severity: 'file' },
  });
  if (file.size > MAX_BYTES) return refused('too-many-rows');
  const bytes = new Uint8Array(await file.arrayBuffer());
  const understood = (header: readonly string[]): number => Object.keys(guessStartListColumns(header)).length;
  if (isWorkbook(bytes)) {
    let book: Workbook;
    try {
      book = await readWorkbook(bytes);
    } catch {
      return refused('not-a-table');
    }
    const tables = (sheet === undefined ? book.sheets : [sheet]).map((name) => ({ name, cells: cellsOf(book.cells(name), understood) }));
    // Without a wish, the sheet that holds most runners.
    const best = tables.reduce<(typeof tables)[number] | null>(
      (most, each) => ((each.cells?.rows.length ?? 0) > (most?.cells?.rows.length ?? 0) ? each : most),
      null,
    );
    const rest = { ...nothing, sheets: book.sheets, sheet: best?.name ?? sheet ?? null };
    if (best === null) return { ...refused('no-rows'), ...rest, problem: refused('no-rows').problem };
    return { ...rest, cells: best.cells, problem: null };
  }
  const reading: TableReading = readTable(bytes, understood, encoding);
  if (reading.table === null) return refused(reading.problem, reading.value);
  return { ...nothing, cells: reading.table, problem: null, encoding: reading.table.encoding };
}

function cellsOf(rows: readonly (readonly string[])[], understood: (header: readonly string[]) => number): Cells | null {
  return tableOfLines(
    rows.map((cells, index) => ({ line: index + 1, cells: cells.map((cell) => cell.trim()) })),
    understood,
  );
}

/** ZIP (XLSX, ODS) or compound file (XLS). */
function isWorkbook(bytes: Uint8Array): boolean {
  const starts = (...head: readonly number[]): boolean => head.every((byte, index) => bytes[index] === byte);
  return starts(0x50, 0x4b, 0x03, 0x04) || starts(0xd0, 0xcf, 0x11, 0xe0);
}
