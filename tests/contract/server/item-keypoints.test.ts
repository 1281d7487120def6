/** @file Keypoints beside a vector: written, replaced, exported and removed with it; tables of before there were any. */
import { connect } from '@lancedb/lancedb';
import { join } from 'node:path';
import { Field, Float32, FixedSizeList, Schema, Utf8, tableToIPC } from 'apache-arrow';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { LocalFeatures } from '../../../src/contracts/results.ts';
import { ingestProgressSchema } from '../../../src/contracts/server-api.ts';
import { encodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import type { App } from '../../../server/app.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { ARROW_TYPE } from '../../../server/services/collections/item-stream.ts';
import { removeFolders, startApp, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 8;
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.http.close();
});
afterAll(removeFolders);

const features = (seed: number): LocalFeatures => ({
  ...{ algorithm: 'akaze-mldb-1', count: 3, descriptorBytes: 61, aspect: 1.5 },
  points: Float32Array.of(0, 1, 0.25, 0.5, 0.75, 0.125),
  descriptors: new Uint8Array(183).fill(seed),
});
const item = (id: string, keypoints?: Uint8Array) => ({
  ...{ id, productId: id, metadata: {}, vector: Float32Array.from(unitVector(D, id.length)) },
  ...(keypoints === undefined ? {} : { keypoints }),
});

async function send(app: App, job: string, body: Uint8Array) {
  return app.http.inject({
    method: 'POST',
    url: `/v1/collections/goods/ingest?job=${job}&space=${SPACE}`,
    headers: { 'content-type': ARROW_TYPE },
    payload: Buffer.from(body),
  });
}

async function ingest(app: App, job: string, body: Uint8Array) {
  const answer = await send(app, job, body);
  return ingestProgressSchema.parse(JSON.parse(answer.body.trim().split('\n').at(-1)!));
}

const arrow = (items: readonly ReturnType<typeof item>[]) => tableToIPC(itemTable({ dimensions: D, fields: {} }, items), 'stream');

it('come in and go out by Arrow, and leave with their item', async () => {
  const app = await startApp();
  apps.push(app);
  const { store } = app.services;
  await store.create({ name: 'goods', space: SPACE, dimensions: D, metric: 'cosine' });
  const [a, b] = [encodeKeypoints(features(1)), encodeKeypoints(features(2))];
  expect(await ingest(app, 'one', arrow([item('a', a), item('bb', b), item('ccc')]))).toMatchObject({ state: 'done', durableRows: 3 });
  expect(await store.keypoints('goods', ['a', 'bb', 'ccc', 'nobody'])).toEqual(new Map([['a', a], ['bb', b]])); // prettier-ignore

  const exported = await app.http.inject({ url: '/v1/collections/goods/export?format=arrow' });
  await store.delete('goods', ['a', 'bb', 'ccc']);
  expect(await store.keypoints('goods', ['a', 'bb'])).toEqual(new Map());
  expect(await ingest(app, 'again', exported.rawPayload)).toMatchObject({ state: 'done' });
  expect((await store.keypoints('goods', ['bb'])).get('bb')).toEqual(b);

  // Another photo under the same id: what was seen in the old one says nothing of it.
  await store.upsert('goods', SPACE, [item('a')]);
  expect(await store.keypoints('goods', ['a'])).toEqual(new Map());
  expect(await store.get('goods', 'bb')).not.toHaveProperty('keypoints');
});

it('of another form are refused by the number of their row', async () => {
  const app = await startApp();
  apps.push(app);
  await app.services.store.create({ name: 'goods', space: SPACE, dimensions: D, metric: 'cosine' });
  const whole = encodeKeypoints(features(1));
  for (const wrong of [
    whole.subarray(1),
    new Uint8Array([...whole, 0]),
    new Uint8Array(0),
    new TextEncoder().encode('GIF89a, a picture'),
  ]) {
    const answer = await send(app, `wrong-${wrong.length}`, arrow([item('a', whole), item('bb', wrong)]));
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([400, expect.stringContaining('Row 1: its keypoints')]);
  }
});

it('are listed without vectors', async () => {
  const app = await startApp();
  apps.push(app);
  const { store } = app.services;
  await store.create({ name: 'goods', space: SPACE, dimensions: D, metric: 'cosine' });
  await store.upsert('goods', SPACE, [{ ...item('a'), metadata: { photo: 'x' } }]);
  const listed = await app.http.inject({ url: '/v1/collections/goods/export?vectors=false' });
  expect(listed.body).toBe('{"id":"a","productId":"a","metadata":{"photo":"x"}}\n');
  expect((await app.http.inject({ url: '/v1/collections/goods/export?vectors=false&format=arrow' })).statusCode).toBe(400);
});

it('get a place in a table of before there were any', async () => {
  const folder = join(temporaryFolder(), 'vectors');
  const connection = await connect(folder);
  const vector = new FixedSizeList(D, new Field('item', new Float32(), true));
  const old = new Schema([
    ...['id', 'productId', 'metadata'].map((name) => new Field(name, new Utf8(), false)),
    new Field('vector', vector, false),
  ]);
  const table = await connection.createEmptyTable('goods', old);
  await table.add([{ id: 'old', productId: 'old', metadata: '{}', vector: unitVector(D, 9) }]);
  const spec = { name: 'goods', dimensions: D, metric: 'cosine', fields: {} } as const;

  // A reader comes before its writer.
  const reader = await (await openLanceEngine(engineLocation(folder), { readIntervalS: 0 })).open(spec);
  expect(await reader.keypoints(['old'])).toEqual(new Map());
  const index = await (await openLanceEngine(engineLocation(folder))).open(spec);
  const keypoints = encodeKeypoints(features(3));
  await index.upsert([item('new', keypoints)]);
  expect((await index.search(Float32Array.from(unitVector(D, 9)), 1))[0]?.id).toBe('old');
  for (const one of [index, reader]) expect((await one.keypoints(['old', 'new'])).get('new')).toEqual(keypoints);
});
