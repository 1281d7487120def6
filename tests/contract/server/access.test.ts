import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { removeFolders, startApp, testConfig, unitVector } from './test-server.ts';
import { buildApp } from '../../../server/app.ts';

const SPACE = 'test-embedding@1';
const collection = { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' };
const items = { space: SPACE, items: [{ id: 'a', productId: 'p', vector: unitVector(4, 1) }] };
const probe = { space: SPACE, vector: unitVector(4, 1) };
const PHONE = '192.168.1.20';

let app: App;
let config: ServerConfig;
let key: string;
beforeAll(async () => {
  config = testConfig();
  app = await buildApp(config);
  key = app.firstAdminKey ?? '';
  await send({ url: '/v1/collections', payload: collection });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Sent {
  url: string;
  payload?: object | string | Buffer;
  headers?: Record<string, string>;
  from?: string;
  method?: 'GET' | 'POST' | 'DELETE';
}
const send = ({ url, payload, headers = {}, from = '127.0.0.1', method = 'POST' }: Sent, to = app) =>
  to.http.inject({ method, url, headers, remoteAddress: from, ...(payload === undefined ? {} : { payload }) });

function expectProblem(answer: Awaited<ReturnType<typeof send>>, status: number, code: string) {
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(problemSchema.parse(answer.json()).code).toBe(code);
}

/** Empty for a file that is gone by now: the database takes its shared memory away as it closes. */
function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

describe('writing', () => {
  const writes: Sent[] = [
    { url: '/v1/collections', payload: { ...collection, name: 'other' } },
    { url: '/v1/collections/products/items', payload: items },
    { url: '/v1/products', payload: { products: [{ id: 'p', name: { en: 'P' }, gtins: [], source: 's', updatedAtMs: 1 }] } },
    { url: '/v1/collections/products/items', payload: { ids: ['a'] }, method: 'DELETE' },
  ];

  it.each(writes)('from another device needs a key: $method $url', async (write) => {
    const refused = await send({ ...write, from: PHONE });
    expectProblem(refused, 401, 'permission-denied');
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    expectProblem(await send({ ...write, from: PHONE, headers: { authorization: 'Bearer wrong' } }), 401, 'permission-denied');
    expectProblem(await send({ ...write, from: PHONE, headers: { authorization: `Basic ${key}` } }), 401, 'permission-denied');
    const accepted = await send({ ...write, from: PHONE, headers: { authorization: `Bearer ${key}` } });
    expect(accepted.statusCode).toBeLessThan(300);
  });

  it('refuses before it reads the body', async () => {
    const answer = await send({
      url: '/v1/collections/products/items',
      from: PHONE,
      payload: '{"broken',
      headers: { 'content-type': 'application/json' },
    });
    expectProblem(answer, 401, 'permission-denied');
  });

  it('is not open to everybody behind a proxy', async () => {
    expectProblem(
      await send({ url: '/v1/collections/products/items', payload: items, headers: { 'x-forwarded-for': '1.2.3.4' } }),
      401,
      'permission-denied',
    );
    const strict = await startApp({ isKeyAlwaysRequired: true });
    expectProblem(await send({ url: '/v1/collections', payload: collection }, strict), 401, 'permission-denied');
    await strict.http.close();
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ])('is refused to pages of other sites: %j', async (headers) => {
    const all = Object.fromEntries(
      Object.entries<string | undefined>(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    expectProblem(await send({ url: '/v1/collections/products/items', payload: items, headers: all }), 403, 'permission-denied');
    // A token that a page got hold of does not change that.
    expectProblem(
      await send({ url: '/v1/collections/products/items', payload: items, headers: { ...all, authorization: `Bearer ${key}` } }),
      403,
      'permission-denied',
    );
  });

  it('is open to the own page and to the development server', async () => {
    for (const headers of [
      { origin: 'http://localhost:80', host: 'localhost:80' },
      { origin: 'http://localhost:5173', host: '127.0.0.1:8787' },
    ])
      expect((await send({ url: '/v1/collections/products/items', payload: items, headers })).statusCode).toBe(200);
  });

  it('makes the first admin key once, and keeps nothing that it could be read from', async () => {
    expect(key).toMatch(/^mk_[a-z2-7]{16}_[\w-]{43}$/);
    expect(statSync(join(config.dataFolder, 'mekiki.db')).mode & 0o777).toBe(0o600);
    await app.http.close();
    for (const entry of readdirSync(config.dataFolder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(bytesOf(join(entry.parentPath, entry.name)).includes(key.slice(-43))).toBe(false);
    app = await buildApp(config);
    expect(app.firstAdminKey).toBeNull();
    const answer = await send({ url: '/v1/keys/self', method: 'GET', from: PHONE, headers: { authorization: `Bearer ${key}` } });
    expect(answer.json()).toMatchObject({ role: 'admin', state: 'active', prefix: key.slice(0, 19) });
  });
});

describe('reading', () => {
  it('of the catalogue needs no key', async () => {
    expect((await send({ url: '/v1/health', method: 'GET', from: PHONE })).statusCode).toBe(200);
    expect((await send({ url: '/v1/collections/products/search', payload: probe, from: PHONE })).statusCode).toBe(200);
  });

  it('gives no other site leave to read the answer', async () => {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await app.http.inject({
        method,
        url: '/v1/health',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });

  it.each(['evil.example', 'evil.example:8787', 'localhost.evil.example', 'a b', '[::1'])(
    'does not answer to the name %j',
    async (host) => {
      expectProblem(await send({ url: '/v1/health', method: 'GET', headers: { host } }), 421, 'server-refused');
    },
  );

  it.each(['localhost', '127.0.0.1:8787', '[::1]:8787', '192.168.1.5:8787', 'app.localhost:1'])('answers to %s', async (host) => {
    expect((await send({ url: '/v1/health', method: 'GET', headers: { host } })).statusCode).toBe(200);
  });

  it('answers to a name that was allowed', async () => {
    const named = await startApp({ allowedHosts: ['shop.example'] });
    expect((await send({ url: '/v1/health', method: 'GET', headers: { host: 'Shop.example' } }, named)).statusCode).toBe(200);
    await named.http.close();
  });

  it('is limited for a client that asks too often', async () => {
    const limited = await startApp({ requestsPerMinute: 3 });
    const answers = [];
    for (let index = 0; index < 5; index++) answers.push(await send({ url: '/v1/health', method: 'GET', from: PHONE }, limited));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429, 429]);
    expectProblem(answers[4]!, 429, 'busy');
    expect((await send({ url: '/v1/health', method: 'GET', from: '192.168.1.21' }, limited)).statusCode).toBe(200);
    await limited.http.close();
  });
});

describe('images', () => {
  const routes = ['/v1/collections', '/v1/collections/products/items', '/v1/collections/products/search', '/v1/products'];
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1]);

  it.each(
    routes.flatMap((url) =>
      [
        'image/jpeg',
        'image/png',
        'image/webp',
        'application/octet-stream',
        'multipart/form-data; boundary=x',
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/cbor',
      ].map((type) => [url, type] as const),
    ),
  )('are refused by %s as %s', async (url, type) => {
    expectProblem(await send({ url, payload: jpeg, headers: { 'content-type': type } }), 415, 'invalid-input');
  });

  it('are refused under a false flag, packed, or without a type', async () => {
    const url = '/v1/collections/products/search';
    expectProblem(await send({ url, payload: jpeg, headers: { 'content-type': 'application/json' } }), 400, 'invalid-input');
    expectProblem(
      await send({ url, payload: JSON.stringify(probe), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }),
      415,
      'invalid-input',
    );
    expectProblem(
      await send({ url, payload: JSON.stringify(probe), headers: { 'content-type': 'application/json; charset=utf-16' } }),
      415,
      'invalid-input',
    );
    expectProblem(await send({ url, payload: jpeg }), 415, 'invalid-input');
  });

  it.each([
    ['a data URL', `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ`],
    ['bare base64 of a JPEG', `/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkS`],
    ['base64 in pieces', `iVBORw0KGgoAAAAN\nSUhEUgAAAAEAAAABCAYAAAAfFcSJ\nAAAADUlEQVR42mNk`],
    ['an inline drawing', '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'],
    ['a long run of encoded bytes', 'Ab3'.repeat(100)],
  ])('are refused inside metadata: %s', async (_name, photo) => {
    const payload = { space: SPACE, items: [{ ...items.items[0]!, id: 'hidden', metadata: { photo } }] };
    expectProblem(await send({ url: '/v1/collections/products/items', payload }), 415, 'invalid-input');
    expectProblem(await send({ url: '/v1/collections/products/items/hidden', method: 'GET' }), 404, 'invalid-input');
  });

  it('are not seen in ordinary words', async () => {
    const metadata = {
      note: '北海道産小麦を使用した、しっとり食感のパン。'.repeat(20),
      link: 'https://shop.example/items?id=123456789',
      colour: 'data',
    };
    const payload = { space: SPACE, items: [{ ...items.items[0]!, id: 'plain', metadata }] };
    expect((await send({ url: '/v1/collections/products/items', payload })).statusCode).toBe(200);
  });
});
