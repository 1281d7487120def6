import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  collectionSchema,
  deleteResponseSchema,
  healthSchema,
  problemSchema,
  productResponseSchema,
  searchResponseSchema,
  upsertResponseSchema,
} from '../../../src/contracts/server-api.ts';
import type { Product } from '../../../src/contracts/product.ts';
import { ERROR_CODES } from '../../../src/contracts/errors.ts';
import type { App } from '../../../server/app.ts';
import { ROUTE_ACCESS } from '../../../server/services/keys/route-access.ts';
import { CONTENT_POLICY } from '../../../server/services/http/security-headers.ts';
import { removeFolders, startApp, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 16;

const tea: Product = {
  id: 'tea/1',
  name: { en: 'Barley tea', ja: '麦茶' },
  gtins: ['04901234567894'],
  kind: 'packaged',
  packWords: ['麦茶'],
  contents: { ingredientsText: '大麦(カナダ産)', language: 'ja', source: 'test', updatedAtMs: null },
  source: 'test',
  updatedAtMs: 1,
};

let app: App;
beforeAll(async () => {
  app = await startApp();
  await post('/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
  await post('/v1/products', { products: [tea] });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

type Method = 'GET' | 'POST' | 'DELETE' | 'PUT';
const send = (method: Method, url: string, payload?: object, headers: Record<string, string> = {}) =>
  app.http.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
const post = (url: string, payload: object) => send('POST', url, payload);
const item = (id: string, seed: number, extra: object = {}) => ({ id, productId: 'tea/1', vector: unitVector(D, seed), ...extra });

const listCollections = async () => z.array(collectionSchema).parse((await send('GET', '/v1/collections')).json());

async function expectProblem(answer: Awaited<ReturnType<typeof send>>, status: number, code: string) {
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  const problem = problemSchema.parse(answer.json());
  expect(problem).toMatchObject({ status, code });
  expect(ERROR_CODES).toContain(problem.code);
  expect(answer.body).not.toMatch(/node_modules|\.ts:|\/tmp\//);
}

describe('health', () => {
  it('tells what the server holds', async () => {
    const health = healthSchema.parse((await send('GET', '/v1/health')).json());
    expect(health.status).toBe('ok');
    expect(health.products).toBe(1);
    expect(health.collections.map(({ name }) => name)).toContain('products');
  });
});

describe('collections', () => {
  it('creates once, answers the same again, refuses another meaning of the name', async () => {
    const wanted = { name: 'faces', space: 'face@2', dimensions: 8, metric: 'cosine' };
    const first = await post('/v1/collections', wanted);
    expect(first.statusCode).toBe(201);
    expect(collectionSchema.parse(first.json())).toEqual({ ...wanted, fields: {}, retention: null, quota: null, count: 0 });
    expect((await post('/v1/collections', wanted)).statusCode).toBe(200);
    await expectProblem(await post('/v1/collections', { ...wanted, dimensions: 9 }), 409, 'invalid-input');
    await expectProblem(await post('/v1/collections', { ...wanted, space: 'face@3' }), 409, 'invalid-input');
  });

  it.each([
    { name: '../etc', space: SPACE, dimensions: 4, metric: 'cosine' },
    { name: 'x', space: 'no-version', dimensions: 4, metric: 'cosine' },
    { name: 'x', space: SPACE, dimensions: 1, metric: 'cosine' },
    { name: 'x', space: SPACE, dimensions: 4, metric: 'l2' },
    { name: 'x', space: SPACE, dimensions: 4, metric: 'cosine', more: 1 },
  ])('refuses %j', async (body) => {
    await expectProblem(await post('/v1/collections', body), 400, 'invalid-input');
  });

  it('lists', async () => {
    expect((await listCollections()).map(({ name }) => name)).toContain('products');
  });
});

describe('items', () => {
  it('is found by the very next search, with its product', async () => {
    const upserted = await post('/v1/collections/products/items', {
      space: SPACE,
      items: [item('a', 1, { metadata: { shop: 'north', shelf: 3, isNew: true } }), item('b', 2)],
    });
    expect(upsertResponseSchema.parse(upserted.json())).toEqual({ upserted: 2 });
    const found = await post('/v1/collections/products/search', { space: SPACE, vector: unitVector(D, 1), k: 2 });
    const { matches, products } = searchResponseSchema.parse(found.json());
    expect(matches[0]).toMatchObject({ id: 'a', productId: 'tea/1', metadata: { shop: 'north', shelf: 3, isNew: true } });
    expect(matches[0]!.score).toBeCloseTo(1, 5);
    expect(matches[1]!.score).toBeLessThan(matches[0]!.score);
    expect(products).toEqual([tea]);
  });

  it('ranks as a plain computation of the cosine does', async () => {
    const items = Array.from({ length: 300 }, (_, index) => item(`rank-${index}`, 1000 + index));
    await post('/v1/collections', { name: 'ranking', space: SPACE, dimensions: D, metric: 'cosine' });
    await post('/v1/collections/ranking/items', { space: SPACE, items });
    const probe = unitVector(D, 5);
    const wanted = items
      .map(({ id, vector }) => ({ id, score: vector.reduce((sum, value, index) => sum + value * probe[index]!, 0) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 20);
    // Length does not matter for a cosine.
    const answer = await post('/v1/collections/ranking/search', { space: SPACE, vector: probe.map((value) => value * 7), k: 20 });
    const { matches } = searchResponseSchema.parse(answer.json());
    expect(matches.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    matches.forEach(({ score }, index) => expect(score).toBeCloseTo(wanted[index]!.score, 4));
  });

  it('replaces by id, the last of equals winning, and deletes', async () => {
    await post('/v1/collections/products/items', { space: SPACE, items: [item('c', 10), item('c', 11)] });
    await post('/v1/collections/products/items', { space: SPACE, items: [item('c', 12, { metadata: { turn: 3 } })] });
    const now = await post('/v1/collections/products/search', { space: SPACE, vector: unitVector(D, 12), k: 200 });
    const matches = searchResponseSchema.parse(now.json()).matches.filter(({ id }) => id === 'c');
    expect(matches).toHaveLength(1);
    expect(matches[0]!.score).toBeCloseTo(1, 5);
    expect((await send('GET', '/v1/collections/products/items/c')).json()).toEqual({ id: 'c', productId: 'tea/1', metadata: { turn: 3 } });

    const deleted = await send('DELETE', '/v1/collections/products/items', { ids: ['c', 'c', 'never-there'] });
    expect(deleteResponseSchema.parse(deleted.json())).toEqual({ deleted: 1 });
    await expectProblem(await send('GET', '/v1/collections/products/items/c'), 404, 'invalid-input');
    const after = await post('/v1/collections/products/search', { space: SPACE, vector: unitVector(D, 12), k: 200 });
    expect(searchResponseSchema.parse(after.json()).matches.map(({ id }) => id)).not.toContain('c');
  });

  it('keeps writes that come at once apart', async () => {
    await post('/v1/collections', { name: 'crowd', space: SPACE, dimensions: D, metric: 'cosine' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, batch) =>
        post('/v1/collections/crowd/items', {
          space: SPACE,
          items: Array.from({ length: 5 }, (_unused, index) => item(`w${batch}-${index}`, 5000 + batch * 5 + index)),
        }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 40 }, () => 200));
    expect((await listCollections()).find(({ name }) => name === 'crowd')?.count).toBe(200);
  });

  it.each([
    ['another space', { space: 'other@1', vector: unitVector(D, 1) }],
    ['another dimension', { space: SPACE, vector: unitVector(D + 1, 1) }],
    ['a zero vector', { space: SPACE, vector: Array.from({ length: D }, () => 0) }],
    ['an infinite number', `{"space":"${SPACE}","vector":[1e999,${Array.from({ length: D - 1 }, () => '0').join()}]}`],
    ['NaN', `{"space":"${SPACE}","vector":[NaN,${Array.from({ length: D - 1 }, () => '0').join()}]}`],
    ['null as a number', { space: SPACE, vector: [null, ...unitVector(D - 1, 1)] }],
    ['text as a number', { space: SPACE, vector: ['1', ...unitVector(D - 1, 1)] }],
    ['too many wanted', { space: SPACE, vector: unitVector(D, 1), k: 201 }],
    ['an unknown field', { space: SPACE, vector: unitVector(D, 1), photo: 'x' }],
    ['no vector', { space: SPACE }],
  ])('refuses %s', async (_name, payload) => {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const answer = await app.http.inject({
      method: 'POST',
      url: '/v1/collections/products/search',
      headers: { 'content-type': 'application/json' },
      payload: body,
    });
    await expectProblem(answer, 400, 'invalid-input');
  });

  it('keeps nothing of a batch with one wrong vector', async () => {
    const batch = [item('good', 20), { ...item('bad', 21), vector: Array.from({ length: D }, () => 0) }];
    await expectProblem(await post('/v1/collections/products/items', { space: SPACE, items: batch }), 400, 'invalid-input');
    await expectProblem(await send('GET', '/v1/collections/products/items/good'), 404, 'invalid-input');
  });

  it('does not know other collections', async () => {
    await expectProblem(await post('/v1/collections/none/search', { space: SPACE, vector: unitVector(D, 1) }), 404, 'invalid-input');
    await expectProblem(await post('/v1/collections/none/items', { space: SPACE, items: [item('a', 1)] }), 404, 'invalid-input');
    await expectProblem(await send('DELETE', '/v1/collections/none/items', { ids: ['a'] }), 404, 'invalid-input');
  });
});

describe('products', () => {
  it('answers by id and by GTIN', async () => {
    expect(productResponseSchema.parse((await send('GET', `/v1/products/${encodeURIComponent('tea/1')}`)).json()).product).toEqual(tea);
    expect(productResponseSchema.parse((await send('GET', '/v1/products?gtin=04901234567894')).json()).product).toEqual(tea);
    await expectProblem(await send('GET', '/v1/products/none'), 404, 'invalid-input');
    await expectProblem(await send('GET', '/v1/products?gtin=00000000000000'), 404, 'invalid-input');
    await expectProblem(await send('GET', '/v1/products?gtin=4901234567894'), 400, 'invalid-input');
    await expectProblem(await send('GET', '/v1/products'), 400, 'invalid-input');
  });

  it('prefers contents, then the own entry over an imported one', async () => {
    const gtins = ['04912345678904'];
    const bare = { id: 'own', name: { en: 'Own' }, gtins, source: 'operator', updatedAtMs: 9 };
    const imported = { id: 'off', name: { en: 'Imported' }, gtins, source: 'open-food-facts', updatedAtMs: 99, contents: tea.contents };
    await post('/v1/products', { products: [bare, imported] });
    const find = async () => productResponseSchema.parse((await send('GET', `/v1/products?gtin=${gtins[0]!}`)).json()).product.id;
    expect(await find()).toBe('off');
    await post('/v1/products', { products: [{ ...bare, contents: tea.contents }] });
    expect(await find()).toBe('own');
  });

  it('forgets a GTIN that a newer version of the product no longer has', async () => {
    const product = { id: 'moved', name: { en: 'Moved' }, gtins: ['04900000000003'], source: 'operator', updatedAtMs: 1 };
    await post('/v1/products', { products: [product] });
    await post('/v1/products', { products: [{ ...product, gtins: ['04900000000010'] }] });
    await expectProblem(await send('GET', '/v1/products?gtin=04900000000003'), 404, 'invalid-input');
    expect((await send('GET', '/v1/products?gtin=04900000000010')).statusCode).toBe(200);
  });

  it('refuses a batch with one product of another shape, whole', async () => {
    const good = { id: 'whole', name: { en: 'x' }, gtins: [], source: 's', updatedAtMs: 1 };
    await expectProblem(await post('/v1/products', { products: [good, { ...good, id: 'b', gtins: ['123'] }] }), 400, 'invalid-input');
    await expectProblem(await send('GET', '/v1/products/whole'), 404, 'invalid-input');
  });
});

describe('the rest', () => {
  it('describes itself as OpenAPI 3.1', async () => {
    const api = (await send('GET', '/v1/openapi.json')).json();
    expect(api.openapi).toMatch(/^3\.1/);
    const paths = Object.keys(ROUTE_ACCESS).map((route) => route.slice(route.indexOf(' ') + 1).replaceAll(/:(\w+)/g, '{$1}'));
    // Pages for runners are no part of the API.
    const described = new Set(paths.filter((path) => path !== '/v1/openapi.json' && !path.startsWith('/v1/g/')));
    expect(Object.keys(api.paths).sort()).toEqual([...described].sort());
    expect(api.paths['/v1/collections/{name}/search'].post.requestBody.content['application/json'].schema.properties.vector.type).toBe(
      'array',
    );
    const docs = await send('GET', '/v1/docs');
    expect(docs.statusCode).toBe(200);
    // The docs page runs under the same policy: nothing inline, nothing from elsewhere.
    expect(docs.headers['content-security-policy']).toBe(CONTENT_POLICY);
    expect(docs.body).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
    expect(docs.body).not.toMatch(/https?:\/\//);
    const files = [...docs.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, path = '']) => new URL(path, 'http://localhost/v1/docs').pathname,
    );
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await send('GET', file)).statusCode, file).toBe(200);
  });

  it('answers unknown routes and methods as problems', async () => {
    await expectProblem(await send('GET', '/v1/none'), 404, 'invalid-input');
    await expectProblem(await send('PUT', '/v1/products', {}), 404, 'invalid-input');
    await expectProblem(await send('GET', '/v1/%zz'), 400, 'invalid-input');
  });
});
