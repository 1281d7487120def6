/** @file How far bulk ingests got. */
import type { Client } from '@libsql/client';
import { z } from 'zod';

/** One bulk ingest as it is remembered. */
export interface StoredIngest {
  /** Rows that the engine has, flushed. */
  readonly appliedRows: number;
  readonly state: 'receiving' | 'done';
}

const rowSchema = z.object({ applied_rows: z.int(), state: z.enum(['receiving', 'done']) });

/** The table of bulk ingests. */
export class Ingests {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async get(collection: string, job: string): Promise<StoredIngest | null> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT applied_rows, state FROM ingests WHERE collection = ? AND job = ?',
      args: [collection, job],
    });
    if (rows[0] === undefined) return null;
    const { applied_rows: appliedRows, state } = rowSchema.parse(rows[0]);
    return { appliedRows, state };
  }

  async put(collection: string, job: string, { appliedRows, state }: StoredIngest): Promise<void> {
    await this.#client.execute({
      sql: `INSERT INTO ingests (collection, job, applied_rows, state, updated_at_ms) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET applied_rows = excluded.applied_rows, state = excluded.state, updated_at_ms = excluded.updated_at_ms`,
      args: [collection, job, appliedRows, state, Date.now()],
    });
  }
}
