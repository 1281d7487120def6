/** @file Requests for keys: wished for, decided, claimed. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import { grantSchema, keyIdSchema, roleSchema } from '../../src/contracts/keys-api.ts';
import type { PagePlace } from './page-place.ts';
import { parseScope } from './api-keys.ts';

const stateSchema = z.enum(['pending', 'approved', 'rejected', 'claimed']);
const rowSchema = z.object({
  id: keyIdSchema,
  claim_hash: z.instanceof(ArrayBuffer).transform((bytes) => new Uint8Array(bytes)),
  name: z.string(),
  purpose: z.string(),
  role: roleSchema,
  collections: z.string().nullable(),
  state: stateSchema,
  created_at_ms: z.int(),
  decided_at_ms: z.int().nullable(),
  decided_by: z.string().nullable(),
  granted: z.string().nullable(),
});

/** A request as it is stored: with the hash of its claim token. */
export interface StoredRequest {
  readonly id: string;
  readonly claimHash: Uint8Array;
  readonly name: string;
  readonly purpose: string;
  readonly role: z.infer<typeof roleSchema>;
  readonly collections: readonly string[] | null;
  readonly state: z.infer<typeof stateSchema>;
  readonly createdAtMs: number;
  readonly decidedAtMs: number | null;
  readonly decidedBy: string | null;
  /** What was granted; null until it was approved. */
  readonly granted: z.output<typeof grantSchema> | null;
}

const COLUMNS = 'id, claim_hash, name, purpose, role, collections, state, created_at_ms, decided_at_ms, decided_by, granted';

/** The table of requests. */
export class KeyRequests {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async add(request: StoredRequest): Promise<void> {
    await this.#client.execute({
      sql: `INSERT INTO key_requests (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)`,
      args: [
        request.id,
        request.claimHash,
        request.name,
        request.purpose,
        request.role,
        request.collections === null ? null : JSON.stringify(request.collections),
        request.state,
        request.createdAtMs,
      ],
    });
  }

  async get(id: string): Promise<StoredRequest | null> {
    const { rows } = await this.#client.execute({ sql: `SELECT ${COLUMNS} FROM key_requests WHERE id = ?`, args: [id] });
    return rows[0] === undefined ? null : requestOf(rows[0]);
  }

  /** Oldest first. */
  async list(after: PagePlace | null, limit: number): Promise<StoredRequest[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${COLUMNS} FROM key_requests WHERE (created_at_ms, id) > (?, ?) ORDER BY created_at_ms, id LIMIT ?`,
      args: [after?.[0] ?? -1, after?.[1] ?? '', limit],
    });
    return rows.map(requestOf);
  }

  /** Forget what lies untouched since a time, and what was settled before it. */
  async forgetBefore(atMs: number): Promise<void> {
    await this.#client.execute({ sql: 'DELETE FROM key_requests WHERE coalesce(decided_at_ms, created_at_ms) < ?', args: [atMs] });
  }

  async countPending(): Promise<number> {
    const { rows } = await this.#client.execute("SELECT count(*) AS count FROM key_requests WHERE state = 'pending'");
    return Number(rows[0]?.['count'] ?? 0);
  }

  /** Go from one state to the next, once. @returns false when it was not in `from`: somebody else was faster. */
  async move(
    id: string,
    from: StoredRequest['state'],
    to: StoredRequest['state'],
    decision: { readonly atMs: number; readonly by: string; readonly granted: StoredRequest['granted'] } | null,
  ): Promise<boolean> {
    const { rowsAffected } = await this.#client.execute(
      decision === null
        ? { sql: 'UPDATE key_requests SET state = ? WHERE id = ? AND state = ?', args: [to, id, from] }
        : {
            sql: 'UPDATE key_requests SET state = ?, decided_at_ms = ?, decided_by = ?, granted = ? WHERE id = ? AND state = ?',
            args: [to, decision.atMs, decision.by, decision.granted === null ? null : JSON.stringify(decision.granted), id, from],
          },
    );
    return rowsAffected === 1;
  }
}

function requestOf(row: Row): StoredRequest {
  const stored = rowSchema.parse(row);
  return {
    id: stored.id,
    claimHash: stored.claim_hash,
    name: stored.name,
    purpose: stored.purpose,
    role: stored.role,
    collections: parseScope(stored.collections),
    state: stored.state,
    createdAtMs: stored.created_at_ms,
    decidedAtMs: stored.decided_at_ms,
    decidedBy: stored.decided_by,
    granted: stored.granted === null ? null : grantSchema.parse(JSON.parse(stored.granted)),
  };
}
