/** @file What was loaded from which file, and how far: the demo catalogue's hash, an import's position. */
import type { Client, InStatement } from '@libsql/client';
import { z } from 'zod';

/** A small key-value table; values are JSON that their owner parses. */
export class Loads {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns the stored state, parsed from JSON but not checked, or null. */
  async get(name: string): Promise<unknown> {
    const { rows } = await this.#client.execute({ sql: 'SELECT state FROM loads WHERE name = ?', args: [name] });
    return rows[0] === undefined ? null : (JSON.parse(z.string().parse(rows[0]['state'])) as unknown);
  }

  async set(name: string, state: unknown): Promise<void> {
    await this.#client.execute(setLoad(name, state));
  }
}

/** The statement of {@link Loads.set}, to be put into another write's transaction. */
export function setLoad(name: string, state: unknown): InStatement & object {
  return {
    sql: `INSERT INTO loads (name, state, updated_at_ms) VALUES (?, ?, ?)
          ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated_at_ms = excluded.updated_at_ms`,
    args: [name, JSON.stringify(state), Date.now()],
  };
}
