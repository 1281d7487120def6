/** @file Erasures: asked for, under way, done, each with its receipt. */
import type { Client, InStatement, Row } from '@libsql/client';
import { z } from 'zod';
import { erasureReceiptSchema, type Erasure, type ErasureReceipt } from '../../src/contracts/records-api.ts';
import type { PagePlace } from './page-place.ts';
import { NEXT_SEQUENCE, forgetStatement, hideStatements, type ItemPlace } from './records.ts';

const targetsSchema = z.array(z.tuple([z.string(), z.string()]));
const countsSchema = erasureReceiptSchema.shape.erased;
const rowSchema = z.object({
  id: z.string(),
  reason: erasureReceiptSchema.shape.reason,
  state: z.enum(['hidden', 'rewritten', 'done']),
  requested_by: z.string(),
  requested_at_ms: z.int(),
  salt: z.string(),
  subject: z.string(),
  targets: z.string(),
  counts: z.string(),
  items: z.int(),
  rewritten: z.int(),
  failures: z.int(),
  receipt: z.string().nullable(),
});

/** An erasure as it is stored. The targets are forgotten when it is done. */
export interface StoredErasure extends Erasure {
  readonly salt: string;
  readonly subject: string;
  readonly targets: readonly ItemPlace[];
  readonly counts: ErasureReceipt['erased'];
  readonly rewritten: number;
}

/** The table of erasures. */
export class Erasures {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Write an erasure down and hide its targets, in one flushed transaction. */
  async begin(erasure: StoredErasure): Promise<void> {
    const { id, reason, state, requestedBy, requestedAtMs, salt, subject, targets, counts, items } = erasure;
    const insert: InStatement = {
      sql: `INSERT INTO erasures (id, reason, state, requested_by, requested_at_ms, salt, subject, targets, counts, items, rewritten, failures)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
      args: [
        id,
        reason,
        state,
        requestedBy,
        requestedAtMs,
        salt,
        subject,
        JSON.stringify(targets.map(({ collection, id: item }) => [collection, item])),
        JSON.stringify(counts),
        items,
      ],
    };
    await this.#client.batch([insert, NEXT_SEQUENCE, ...targets.flatMap((target) => hideStatements(target, id))], 'write');
  }

  async get(id: string): Promise<StoredErasure | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT * FROM erasures WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : erasureOf(rows[0]);
  }

  /** Oldest first. */
  async list(after: PagePlace | null, limit: number): Promise<StoredErasure[]> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT * FROM erasures WHERE (requested_at_ms, id) > (?, ?) ORDER BY requested_at_ms, id LIMIT ?',
      args: [after?.[0] ?? -1, after?.[1] ?? '', limit],
    });
    return rows.map(erasureOf);
  }

  /** Everything that is not done, oldest first. */
  async open(): Promise<StoredErasure[]> {
    const { rows } = await this.#client.execute("SELECT * FROM erasures WHERE state <> 'done' ORDER BY requested_at_ms, id");
    return rows.map(erasureOf);
  }

  /** The vectors are out of every table's live rows and their files were written anew. */
  async rewrite({ id }: StoredErasure, rewritten: number): Promise<void> {
    await this.#client.execute({ sql: "UPDATE erasures SET state = 'rewritten', rewritten = ? WHERE id = ?", args: [rewritten, id] });
  }

  async fail(id: string): Promise<void> {
    await this.#client.execute({ sql: 'UPDATE erasures SET failures = failures + 1 WHERE id = ?', args: [id] });
  }

  /** Keep the receipt and forget what was erased: only now, so that servers that only read have seen it hidden. */
  async finish({ id, targets }: StoredErasure, receipt: ErasureReceipt): Promise<void> {
    await this.#client.batch(
      [
        { sql: "UPDATE erasures SET state = 'done', targets = '[]', receipt = ? WHERE id = ?", args: [JSON.stringify(receipt), id] },
        NEXT_SEQUENCE,
        ...targets.map(forgetStatement),
      ],
      'write',
    );
  }
}

function erasureOf(row: Row): StoredErasure {
  const stored = rowSchema.parse({ ...row });
  return {
    id: stored.id,
    reason: stored.reason,
    state: stored.state,
    requestedBy: stored.requested_by,
    requestedAtMs: stored.requested_at_ms,
    salt: stored.salt,
    subject: stored.subject,
    targets: targetsSchema.parse(JSON.parse(stored.targets)).map(([collection, id]) => ({ collection, id })),
    counts: countsSchema.parse(JSON.parse(stored.counts)),
    items: stored.items,
    rewritten: stored.rewritten,
    failures: stored.failures,
    receipt: stored.receipt === null ? null : erasureReceiptSchema.parse(JSON.parse(stored.receipt)),
  };
}
