/** @file Requests that no honest client makes, over a real socket where the bytes matter. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthSchema, problemSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { removeFolders, seededRandom, startApp, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const SEARCH = '/v1/collections/products/search';
const ITEMS = '/v1/collections/products/items';
const log: string[] = [];
let app: App;
let port: number;

beforeAll(async () => {
  app = await startApp({ logLevel: 'debug' }, { logStream: { write: (line: string) => log.push(line) } });
  await app.http.listen({ port: 0, host: '127.0.0.1', listenTextResolver: () => 'listening' });
  const address = app.http.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  await app.http.inject({
    method: 'POST',
    url: '/v1/collections',
    payload: { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' },
  });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

const postJson = (url: string, payload: string | Buffer) =>
  app.http.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } });

/** Write bytes to the server and read until it closes or `forMs` is over. */
function raw(bytes: string | Buffer, forMs = 1500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(end, forMs);
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

const isHealthy = async () => {
  expect(healthSchema.parse((await app.http.inject({ url: '/v1/health' })).json()).status).toBe('ok');
};

describe('JSON', () => {
  const vector = JSON.stringify(unitVector(4, 1));
  it.each([
    ['nothing', ''],
    ['half', '{"space":'],
    ['a bare value', '1'],
    ['null', 'null'],
    ['an array', '[]'],
    ['deep arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['deep objects', '{"a":'.repeat(30_000) + '1' + '}'.repeat(30_000)],
    ['__proto__', `{"space":"${SPACE}","vector":${vector},"__proto__":{"k":1}}`],
    ['escaped __proto__', `{"space":"${SPACE}","vector":${vector},"\\u005f_proto__":{"k":1}}`],
    ['constructor.prototype', `{"space":"${SPACE}","vector":${vector},"constructor":{"prototype":{"k":1}}}`],
    ['a vector that is an object', `{"space":"${SPACE}","vector":{"length":4}}`],
    ['nested vectors', `{"space":"${SPACE}","vector":[[1,2],[3,4]]}`],
    ['a huge number of numbers', `{"space":"${SPACE}","vector":[${'1,'.repeat(100_000)}1]}`],
    ['a space with a path', `{"space":"../../etc@1","vector":${vector}}`],
    ['a byte order mark', `\ufeff{"space":"${SPACE}","vector":${vector},"k":"x"}`],
  ])('%s is refused', async (_name, body) => {
    const answer = await postJson(SEARCH, body);
    expect([400, 413]).toContain(answer.statusCode);
    expect(problemSchema.parse(answer.json()).code).toBe('invalid-input');
    expect(({} as { k?: unknown }).k).toBeUndefined();
    await isHealthy();
  });

  it('that is not UTF-8 is refused', async () => {
    const body = Buffer.concat([
      Buffer.from(`{"space":"${SPACE}","items":[{"id":"u","productId":"`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`","vector":${vector}}]}`),
    ]);
    expect((await postJson(ITEMS, body)).statusCode).toBe(400);
    const cut = Buffer.concat([
      Buffer.from(`{"space":"${SPACE}","items":[{"id":"u","productId":"`),
      Buffer.from([0xe3, 0x81]),
      Buffer.from(`","vector":${vector}}]}`),
    ]);
    expect((await postJson(ITEMS, cut)).statusCode).toBe(400);
  });

  it('of ten megabytes is refused by every route', async () => {
    const body = `{"space":"${SPACE}","pad":"${'x'.repeat(10 << 20)}"}`;
    for (const url of [SEARCH, ITEMS, '/v1/collections', '/v1/products']) {
      const answer = await postJson(url, body);
      expect(answer.statusCode).toBe(413);
      expect(problemSchema.parse(answer.json()).code).toBe('invalid-input');
    }
    await isHealthy();
  });

  it('in metadata cannot reach the database or the engine', async () => {
    const answer = await postJson(
      ITEMS,
      JSON.stringify({
        space: SPACE,
        items: [{ id: 'q', productId: "x'); DROP TABLE products;--", vector: unitVector(4, 2), metadata: { note: `' OR 1=1 -- "` } }],
      }),
    );
    expect(answer.statusCode).toBe(200);
    const item = (await app.http.inject({ url: `${ITEMS}/q` })).json();
    expect(item).toEqual({ id: 'q', productId: "x'); DROP TABLE products;--", metadata: { note: `' OR 1=1 -- "` } });
    for (const id of ["q' OR '1'='1", 'a b', '', 'ü', "');"]) {
      const deleted = await app.http.inject({ method: 'DELETE', url: ITEMS, payload: { ids: [id] } });
      expect(deleted.statusCode).toBe(400);
    }
    await isHealthy();
  });

  it('at random never makes an internal error', async () => {
    const random = seededRandom(7);
    const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
    const value = (depth: number): unknown => {
      if (depth > 3 || random() < 0.5)
        return pick([null, true, -1, 0, 1e308, 1e-320, 4, '', 'x', SPACE, 'products', '\u0000', '😀'.repeat(50), unitVector(4, 3), [], {}]);
      return random() < 0.5
        ? Array.from({ length: Math.floor(random() * 5) }, () => value(depth + 1))
        : Object.fromEntries(
            Array.from({ length: 4 }, () => [
              pick(['space', 'vector', 'k', 'items', 'id', 'productId', 'metadata', 'ids', 'name', 'products', 'gtins', 'x']),
              value(depth + 1),
            ]),
          );
    };
    for (let round = 0; round < 600; round++) {
      const answer = await app.http.inject({
        method: pick(['POST', 'POST', 'DELETE']),
        url: pick([SEARCH, ITEMS, '/v1/collections', '/v1/products']),
        payload: JSON.stringify(
          pick([value(0), { space: SPACE, vector: value(2) }, { space: SPACE, items: [value(1)] }, { ids: value(2) }]),
        ),
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.statusCode, answer.body).toBeLessThan(500);
    }
    await isHealthy();
  });
});

describe('addresses', () => {
  it.each([
    '/v1/collections/..%2f..%2fetc/search',
    '/v1/collections/%00/items/a',
    '/v1/products/%E3%81',
    `/v1/products/${'x'.repeat(2000)}`,
    '/v1/products?gtin=04901234567894&gtin=1',
    "/v1/products?gtin=0490'--",
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cetc%5cpasswd',
    '/.env',
    '/v1/docs/static/..%2f..%2f..%2fpackage.json',
  ])('%s gives nothing away', async (url) => {
    const answer = await raw(`GET ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (4\d\d|503)/);
    expect(answer).not.toMatch(/root:|node_modules|"devDependencies"/);
    await isHealthy();
  });
});

describe('bytes', () => {
  const head = (length: number | string, extra = '') =>
    `POST ${SEARCH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${extra}`;
  it('shorter than declared: waits for the rest, then ends with the connection', async () => {
    await raw(`${head(500)}\r\n{"space":`, 300);
    await isHealthy();
  });

  it('longer than declared: the rest is not read as the body', async () => {
    const answer = await raw(`${head(5, 'Connection: close\r\n')}\r\n{"a":1}GARBAGE`);
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    await isHealthy();
  });

  it.each([
    ['a length that is no number', `${head('-5')}\r\n{}`],
    ['two lengths', `${head(2, 'Content-Length: 3\r\n')}\r\n{}`],
    ['a length and chunks', `${head(2, 'Transfer-Encoding: chunked\r\n')}\r\n2\r\n{}\r\n0\r\n\r\n`],
    ['no HTTP', 'hello there\r\n\r\n'],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xf1, 0x01, 0x00])],
    ['huge headers', `GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
  ])('%s is refused', async (_name, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answer).toContain('application/problem+json');
    await isHealthy();
  });
});

describe('the log', () => {
  it('holds no address, no id, no query, no body, no vector', async () => {
    await app.http.inject({ url: '/v1/products?gtin=04912345678904', remoteAddress: '192.168.77.88' });
    await app.http.inject({ url: '/v1/products/a-very-private-product' });
    await postJson(
      ITEMS,
      `{"space":"${SPACE}","items":[{"id":"secret-id","productId":"secret-product","vector":[0.123456,1,2,3],"metadata":{"who":"Tanaka"}}]}`,
    );
    await postJson(ITEMS, '{"broken":"Tanaka-san, ');
    const personal = /192\.168\.77\.88|127\.0\.0\.1|04912345678904|a-very-private-product|secret-|0\.123456|Tanaka|DROP TABLE/;
    expect(log.filter((line) => personal.test(line))).toEqual([]);
    expect(log.some((line) => line.includes('/v1/products/:id'))).toBe(true);
  });
});
