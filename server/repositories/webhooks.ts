/** @file Webhooks and what was sent by them. */
import type { Client, Row } from '@libsql/client';
import { z } from 'zod';
import {
  webhookDeliverySchema,
  webhookSchema,
  type Webhook,
  type WebhookDelivery,
  type WebhookEvent,
} from '../../src/contracts/webhooks-api.ts';
import type { PagePlace } from './page-place.ts';

/** A webhook as it is stored: with its secret, encrypted. */
export interface StoredWebhook extends Webhook {
  /** Family of the key that registered it. */
  readonly owner: string;
  readonly wrapped: Uint8Array;
  readonly body: Uint8Array;
}

/** A delivery as it is stored. */
export interface StoredDelivery extends WebhookDelivery {
  readonly webhookId: string;
  /** JSON as it is signed and sent. */
  readonly payload: string;
}

type Attempt = WebhookDelivery['attempts'][number];
const bytesSchema = z.instanceof(ArrayBuffer).transform((bytes) => new Uint8Array(bytes));
const DELIVERY_COLUMNS = 'id, webhook_id, event, payload, state, attempts, created_at_ms, next_attempt_at_ms';

/** The tables of webhooks. */
export class Webhooks {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async add({ id, owner, url, events, description, createdAtMs, wrapped, body }: StoredWebhook): Promise<void> {
    await this.#client.execute({
      sql: `INSERT INTO webhooks (id, owner, url, events, description, created_at_ms, wrapped, body, failures) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
      args: [id, owner, url, JSON.stringify(events), description, createdAtMs, wrapped, body],
    });
  }

  async get(id: string): Promise<StoredWebhook | null> {
    const { rows } = await this.#client.execute({ sql: 'SELECT * FROM webhooks WHERE id = ?', args: [id] });
    return rows[0] === undefined ? null : webhookOf(rows[0]);
  }

  /** Oldest first. @param owner null: everybody's. */
  async list(owner: string | null, after: PagePlace | null, limit: number): Promise<StoredWebhook[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT * FROM webhooks WHERE (?1 IS NULL OR owner = ?1) AND (created_at_ms, id) > (?2, ?3) ORDER BY created_at_ms, id LIMIT ?4`,
      args: [owner, after?.[0] ?? -1, after?.[1] ?? '', limit],
    });
    return rows.map(webhookOf);
  }

  /** Remove it with everything that waits and was sent. */
  async remove(id: string): Promise<void> {
    await this.#client.batch(
      [
        { sql: 'DELETE FROM webhook_deliveries WHERE webhook_id = ?', args: [id] },
        { sql: 'DELETE FROM webhooks WHERE id = ?', args: [id] },
      ],
      'write',
    );
  }

  /** Add deliveries of one event. They are on the disk when this resolves. */
  async enqueue(deliveries: readonly Pick<StoredDelivery, 'id' | 'webhookId' | 'event' | 'payload' | 'createdAtMs'>[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#client.batch(
      deliveries.map(({ id, webhookId, event, payload, createdAtMs }) => ({
        sql: `INSERT INTO webhook_deliveries (${DELIVERY_COLUMNS}) VALUES (?, ?, ?, ?, 'waiting', '[]', ?, ?)`,
        args: [id, webhookId, event, payload, createdAtMs, createdAtMs],
      })),
      'write',
    );
  }

  /** Deliveries whose time has come, soonest first. */
  async due(atMs: number, limit: number): Promise<StoredDelivery[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE state = 'waiting' AND next_attempt_at_ms <= ?
            ORDER BY next_attempt_at_ms, id LIMIT ?`,
      args: [atMs, limit],
    });
    return rows.map(deliveryOf);
  }

  /** When the next delivery is due; null: none waits. */
  async nextDueAtMs(): Promise<number | null> {
    const { rows } = await this.#client.execute(`SELECT min(next_attempt_at_ms) AS at FROM webhook_deliveries WHERE state = 'waiting'`);
    return z
      .int()
      .nullable()
      .parse(rows[0]?.['at'] ?? null);
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const { rows } = await this.#client.execute({ sql: `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE id = ?`, args: [id] });
    return rows[0] === undefined ? null : deliveryOf(rows[0]);
  }

  /** Newest first. */
  async deliveries(webhookId: string, after: PagePlace | null, limit: number): Promise<StoredDelivery[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ?1 AND (?2 IS NULL OR (created_at_ms, id) < (?2, ?3))
            ORDER BY created_at_ms DESC, id DESC LIMIT ?4`,
      args: [webhookId, after?.[0] ?? null, after?.[1] ?? null, limit],
    });
    return rows.map(deliveryOf);
  }

  /** Write an attempt down, and what follows from it. */
  async attempted(
    { id, webhookId, attempts }: StoredDelivery,
    attempt: Attempt,
    next: { readonly state: WebhookDelivery['state']; readonly atMs: number | null },
    disabled: Webhook['disabledReason'],
  ): Promise<void> {
    const isGood = next.state === 'delivered';
    await this.#client.batch(
      [
        {
          sql: 'UPDATE webhook_deliveries SET attempts = ?, state = ?, next_attempt_at_ms = ? WHERE id = ?',
          args: [JSON.stringify([...attempts, attempt]), next.state, next.atMs, id],
        },
        { sql: `UPDATE webhooks SET failures = ${isGood ? '0' : 'failures + 1'} WHERE id = ?`, args: [webhookId] },
        ...(disabled === null ? [] : this.#disabling(webhookId, disabled, attempt.atMs)),
      ],
      'write',
    );
  }

  /** Send nothing more; what waits has failed. */
  async disable(webhookId: string, reason: NonNullable<Webhook['disabledReason']>, atMs: number): Promise<void> {
    await this.#client.batch(this.#disabling(webhookId, reason, atMs), 'write');
  }

  /** Forget deliveries that ended before a time. */
  async forgetBefore(atMs: number): Promise<void> {
    await this.#client.execute({ sql: `DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND created_at_ms < ?`, args: [atMs] });
  }

  #disabling(webhookId: string, reason: NonNullable<Webhook['disabledReason']>, atMs: number) {
    return [
      {
        sql: 'UPDATE webhooks SET disabled_reason = ?, disabled_at_ms = ? WHERE id = ? AND disabled_reason IS NULL',
        args: [reason, atMs, webhookId],
      },
      {
        sql: `UPDATE webhook_deliveries SET state = 'failed', next_attempt_at_ms = NULL WHERE webhook_id = ? AND state = 'waiting'`,
        args: [webhookId],
      },
    ];
  }
}

function webhookOf(row: Row): StoredWebhook {
  const webhook = webhookSchema.parse({
    ...{ id: row['id'], url: row['url'], description: row['description'], createdAtMs: row['created_at_ms'], failures: row['failures'] },
    ...{ disabledReason: row['disabled_reason'], disabledAtMs: row['disabled_at_ms'] },
    events: JSON.parse(z.string().parse(row['events'])) as WebhookEvent[],
  });
  return {
    ...webhook,
    owner: z.string().parse(row['owner']),
    wrapped: bytesSchema.parse(row['wrapped']),
    body: bytesSchema.parse(row['body']),
  };
}

function deliveryOf(row: Row): StoredDelivery {
  const delivery = webhookDeliverySchema.parse({
    ...{ id: row['id'], event: row['event'], state: row['state'], createdAtMs: row['created_at_ms'] },
    nextAttemptAtMs: row['next_attempt_at_ms'],
    attempts: JSON.parse(z.string().parse(row['attempts'])) as Attempt[],
  });
  return { ...delivery, webhookId: z.string().parse(row['webhook_id']), payload: z.string().parse(row['payload']) };
}
