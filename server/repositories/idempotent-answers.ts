/** @file Answers to writes that came with an `Idempotency-Key`, so that a repetition is answered and not done again. */
import type { Client } from '@libsql/client';
import { z } from 'zod';

const rowSchema = z.object({ fingerprint: z.string(), status: z.int().nullable(), body: z.string().nullable() });
/** A stored answer; without a status the write has begun and not ended. */
export type StoredAnswer = z.infer<typeof rowSchema>;

/** The table of answers. */
export class IdempotentAnswers {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Claim a token. @returns null when it was free, else what is known of the write that has it. */
  async begin(actor: string, token: string, fingerprint: string, atMs: number): Promise<StoredAnswer | null> {
    const { rowsAffected } = await this.#client.execute({
      sql: 'INSERT INTO idempotent_answers (actor, token, fingerprint, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      args: [actor, token, fingerprint, atMs],
    });
    if (rowsAffected === 1) return null;
    const { rows } = await this.#client.execute({
      sql: 'SELECT fingerprint, status, body FROM idempotent_answers WHERE actor = ? AND token = ?',
      args: [actor, token],
    });
    return rows[0] === undefined ? null : rowSchema.parse({ ...rows[0] });
  }

  /** @param body null: an answer that must not be kept. */
  async finish(actor: string, token: string, status: number, body: string | null): Promise<void> {
    await this.#client.execute({
      sql: 'UPDATE idempotent_answers SET status = ?, body = ? WHERE actor = ? AND token = ?',
      args: [status, body, actor, token],
    });
  }

  /** The write failed: it may be tried again with the same token. */
  async release(actor: string, token: string): Promise<void> {
    await this.#client.execute({ sql: 'DELETE FROM idempotent_answers WHERE actor = ? AND token = ?', args: [actor, token] });
  }

  /** Forget what is older, and, at a start, what a crash left unfinished. */
  async forget(beforeMs: number, isStart: boolean): Promise<void> {
    await this.#client.execute({
      sql: `DELETE FROM idempotent_answers WHERE created_at_ms < ?${isStart ? ' OR status IS NULL' : ''}`,
      args: [beforeMs],
    });
  }
}
