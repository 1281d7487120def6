/** @file Streams an Open Food Facts export into the products: flat memory, resumable, bad rows counted. */
import { resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { z } from 'zod';
import { AppError } from '../../src/contracts/errors.ts';
import type { Product } from '../../src/contracts/product.ts';
import { setLoad, type Loads } from '../repositories/loads.ts';
import type { Products } from '../repositories/products.ts';
import { productOf, type RecordResult, type SkipReason } from './open-food-facts-record.ts';
import { fingerprintOf, readLines } from './record-lines.ts';

/** Products of one transaction. The place in the file is stored with them, so that a stop loses nothing and doubles nothing. */
const BATCH = 500;
/** Lines after which the place is stored even if nothing was taken. */
const CHECKPOINT_LINES = 100_000;

/** Input of {@link importOpenFoodFacts}. */
export interface ImportOptions {
  /** `.jsonl`, `.csv` or `.tsv`, each also `.gz`. */
  readonly file: string;
  /** Only products sold there, e.g. `japan`. */
  readonly country: string | null;
  /** Stop after so many products. */
  readonly limit: number | null;
  /** Begin at the start even if this file was begun before. */
  readonly isRestart: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (counts: ImportCounts) => void;
}

/** What was done so far, over all runs on this file. */
export interface ImportCounts {
  readonly lines: number;
  readonly stored: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** Bytes of the unpacked file. */
  readonly offset: number;
}

/** The end of a run. */
export interface ImportSummary extends ImportCounts {
  readonly status: 'done' | 'stopped' | 'already-done';
  /** True when an earlier run was gone on with. */
  readonly isResumed: boolean;
}

const stateSchema = z.object({
  fingerprint: z.string(),
  country: z.string().nullable(),
  isDone: z.boolean(),
  lines: z.int().nonnegative(),
  stored: z.int().nonnegative(),
  skipped: z.record(z.string(), z.int().nonnegative()),
  offset: z.int().nonnegative(),
});
type State = z.infer<typeof stateSchema>;

/**
 * Import a file.
 * @throws AppError('invalid-input') for a file that is missing, of another kind, or without the needed columns.
 */
export async function importOpenFoodFacts(
  options: ImportOptions,
  { products, loads }: { products: Products; loads: Loads },
): Promise<ImportSummary> {
  const path = resolve(options.file);
  const country =
    options.country
      ?.toLowerCase()
      .replaceAll(' ', '-')
      .replace(/^[a-z]{2}:/, '') ?? null;
  const name = `open-food-facts:${path}`;
  const fingerprint = await fingerprintOf(path).catch((error: unknown) => {
    throw new AppError('invalid-input', `The file cannot be read: ${path}`, { cause: error });
  });
  const stored = stateSchema
    .nullable()
    .catch(null)
    .parse(await loads.get(name));
  const previous =
    stored !== null && !options.isRestart && stored.fingerprint === fingerprint && stored.country === country ? stored : null;
  if (previous?.isDone === true) return { ...countsOf(previous), status: 'already-done', isResumed: true };

  const parse = await recordParser(path);
  let state: State = previous ?? { fingerprint, country, isDone: false, lines: 0, stored: 0, skipped: {}, offset: 0 };
  // The header is no record; going on starts behind it anyway.
  if (state.offset === 0) state = { ...state, offset: parse.headerBytes };
  let batch: Product[] = [];
  let linesAtCommit = state.lines;
  let storedNow = 0;
  const commit = async (isDone: boolean) => {
    state = { ...state, isDone, stored: state.stored + batch.length };
    await products.upsert(batch, [setLoad(name, state)]);
    storedNow += batch.length;
    batch = [];
    linesAtCommit = state.lines;
    options.onProgress?.(countsOf(state));
  };

  const wanted = country === null ? undefined : Buffer.from(`:${country}`);
  for await (const { text, endOffset } of readLines(path, { fromOffset: state.offset, ...(wanted === undefined ? {} : { wanted }) })) {
    const result: RecordResult =
      text === null ? { skip: 'unreadable' } : text === '' ? { skip: 'other-country' } : parse.record(text, country);
    const isBlank = text === '' && wanted === undefined;
    const skipped =
      'skip' in result && !isBlank ? { ...state.skipped, [result.skip]: (state.skipped[result.skip] ?? 0) + 1 } : state.skipped;
    state = { ...state, lines: state.lines + 1, offset: endOffset, skipped };
    if ('product' in result) batch.push(result.product);
    const isAtLimit = options.limit !== null && storedNow + batch.length >= options.limit;
    if (batch.length >= BATCH || state.lines - linesAtCommit >= CHECKPOINT_LINES || isAtLimit || options.signal?.aborted === true)
      await commit(false);
    if (isAtLimit || options.signal?.aborted === true) return { ...countsOf(state), status: 'stopped', isResumed: previous !== null };
  }
  await commit(true);
  return { ...countsOf(state), status: 'done', isResumed: previous !== null };
}

function countsOf({ lines, stored, skipped, offset }: State): ImportCounts {
  return { lines, stored, skipped, offset };
}

interface RecordParser {
  /** Bytes before the first record. */
  readonly headerBytes: number;
  record(line: string, country: string | null): RecordResult;
}

async function recordParser(path: string): Promise<RecordParser> {
  const kind = /\.(jsonl|ndjson|csv|tsv)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (kind === undefined) throw new AppError('invalid-input', 'The file must end in .jsonl, .csv or .tsv, or in one of these and .gz.');
  if (kind === 'jsonl' || kind === 'ndjson') return { headerBytes: 0, record: (line, country) => productOf(parseJson(line), country) };

  const { text: header, endOffset: headerBytes } = await firstLine(path);
  const isTabbed = header.includes('\t');
  const columns = splitLine(header.replace(/^\ufeff/, ''), isTabbed);
  for (const needed of ['code', 'product_name'])
    if (columns?.includes(needed) !== true)
      throw new AppError('invalid-input', `The file has no column "${needed}": this is not Open Food Facts' export.`);
  return {
    headerBytes,
    record: (line, country) => {
      const values = splitLine(line, isTabbed);
      // A row with another number of fields has shifted columns: its allergens could be another field's.
      if (values?.length !== columns!.length) return { skip: 'unreadable' };
      return productOf(Object.fromEntries(columns!.map((column, index) => [column, values[index]])), country);
    },
  };
}

async function firstLine(path: string): Promise<{ text: string; endOffset: number }> {
  for await (const { text, endOffset } of readLines(path)) if (text !== null) return { text, endOffset };
  throw new AppError('invalid-input', 'The file is empty.');
}

/** The export is tab-separated, one record a line; a field that is quoted has its quotes doubled. @returns null for a broken line. */
function splitLine(line: string, isTabbed: boolean): string[] | null {
  if (isTabbed) return line.split('\t').map((field) => (/^".*"$/.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field));
  try {
    const [row] = parseCsv(line, { relax_column_count: true });
    return row ?? null;
  } catch {
    return null;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
