/** @file The ledger of everything that left this device, hash-chained so that no row can be changed or dropped unnoticed. Thread: page. */
import { z } from 'zod';
import { PAYLOAD_TYPES, type LedgerRow } from '../contracts/egress.ts';
import { AppError } from '../contracts/errors.ts';
import { Lane } from '../core/lane.ts';
import { transact, type Database } from './db.ts';

/** A row before it has its place in the chain. */
export type LedgerEntry = Omit<LedgerRow, 'sequence' | 'previousHash' | 'hash'>;

/**
 * Where the chain starts. A new device starts at sequence 0 with nothing erased; erasing leaves a new start that says when, how many
 * rows went, and the hash of the last of them. `hash = sha256('start' + canonical JSON of the rest)` is the first row's `previousHash`.
 */
export interface LedgerStart {
  readonly sequence: number;
  readonly atMs: number;
  readonly erasedRows: number;
  readonly erasedHash: string;
  readonly hash: string;
}

/** One departure with its outcome, as the user reads it. */
export interface Departure {
  readonly row: LedgerRow;
  /** `unknown`: the app ended before an answer came; the data may have left. */
  readonly outcome: 'sent' | 'failed' | 'blocked' | 'unknown';
}

export type ChainCheck =
  | { readonly isIntact: true; readonly rows: number }
  | { readonly isIntact: false; readonly rows: number; readonly brokenAtSequence: number };

export interface LedgerExport {
  readonly format: 'mekiki-ledger';
  readonly version: 1;
  readonly start: LedgerStart;
  readonly rows: readonly LedgerRow[];
}

export interface Ledger {
  /** Write a row, on disk before the promise resolves. @throws AppError('quota-exceeded' | 'busy') */
  append(entry: LedgerEntry): Promise<LedgerRow>;
  /** Newest first. */
  list(options?: { readonly limit?: number; readonly beforeSequence?: number }): Promise<LedgerRow[]>;
  /** Departures and refusals, newest first, each joined with its outcome. */
  departures(options?: { readonly limit?: number; readonly beforeSequence?: number }): Promise<Departure[]>;
  /** Recompute every hash. */
  verify(): Promise<ChainCheck>;
  start(): Promise<LedgerStart>;
  export(): Promise<LedgerExport>;
  /** Delete all rows; a marked start stays, so that the erasure itself can be seen. */
  erase(atMs?: number): Promise<void>;
  count(): Promise<number>;
}

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const startSchema = z.strictObject({
  sequence: z.int().nonnegative(),
  atMs: z.number().nonnegative(),
  erasedRows: z.int().nonnegative(),
  erasedHash: z.union([z.literal(''), hashSchema]),
  hash: hashSchema,
});
const rowSchema = z.strictObject({
  sequence: z.int().nonnegative(),
  atMs: z.number().nonnegative(),
  lensId: z.string(),
  destination: z.string(),
  type: z.enum(PAYLOAD_TYPES),
  bytes: z.int().nonnegative(),
  preview: z.string(),
  status: z.enum(['sending', 'sent', 'failed', 'blocked']),
  completes: z.int().nonnegative().nullable(),
  previousHash: hashSchema,
  hash: hashSchema,
});
/** An exported ledger, e.g. to check one that somebody hands in. */
export const ledgerExportSchema = z.strictObject({
  format: z.literal('mekiki-ledger'),
  version: z.literal(1),
  start: startSchema,
  rows: z.array(rowSchema),
});

const START_NOTE = 'ledger-start';
const MAX_ATTEMPTS = 60;
const MAX_WAIT_MS = 40;
const BATCH = 200;

