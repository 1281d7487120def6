/** @file Webhooks over HTTP to a receiver of this machine: signed, repeated, given up, seen by their key only. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pageSchema } from '../../../src/contracts/page-api.ts';
import { recognitionJobSchema } from '../../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { issuedWebhookSchema, webhookDeliverySchema, webhookPayloadSchema, webhookSchema } from '../../../src/contracts/webhooks-api.ts';
import type { App } from '../../../server/app.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { Webhooks } from '../../../server/repositories/webhooks.ts';
import { OutboundCaller } from '../../../server/services/webhooks/outbound-call.ts';
import { WebhookService, type WebhookParts } from '../../../server/services/webhooks/webhook-service.ts';
import { join } from 'node:path';
import { plainImage } from './drawn-images.ts';
import { formOf } from './form.ts';
import { removeFolders, startApp, temporaryFolder } from './test-server.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
let receiver: Server;
let url: string;
let received: Received[] = [];
let answers: number[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
  removeFolders();
});
afterEach(() => {
  received = [];
  answers = [];
});

/** As the specification tells a receiver to check. */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('over HTTP', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({ recognisers: 1, isLoopbackAllowed: true });
  });
  afterAll(() => app.http.close());

  const key = async () => (await app.services.keys.create({ name: 'x', purpose: 'y', role: 'viewer' }, 'test')).secret;
  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, secret?: string, payload?: object) =>
    app.http.inject({
      ...{ method, url: `/v1${path}` },
      ...(payload === undefined ? {} : { payload }),
      ...(secret === undefined ? {} : { headers: { authorization: `Bearer ${secret}` } }),
    });
  async function register(secret: string, body: object = {}) {
    const answer = await ask('POST', '/webhooks', secret, { url, ...body });
    expect(answer.statusCode, answer.body).toBe(201);
    return issuedWebhookSchema.parse(answer.json());
  }

  it('a job tells its key’s webhooks when it is over, signed, without what was seen', async () => {
    const mine = await key();
    const { webhook, secret } = await register(mine);
    await register(await key());
    const { type, payload } = formOf([{ name: 'private-name.png', bytes: await plainImage('png') }]);
    const headers = { 'content-type': type, authorization: `Bearer ${mine}` };
    const job = recognitionJobSchema.parse(
      (await app.http.inject({ method: 'POST', url: '/v1/recognitions?model=barcode', payload, headers })).json(),
    );
    await app.services.recognitionJobs.settled();
    await app.services.webhooks.settled();
    expect(received).toHaveLength(1);
    expect(isSigned(received[0]!, secret)).toBe(true);
    expect(isSigned({ ...received[0]!, body: received[0]!.body.replace('done', 'gone') }, secret)).toBe(false);
    expect(Math.abs(Number(received[0]!.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    const message = webhookPayloadSchema.parse(JSON.parse(received[0]!.body));
    expect(message).toMatchObject({ type: 'recognition.finished', data: { id: job.id, state: 'done', done: 1 } });
    expect(received[0]!.body).not.toContain('private-name');
    const log = pageSchema(webhookDeliverySchema).parse((await ask('GET', `/webhooks/${webhook.id}/deliveries`, mine)).json());
    expect(log.items).toMatchObject([
      { id: received[0]!.headers['webhook-id'], state: 'delivered', attempts: [{ status: 204, problem: null }] },
    ]);
  });

  it('can be tried, listed, read and removed by its key, and by nobody else', async () => {
    const mine = await key();
    const { webhook } = await register(mine, { description: 'till' });
    expect((await ask('POST', `/webhooks/${webhook.id}/test`, mine)).statusCode).toBe(202);
    await app.services.webhooks.settled();
    expect(JSON.parse(received[0]!.body)).toMatchObject({ type: 'webhook.test' });
    const listed = pageSchema(webhookSchema).parse((await ask('GET', '/webhooks', mine)).json());
    expect(listed.items).toEqual([webhookSchema.parse((await ask('GET', `/webhooks/${webhook.id}`, mine)).json())]);
    const other = await key();
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['GET', '/deliveries'],
    ] as const)
      expect((await ask(method, `/webhooks/${webhook.id}${path}`, other)).statusCode).toBe(404);
    expect((await ask('GET', '/webhooks')).statusCode).toBe(401);
    expect((await ask('DELETE', `/webhooks/${webhook.id}`, mine)).statusCode).toBe(204);
    expect((await ask('GET', `/webhooks/${webhook.id}`, mine)).statusCode).toBe(404);
  });

  it('refuses private addresses, and the eleventh', async () => {
    const mine = await key();
    for (const bad of ['http://example.com/', 'https://192.168.1.1/', 'nothing']) {
      const answer = await ask('POST', '/webhooks', mine, { url: bad });
      expect(answer.statusCode).toBe(400);
      expect(problemSchema.parse(answer.json()).code).toBe('invalid-input');
    }
    for (let i = 0; i < 10; i++) await register(mine);
    expect((await ask('POST', '/webhooks', mine, { url })).statusCode).toBe(409);
  });

  it('says nothing more once its key was revoked', async () => {
    const issued = await app.services.keys.create({ name: 'x', purpose: 'y', role: 'viewer' }, 'test');
    const { webhook } = await register(issued.secret);
    await app.services.keys.revoke(issued.key.id);
    await app.services.webhooks.test(webhook.id, 'admin');
    await app.services.webhooks.settled();
    expect(received).toEqual([]);
    expect(await app.services.webhooks.get(webhook.id, 'admin')).toMatchObject({ disabledReason: 'key' });
  });
});

