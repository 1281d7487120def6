/** @file Bulk ingest and export over HTTP, and what a stop in the middle leaves. */
import { join } from 'node:path';
import { tableFromIPC, tableToIPC } from 'apache-arrow';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ingestProgressSchema, searchResponseSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { IngestSegments } from '../../../server/vectors/ingest-segments.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { ARROW_TYPE, NDJSON_TYPE } from '../../../server/services/collections/item-stream.ts';
import { removeFolders, startApp, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 8;
const FIELDS = { shop: 'keyword', shelfNo: 'int' } as const;

let dataFolder: string;
let app: App;
beforeEach(async () => {
  dataFolder = temporaryFolder();
  app = await startApp({ dataFolder });
  await create('many');
});
afterEach(() => app.http.close());
afterAll(removeFolders);

const create = (name: string, more: object = {}) =>
  app.http.inject({
    method: 'POST',
    url: '/v1/collections',
    payload: { name, space: SPACE, dimensions: D, metric: 'cosine', fields: FIELDS, ...more },
  });
const row = (n: number, more: object = {}) => ({
  id: `r${n}`,
  productId: `p${n}`,
  vector: unitVector(D, n + 1),
  metadata: { shelfNo: n, free: `x${n}` },
  ...more,
});
const ndjson = (rows: readonly object[]) => rows.map((one) => `${JSON.stringify(one)}\n`).join('');
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => row(from + n));

async function ingest(collection: string, query: string, payload: string | Buffer, type: string = NDJSON_TYPE) {
  const answer = await app.http.inject({
    method: 'POST',
    url: `/v1/collections/${collection}/ingest?space=${SPACE}&${query}`,
    headers: { 'content-type': type },
    payload,
  });
  const isStream = answer.statusCode === 200;
  return {
    status: answer.statusCode,
    last: isStream ? ingestProgressSchema.parse(JSON.parse(answer.body.trim().split('\n').at(-1)!)) : null,
    body: answer.body,
  };
}

async function find(collection: string, n: number, filter?: object) {
  const answer = await app.http.inject({
    method: 'POST',
    url: `/v1/collections/${collection}/search`,
    payload: { space: SPACE, vector: unitVector(D, n + 1), k: 1, ...(filter === undefined ? {} : { filter }) },
  });
  return searchResponseSchema.parse(answer.json()).matches[0];
}