/** Ledger over the device's database. */
export function createLedger(database: Database, now: () => number = Date.now): Ledger {
  const lane = new Lane();

  async function start(): Promise<LedgerStart> {
    const stored = await readStart(database);
    if (stored !== null) return stored;
    const first = await sealStart({ sequence: 0, atMs: now(), erasedRows: 0, erasedHash: '' });
    return transact(database, ['notes'], 'readwrite', async (transaction) => {
      // Another tab may have been first.
      const parsed = startSchema.safeParse((await transaction.objectStore('notes').get(START_NOTE))?.value);
      if (parsed.success) return parsed.data;
      await transaction.objectStore('notes').put({ key: START_NOTE, value: first });
      return first;
    });
  }

  async function appendOnce(entry: LedgerEntry): Promise<LedgerRow | null> {
    const chainStart = await start();
    const before = await lastRow(database);
    const unsealed = {
      ...entry,
      sequence: before === null ? chainStart.sequence : before.sequence + 1,
      previousHash: before === null ? chainStart.hash : before.hash,
    };
    // Hashing cannot happen inside a transaction (it would end it), so look again inside whether the end is still the same.
    const row: LedgerRow = { ...unsealed, hash: await rowHash(unsealed) };
    return transact(
      database,
      ['ledger', 'notes'],
      'readwrite',
      async (transaction) => {
        const last = (await transaction.objectStore('ledger').openCursor(null, 'prev'))?.value;
        const current = startSchema.safeParse((await transaction.objectStore('notes').get(START_NOTE))?.value);
        const end = last?.hash ?? (current.success ? current.data.hash : '');
        if (end !== row.previousHash) return null;
        await transaction.objectStore('ledger').add(row);
        return row;
      },
      { durability: 'strict' },
    );
  }

  const append = (entry: LedgerEntry): Promise<LedgerRow> =>
    lane.run(async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const row = await appendOnce(entry);
        if (row !== null) return row;
        await waitForTurn(attempt);
      }
      throw new AppError('busy', 'another tab keeps writing the ledger', { stage: 'store' });
    });

  const list: Ledger['list'] = ({ limit = 100, beforeSequence = Infinity } = {}) =>
    transact(database, ['ledger'], 'readonly', async (transaction) => {
      const rows: LedgerRow[] = [];
      let cursor = await transaction.objectStore('ledger').openCursor(IDBKeyRange.upperBound(beforeSequence, true), 'prev');
      while (cursor !== null && rows.length < limit) {
        rows.push(cursor.value);
        cursor = await cursor.continue();
      }
      return rows;
    });

  async function allRows(): Promise<LedgerRow[]> {
    return transact(database, ['ledger'], 'readonly', (transaction) => transaction.objectStore('ledger').getAll());
  }

  return {
    append,
    list,
    departures: ({ limit = 100, beforeSequence = Infinity } = {}) =>
      transact(database, ['ledger'], 'readonly', async (transaction) => {
        const outcomes = new Map<number, 'sent' | 'failed'>();
        const departures: Departure[] = [];
        // From the very end: a completing row always comes after the row that it completes.
        let cursor = await transaction.objectStore('ledger').openCursor(null, 'prev');
        while (cursor !== null && departures.length < limit) {
          const row = cursor.value;
          if (row.completes !== null && (row.status === 'sent' || row.status === 'failed')) outcomes.set(row.completes, row.status);
          else if (row.sequence < beforeSequence)
            departures.push({ row, outcome: row.status === 'sending' ? (outcomes.get(row.sequence) ?? 'unknown') : row.status });
          cursor = await cursor.continue();
        }
        return departures;
      }),
    async verify() {
      return verifyChain(await start(), await allRows());
    },
    start,
    async export() {
      return { format: 'mekiki-ledger', version: 1, start: await start(), rows: await allRows() };
    },
    erase: (atMs = now()) =>
      lane.run(async () => {
        for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
          const old = await start();
          const last = await lastRow(database);
          const erasedRows = await transact(database, ['ledger'], 'readonly', (transaction) => transaction.objectStore('ledger').count());
          const fresh = await sealStart({
            sequence: last === null ? old.sequence : last.sequence + 1,
            atMs,
            erasedRows: old.erasedRows + erasedRows,
            erasedHash: last?.hash ?? old.hash,
          });
          const isErased = await transact(database, ['ledger', 'notes'], 'readwrite', async (transaction) => {
            const end = (await transaction.objectStore('ledger').openCursor(null, 'prev'))?.value.sequence;
            if (end !== last?.sequence) return false;
            await transaction.objectStore('ledger').clear();
            await transaction.objectStore('notes').put({ key: START_NOTE, value: fresh });
            return true;
          });
          if (isErased) return;
          await waitForTurn(attempt);
        }
        throw new AppError('busy', 'another tab keeps writing the ledger', { stage: 'store' });
      }),
    count: () => transact(database, ['ledger'], 'readonly', (transaction) => transaction.objectStore('ledger').count()),
  };
}

/** Check a chain, e.g. an exported one: hashes, order and gaps. */
export async function verifyChain(start: LedgerStart, rows: readonly LedgerRow[]): Promise<ChainCheck> {
  const { hash, ...unsealedStart } = start;
  const broken = (sequence: number): ChainCheck => ({ isIntact: false, rows: rows.length, brokenAtSequence: sequence });
  if ((await sealStart(unsealedStart)).hash !== hash) return broken(start.sequence);
  let previousHash = hash;
  let sequence = start.sequence;
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = rows.slice(from, from + BATCH);
    const hashes = await Promise.all(batch.map(rowHash));
    for (const [index, row] of batch.entries()) {
      if (row.sequence !== sequence || row.previousHash !== previousHash || row.hash !== hashes[index]) return broken(sequence);
      previousHash = row.hash;
      sequence++;
    }
  }
  return { isIntact: true, rows: rows.length };
}

/** JSON with keys in order of their code units, so that equal values have equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** A row may come with its hash; it is not part of what is hashed. */
function rowHash(row: Omit<LedgerRow, 'hash'>): Promise<string> {
  return sha256Hex(row.previousHash + canonicalJson({ ...row, hash: undefined }));
}

async function sealStart(start: Omit<LedgerStart, 'hash'>): Promise<LedgerStart> {
  return { ...start, hash: await sha256Hex(`start${canonicalJson(start)}`) };
}

async function sha256Hex(text: string): Promise<string> {
  // Absent outside secure contexts, whatever the type says. Without a ledger nothing may leave.
  if ((crypto as { subtle?: SubtleCrypto }).subtle === undefined)
    throw new AppError('permission-denied', 'the ledger needs a secure context (HTTPS or localhost)', { stage: 'store' });
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function readStart(database: Database): Promise<LedgerStart | null> {
  const note = await transact(database, ['notes'], 'readonly', (transaction) => transaction.objectStore('notes').get(START_NOTE));
  const parsed = startSchema.safeParse(note?.value);
  return parsed.success ? parsed.data : null;
}

function lastRow(database: Database): Promise<LedgerRow | null> {
  return transact(database, ['ledger'], 'readonly', async (transaction) => {
    const cursor = await transaction.objectStore('ledger').openCursor(null, 'prev');
    return cursor?.value ?? null;
  });
}

/** Another tab was faster: a random pause lets each have its turn. */
function waitForTurn(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(MAX_WAIT_MS, 2 * attempt + 1)));
}
