/** @file The ledger of what phones sent: kind, size and hash of each payload, never the payload. */
import type { Client, InStatement, Row } from '@libsql/client';
import { z } from 'zod';
import { arrivalSchema, type Arrival } from '../../src/contracts/audit-api.ts';

const COLUMNS = 'sequence, at_ms, actor, device, route, type, bytes, sha256, status';

/** The table of arrivals. */
export class Arrivals {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Rows with one of these hashes, in order. */
  async withHashes(hashes: readonly string[]): Promise<Arrival[]> {
    if (hashes.length === 0) return [];
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM arrivals WHERE sha256 IN (${hashes.map(() => '?').join(', ')}) ORDER BY sequence`,
      args: [...hashes],
    });
    return rows.map(arrivalOf);
  }

  /** Rows of a time, both ends included, in order. */
  async between(fromMs: number, toMs: number, afterSequence: number, limit: number): Promise<Arrival[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM arrivals WHERE at_ms BETWEEN ? AND ? AND sequence > ? ORDER BY sequence LIMIT ?`,
      args: [fromMs, toMs, afterSequence, limit],
    });
    return rows.map(arrivalOf);
  }

  /** Newest first, below a sequence. */
  async readBack(beforeSequence: number, limit: number): Promise<Arrival[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM arrivals WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
      args: [beforeSequence, limit],
    });
    return rows.map(arrivalOf);
  }

  async forgetBefore(atMs: number): Promise<void> {
    await this.#client.execute({ sql: 'DELETE FROM arrivals WHERE at_ms < ?', args: [atMs] });
  }
}

/** The statement that adds one, to be put into another write's transaction. */
export function addArrival({ atMs, actor, device, route, type, bytes, sha256, status }: Omit<Arrival, 'sequence'>): InStatement {
  return {
    sql: 'INSERT INTO arrivals (at_ms, actor, device, route, type, bytes, sha256, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    args: [atMs, actor, device, route, type, bytes, sha256, status],
  };
}

function arrivalOf(row: Row): Arrival {
  const { at_ms: atMs, ...rest } = z.record(z.string(), z.unknown()).parse({ ...row });
  return arrivalSchema.parse({ ...rest, atMs });
}
