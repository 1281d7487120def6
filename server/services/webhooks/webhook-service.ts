/**
 * @file Webhooks: registered by a key, told of what that key's jobs did. [Note: At least once] What is to be sent is on the disk before it is
 * sent, and sent until it was taken or given up; after a crash the same message may come twice, under the same `webhook-id`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import type { PageQuery } from '../../../src/contracts/page-api.ts';
import type { CreateWebhook, Webhook, WebhookDelivery, WebhookEvent, WebhookPayload } from '../../../src/contracts/webhooks-api.ts';
import type { StoredDelivery, StoredWebhook, Webhooks } from '../../repositories/webhooks.ts';
import { seal, unseal } from '../secrets/envelope.ts';
import { randomId } from '../keys/key-secret.ts';
import type { OutboundCaller } from './outbound-call.ts';
import { pageOf, placeOf } from '../http/page-cursor.ts';
import { HttpProblem } from '../http/problem.ts';
import { newWebhookSecret, signedHeaders } from './webhook-signature.ts';

/** What webhooks stand on. */
export interface WebhookParts {
  readonly webhooks: Webhooks;
  readonly caller: Pick<OutboundCaller, 'check' | 'post'>;
  /** True while a key of the family works. */
  readonly isOwnerActive: (owner: string) => Promise<boolean>;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly logger: Pick<FastifyBaseLogger, 'warn' | 'error'>;
  readonly now?: () => number;
  /** Waits between attempts. */
  readonly delaysMs?: readonly number[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The schedule that Standard Webhooks recommends: given up after three days. */
const DELAYS_MS: readonly number[] = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** So that many receivers that were down together are not called together. */
const JITTER = 0.1;
/** Attempts that fail one after the other, of any message, until a webhook is disabled. */
const MAX_FAILURES = 50;
const MAX_OF_ONE = 10;
const TIMEOUT_MS = 10 * SECOND;
const MAX_ANSWER_BYTES = 64 * 1024;
const AT_ONCE = 4;
const FAULT_PAUSE_MS = 5 * SECOND;
const LOG_MS = 7 * 24 * HOUR;
const GONE = 410;
/** Longest sleep: clocks jump, machines sleep. */
const MAX_SLEEP_MS = MINUTE;

/** Who may see a webhook: its owner, or everybody's for an admin. */
export type WebhookViewer = { readonly owner: string } | 'admin';

/** Registers webhooks and sends what they wait for. */
export class WebhookService {
  readonly #parts: WebhookParts;
  readonly #now: () => number;
  readonly #delaysMs: readonly number[];
  readonly #sending = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #pumping: Promise<void> | null = null;
  #isPumpWanted = false;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#delaysMs = parts.delaysMs ?? DELAYS_MS;
  }

  /** Go on after a start. */
  async resume(): Promise<void> {
    await this.#parts.webhooks.forgetBefore(this.#now() - LOG_MS);
    this.#pump();
  }

  /** @returns it with its secret, which is shown this once. @throws HttpProblem 400 for an address that is never called; 409 for too many. */
  async register(owner: string, { url, events, description }: CreateWebhook): Promise<{ webhook: Webhook; secret: string }> {
    const address = this.#parts.caller.check(url).href;
    if ((await this.#parts.webhooks.list(owner, null, MAX_OF_ONE)).length >= MAX_OF_ONE)
      throw new HttpProblem(409, 'invalid-input', `A key has at most ${MAX_OF_ONE} webhooks.`);
    const id = randomId();
    const secret = newWebhookSecret();
    const stored: StoredWebhook = {
      ...{ id, owner, url: address, events: [...new Set(events)], description, createdAtMs: this.#now(), failures: 0 },
      ...{ disabledReason: null, disabledAtMs: null },
      ...seal(this.#parts.masterKey, nameOf(id), Buffer.from(secret)),
    };
    await this.#parts.webhooks.add(stored);
    return { webhook: stored, secret };
  }

  /** @throws HttpProblem 404 also for somebody else's. */
  async get(id: string, viewer: WebhookViewer): Promise<Webhook> {
    const webhook = await this.#parts.webhooks.get(id);
    if (webhook === null || (viewer !== 'admin' && viewer.owner !== webhook.owner))
      throw new HttpProblem(404, 'invalid-input', 'There is no such webhook.');
    return webhook;
  }

  /** Oldest first. */
  async list(viewer: WebhookViewer, { limit, cursor }: PageQuery): Promise<{ items: Webhook[]; nextCursor: string | null }> {
    const rows = await this.#parts.webhooks.list(viewer === 'admin' ? null : viewer.owner, placeOf(cursor), limit + 1);
    return pageOf(rows, limit, ({ createdAtMs, id }) => [createdAtMs, id]);
  }

  /** @throws HttpProblem 404 */
  async remove(id: string, viewer: WebhookViewer): Promise<void> {
    await this.get(id, viewer);
    await this.#parts.webhooks.remove(id);
  }

  /** Newest first. @throws HttpProblem 404 */
  async deliveries(
    id: string,
    viewer: WebhookViewer,
    { limit, cursor }: PageQuery,
  ): Promise<{ items: WebhookDelivery[]; nextCursor: string | null }> {
    await this.get(id, viewer);
    const rows = await this.#parts.webhooks.deliveries(id, placeOf(cursor), limit + 1);
    return pageOf(rows, limit, ({ createdAtMs, id: delivery }) => [createdAtMs, delivery]);
  }

  /** Send a test message, whatever the webhook listens to. @throws HttpProblem 404; 409 for one that is disabled. */
  async test(id: string, viewer: WebhookViewer): Promise<WebhookDelivery> {
    const webhook = await this.get(id, viewer);
    if (webhook.disabledReason !== null)
      throw new HttpProblem(409, 'invalid-input', 'This webhook is disabled. Remove it and register it again.');
    const [delivery] = await this.#enqueue([id], { type: 'webhook.test', timestamp: new Date(this.#now()).toISOString(), data: {} });
    return delivery!;
  }

  /** Tell an owner's webhooks. On the disk when this resolves; sent by and by. */
  async tell<Event extends Exclude<WebhookEvent, 'webhook.test'>>(
    owner: string,
    type: Event,
    data: Extract<WebhookPayload, { type: Event }>['data'],
  ): Promise<void> {
    const all = await this.#parts.webhooks.list(owner, null, MAX_OF_ONE);
    const ids = all.filter(({ events, disabledReason }) => events.includes(type) && disabledReason === null).map(({ id }) => id);
    await this.#enqueue(ids, { type, timestamp: new Date(this.#now()).toISOString(), data });
  }

  /** Resolves when nothing is being sent and nothing is due now. */
  async settled(): Promise<void> {
    while (this.#pumping !== null || this.#sending.size > 0) await Promise.all([this.#pumping, ...this.#sending.values()]);
  }

  /** Stop; what waits is sent after the next start. */
  async close(): Promise<void> {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.settled();
  }

  async #enqueue(webhookIds: readonly string[], payload: WebhookPayload): Promise<WebhookDelivery[]> {
    const createdAtMs = this.#now();
    const deliveries = webhookIds.map((webhookId) => ({
      ...{ id: `msg_${randomUUID()}`, webhookId, event: payload.type, payload: JSON.stringify(payload), createdAtMs },
      ...{ state: 'waiting' as const, attempts: [], nextAttemptAtMs: createdAtMs },
    }));
    await this.#parts.webhooks.enqueue(deliveries);
    this.#pump();
    return deliveries;
  }

  /** Start what is due, and wake up for what will be. */
  #pump(): void {
    this.#isPumpWanted = true;
    this.#pumping ??= this.#pumpOnce()
      .catch((error: unknown) => this.#parts.logger.error({ err: error }, 'webhooks were not sent; they will be tried again'))
      .finally(() => {
        this.#pumping = null;
      });
  }

  async #pumpOnce(): Promise<void> {
    const { webhooks } = this.#parts;
    while (this.#isPumpWanted && !this.#abort.signal.aborted) {
      this.#isPumpWanted = false;
      const due = await webhooks.due(this.#now(), AT_ONCE + this.#sending.size);
      for (const delivery of due) {
        if (this.#sending.size >= AT_ONCE) break;
        if (this.#sending.has(delivery.id)) continue;
        const sent = this.#send(delivery)
          .catch(async (error: unknown) => {
            this.#parts.logger.error({ err: error }, 'a webhook was not sent; it will be tried again');
            // Its place stays taken for a while: what is wrong here is wrong for all.
            await sleep(FAULT_PAUSE_MS, null, { signal: this.#abort.signal, ref: false }).catch(() => {});
          })
          .finally(() => {
            this.#sending.delete(delivery.id);
            this.#pump();
          });
        this.#sending.set(delivery.id, sent);
      }
    }
    if (this.#abort.signal.aborted) return;
    const nextAtMs = await webhooks.nextDueAtMs();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // What is due now and could not start is looked at again when one that is being sent has ended.
    if (nextAtMs !== null && this.#sending.size < AT_ONCE) {
      const waitMs = Math.min(MAX_SLEEP_MS, Math.max(this.#sending.size > 0 ? SECOND : 1, nextAtMs - this.#now()));
      this.#timer = setTimeout(() => this.#pump(), waitMs).unref();
    }
  }

  async #send(delivery: StoredDelivery): Promise<void> {
    const { webhooks, caller, masterKey, isOwnerActive } = this.#parts;
    const webhook = await webhooks.get(delivery.webhookId);
    if (webhook === null) return;
    if (!(await isOwnerActive(webhook.owner))) {
      await webhooks.disable(webhook.id, 'key', this.#now());
      return;
    }
    const secret = unseal(masterKey, nameOf(webhook.id), webhook).toString();
    const atMs = this.#now();
    let status: number | null = null;
    let problem: string | null = null;
    try {
      const answer = await caller.post(webhook.url, {
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Mekiki-Webhooks/1',
          ...signedHeaders(secret, delivery.id, atMs, delivery.payload),
        },
        body: Buffer.from(delivery.payload),
        timeoutMs: TIMEOUT_MS,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal: this.#abort.signal,
      });
      ({ status } = answer);
      if (status < 200 || status > 299) problem = status >= 300 && status < 400 ? 'Redirects are not followed.' : `Answered ${status}.`;
    } catch (error) {
      // The server stops: not an attempt.
      if (this.#abort.signal.aborted) return;
      problem = error instanceof AppError || error instanceof HttpProblem ? error.message : 'The call failed.';
    }
    const attempt = { atMs, status, durationMs: Math.max(0, this.#now() - atMs), problem };
    if (problem === null) {
      await webhooks.attempted(delivery, attempt, { state: 'delivered', atMs: null }, null);
      return;
    }
    const delayMs = this.#delaysMs[delivery.attempts.length];
    const isGivenUp = delayMs === undefined;
    const disabled = status === GONE ? 'gone' : isGivenUp || webhook.failures + 1 >= MAX_FAILURES ? 'failing' : null;
    if (disabled !== null) this.#parts.logger.warn({ webhook: webhook.id, reason: disabled }, 'a webhook was disabled');
    const nextAtMs = isGivenUp ? null : Math.round(this.#now() + delayMs * (1 + Math.random() * JITTER));
    await webhooks.attempted(delivery, attempt, { state: isGivenUp ? 'failed' : 'waiting', atMs: nextAtMs }, disabled);
  }
}

function nameOf(id: string): string {
  return `webhook\n${id}`;
}