describe('a bulk ingest', () => {
  it('takes parts, each durable when it answers, and is searchable when done', async () => {
    const first = await ingest('many', 'job=a&last=false', ndjson(range(0, 300)));
    expect(first.last).toMatchObject({ job: 'a', durableRows: 300, problem: null });
    const second = await ingest('many', 'job=a&from=300', ndjson([...range(300, 500), row(3, { productId: 'again' })]).trimEnd());
    expect(second.last).toEqual({ job: 'a', state: 'done', durableRows: 501, searchableRows: 501, problem: null });
    expect((await app.services.store.list())[0]?.count).toBe(500);
    expect(await find('many', 499)).toMatchObject({ id: 'r499', productId: 'p499', metadata: { shelfNo: 499, free: 'x499' } });
    expect(await find('many', 3)).toMatchObject({ id: 'r3', productId: 'again' });
    expect(await find('many', 9, { range: { shelfNo: { gte: 20 } } })).not.toMatchObject({ id: 'r9' });
    expect(await new IngestSegments(join(dataFolder, 'ingest')).list('many', 'a')).toEqual([]);
    expect((await ingest('many', 'job=a&from=501', ndjson([row(1)]))).status).toBe(409);
  });

  it('goes on only from where it is', async () => {
    await ingest('many', 'job=a&last=false', ndjson(range(0, 10)));
    const wrong = await ingest('many', 'job=a&from=0', ndjson(range(0, 20)));
    expect(wrong).toMatchObject({ status: 409 });
    expect(wrong.body).toContain('10 rows');
    const progress = await app.http.inject({ url: '/v1/collections/many/ingest/a' });
    expect(ingestProgressSchema.parse(progress.json()).durableRows).toBe(10);
  });

  it('keeps the good rows before a wrong one and names it', async () => {
    const rows = [...range(0, 130), row(130, { vector: [1, 2] }), row(131)];
    const { status, body } = await ingest('many', 'job=a', ndjson(rows));
    expect(status).toBe(400);
    expect(body).toContain('Row 130');
    const progress = await app.http.inject({ url: '/v1/collections/many/ingest/a' });
    expect(ingestProgressSchema.parse(progress.json())).toMatchObject({
      durableRows: 130,
      state: expect.stringMatching(/receiving|applying/) as string,
    });
    const rest = await ingest('many', 'job=a&from=130', ndjson([row(130), row(131)]));
    expect(rest.last).toMatchObject({ state: 'done', searchableRows: 132 });
  });

  it.each([
    ['no JSON', '{"id":'],
    ['an unknown key', ndjson([row(1, { photo: 'x' })])],
    ['a text in the vector', ndjson([row(1, { vector: ['1', 2, 3, 4, 5, 6, 7, 8] })])],
    ['a zero vector', ndjson([row(1, { vector: [0, 0, 0, 0, 0, 0, 0, 0] })])],
    ['a field of another type', ndjson([row(1, { metadata: { shelfNo: 'seven' } })])],
    ['an image', ndjson([row(1, { metadata: { free: `data:image/png;base64,${'A'.repeat(40)}` } })])],
    ['an id that is a path', ndjson([row(1, { id: '../../x y' })])],
    ['an endless line', 'x'.repeat(400_000)],
  ])('refuses %s and keeps nothing', async (_name, payload) => {
    expect((await ingest('many', 'job=a', payload)).status).toBe(400);
    expect((await app.services.store.list())[0]?.count).toBe(0);
  });

  it('refuses what is no stream of items', async () => {
    expect((await ingest('many', 'job=a', Buffer.from('no arrow at all'), ARROW_TYPE)).status).toBe(400);
    expect((await ingest('many', 'job=a', '{}', 'application/json')).status).not.toBe(200);
    expect((await ingest('many', 'job=..%2Fx', ndjson([row(1)]))).status).toBe(400);
    expect((await ingest('none', 'job=a', ndjson([row(1)]))).status).toBe(404);
    expect((await ingest('many', 'job=a&space=other@1', ndjson([row(1)]))).status).toBe(400);
  });

  it('stops at the quota', async () => {
    await create('small', { quota: { maximumItems: 100 } });
    expect((await ingest('small', 'job=a', ndjson(range(0, 100)))).last?.state).toBe('done');
    expect((await ingest('small', 'job=b', ndjson(range(50, 101)))).status).toBe(507);
    expect((await ingest('small', 'job=c', ndjson(range(50, 100)))).last?.state).toBe('done');
    const upsert = (n: number) =>
      app.http.inject({ method: 'POST', url: '/v1/collections/small/items', payload: { space: SPACE, items: [row(n)] } });
    expect((await upsert(7)).statusCode).toBe(200);
    const refused = await upsert(100);
    expect(refused.statusCode).toBe(507);
    expect(refused.json()).toMatchObject({ code: 'quota-exceeded' });
  });

  it('that a stop cut short goes on at the next start', async () => {
    await app.http.close();
    const items = range(0, 50).map((one) => ({ ...one, vector: Float32Array.from(one.vector) }));
    await new IngestSegments(join(dataFolder, 'ingest')).write('many', 'a', 0, 50, itemTable({ dimensions: D, fields: FIELDS }, items));
    app = await startApp({ dataFolder });
    await vi.waitFor(async () => expect(await find('many', 49)).toMatchObject({ id: 'r49' }), { timeout: 30_000 });
    expect((await ingest('many', 'job=a&from=50', ndjson(range(50, 60)))).last).toMatchObject({
      state: 'done',
      durableRows: 60,
      searchableRows: 60,
    });
    expect((await app.services.store.list())[0]?.count).toBe(60);
  });
});

describe('an export', () => {
  it.each(['ndjson', 'arrow'] as const)('as %s is everything, and ingested again it is the same', async (format) => {
    await ingest('many', 'job=a', ndjson([...range(0, 200), row(200, { metadata: { shop: "o'clock\n改行" } })]));
    const exported = await app.http.inject({ url: `/v1/collections/many/export?format=${format}` });
    expect(exported.statusCode).toBe(200);
    await create('copy');
    const type = format === 'arrow' ? ARROW_TYPE : NDJSON_TYPE;
    expect((await ingest('copy', 'job=a', exported.rawPayload, type)).last).toMatchObject({ state: 'done', durableRows: 201 });
    for (const n of [0, 99, 200]) expect(await find('copy', n)).toEqual(await find('many', n));
    const again = await app.services.store.get('copy', 'r200');
    expect(again).toEqual(await app.services.store.get('many', 'r200'));
  });
});

describe('an Arrow stream of others', () => {
  it('needs only id and vector', async () => {
    const { schema, batches } = itemTable({ dimensions: D, fields: {} }, [
      { id: 'x', productId: 'x', metadata: {}, vector: Float32Array.from(unitVector(D, 1)) },
    ]);
    const table = tableFromIPC(tableToIPC(new (await import('apache-arrow')).Table(schema, batches), 'stream')).select(['id', 'vector']);
    expect((await ingest('many', 'job=a', Buffer.from(tableToIPC(table, 'stream')), ARROW_TYPE)).last?.state).toBe('done');
    expect(await find('many', 0)).toMatchObject({ id: 'x', productId: 'x' });
  });
});
