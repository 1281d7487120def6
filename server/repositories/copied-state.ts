/**
 * @file What a server that only reads has copied from the one that writes, in the tables that a writer has: keys, rules, ends of items, packs. It
 * is kept in one file with everything else of this server, and is as protected.
 */
import type { Client, InStatement } from '@libsql/client';
import { z } from 'zod';
import { replicaStateSchema, type ReplicaState } from '../../src/contracts/replica-api.ts';
import { Loads, setLoad } from './loads.ts';

/** Under this name the position is kept. */
const POSITION = 'copied-state';

const positionSchema = z.object({
  /** Origin of the server that it was copied from. */
  writer: z.string(),
  /** As of {@link ReplicaState}. */
  server: z.string().nullable(),
  keys: z.int(),
  rules: z.int(),
  packs: z.int(),
  collections: z.array(z.string()),
  /** What is offered there; null: never heard. */
  offered: replicaStateSchema.shape.packs,
  cursor: z.string().nullable(),
  /** The writer's clock: erasures that began later may not have been seen. */
  asOfMs: z.int(),
  /** A copy of all ends is under way since then, by the writer's clock: what it does not bring is over. */
  wholeSinceMs: z.int().nullable(),
  /** Stands in the rows of the last whole copy and of what came since. */
  mark: z.int(),
  /** When everything was last heard, by this server's clock; null: never. */
  heardAtMs: z.int().nullable(),
});
/** How far the copy is. */
export type CopyPosition = z.output<typeof positionSchema>;

/** @returns where a copy begins. @param mark of rows that are there from before. */
export function nothingCopied(writer: string, mark = 0): CopyPosition {
  return {
    ...{ writer, server: null, keys: -1, rules: -1, packs: -1, collections: [], offered: null },
    ...{ cursor: null, asOfMs: 0, wholeSinceMs: null, mark, heardAtMs: null },
  };
}

/** @returns true when a data folder holds a copy: it makes no keys of its own. */
export async function isCopy(client: Client): Promise<boolean> {
  return (await new Loads(client).get(POSITION)) !== null;
}

/** The copied rows of the tables, and how far they are. */
export class CopiedState {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns null when nothing was ever copied into this data folder. */
  async position(): Promise<CopyPosition | null> {
    const stored = await new Loads(this.#client).get(POSITION);
    return stored === null ? null : positionSchema.parse(stored);
  }

  async setPosition(position: CopyPosition): Promise<void> {
    await this.#client.execute(setLoad(POSITION, position));
  }

  /**
   * Take over an answer, in one flushed transaction with the position after it.
   * @param isLast the last page of all ends: those that did not come are over.
   */
  async take({ keys, rules, ends }: ReplicaState, position: CopyPosition, isLast: boolean): Promise<void> {
    await this.#client.batch(
      [
        ...(keys === null ? [] : keyStatements(keys.items)),
        ...(rules === null ? [] : ruleStatements(rules.items)),
        ...(ends === null ? [] : endStatements(ends, position.mark, isLast)),
        setLoad(POSITION, position),
      ],
      'write',
    );
  }
}

function keyStatements(keys: NonNullable<ReplicaState['keys']>['items']): InStatement[] {
  return [
    { sql: 'DELETE FROM api_keys WHERE id NOT IN (SELECT value FROM json_each(?))', args: [JSON.stringify(keys.map(({ id }) => id))] },
    ...keys.map((key) => ({
      // When it was last used is what happened here.
      sql: `INSERT INTO api_keys (id, family, replaces, secret_hash, name, purpose, role, collections, requests_per_minute, requests_per_day,
              created_at_ms, created_by, expires_at_ms, revoked_at_ms, last_used_at_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
            ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, role = excluded.role, collections = excluded.collections,
              requests_per_minute = excluded.requests_per_minute, requests_per_day = excluded.requests_per_day,
              expires_at_ms = excluded.expires_at_ms, revoked_at_ms = excluded.revoked_at_ms`,
      args: [
        ...[key.id, key.family, key.replaces, Buffer.from(key.secretHash, 'base64'), key.name, key.purpose, key.role],
        ...[key.collections === null ? null : JSON.stringify(key.collections), key.requestsPerMinute, key.requestsPerDay],
        ...[key.createdAtMs, key.createdBy, key.expiresAtMs, key.revokedAtMs],
      ],
    })),
  ];
}

function ruleStatements(rules: NonNullable<ReplicaState['rules']>['items']): InStatement[] {
  return [
    'DELETE FROM collection_rules',
    ...rules.map(({ collection, rules: body }) => ({
      sql: `INSERT INTO collection_rules (collection, body, set_by, set_at_ms) VALUES (?, ?, 'writer', ?)`,
      args: [collection, JSON.stringify(body), Date.now()],
    })),
  ];
}

function endStatements({ items, erasures }: NonNullable<ReplicaState['ends']>, mark: number, isLast: boolean): InStatement[] {
  const rows = JSON.stringify(items);
  const column = (place: number) => `json_extract(value, '$[${place}]')`;
  return [
    {
      sql: `DELETE FROM records WHERE (collection, item_id) IN
              (SELECT ${column(0)}, ${column(1)} FROM json_each(?) WHERE ${column(2)} IS NULL)`,
      args: [rows],
    },
    {
      sql: `INSERT INTO records (collection, item_id, person_id, consent, written_at_ms, valid_until_ms, sequence, erasure_id)
            SELECT ${column(0)}, ${column(1)}, NULL, NULL, 0, ${column(2)}, ?2, ${column(3)} FROM json_each(?1) WHERE ${column(2)} IS NOT NULL
            ON CONFLICT (collection, item_id) DO UPDATE SET valid_until_ms = excluded.valid_until_ms, sequence = excluded.sequence,
              erasure_id = excluded.erasure_id`,
      args: [rows, mark],
    },
    {
      sql: 'DELETE FROM records WHERE erasure_id IS NOT NULL AND erasure_id NOT IN (SELECT value FROM json_each(?))',
      args: [JSON.stringify(erasures)],
    },
    ...(isLast ? [{ sql: 'DELETE FROM records WHERE sequence <> ?', args: [mark] }] : []),
  ];
}
