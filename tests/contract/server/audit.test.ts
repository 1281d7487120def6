import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, type Client } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrivalSchema, auditCheckSchema, auditRowSchema, type AuditRow } from '../../../src/contracts/audit-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { AuditLog } from '../../../server/repositories/audit-log.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { removeFolders, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const PHONE = '192.168.1.20';

let app: App;
let config: ServerConfig;
let admin: string;
beforeAll(async () => {
  config = testConfig();
  app = await buildApp(config);
  admin = app.firstAdminKey ?? '';
  await call('POST', '/v1/collections', { key: admin, body: { name: 'products', space: SPACE, dimensions: 4, metric: 'cosine' } });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Call {
  readonly key?: string;
  readonly body?: object | string;
  readonly from?: string;
}
function call(method: 'GET' | 'POST' | 'DELETE', url: string, { key, body, from = PHONE }: Call = {}) {
  return app.http.inject({
    method,
    url,
    remoteAddress: from,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: body }),
  });
}
const items = (...ids: string[]) => ({
  space: SPACE,
  items: ids.map((id, index) => ({ id, productId: 'p', vector: unitVector(4, index + 1) })),
});
const search = { space: SPACE, vector: unitVector(4, 1), k: 3 };

async function log(): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  let cursor: string | null = null;
  do {
    const answer = await call('GET', `/v1/audit?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`, { key: admin });
    const page: { items: unknown[]; nextCursor: string | null } = answer.json();
    rows.push(...page.items.map((row) => auditRowSchema.parse(row)));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows.reverse();
}

describe('the audit log', () => {
  it('says who did what to which collection, how many, and how it ended', async () => {
    await call('POST', '/v1/collections/products/items', { key: admin, body: items('a', 'b', 'c') });
    await call('DELETE', '/v1/collections/products/items', { body: { ids: ['a', 'b'] }, from: '127.0.0.1' });
    await call('POST', '/v1/collections/none/items', { key: admin, body: items('a') });
    await call('POST', '/v1/products', { body: {} });
    const rows = await log();
    const id = admin.slice(3, 19);
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
    expect(rows).toContainEqual(
      expect.objectContaining({ actor: id, operation: 'items.upsert', collection: 'products', count: 3, outcome: 'done' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ actor: 'local', operation: 'items.delete', count: 2, outcome: 'done', status: 200 }),
    );
    expect(rows).toContainEqual(expect.objectContaining({ actor: id, collection: 'none', outcome: 'refused', status: 404 }));
    expect(rows).toContainEqual(
      expect.objectContaining({ actor: 'anonymous', operation: 'products.upsert', outcome: 'refused', status: 401 }),
    );
  });

  it('sums reads, and counts each of them', async () => {
    for (let index = 0; index < 25; index++) await call('POST', '/v1/collections/products/search', { body: search });
    const rows = (await log()).filter(({ operation }) => operation === 'items.search');
    expect(rows.length).toBeLessThan(25);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(25);
    expect(rows[0]).toMatchObject({ actor: 'anonymous', collection: 'products', outcome: 'done' });
  });

  it('is on disk when a change is answered', async () => {
    await call('POST', '/v1/collections/products/items', { key: admin, body: items('durable') });
    const client = await openDatabase(join(config.dataFolder, 'mekiki.db'));
    const rows = await new AuditLog(client).readBack(Number.MAX_SAFE_INTEGER, 1);
    client.close();
    expect(rows[0]).toMatchObject({ operation: 'items.upsert', count: 1 });
  });

  it('holds no vector, id, name, address or key', async () => {
    await call('POST', '/v1/collections/products/items', {
      key: admin,
      body: {
        space: SPACE,
        items: [{ id: 'secret-id', productId: 'taro-yamada', vector: unitVector(4, 9), metadata: { note: 'private' } }],
      },
    });
    await call('GET', '/v1/collections/products/items/secret-id', { key: admin });
    const text = JSON.stringify(await log());
    for (const word of ['secret-id', 'taro', 'private', PHONE, admin.slice(20), String(unitVector(4, 9)[0])])
      expect(text).not.toContain(word);
  });

  it('is for admins', async () => {
    const operator = (await call('POST', '/v1/keys', { key: admin, body: { name: 'o', purpose: 'o', role: 'operator' } })).json<{
      secret: string;
    }>().secret;
    for (const url of ['/v1/audit', '/v1/audit/check', '/v1/arrivals']) {
      expect((await call('GET', url, { key: operator })).statusCode).toBe(403);
      expect((await call('GET', url, { from: '127.0.0.1' })).statusCode).toBe(401);
    }
  });

  it('cannot be changed or emptied by ordinary statements', async () => {
    const client = createClient({ url: pathToFileURL(join(config.dataFolder, 'mekiki.db')).href });
    await expect(client.execute('UPDATE audit_log SET count = 9')).rejects.toThrow(/append-only/);
    await expect(client.execute('DELETE FROM audit_log')).rejects.toThrow(/append-only/);
    client.close();
    expect(auditCheckSchema.parse((await call('GET', '/v1/audit/check', { key: admin })).json()).isIntact).toBe(true);
  });
});

describe('its chain', () => {
  const entry = (count: number) => ({
    ...{ atMs: 1_000 + count, actor: 'local', operation: 'items.upsert', collection: 'products', subject: null },
    ...{ count, outcome: 'done' as const, status: 200 },
  });
  let client: Client;
  let chain: AuditLog;
  const open = async () => {
    client = await openDatabase(join(temporaryFolder(), 'mekiki.db'));
    chain = new AuditLog(client);
    await chain.append([1, 2, 3, 4, 5].map(entry));
    // Whoever has the file can go round the triggers.
    await client.batch(['DROP TRIGGER audit_log_keeps', 'DROP TRIGGER audit_log_holds'], 'write');
  };

  it('is what its note says', async () => {
    await open();
    const [first] = await chain.read(0, 1);
    const { previousHash, sequence, atMs, actor, operation, collection, subject, count, outcome, status, hash } = first!;
    const parts = [previousHash, sequence, atMs, actor, operation, collection, subject, count, outcome, status];
    expect(createHash('sha256').update(JSON.stringify(parts)).digest('hex')).toBe(hash);
    expect(previousHash).toBe('0'.repeat(64));
    expect(await chain.verify()).toMatchObject({ isIntact: true, rows: 5, brokenAtSequence: null });
    client.close();
  });

  it.each([
    ['a changed count', 'UPDATE audit_log SET count = 99 WHERE sequence = 3', 3],
    ['a changed actor', "UPDATE audit_log SET actor = 'nobody' WHERE sequence = 1", 1],
    ['a collection that was blanked', 'UPDATE audit_log SET collection = NULL WHERE sequence = 4', 4],
    ['a removed row', 'DELETE FROM audit_log WHERE sequence = 2', 2],
    [
      'a removed row whose gap was closed',
      'DELETE FROM audit_log WHERE sequence = 2; UPDATE audit_log SET sequence = sequence - 1 WHERE sequence > 2',
      2,
    ],
    [
      'two rows in another order',
      'UPDATE audit_log SET sequence = 99 WHERE sequence = 2; UPDATE audit_log SET sequence = 2 WHERE sequence = 3; UPDATE audit_log SET sequence = 3 WHERE sequence = 99',
      2,
    ],
    ['a changed hash', "UPDATE audit_log SET hash = substr(hash, 1, 63) || '!' WHERE sequence = 5", 5],
  ])('notices %s', async (_name, sql, brokenAtSequence) => {
    await open();
    for (const statement of sql.split('; ')) await client.execute(statement);
    expect(await chain.verify()).toMatchObject({ isIntact: false, brokenAtSequence });
    client.close();
  });

  it('notices a cut-off end only with a head that was noted', async () => {
    await open();
    const { head } = await chain.verify();
    await client.execute('DELETE FROM audit_log WHERE sequence > 3');
    expect(await chain.verify()).toMatchObject({ isIntact: true, rows: 3 });
    expect(await chain.verify(head)).toMatchObject({ isIntact: false, brokenAtSequence: 4 });
    client.close();
  });

  it('stays one chain when two processes write', async () => {
    await open();
    const second = createClient({
      url: pathToFileURL((await client.execute('PRAGMA database_list')).rows[0]!['file'] as string).href,
      timeout: 10_000,
    });
    const other = new AuditLog(second);
    await Promise.all([1, 2, 3, 4, 5, 6].map((count) => (count % 2 === 0 ? chain : other).append([entry(count), entry(count)])));
    expect(await chain.verify()).toMatchObject({ isIntact: true, rows: 17 });
    second.close();
    client.close();
  });
});

describe('the ledger of arrivals', () => {
  it('holds kind, size and hash of what a phone sent, as it came', async () => {
    const body = '{"k":3,"space":"test-embedding@1","vector":[0.5,0.5,0.5,0.5]}';
    await call('POST', '/v1/collections/products/search', { body });
    await call('GET', '/v1/products?gtin=04901234567894');
    const page = (await call('GET', '/v1/arrivals', { key: admin })).json<{ items: unknown[] }>();
    const arrivals = page.items.map((row) => arrivalSchema.parse(row));
    expect(arrivals[1]).toMatchObject({
      ...{ actor: 'anonymous', type: 'vector', bytes: body.length, status: 200, route: 'POST /v1/collections/products/search' },
      sha256: createHash('sha256').update(body).digest('hex'),
    });
    const query = 'gtin=04901234567894';
    expect(arrivals[0]).toMatchObject({
      ...{ type: 'text', bytes: query.length, status: 404, route: 'GET /v1/products' },
      sha256: createHash('sha256').update(query).digest('hex'),
    });
    expect(arrivals[0]?.device).toBe(arrivals[1]?.device);
    expect(JSON.stringify(page)).not.toContain('0490');
    expect(JSON.stringify(page)).not.toContain(PHONE);
  });

  it('leaves out what is no phone’s', async () => {
    const before = (await call('GET', '/v1/arrivals', { key: admin })).json<{ items: unknown[] }>().items.length;
    await call('POST', '/v1/collections/products/items', { key: admin, body: items('x') });
    await call('GET', '/v1/health');
    expect((await call('GET', '/v1/arrivals', { key: admin })).json<{ items: unknown[] }>().items.length).toBe(before);
  });
});
