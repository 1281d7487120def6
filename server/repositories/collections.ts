/** @file Which collections exist. */
import type { Client } from '@libsql/client';
import { createCollectionSchema, type CreateCollection } from '../../src/contracts/server-api.ts';

/** The table of collections. */
export class Collections {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async list(): Promise<CreateCollection[]> {
    const { rows } = await this.#client.execute('SELECT name, space, dimensions, metric FROM collections ORDER BY name');
    return rows.map(({ name, space, dimensions, metric }) => createCollectionSchema.parse({ name, space, dimensions, metric }));
  }

  /** @returns false when the name is taken. */
  async add({ name, space, dimensions, metric }: CreateCollection): Promise<boolean> {
    const { rowsAffected } = await this.#client.execute({
      sql: 'INSERT INTO collections (name, space, dimensions, metric, created_at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      args: [name, space, dimensions, metric, Date.now()],
    });
    return rowsAffected === 1;
  }

  /** Forget a collection and every write to it that is still in the log. */
  async remove(name: string): Promise<void> {
    await this.#client.batch(
      [
        { sql: 'DELETE FROM write_ahead WHERE collection = ?', args: [name] },
        { sql: 'DELETE FROM collections WHERE name = ?', args: [name] },
      ],
      'write',
    );
  }
}
