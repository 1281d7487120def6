import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsSchema, storageSchema } from '../../../src/contracts/operations-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import { OperationsLog } from '../../../server/services/watching/operations.ts';
import { removeFolders, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const PHONE = '192.168.1.20';

let app: App;
let admin: string;
beforeAll(async () => {
  app = await buildApp(testConfig());
  admin = app.firstAdminKey ?? '';
  await call('POST', '/v1/collections', admin, { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' });
  await call('POST', '/v1/collections', admin, { name: 'faces', space: SPACE, dimensions: 4, metric: 'cosine' });
  const items = Array.from({ length: 50 }, (_, i) => ({ id: `i${i}`, productId: 'p', vector: unitVector(4, i + 1) }));
  await call('POST', '/v1/collections/products/items', admin, { space: SPACE, items });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

function call(method: 'GET' | 'POST' | 'PUT', url: string, key?: string, body?: object) {
  return app.http.inject({
    ...{ method, url, remoteAddress: PHONE },
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { payload: body }),
  });
}
const keyOf = async (role: string): Promise<string> =>
  (await call('POST', '/v1/keys', admin, { name: role, purpose: 'test', role })).json<{ secret: string }>().secret;

describe('GET /v1/operations', () => {
  it('tells operators what was asked, by pattern and never by address', async () => {
    await call('POST', '/v1/collections/products/search', admin, { space: SPACE, vector: unitVector(4, 1), k: 3 });
    await call('GET', '/v1/collections/products/items/secret-item', admin);
    const answer = await call('GET', '/v1/operations', await keyOf('operator'));
    expect(answer.statusCode).toBe(200);
    expect(answer.body).not.toContain('secret-item');
    const { routes, memory } = operationsSchema.parse(answer.json());
    const search = routes.find(({ route }) => route === 'POST /v1/collections/:name/search');
    expect(search).toMatchObject({ requests: 1, failed: 0 });
    expect(search!.p50Ms).toBeGreaterThan(0);
    expect(search!.p99Ms).toBeGreaterThanOrEqual(search!.p50Ms);
    expect(memory.residentBytes).toBeGreaterThan(memory.heapUsedBytes);
  });

  it('does not count who only looks', async () => {
    for (const path of ['/v1/operations', '/v1/storage', '/v1/metrics']) expect((await call('GET', path, admin)).statusCode).toBe(200);
    const { routes } = operationsSchema.parse((await call('GET', '/v1/operations', admin)).json());
    expect(routes.map(({ route }) => route).filter((route) => /operations|storage|metrics/.test(route))).toEqual([]);
  });

  it.each(['/v1/operations', '/v1/storage'])('%s: viewers and strangers do not see it', async (path) => {
    expect((await call('GET', path)).statusCode).toBe(401);
    expect((await call('GET', path, await keyOf('viewer'))).statusCode).toBe(403);
  });
});

describe('the log of operations', () => {
  it('makes points with quantiles, and forgets the oldest', () => {
    let now = 1_000;
    const log = new OperationsLog(() => now);
    try {
      for (let ms = 1; ms <= 100; ms++) log.note('GET /v1/a', ms === 100 ? 500 : 200, ms);
      log.note('GET /v1/b', 403, 1);
      now = 6_000;
      log.endStep();
      log.endStep();
      const { points, routes } = log.look();
      expect(points[0]).toMatchObject({ atMs: 6_000, requests: 101, failed: 1, refused: 1 });
      // Two digits are kept.
      expect(points[0]!.p50Ms).toBeGreaterThan(49);
      expect(points[0]!.p50Ms).toBeLessThan(52);
      expect(points[0]!.p99Ms).toBeGreaterThan(97);
      expect(points[1]).toMatchObject({ requests: 0, p50Ms: null, p99Ms: null });
      expect(routes.map(({ route, requests, failed }) => [route, requests, failed])).toEqual([
        ['GET /v1/a', 100, 1],
        ['GET /v1/b', 1, 0],
      ]);
      for (let step = 0; step < 200; step++) log.endStep();
      expect(log.look().points).toHaveLength(180);
      expect(log.look().routes).toEqual([]);
    } finally {
      log.close();
    }
  });
});

describe('GET /v1/storage', () => {
  it('tells what lies on the disk, and how much room is left', async () => {
    const { collections, folder, disk } = storageSchema.parse((await call('GET', '/v1/storage', admin)).json());
    const products = collections.find(({ name }) => name === 'products');
    expect(products).toMatchObject({ items: 50 });
    expect(products!.sizeBytes).toBeGreaterThan(50 * 4 * 4);
    const bytes = new Map(folder.map(({ part, sizeBytes }) => [part, sizeBytes]));
    expect(bytes.get('vectors')).toBeGreaterThan(50 * 4 * 4);
    expect(bytes.get('database')).toBeGreaterThan(4096);
    expect(disk!.totalBytes).toBeGreaterThan(disk!.freeBytes);
  });

  it('names no collection of persons to a key that does not reach it', async () => {
    const rules = { holds: 'persons', purpose: 'test', retention: { maximumAgeS: 86_400, maximumItems: null } };
    expect((await call('PUT', '/v1/collections/faces/rules', admin, rules)).statusCode).toBe(200);
    const seen = async (key: string): Promise<string[]> =>
      storageSchema.parse((await call('GET', '/v1/storage', key)).json()).collections.map(({ name }) => name);
    expect(await seen(await keyOf('operator'))).not.toContain('faces');
    expect(await seen(admin)).toContain('faces');
  });
});
