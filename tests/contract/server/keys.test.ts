import { createClient } from '@libsql/client';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  apiKeySchema,
  claimedKeySchema,
  issuedKeySchema,
  keyRequestSchema,
  requestedKeySchema,
  type Role,
} from '../../../src/contracts/keys-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { ROUTE_ACCESS } from '../../../server/services/keys/route-access.ts';
import { removeFolders, startApp, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const PHONE = '192.168.1.20';
const SHOP = 'https://shop.example';

let app: App;
let config: ServerConfig;
let admin: string;
beforeAll(async () => {
  config = testConfig();
  app = await buildApp(config);
  admin = app.firstAdminKey ?? '';
  for (const name of ['products', 'other'])
    await call('POST', '/v1/collections', { key: admin, body: { name, space: SPACE, dimensions: 4, metric: 'cosine' } });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Call {
  readonly key?: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly from?: string;
  readonly to?: App;
}
function call(method: 'GET' | 'POST' | 'DELETE' | 'OPTIONS', url: string, { key, body, headers = {}, from = PHONE, to = app }: Call = {}) {
  return to.http.inject({
    method,
    url,
    remoteAddress: from,
    headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { payload: body }),
  });
}
async function issue(grant: object = {}): Promise<{ id: string; secret: string }> {
  const answer = await call('POST', '/v1/keys', {
    key: admin,
    body: { name: 'till 3', purpose: 'stock taking', role: 'operator', ...grant },
  });
  expect(answer.statusCode).toBe(201);
  const { key, secret } = issuedKeySchema.parse(answer.json());
  return { id: key.id, secret };
}
const search = (collection = 'products') => ({
  url: `/v1/collections/${collection}/search`,
  body: { space: SPACE, vector: unitVector(4, 1) },
});
const upsert = { space: SPACE, items: [{ id: 'a', productId: 'p', vector: unitVector(4, 1) }] };

function expectProblem(answer: Awaited<ReturnType<typeof call>>, status: number, code: string) {
  expect(answer.statusCode).toBe(status);
  expect(problemSchema.parse(answer.json()).code).toBe(code);
}

describe('roles', () => {
  it.each<[Role, number, number, number]>([
    ['viewer', 200, 403, 403],
    ['operator', 200, 200, 403],
    ['admin', 200, 200, 200],
  ])('%s: reading %i, writing %i, keys %i', async (role, reading, writing, managing) => {
    const { secret } = await issue({ role });
    expect((await call('POST', search().url, { key: secret, body: search().body })).statusCode).toBe(reading);
    expect((await call('POST', '/v1/collections/products/items', { key: secret, body: upsert })).statusCode).toBe(writing);
    expect((await call('GET', '/v1/keys', { key: secret })).statusCode).toBe(managing);
  });

  it('of a program on this machine without a key is operator: it cannot see or make keys', async () => {
    expect((await call('POST', '/v1/collections/products/items', { body: upsert, from: '127.0.0.1' })).statusCode).toBe(200);
    expectProblem(await call('GET', '/v1/keys', { from: '127.0.0.1' }), 401, 'permission-denied');
  });

  it('are asked for by every route but those that the table opens', async () => {
    for (const [route, { keyless }] of Object.entries(ROUTE_ACCESS)) {
      const [method, path] = route.split(' ') as ['GET', string];
      const url = path.replace(':name', 'products').replaceAll(/:\w+/g, 'a'.repeat(16));
      const answer = await call(method, url);
      expect(answer.statusCode === 401, `${route}: ${answer.body}`).toBe(keyless !== 'all');
    }
  });

  it('can be held to collections', async () => {
    const { secret } = await issue({ collections: ['other'] });
    expect((await call('POST', '/v1/collections/other/items', { key: secret, body: upsert })).statusCode).toBe(200);
    expectProblem(await call('POST', '/v1/collections/products/items', { key: secret, body: upsert }), 403, 'permission-denied');
    expectProblem(await call('POST', search().url, { key: secret, body: search().body }), 403, 'permission-denied');
    expectProblem(await call('GET', '/v1/products?gtin=04901234567894', { key: secret }), 403, 'permission-denied');
    const listed = await call('GET', '/v1/collections', { key: secret });
    expect(listed.json<{ name: string }[]>().map(({ name }) => name)).toEqual(['other']);
    expect(
      (await call('POST', '/v1/keys', { key: admin, body: { name: 'x', purpose: 'y', role: 'admin', collections: ['other'] } })).statusCode,
    ).toBe(400);
  });
});

describe('secrets', () => {
  it('work until they are revoked, and not a request longer', async () => {
    const { id, secret } = await issue();
    expect((await call('GET', '/v1/keys/self', { key: secret })).statusCode).toBe(200);
    expect((await call('DELETE', `/v1/keys/${id}`, { key: admin })).json()).toMatchObject({ state: 'revoked' });
    const refused = await call('GET', '/v1/keys/self', { key: secret });
    expectProblem(refused, 401, 'permission-denied');
    // Not even for what needs none: whoever sends a key means to be known.
    expectProblem(await call('POST', search().url, { key: secret, body: search().body }), 401, 'permission-denied');
  });

  it('end when they were told to', async () => {
    const lasting = await issue({ expiresAtMs: Date.now() + 3_600_000 });
    expect((await call('GET', '/v1/keys/self', { key: lasting.secret })).statusCode).toBe(200);
    const { secret } = await issue({ expiresAtMs: Date.now() + 1_500 });
    await expect.poll(async () => (await call('GET', '/v1/keys/self', { key: secret })).statusCode, { timeout: 20_000 }).toBe(401);
    expect(
      (await call('POST', '/v1/keys', { key: admin, body: { name: 'x', purpose: 'y', role: 'viewer', expiresAtMs: 1 } })).statusCode,
    ).toBe(400);
  });

  it('rotate: both work for a while, then only the new one', async () => {
    const { id, secret } = await issue({ requestsPerDay: 1000 });
    const rotated = issuedKeySchema.parse((await call('POST', '/v1/keys/self/rotate', { key: secret, body: { overlapS: 1 } })).json());
    expect(rotated.key).toMatchObject({ replaces: id, role: 'operator', requestsPerDay: 1000 });
    expect((await call('GET', '/v1/keys/self', { key: rotated.secret })).statusCode).toBe(200);
    await expect.poll(async () => (await call('GET', '/v1/keys/self', { key: secret })).statusCode, { timeout: 20_000 }).toBe(401);
    // What the old one used counts for the new one.
    const { requestsToday } = apiKeySchema.parse((await call('GET', '/v1/keys/self', { key: rotated.secret })).json());
    expect(requestsToday).toBeGreaterThanOrEqual(3);
  });

  it.each(['mk_aaaaaaaaaaaaaaaa_' + 'A'.repeat(43), 'mk_', 'x', 'Bearer'])('that are not ours are refused: %s', async (secret) => {
    expectProblem(await call('GET', '/v1/health', { key: secret }), 401, 'permission-denied');
  });

  it('with the id of another and a wrong end are refused', async () => {
    const { secret } = await issue();
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
    expectProblem(await call('GET', '/v1/keys/self', { key: wrong }), 401, 'permission-denied');
  });

  it('are not stored: the database holds hashes', async () => {
    const { id, secret } = await issue();
    const client = createClient({ url: pathToFileURL(join(config.dataFolder, 'mekiki.db')).href });
    const { rows } = await client.execute({ sql: 'SELECT * FROM api_keys WHERE id = ?', args: [id] });
    client.close();
    const text = JSON.stringify(rows, (_key, value: unknown) =>
      value instanceof ArrayBuffer ? Buffer.from(value).toString('latin1') : value,
    );
    expect(text).not.toContain(secret.slice(-43));
    expect(rows).toHaveLength(1);
  });

  it('the last admin key cannot be revoked', async () => {
    const other = await startApp();
    const key = other.firstAdminKey ?? '';
    const { id } = apiKeySchema.parse((await call('GET', '/v1/keys/self', { key, to: other })).json());
    expectProblem(await call('DELETE', `/v1/keys/${id}`, { key, to: other }), 409, 'invalid-input');
    await other.http.close();
  });
});

describe('asking for a key', () => {
  const wish = { name: 'Partner', purpose: 'Tags our catalogue photos', role: 'operator', collections: ['other'] };
  const ask = async () =>
    requestedKeySchema.parse((await call('POST', '/v1/keys/requests', { body: wish, from: `10.0.0.${asked++ % 250}` })).json());
  let asked = 1;
  const claim = (id: string, claimToken: string) => call('POST', `/v1/keys/requests/${id}/claim`, { body: { claimToken } });

  it('waits for an admin, and shows the secret once', async () => {
    const { request, claimToken } = await ask();
    expect(request.state).toBe('pending');
    expect(claimedKeySchema.parse((await claim(request.id, claimToken)).json())).toMatchObject({
      issued: null,
      request: { state: 'pending' },
    });
    const approved = keyRequestSchema.parse(
      (await call('POST', `/v1/keys/requests/${request.id}/approve`, { key: admin, body: { role: 'viewer' } })).json(),
    );
    expect(approved.state).toBe('approved');
    const { issued } = claimedKeySchema.parse((await claim(request.id, claimToken)).json());
    // Less than was wished; what the admin left out is as wished.
    expect(issued?.key).toMatchObject({ role: 'viewer', collections: ['other'], name: 'Partner' });
    expect((await call('GET', '/v1/keys/self', { key: issued?.secret ?? '' })).statusCode).toBe(200);
    expect(claimedKeySchema.parse((await claim(request.id, claimToken)).json())).toMatchObject({
      issued: null,
      request: { state: 'claimed' },
    });
    expectProblem(await call('POST', `/v1/keys/requests/${request.id}/approve`, { key: admin, body: {} }), 409, 'invalid-input');
  });

  it('gives two who claim at once one secret', async () => {
    const { request, claimToken } = await ask();
    await call('POST', `/v1/keys/requests/${request.id}/approve`, { key: admin, body: {} });
    const answers = await Promise.all(Array.from({ length: 5 }, () => claim(request.id, claimToken)));
    expect(answers.map((answer) => claimedKeySchema.parse(answer.json())).filter(({ issued }) => issued !== null)).toHaveLength(1);
  });

  it('is told nothing with a wrong token, and nothing after a refusal', async () => {
    const { request, claimToken } = await ask();
    expectProblem(await claim(request.id, `mc_${'A'.repeat(43)}`), 404, 'invalid-input');
    await call('POST', `/v1/keys/requests/${request.id}/reject`, { key: admin, body: {} });
    expect(claimedKeySchema.parse((await claim(request.id, claimToken)).json())).toMatchObject({
      issued: null,
      request: { state: 'rejected' },
    });
  });

  it('cannot ask for the admin role, and not too often', async () => {
    expect((await call('POST', '/v1/keys/requests', { body: { ...wish, role: 'admin' } })).statusCode).toBe(400);
    const statuses = [];
    for (let index = 0; index < 12; index++)
      statuses.push((await call('POST', '/v1/keys/requests', { body: wish, from: '10.1.1.1' })).statusCode);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(statuses.slice(10)).toEqual([429, 429]);
  });

  it('lists in pages that miss and repeat nothing', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const url: string = `/v1/keys/requests?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = (await call('GET', url, { key: admin })).json<{ items: { id: string }[]; nextCursor: string | null }>();
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.length).toBeGreaterThan(10);
    expect(new Set(seen).size).toBe(seen.length);
    expectProblem(await call('GET', '/v1/keys/requests?cursor=AAAA', { key: admin }), 400, 'invalid-input');
  });
});

describe('limits', () => {
  it('of a key a minute: counted by key, said in headers', async () => {
    const { secret } = await issue({ requestsPerMinute: 3 });
    const answers = [];
    for (let index = 0; index < 4; index++) answers.push(await call('GET', '/v1/health', { key: secret, from: `10.0.1.${index}` }));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers['x-ratelimit-limit']).toBe('3');
    expect(answers[3]?.headers['retry-after']).toBeDefined();
  });

  it('of a key a day: kept over a restart', async () => {
    const { secret } = await issue({ requestsPerDay: 5 });
    for (let index = 0; index < 3; index++) expect((await call('GET', '/v1/health', { key: secret })).statusCode).toBe(200);
    await app.http.close();
    app = await buildApp(config);
    const fourth = await call('GET', '/v1/health', { key: secret });
    expect(fourth.headers).toMatchObject({ 'x-quota-limit': '5', 'x-quota-remaining': '1' });
    expect((await call('GET', '/v1/health', { key: secret })).statusCode).toBe(200);
    expectProblem(await call('GET', '/v1/health', { key: secret }), 429, 'quota-exceeded');
  });
});

describe('pages of other sites', () => {
  it('may call when their origin was allowed, but never count as this machine', async () => {
    const allowing = await startApp({ allowedOrigins: [SHOP] });
    const headers = { origin: SHOP };
    const preflight = await call('OPTIONS', '/v1/collections/products/search', {
      to: allowing,
      headers: { ...headers, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBe(SHOP);
    expect((await call('GET', '/v1/health', { to: allowing, headers })).headers['access-control-allow-origin']).toBe(SHOP);
    const body = { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' };
    expectProblem(await call('POST', '/v1/collections', { to: allowing, headers, body, from: '127.0.0.1' }), 401, 'permission-denied');
    expect((await call('POST', '/v1/collections', { to: allowing, headers, body, key: allowing.firstAdminKey ?? '' })).statusCode).toBe(
      201,
    );

    const evil = { origin: 'https://evil.example' };
    expect((await call('GET', '/v1/health', { to: allowing, headers: evil })).headers['access-control-allow-origin']).toBeUndefined();
    expectProblem(
      await call('POST', '/v1/collections', { to: allowing, headers: evil, body, key: allowing.firstAdminKey ?? '' }),
      403,
      'permission-denied',
    );
    await allowing.http.close();
  });
});

describe('Idempotency-Key', () => {
  const headers = { 'idempotency-key': '3f1c8a52-first' };

  it('answers a repetition without doing it again', async () => {
    const first = await call('POST', '/v1/collections/products/items', { key: admin, body: upsert, headers });
    await call('DELETE', '/v1/collections/products/items', { key: admin, body: { ids: ['a'] } });
    const again = await call('POST', '/v1/collections/products/items', { key: admin, body: upsert, headers });
    expect(again.statusCode).toBe(200);
    expect(again.body).toBe(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await call('GET', '/v1/collections/products/items/a', { key: admin })).statusCode).toBe(404);
  });

  it('is refused for another request, is another for another key, and lasts over a restart', async () => {
    const other = { ...upsert, items: [{ ...upsert.items[0]!, productId: 'q' }] };
    expectProblem(await call('POST', '/v1/collections/products/items', { key: admin, body: other, headers }), 422, 'invalid-input');
    const { secret } = await issue();
    expect((await call('POST', '/v1/collections/products/items', { key: secret, body: other, headers })).statusCode).toBe(200);
    await app.http.close();
    app = await buildApp(config);
    expect(
      (await call('POST', '/v1/collections/products/items', { key: admin, body: upsert, headers })).headers['idempotent-replayed'],
    ).toBe('true');
  });

  it('is free again after a failure, and keeps no secret', async () => {
    const failed = { ...headers, 'idempotency-key': 'failed-once' };
    expect((await call('POST', '/v1/collections/none/items', { key: admin, body: upsert, headers: failed })).statusCode).toBe(404);
    expect((await call('POST', '/v1/collections/products/items', { key: admin, body: upsert, headers: failed })).statusCode).toBe(200);
    const secretly = { key: admin, body: { name: 'x', purpose: 'y', role: 'viewer' }, headers: { 'idempotency-key': 'makes-a-key' } };
    expect((await call('POST', '/v1/keys', secretly)).statusCode).toBe(201);
    expectProblem(await call('POST', '/v1/keys', secretly), 409, 'invalid-input');
  });

  it('one of several at once is done', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        call('POST', '/v1/collections/products/items', { key: admin, body: upsert, headers: { 'idempotency-key': 'at-once-1' } }),
      ),
    );
    const done = answers.filter(
      ({ statusCode, headers: { 'idempotent-replayed': replayed } }) => statusCode === 200 && replayed === undefined,
    );
    expect(done).toHaveLength(1);
    expect(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 409)).toBe(true);
  });
});

it('says its version', async () => {
  expect((await call('GET', '/v1/health')).headers['api-version']).toBe('1');
});
