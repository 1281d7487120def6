/** @file The operator's client, the gate and the server, with a wire between them that can be cut. */
import { gzipSync } from 'node:zlib';
import { RecordBatchStreamWriter } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEgress } from '../../../src/clients/egress.ts';
import { createOperatorClient, type OperatorClient } from '../../../src/clients/operator-client.ts';
import { ServerRefusal, type IngestProgress } from '../../../src/contracts/server-api.ts';
import { ingestFile, type FileProgress } from '../../../src/flow/ingest-file.ts';
import { buildApp, type App } from '../../../server/app.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { removeFolders, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const SERVER = 'http://localhost:8787';

let app: App;
let admin: OperatorClient;
/** Requests to an ingest that may still pass; null: all. */
let passing: number | null = null;
const seen: { method: string; path: string; headers: Record<string, string> }[] = [];

function clientOf(secret: string): OperatorClient {
  const egress = createEgress({
    ledger: { append: () => Promise.reject(new Error('no row is written for an operator')) },
    settings: { mayLeave: () => Promise.resolve(false), get: () => Promise.resolve('') },
    ownOrigin: SERVER,
    fetch: async (input, init) => {
      const { pathname, search } = new URL(input as string);
      const headers = init?.headers as Record<string, string>;
      seen.push({ method: init?.method ?? '', path: pathname, headers });
      if (pathname.endsWith('/ingest') && passing !== null && passing-- <= 0) throw new TypeError('cut');
      const answer = await app.http.inject({
        ...{ method: init?.method as 'GET', url: pathname + search, remoteAddress: '192.168.1.20', headers },
        ...(init?.body instanceof Blob ? { payload: Buffer.from(await init.body.arrayBuffer()) } : {}),
      });
      const isEmpty = answer.statusCode === 204;
      return new Response(isEmpty ? null : new Uint8Array(answer.rawPayload), {
        status: answer.statusCode,
        headers: { 'content-type': String(answer.headers['content-type']) },
      });
    },
  });
  return createOperatorClient(egress, SERVER, secret);
}

