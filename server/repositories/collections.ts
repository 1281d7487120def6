/** @file Which collections exist. */
import type { Client } from '@libsql/client';
import { z } from 'zod';
import { createCollectionSchema, type CreateCollection } from '../../src/contracts/server-api.ts';

/** The table of collections. */
export class Collections {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async list(): Promise<CreateCollection[]> {
    const { rows } = await this.#client.execute(
      'SELECT name, space, dimensions, metric, fields, retention, quota FROM collections ORDER BY name',
    );
    return rows.map(({ name, space, dimensions, metric, fields, retention, quota }) =>
      createCollectionSchema.parse({
        ...{ name, space, dimensions, metric },
        fields: parseColumn(fields),
        retention: parseColumn(retention),
        quota: parseColumn(quota),
      }),
    );
  }

  /** @returns false when the name is taken. */
  async add({ name, space, dimensions, metric, fields, retention, quota }: CreateCollection): Promise<boolean> {
    const { rowsAffected } = await this.#client.execute({
      sql: `INSERT INTO collections (name, space, dimensions, metric, fields, retention, quota, created_at_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      args: [name, space, dimensions, metric, JSON.stringify(fields), JSON.stringify(retention), JSON.stringify(quota), Date.now()],
    });
    return rowsAffected === 1;
  }

  /** Forget a collection and every write to it that is still in the log. */
  async remove(name: string): Promise<void> {
    await this.#client.batch(
      [
        { sql: 'DELETE FROM write_ahead WHERE collection = ?', args: [name] },
        { sql: 'DELETE FROM ingests WHERE collection = ?', args: [name] },
        { sql: 'DELETE FROM collections WHERE name = ?', args: [name] },
      ],
      'write',
    );
  }
}

function parseColumn(text: unknown): unknown {
  return JSON.parse(z.string().parse(text));
}
