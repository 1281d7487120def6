/** @file API keys: what is stored of them, and how often each was used. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import { keyIdSchema, roleSchema } from '../../src/contracts/keys-api.ts';
import type { PagePlace } from './page-place.ts';

const rowSchema = z.object({
  id: keyIdSchema,
  family: keyIdSchema,
  replaces: keyIdSchema.nullable(),
  secret_hash: z.instanceof(ArrayBuffer).transform((bytes) => new Uint8Array(bytes)),
  name: z.string(),
  purpose: z.string(),
  role: roleSchema,
  collections: z.string().nullable(),
  requests_per_minute: z.int().nullable(),
  requests_per_day: z.int().nullable(),
  created_at_ms: z.int(),
  created_by: z.string(),
  expires_at_ms: z.int().nullable(),
  revoked_at_ms: z.int().nullable(),
  last_used_at_ms: z.int().nullable(),
});

/** A key as it is stored: with the hash of its secret, never the secret. */
export interface StoredKey {
  readonly id: string;
  /** Id of the first key in a chain of rotations: limits and usage are counted by it. */
  readonly family: string;
  readonly replaces: string | null;
  readonly secretHash: Uint8Array;
  readonly name: string;
  readonly purpose: string;
  readonly role: z.infer<typeof roleSchema>;
  /** Null: every collection that holds no persons. */
  readonly collections: readonly string[] | null;
  readonly requestsPerMinute: number | null;
  readonly requestsPerDay: number | null;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** Counts since the last {@link ApiKeys.countUse}. */
export interface KeyUse {
  readonly family: string;
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly requests: number;
}

const COLUMNS = `id, family, replaces, secret_hash, name, purpose, role, collections, requests_per_minute, requests_per_day,
  created_at_ms, created_by, expires_at_ms, revoked_at_ms, last_used_at_ms`;
/** Usage of earlier days is of no use. */
const USAGE_DAYS = 40;

/** The table of keys. Reading by id takes a fraction of a millisecond, so nothing is cached: a revocation counts at once. */
export class ApiKeys {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async add(key: StoredKey): Promise<void> {
    await this.#client.execute({
      sql: `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      args: argsOf(key),
    });
  }

  async get(id: string): Promise<StoredKey | null> {
    const { rows } = await this.#client.execute({ sql: `SELECT ${COLUMNS} FROM api_keys WHERE id = ?`, args: [id] });
    return rows[0] === undefined ? null : keyOf(rows[0]);
  }

  /** Oldest first; `limit + 1` rows tell whether there are more. */
  async list(after: PagePlace | null, limit: number): Promise<StoredKey[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM api_keys WHERE (created_at_ms, id) > (?, ?) ORDER BY created_at_ms, id LIMIT ?`,
      args: [after?.[0] ?? -1, after?.[1] ?? '', limit],
    });
    return rows.map(keyOf);
  }

  /** Add a key and let the one that it replaces end at `oldExpiresAtMs`, in one step. */
  async rotate(next: StoredKey, oldExpiresAtMs: number): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          args: argsOf(next),
        },
        {
          sql: 'UPDATE api_keys SET expires_at_ms = min(coalesce(expires_at_ms, ?2), ?2) WHERE id = ?1',
          args: [next.replaces, oldExpiresAtMs],
        },
      ],
      'write',
    );
  }

  /** @returns false when it was revoked before or is not there. */
  async revoke(id: string, atMs: number): Promise<boolean> {
    const { rowsAffected } = await this.#client.execute({
      sql: 'UPDATE api_keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL',
      args: [atMs, id],
    });
    return rowsAffected === 1;
  }

  /** How many keys were ever made. */
  async count(): Promise<number> {
    const { rows } = await this.#client.execute('SELECT count(*) AS count FROM api_keys');
    return Number(rows[0]?.['count'] ?? 0);
  }

  /** @returns true while a key of a family works. */
  async isFamilyActive(family: string, atMs: number): Promise<boolean> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT 1 FROM api_keys WHERE family = ? AND revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?) LIMIT 1',
      args: [family, atMs],
    });
    return rows.length > 0;
  }

  /** How many admin keys, but for one, still work at a time. */
  async countOtherAdmins(id: string, atMs: number): Promise<number> {
    const { rows } = await this.#client.execute({
      sql: `SELECT count(*) AS count FROM api_keys WHERE role = 'admin' AND id <> ? AND revoked_at_ms IS NULL
            AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
      args: [id, atMs],
    });
    return Number(rows[0]?.['count'] ?? 0);
  }

  /** Write down when keys were used and add to the day's counts, in one transaction. */
  async countUse(lastUsed: ReadonlyMap<string, number>, uses: readonly KeyUse[]): Promise<void> {
    if (lastUsed.size === 0 && uses.length === 0) return;
    await this.#client.batch(
      [
        ...[...lastUsed].map(([id, atMs]) => ({ sql: 'UPDATE api_keys SET last_used_at_ms = ? WHERE id = ?', args: [atMs, id] })),
        ...uses.map(({ family, day, requests }) => ({
          sql: `INSERT INTO key_usage (family, day, requests) VALUES (?, ?, ?)
                ON CONFLICT (family, day) DO UPDATE SET requests = requests + excluded.requests`,
          args: [family, day, requests],
        })),
        ...uses.slice(0, 1).map(({ day }) => ({ sql: 'DELETE FROM key_usage WHERE day < ?', args: [day - USAGE_DAYS] })),
      ],
      'write',
    );
  }

  /** Requests of a day that were written down. */
  async requestsOf(family: string, day: number): Promise<number> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT requests FROM key_usage WHERE family = ? AND day = ?',
      args: [family, day],
    });
    return Number(rows[0]?.['requests'] ?? 0);
  }
}

function argsOf(key: StoredKey) {
  return [
    key.id,
    key.family,
    key.replaces,
    key.secretHash,
    key.name,
    key.purpose,
    key.role,
    key.collections === null ? null : JSON.stringify(key.collections),
    key.requestsPerMinute,
    key.requestsPerDay,
    key.createdAtMs,
    key.createdBy,
    key.expiresAtMs,
    key.revokedAtMs,
    key.lastUsedAtMs,
  ];
}

/** @param row with every column of the table. */
export function keyOf(row: Row): StoredKey {
  const stored = rowSchema.parse(row);
  return {
    id: stored.id,
    family: stored.family,
    replaces: stored.replaces,
    secretHash: stored.secret_hash,
    name: stored.name,
    purpose: stored.purpose,
    role: stored.role,
    collections: parseScope(stored.collections),
    requestsPerMinute: stored.requests_per_minute,
    requestsPerDay: stored.requests_per_day,
    createdAtMs: stored.created_at_ms,
    createdBy: stored.created_by,
    expiresAtMs: stored.expires_at_ms,
    revokedAtMs: stored.revoked_at_ms,
    lastUsedAtMs: stored.last_used_at_ms,
  };
}

/** @param text JSON of names, or null. */
export function parseScope(text: string | null): readonly string[] | null {
  return text === null ? null : z.array(z.string()).parse(JSON.parse(text));
}