beforeAll(async () => {
  app = await buildApp(testConfig());
  admin = clientOf(app.firstAdminKey ?? '');
  await admin.createCollection({ name: 'shelf', space: SPACE, dimensions: 4, metric: 'cosine', fields: { shop: 'keyword' } });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

const row = (id: string, seed: number) => ({ id, productId: `p-${id}`, metadata: { shop: 'a' }, vector: unitVector(4, seed) });
const ndjson = (count: number, prefix = 'i'): string =>
  Array.from({ length: count }, (_, i) => `${JSON.stringify(row(`${prefix}${i}`, i + 1))}\n`).join('');
const fileOf = (body: BlobPart, name: string): File => new File([body], name, { lastModified: 1_700_000_000_000 });
async function ingest(file: File, signal = new AbortController().signal): Promise<FileProgress> {
  return ingestFile(admin, { name: 'shelf', space: SPACE }, file, { signal, onProgress: () => {} });
}
const countOf = async (): Promise<number> => (await admin.collection('shelf')).count;

describe('what an operator does', () => {
  it('a collection: made, described, ruled, removed', async () => {
    await admin.createCollection({ name: 'short', space: SPACE, dimensions: 4, metric: 'cosine', quota: { maximumItems: 5 } });
    expect(await admin.collection('short')).toMatchObject({ count: 0, quota: { maximumItems: 5 }, index: { search: 'exact' } });
    expect(await admin.rules('short')).toBeNull();
    const retention = { maximumAgeS: 86_400, maximumItems: null };
    const rules = { holds: 'things', purpose: 'a test', retention, thumbnails: false, needsConsent: true } as const;
    expect(await admin.setRules('short', rules)).toEqual(rules);
    expect(await admin.rules('short')).toEqual(rules);
    await admin.removeCollection('short');
    expect((await admin.collections()).map(({ name }) => name)).toEqual(['shelf']);
    await expect(admin.collection('short')).rejects.toMatchObject({ code: 'server-refused', status: 404 });
  });

  it('keys: made, listed newest first, rotated, revoked; requests approved and rejected', async () => {
    const { key, secret } = await admin.createKey({ name: 'till 3', purpose: 'look up', role: 'viewer' });
    const till = clientOf(secret);
    expect(await till.self()).toMatchObject({ id: key.id, role: 'viewer' });
    expect((await admin.keys())[0]).toMatchObject({ id: key.id });
    const rotated = await admin.rotateKey(key.id, 0);
    await expect(till.self()).rejects.toMatchObject({ status: 401 });
    expect(await clientOf(rotated.secret).self()).toMatchObject({ replaces: key.id });
    expect(await admin.revokeKey(rotated.key.id)).toMatchObject({ state: 'revoked' });
    await expect(clientOf(rotated.secret).self()).rejects.toBeInstanceOf(ServerRefusal);
    for (const name of ['one', 'two'])
      await app.http.inject({ method: 'POST', url: '/v1/keys/requests', payload: { name, purpose: 'a test', role: 'viewer' } });
    const [two, one] = await admin.keyRequests();
    expect(await admin.approveRequest(one!.id, {})).toMatchObject({ name: 'one', state: 'approved' });
    expect(await admin.rejectRequest(two!.id)).toMatchObject({ name: 'two', state: 'rejected' });
  });

  it('what is refused comes with the server’s reason', async () => {
    const viewer = clientOf((await admin.createKey({ name: 'v', purpose: 'look', role: 'viewer' })).secret);
    await expect(viewer.keys()).rejects.toMatchObject({ status: 403, problem: { code: 'permission-denied' } });
    await expect(viewer.operations()).rejects.toMatchObject({ status: 403 });
    expect((await viewer.collections()).map(({ name }) => name)).toEqual(['shelf']);
    await expect(admin.createCollection({ name: 'shelf', space: 'other@1', dimensions: 4, metric: 'cosine' })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('exists with') as string,
    });
  });

  it('a pack: built, listed, withdrawn', async () => {
    await ingest(fileOf(ndjson(3, 'pack-'), 'pack.ndjson'));
    const product = { id: 'p-pack-0', name: { en: 'Bar' }, gtins: [], kind: 'packaged', packWords: [], source: 'test', updatedAtMs: 1 };
    await app.http.inject({ method: 'POST', url: '/v1/products', payload: { products: [product] } });
    const begun = await admin.buildPack({ id: 'corner', kind: 'shop', title: { en: 'Corner' }, collections: [{ name: 'shelf' }] });
    const built = async () => (await admin.packBuilds()).find(({ id }) => id === begun.id);
    await expect.poll(async () => (await built())?.state).toMatch(/done|failed/);
    expect((await built())?.problem).toBeNull();
    expect((await admin.packs()).packs[0]).toMatchObject({ id: 'corner', version: 1 });
    await admin.withdrawPack('corner');
    expect((await admin.packs()).packs).toEqual([]);
  });

  it('the audit log: filtered, paged, checked', async () => {
    const all = await admin.audit({}, null);
    expect(all.items.map(({ operation }) => operation)).toContain('keys.create');
    const keys = await admin.audit({ operation: 'keys' }, null);
    expect(keys.items.every(({ operation }) => operation.startsWith('keys.'))).toBe(true);
    const made = await admin.audit({ operation: 'keys.create', outcome: 'done' }, null);
    expect(new Set(made.items.map(({ operation }) => operation))).toEqual(new Set(['keys.create']));
    expect((await admin.audit({ collection: 'nowhere' }, null)).items).toEqual([]);
    const [first] = made.items;
    expect((await admin.audit({ actor: first!.actor, operation: 'keys.create' }, null)).items).toContainEqual(first);
    expect(await admin.checkAudit()).toMatchObject({ isIntact: true, brokenAtSequence: null });
  });

  it('erasures come with their receipts', async () => {
    await ingest(fileOf(ndjson(2, 'gone-'), 'gone.ndjson'));
    await app.http.inject({
      ...{ method: 'POST', url: '/v1/collections/shelf/erasures', payload: { ids: ['gone-0'] } },
      headers: { authorization: `Bearer ${app.firstAdminKey}` },
    });
    const [erasure] = await admin.erasures();
    expect(erasure).toMatchObject({ reason: 'items', items: 1 });
  });

  it('a person: what is kept is exported, and erased', async () => {
    const retention = { maximumAgeS: 86_400, maximumItems: null };
    await admin.setRules('members', { holds: 'persons', purpose: 'a test', retention, thumbnails: false, needsConsent: false });
    await admin.createCollection({ name: 'members', space: SPACE, dimensions: 4, metric: 'cosine' });
    const items = [{ id: 'face', productId: 'aya', vector: unitVector(4, 9) }];
    await app.http.inject({
      ...{ method: 'POST', url: '/v1/collections/members/items', payload: { space: SPACE, items } },
      headers: { authorization: `Bearer ${app.firstAdminKey}` },
    });
    const { collections } = await admin.exportPerson('aya');
    expect(collections.map(({ name, items: kept }) => [name, kept.map(({ id }) => id)])).toEqual([['members', ['face']]]);
    expect(await admin.erasePerson('aya')).toMatchObject({ reason: 'person', items: 1 });
    expect((await admin.exportPerson('aya')).collections.flatMap(({ items: kept }) => kept)).toEqual([]);
    await expect(admin.erasePerson('nobody')).rejects.toMatchObject({ status: 404 });
  });

  it('a webhook: made with its secret, listed, removed', async () => {
    const { webhook, secret } = await admin.createWebhook({
      url: 'https://shop.example/hook',
      events: ['recognition.finished'],
      description: 'x',
    });
    expect(secret).toMatch(/^whsec_/);
    expect(await admin.webhooks()).toMatchObject([{ id: webhook.id, url: 'https://shop.example/hook' }]);
    expect(await admin.deliveries(webhook.id)).toEqual([]);
    await admin.removeWebhook(webhook.id);
    expect(await admin.webhooks()).toEqual([]);
  });

  it('every request carries the key and nothing that was not meant', () => {
    for (const { headers } of seen)
      expect(
        Object.keys(headers)
          .sort()
          .filter((name) => name !== 'content-type'),
      ).toEqual(['accept', 'authorization']);
  });
});

describe('a file of vectors', () => {
  it('goes in whole, and is not sent again', async () => {
    const before = await countOf();
    const file = fileOf(ndjson(500), 'first.ndjson');
    expect(await ingest(file)).toMatchObject({ durableRows: 500, searchableRows: 500, readBytes: file.size, startRows: 0 });
    expect(await countOf()).toBe(before + 500);
    const posts = seen.length;
    expect(await ingest(file)).toMatchObject({ durableRows: 500, startRows: 500, readBytes: file.size });
    expect(seen.slice(posts).filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('packed, and with blank lines', async () => {
    const packed = gzipSync(Buffer.from(ndjson(40, 'z').replaceAll('\n', '\n\n')));
    expect(await ingest(fileOf(new Uint8Array(packed), 'packed.ndjson.gz'))).toMatchObject({ searchableRows: 40 });
  });

  it('as Arrow', async () => {
    const spec = { name: 'shelf', dimensions: 4, metric: 'cosine', fields: { shop: 'keyword' } } as const;
    const items = Array.from({ length: 60 }, (_, i) => ({ ...row(`a${i}`, i + 1), vector: Float32Array.from(unitVector(4, i + 1)) }));
    const writer = new RecordBatchStreamWriter();
    writer.write(itemTable(spec, items));
    writer.finish();
    const before = await countOf();
    expect(await ingest(fileOf(new Uint8Array(writer.toUint8Array(true)), 'rows.arrow'))).toMatchObject({ searchableRows: 60 });
    expect(await countOf()).toBe(before + 60);
  });

  it('cut off, it goes on where the server is', async () => {
    // More than one part.
    const file = fileOf(ndjson(30_000, 'cut-'), 'cut.ndjson');
    expect(file.size).toBeGreaterThan(4 << 20);
    passing = 1;
    await expect(ingest(file)).rejects.toMatchObject({ code: 'offline' });
    passing = null;
    const end = await ingest(file);
    expect(end.startRows).toBeGreaterThan(0);
    expect(end.startRows).toBeLessThan(30_000);
    expect(end).toMatchObject({ durableRows: 30_000, searchableRows: 30_000 });
  });

  it('stopped, nothing more is sent', async () => {
    const stop = new AbortController();
    const file = fileOf(ndjson(30_000, 'stop-'), 'stop.ndjson');
    const seenRows: number[] = [];
    const sending = ingestFile(admin, { name: 'shelf', space: SPACE }, file, {
      signal: stop.signal,
      onProgress: ({ durableRows }) => {
        seenRows.push(durableRows);
        if (durableRows > 0) stop.abort();
      },
    });
    await expect(sending).rejects.toMatchObject({ code: 'cancelled' });
    expect(Math.max(...seenRows)).toBeLessThan(30_000);
  });

  it('with a wrong row: the row is named, those before it stay', async () => {
    const bad = `${ndjson(2, 'w')}${JSON.stringify({ id: 'w2', vector: [1, 2] })}\n`;
    await expect(ingest(fileOf(bad, 'wrong.ndjson'))).rejects.toMatchObject({
      name: 'RowRefusal',
      code: 'invalid-input',
      message: expect.stringContaining('Row 2') as string,
      durableRows: 2,
    });
  });

  it.each([
    ['photo.jpg', 'x'],
    ['rows.arrow', 'no arrow'],
    ['rows.ndjson.gz', 'no gzip'],
  ])('that is none is refused: %s', async (name, text) => {
    await expect(ingest(fileOf(text, name))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('reports rows as the server tells them', async () => {
    const told: IngestProgress[] = [];
    const body = new Blob([ndjson(10, 'told-')], { type: 'application/x-ndjson' });
    const last = await admin.ingest('shelf', { job: 'told', space: SPACE, from: 0, isLast: true, body }, (each) => told.push(each));
    expect(told.at(-1)).toEqual(last);
    expect(last).toMatchObject({ state: 'done', durableRows: 10, searchableRows: 10 });
  });
});
