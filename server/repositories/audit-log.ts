/** @file The audit log: rows that are only ever added, each holding the hash of the one before. */
import { createHash } from 'node:crypto';
import type { Client, InStatement, Row } from '@libsql/client';
import { AppError } from '../../src/contracts/errors.ts';
import { auditRowSchema, type AuditCheck, type AuditFilter, type AuditRow } from '../../src/contracts/audit-api.ts';

/** A row before it has its place in the chain. */
export type AuditEntry = Omit<AuditRow, 'sequence' | 'previousHash' | 'hash'>;

/** What the first row follows. */
const START = '0'.repeat(64);
/** Rows checked at a time. */
const CHECK_PAGE = 5_000;
/** Longer than any id or name of ours. */
const MAX_TEXT = 300;
/** Another process (a command) may take the next place; then the place after is tried. */
const MAX_ATTEMPTS = 20;
const COLUMNS = 'sequence, at_ms, actor, operation, collection, subject, count, outcome, status, previous_hash, hash';

/** The table of the log. Triggers refuse changes and removals; what goes round them breaks the chain. */
export class AuditLog {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Append all and `together`, in one flushed transaction. */
  async append(entries: readonly AuditEntry[], together: readonly InStatement[] = []): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      let { sequence, hash } = await this.#last();
      const rows = entries.map((entry) => {
        sequence += 1;
        const row = { ...storable(entry), sequence, previousHash: hash };
        hash = hashOf(row);
        return { ...row, hash };
      });
      try {
        await this.#client.batch([...rows.map(statementOf), ...together], 'write');
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'SQLITE_CONSTRAINT') throw error;
      }
    }
    throw new AppError('busy', 'Another process keeps writing the audit log.');
  }

  /** Rows after a sequence, in order. */
  async read(afterSequence: number, limit: number): Promise<AuditRow[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM audit_log WHERE sequence > ? ORDER BY sequence LIMIT ?`,
      args: [afterSequence, limit],
    });
    return rows.map(rowOf);
  }

  /** Newest first, below a sequence, of those that match. */
  async readBack(beforeSequence: number, limit: number, filter: AuditFilter = {}): Promise<AuditRow[]> {
    const { actor = null, operation = null, collection = null, outcome = null } = filter;
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM audit_log WHERE sequence < :before AND (:actor IS NULL OR actor = :actor)
        AND (:operation IS NULL OR operation = :operation OR substr(operation, 1, length(:operation) + 1) = :operation || '.')
        AND (:collection IS NULL OR collection = :collection) AND (:outcome IS NULL OR outcome = :outcome)
        ORDER BY sequence DESC LIMIT :limit`,
      args: { before: beforeSequence, limit, actor, operation, collection, outcome },
    });
    return rows.map(rowOf);
  }

  /**
   * Recompute every hash.
   * @param expectedHead hash that was noted elsewhere: it must be of some row, or the end was cut off.
   */
  async verify(expectedHead?: string): Promise<AuditCheck> {
    let previous = { sequence: 0, hash: START };
    let isHeadThere = expectedHead === undefined || expectedHead === START;
    for (;;) {
      const page = await this.read(previous.sequence, CHECK_PAGE);
      for (const row of page) {
        const expected = previous.sequence + 1;
        if (row.sequence !== expected || row.previousHash !== previous.hash || row.hash !== hashOf(row))
          return { isIntact: false, rows: previous.sequence, head: previous.hash, brokenAtSequence: expected };
        previous = row;
        isHeadThere ||= row.hash === expectedHead;
      }
      if (page.length === 0) break;
    }
    const { sequence, hash } = previous;
    return { isIntact: isHeadThere, rows: sequence, head: hash, brokenAtSequence: isHeadThere ? null : sequence + 1 };
  }

  async #last(): Promise<{ sequence: number; hash: string }> {
    const { rows } = await this.#client.execute('SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1');
    const [row] = rows;
    return row === undefined
      ? { sequence: 0, hash: START }
      : auditRowSchema
          .pick({ sequence: true, hash: true })
          .strip()
          .parse({ ...row });
  }
}

/**
 * A request may name a collection in ways that SQLite does not give back as they were: with zeros, or halves of characters. What is hashed
 * must be what will be read.
 */
function storable(entry: AuditEntry): AuditEntry {
  const { actor, operation, collection, subject } = entry;
  return {
    ...entry,
    actor: plain(actor),
    operation: plain(operation),
    collection: collection === null ? null : plain(collection),
    subject: subject === null ? null : plain(subject),
  };
}

function plain(text: string): string {
  return Buffer.from(text.slice(0, MAX_TEXT)).toString().replaceAll('\0', '\ufffd');
}

/** [Note: Audit chain] */
export function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const { previousHash, sequence, atMs, actor, operation, collection, subject, count, outcome, status } = row;
  const parts = [previousHash, sequence, atMs, actor, operation, collection, subject, count, outcome, status];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function statementOf(row: AuditRow): InStatement {
  return {
    sql: `INSERT INTO audit_log (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    args: [
      row.sequence,
      row.atMs,
      row.actor,
      row.operation,
      row.collection,
      row.subject,
      row.count,
      row.outcome,
      row.status,
      row.previousHash,
      row.hash,
    ],
  };
}

/** A row that was tampered with may hold anything: it is read as it is and fails its hash. */
function rowOf(row: Row): AuditRow {
  return {
    sequence: Number(row['sequence']),
    atMs: Number(row['at_ms']),
    actor: textOf(row['actor']),
    operation: textOf(row['operation']),
    collection: textOrNull(row['collection']),
    subject: textOrNull(row['subject']),
    count: Number(row['count']),
    outcome: textOf(row['outcome']) as AuditRow['outcome'],
    status: Number(row['status']),
    previousHash: textOf(row['previous_hash']),
    hash: textOf(row['hash']),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
