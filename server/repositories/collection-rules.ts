/** @file Rules of collections: what they hold, why, how long. */
import type { Client } from '@libsql/client';
import { z } from 'zod';
import { collectionRulesSchema, type CollectionRules } from '../../src/contracts/records-api.ts';

/** The table of rules. They are few and asked at every request, so they are held in memory. */
export class CollectionRulesTable {
  readonly #client: Client;
  #rules: Map<string, CollectionRules>;

  private constructor(client: Client, rules: Map<string, CollectionRules>) {
    this.#client = client;
    this.#rules = rules;
  }

  static async open(client: Client): Promise<CollectionRulesTable> {
    const { rows } = await client.execute('SELECT collection, body FROM collection_rules');
    const rules = rows.map(
      ({ collection, body }) => [z.string().parse(collection), collectionRulesSchema.parse(JSON.parse(z.string().parse(body)))] as const,
    );
    return new CollectionRulesTable(client, new Map(rules));
  }

  get(collection: string): CollectionRules | null {
    return this.#rules.get(collection) ?? null;
  }

  names(): string[] {
    return [...this.#rules.keys()];
  }

  async set(collection: string, rules: CollectionRules, by: string): Promise<void> {
    await this.#client.execute({
      sql: `INSERT INTO collection_rules (collection, body, set_by, set_at_ms) VALUES (?, ?, ?, ?)
            ON CONFLICT (collection) DO UPDATE SET body = excluded.body, set_by = excluded.set_by, set_at_ms = excluded.set_at_ms`,
      args: [collection, JSON.stringify(rules), by, Date.now()],
    });
    this.#rules.set(collection, rules);
  }

  /** The table was written by somebody else: these are its rows. */
  replace(all: readonly { readonly collection: string; readonly rules: CollectionRules }[]): void {
    this.#rules = new Map(all.map(({ collection, rules }) => [collection, rules]));
  }

  async remove(collection: string): Promise<void> {
    await this.#client.execute({ sql: 'DELETE FROM collection_rules WHERE collection = ?', args: [collection] });
    this.#rules.delete(collection);
  }
}