describe('a receiver that fails', () => {
  async function open(more: Partial<WebhookParts> = {}) {
    const client = await openDatabase(join(temporaryFolder(), 'mekiki.db'));
    const parts: WebhookParts = {
      ...{ webhooks: new Webhooks(client), caller: new OutboundCaller({ isLoopbackAllowed: true }), masterKey: Buffer.alloc(32, 7) },
      ...{ isOwnerActive: () => Promise.resolve(true), logger: { warn: () => {}, error: () => {} }, delaysMs: [1, 1, 1] },
      ...more,
    };
    const service = new WebhookService(parts);
    const { webhook, secret } = await service.register('me', { url, events: ['recognition.finished'], description: '' });
    return { service, parts, webhook, secret, client };
  }
  const log = async (service: WebhookService, id: string) => (await service.deliveries(id, 'admin', { limit: 10 })).items;

  it('is asked again, under the same id with a fresh signature, until it takes it', async () => {
    const { service, webhook, secret } = await open();
    answers = [500, 302, 200];
    await service.test(webhook.id, 'admin');
    await expect.poll(async () => (await log(service, webhook.id))[0]?.state, { timeout: 20_000 }).toBe('delivered');
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(received.every((message) => isSigned(message, secret))).toBe(true);
    const [delivery] = await log(service, webhook.id);
    expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 302, 200]);
    expect(delivery?.attempts[1]?.problem).toMatch(/Redirects/);
    expect(await service.get(webhook.id, 'admin')).toMatchObject({ failures: 0, disabledReason: null });
    await service.close();
  });

  it('is given up in the end, and disabled', async () => {
    const { service, webhook } = await open();
    answers = [500, 500, 500, 500, 500];
    await service.test(webhook.id, 'admin');
    await expect.poll(async () => (await log(service, webhook.id))[0]?.state, { timeout: 20_000 }).toBe('failed');
    expect(received).toHaveLength(4);
    expect(await service.get(webhook.id, 'admin')).toMatchObject({ failures: 4, disabledReason: 'failing' });
    await expect(service.test(webhook.id, 'admin')).rejects.toMatchObject({ status: 409 });
    await service.close();
  });

  it('is disabled at once when it says that it is gone', async () => {
    const { service, webhook } = await open();
    answers = [410];
    await service.test(webhook.id, 'admin');
    await service.settled();
    expect(await service.get(webhook.id, 'admin')).toMatchObject({ disabledReason: 'gone' });
    expect((await log(service, webhook.id))[0]).toMatchObject({ state: 'failed', nextAttemptAtMs: null });
    await service.close();
  });

  it('is asked after a restart what it was not asked before', async () => {
    const { service, parts, webhook } = await open({ delaysMs: [3_600_000] });
    answers = [503];
    await service.test(webhook.id, 'admin');
    await service.settled();
    await service.close();
    expect((await log(service, webhook.id))[0]).toMatchObject({ state: 'waiting', attempts: [{ status: 503 }] });
    const later = new WebhookService({ ...parts, now: () => Date.now() + 2 * 3_600_000 });
    await later.resume();
    await later.settled();
    expect((await log(later, webhook.id))[0]).toMatchObject({ state: 'delivered', attempts: [{ status: 503 }, { status: 204 }] });
    await later.close();
  });

  it('keeps its secret encrypted', async () => {
    const { service, secret, client } = await open();
    const { rows } = await client.execute('SELECT * FROM webhooks');
    const stored = Buffer.concat(
      Object.values(rows[0]!).map((value) => Buffer.from(value instanceof ArrayBuffer ? new Uint8Array(value) : String(value))),
    );
    expect(stored.includes(secret)).toBe(false);
    expect(stored.includes(Buffer.from(secret.slice(6), 'base64'))).toBe(false);
    await service.close();
  });
});
