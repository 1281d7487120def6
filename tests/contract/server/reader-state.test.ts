/** @file What a server that only reads copies from the one that writes: keys, rules, ends, packs. In one process; three are in replicas.test.ts. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { packListSchema, packManifestSchema, packRuleSchema, signedPackSchema } from '../../../src/contracts/pack.ts';
import { replicaStateSchema } from '../../../src/contracts/replica-api.ts';
import { healthSchema, problemSchema, searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { isSigned } from '../../../src/core/pack-signature.ts';
import type { App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { ROUTE_ACCESS } from '../../../server/services/keys/route-access.ts';
import { readerKey, removeFolders, startApp, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
const SPACE = 'test-embedding@1';
const D = 8;
const PHONE = '192.168.1.20';
const apps = new Set<App>();
afterEach(async () => {
  for (const app of apps) await app.http.close();
  apps.clear();
});
afterAll(removeFolders);

async function start(overrides: Partial<ServerConfig>): Promise<App> {
  const app = await startApp(overrides);
  apps.add(app);
  return app;
}

async function stop(app: App): Promise<void> {
  apps.delete(app);
  await app.http.close();
}

/** A writer that listens, with a collection of two things, and a reader of it. */
async function setUp(more: Partial<ServerConfig> = {}) {
  const indexUri = join(temporaryFolder(), 'shared');
  const writer = await start({ indexUri, erasePauseMs: 0 });
  const writerUrl = await writer.http.listen({ port: 0, host: '127.0.0.1' });
  await writer.services.store.create({ name: 'things', space: SPACE, dimensions: D, metric: 'cosine' });
  await writer.services.store.upsert('things', SPACE, ['a', 'b'].map(thing));
  const key = await readerKey(writer);
  const settings = { indexUri, isReplica: true, writerUrl, writerKey: key, ...more };
  const dataFolder = temporaryFolder();
  const reader = await start({ ...settings, dataFolder });
  return { writer, reader, key, settings: { ...settings, dataFolder } };
}

const thing = (id: string) => ({ id, productId: `product-${id}`, metadata: {}, vector: unitVector(D, id.charCodeAt(0)) });

interface Asked {
  readonly key?: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly payload?: object;
}
/** As a phone on the network. */
const ask = (app: App, url: string, { key, method = 'GET', payload }: Asked = {}) =>
  app.http.inject({
    ...{ method, url, remoteAddress: PHONE, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } },
    ...(payload === undefined ? {} : { payload }),
  });
const copyNow = ({ services }: App) => services.copy!.poll();

async function found(app: App, id: string, collection = 'things', key?: string): Promise<boolean> {
  const payload = { space: SPACE, vector: thing(id).vector, k: 5 };
  const answer = await ask(app, `/v1/collections/${collection}/search`, { method: 'POST', payload, ...(key === undefined ? {} : { key }) });
  return searchResponseSchema.parse(answer.json()).matches.some((match) => match.id === id);
}

async function until(test: () => Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (await test().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within 10 s: ${what}`);
}

describe('keys', () => {
  it('of the writer work on a reader, end there too, and only their hashes travel', async () => {
    const { writer, reader, settings } = await setUp();
    expect(reader.firstAdminKey).toBeNull();
    const { keys } = writer.services;
    const made = await keys.create({ name: 'till', purpose: 'test', role: 'operator', collections: ['things'] }, 'test');
    await copyNow(reader);
    const self = await ask(reader, '/v1/keys/self', { key: made.secret });
    expect(self.json()).toMatchObject({ id: made.key.id, name: 'till', role: 'operator', collections: ['things'], state: 'active' });
    expect((await ask(reader, '/v1/keys', { key: writer.firstAdminKey! })).statusCode).toBe(200);

    const next = await keys.rotate(made.key.id, 60, 'test');
    await copyNow(reader);
    for (const secret of [made.secret, next.secret]) expect((await ask(reader, '/v1/keys/self', { key: secret })).statusCode).toBe(200);
    await keys.revoke(made.key.id);
    await copyNow(reader);
    const refused = await ask(reader, '/v1/health', { key: made.secret });
    expect([refused.statusCode, problemSchema.parse(refused.json()).detail]).toEqual([401, 'The key was revoked.']);
    expect((await ask(reader, '/v1/keys/self', { key: next.secret })).statusCode).toBe(200);

    await stop(reader);
    for (const name of readdirSync(settings.dataFolder).filter((file) => file.startsWith('mekiki.db')))
      expect(readFileSync(join(settings.dataFolder, name)).includes(made.secret.slice(-43)), name).toBe(false);
  });

  it('keep working while the writer is away, also after a restart of the reader', async () => {
    const { writer, reader, settings } = await setUp();
    const { secret } = await writer.services.keys.create({ name: 'till', purpose: 'test', role: 'viewer' }, 'test');
    await copyNow(reader);
    await stop(writer);
    await copyNow(reader);
    expect((await ask(reader, '/v1/keys/self', { key: secret })).statusCode).toBe(200);
    await stop(reader);
    const again = await start(settings);
    expect((await ask(again, '/v1/keys/self', { key: secret })).statusCode).toBe(200);
    expect(await found(again, 'a')).toBe(true);
  });

  it('that a process beside the writer revokes are revoked on the reader', async () => {
    const { writer, reader } = await setUp();
    const { key, secret } = await writer.services.keys.create({ name: 'till', purpose: 'test', role: 'viewer' }, 'test');
    await copyNow(reader);
    // As `npm run keys -- revoke` does it: straight in the table.
    await writer.services.keys.revoke(key.id);
    await until(async () => (await ask(reader, '/v1/keys/self', { key: secret })).statusCode === 401, 'the reader asks by itself');
  });
});

describe('the state of a writer', () => {
  it('is for keys of the role replica, which may nothing else', async () => {
    const { writer, key } = await setUp();
    const operator = (await writer.services.keys.create({ name: 'o', purpose: 'test', role: 'operator' }, 'test')).secret;
    for (const [other, status] of [
      [key, 200],
      [writer.firstAdminKey!, 403],
      [operator, 403],
      [undefined, 401],
    ] as const)
      expect((await ask(writer, '/v1/replica-state', other === undefined ? {} : { key: other })).statusCode).toBe(status);
    for (const [method, url] of [
      ['GET', '/v1/keys/self'],
      ['GET', '/v1/keys'],
      ['GET', '/v1/audit'],
      ['GET', '/v1/collections/things/export'],
    ] as const)
      expect((await ask(writer, url, { key, method })).statusCode, url).toBe(403);
    expect((await ask(writer, '/v1/collections/things/items', { key, method: 'DELETE', payload: { ids: ['a'] } })).statusCode).toBe(403);
    await expect(
      writer.services.keys.create({ name: 'r', purpose: 'test', role: 'replica', collections: ['things'] }, 'test'),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('is sent once: whoever has it is told that nothing changed', async () => {
    const { writer, key } = await setUp();
    const state = async (query: string) => replicaStateSchema.parse((await ask(writer, `/v1/replica-state?${query}`, { key })).json());
    const first = await state('');
    expect(first).toMatchObject({
      keys: { items: [{ role: 'admin' }, { role: 'replica' }] },
      rules: { collections: ['things'], items: [] },
    });
    const known = (['keys', 'rules', 'packs'] as const).map((part) => `${part}=${first[part]?.version ?? ''}`).join('&');
    expect(await state(`server=${first.server}&${known}`)).toMatchObject({ keys: null, rules: null, packs: null });
    // Of another start of the server nothing is believed.
    expect(await state(`server=00000000-0000-4000-8000-000000000000&${known}`)).toMatchObject({ keys: { items: [{}, {}] } });
  });
});

it('a reader refuses what is the writer’s, route by route', async () => {
  const { writer, reader } = await setUp();
  const key = writer.firstAdminKey!;
  for (const [route, { isWritersOnly }] of Object.entries(ROUTE_ACCESS)) {
    const [method, path] = route.split(' ') as ['GET', string];
    const url = path.replace(':name', 'things').replaceAll(/:(\w+)/g, (_, name: string) => (name === 'sha256' ? '0'.repeat(64) : 'nobody'));
    const answer = await ask(reader, url, { key, method });
    if (isWritersOnly === true) expect([answer.statusCode, answer.json<{ code: string }>().code], route).toEqual([403, 'server-refused']);
    else expect(answer.statusCode === 403 || answer.statusCode === 503, `${route}: ${answer.statusCode}`).toBe(false);
  }
});

describe('rules', () => {
  it('hold on a reader: a collection of persons is closed there from its first moment on', async () => {
    const { writer, reader } = await setUp();
    const { keeper, store, keys } = writer.services;
    const rules = {
      ...{ holds: 'persons' as const, purpose: 'A test', retention: { maximumAgeS: 86_400, maximumItems: null } },
      ...{ thumbnails: false, needsConsent: false },
    };
    await keeper.setRules('guests', rules, 'test');
    await store.create({ name: 'guests', space: SPACE, dimensions: D, metric: 'cosine' });
    await keeper.admit('guests', [{ id: 'g', productId: 'person-1' }]);
    await store.upsert('guests', SPACE, [thing('g')]);
    const named = (await keys.create({ name: 'k', purpose: 'test', role: 'viewer', collections: ['guests'] }, 'test')).secret;
    const seen = new Set<number>();
    await until(async () => {
      seen.add((await ask(reader, '/v1/collections/guests')).statusCode);
      return (await ask(reader, '/v1/collections/guests', { key: named })).statusCode === 200;
    }, 'it is served to its key');
    // As long as its rules are not here it is not served, and then it is closed.
    expect([...seen].filter((status) => status !== 404 && status !== 401)).toEqual([]);
    expect((await ask(reader, '/v1/collections/guests')).statusCode).toBe(401);
    await until(() => found(reader, 'g', 'guests', named), 'its item is found');
    expect((await ask(reader, '/v1/collections/guests/rules')).json()).toEqual(rules);
    expect((await ask(reader, '/v1/collections')).json<{ name: string }[]>().map(({ name }) => name)).toEqual(['things']);

    // Whom an item shows stays with the writer.
    expect(await reader.services.records.getMany('guests', ['g'])).toMatchObject([{ personId: null, consent: null }]);
  });

  it('that are not here keep a collection from being served, although the index has it', async () => {
    const { writer, reader } = await setUp();
    // The reader still reads the shared index, but hears nothing of the writer.
    writer.http.server.close();
    writer.http.server.closeAllConnections();
    await writer.services.store.create({ name: 'unheard', space: SPACE, dimensions: D, metric: 'cosine' });
    await writer.services.store.upsert('things', SPACE, [thing('z')]);
    await until(() => found(reader, 'z'), 'the reader sees what is written');
    // The list of collections is read every second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await reader.services.store.list()).map(({ name }) => name)).toEqual(['things']);
  });

  it('close a collection that was open', async () => {
    const { writer, reader } = await setUp();
    expect((await ask(reader, '/v1/collections/things')).statusCode).toBe(200);
    const retention = { maximumAgeS: 86_400, maximumItems: null };
    const rules = { holds: 'persons' as const, purpose: 'They were persons', retention, thumbnails: false, needsConsent: false };
    await writer.services.keeper.setRules('things', rules, 'test');
    await copyNow(reader);
    expect((await ask(reader, '/v1/collections/things')).statusCode).toBe(401);
  });
});

describe('an item', () => {
  it('that is over is not answered by a reader, although the writer is gone and the row is there', async () => {
    const { writer, reader } = await setUp();
    const { keeper, store } = writer.services;
    const validUntilMs = Date.now() + 5_000;
    await keeper.admit('things', [{ id: 'c', productId: 'product-c', validUntilMs }]);
    await store.upsert('things', SPACE, [thing('c')]);
    await until(() => found(reader, 'c'), 'the reader has the item');
    await copyNow(reader);
    await stop(writer);
    await until(() => Promise.resolve(Date.now() > validUntilMs), 'the end');
    expect(await reader.services.store.get('things', 'c')).not.toBeNull();
    expect(await found(reader, 'c')).toBe(false);
    expect((await ask(reader, '/v1/collections/things/items/c')).statusCode).toBe(404);
    const exported = await reader.http.inject({ url: '/v1/collections/things/export?format=ndjson' });
    expect(exported.body).toContain('"b"');
    expect(exported.body).not.toContain('"c"');
  });

  it('that is erased is hidden on a reader, and may come again', async () => {
    const { writer, reader } = await setUp();
    const { erasure, store } = writer.services;
    const before = await reader.services.records.getMany('things', ['a']);
    const { id } = await erasure.request({ reason: 'items', targets: [{ collection: 'things', id: 'a' }], requestedBy: 'test' });
    await copyNow(reader);
    expect(await found(reader, 'a')).toBe(false);
    expect(before).toEqual([]);
    await until(async () => (await erasure.get(id)).state === 'done', 'the erasure is done');
    await store.upsert('things', SPACE, [thing('a')]);
    await until(async () => {
      await copyNow(reader);
      return found(reader, 'a');
    }, 'it is found again');
    expect(await reader.services.records.getMany('things', ['a'])).toEqual([]);
  });
});

describe('packs', () => {
  async function built(writer: App): Promise<void> {
    const rule = { id: 'shop', kind: 'shop' as const, title: { en: 'Shop' }, collections: [{ name: 'things' }] };
    await writer.services.packs.requestBuild(packRuleSchema.parse(rule));
    await writer.services.packs.settled();
  }
  const versionOn = async (app: App) => packListSchema.parse((await ask(app, '/v1/packs')).json()).packs[0]?.version;
  async function manifestOn(app: App) {
    const signed = signedPackSchema.parse((await ask(app, '/v1/packs/shop')).json());
    expect(await isSigned(signed)).toBe(true);
    return packManifestSchema.parse(JSON.parse(signed.manifest));
  }
  const products = (writer: App) =>
    writer.services.products.upsert(
      ['a', 'b'].map((id) => ({
        ...{ id: `product-${id}`, name: { en: id }, gtins: [], kind: 'packaged' as const, packWords: [], source: 'shop', updatedAtMs: 1 },
      })),
    );

  it('are fetched from a reader as the writer signed them, also when the writer is gone', async () => {
    const { writer, reader } = await setUp();
    await products(writer);
    await built(writer);
    await copyNow(reader);
    await until(async () => (await versionOn(reader)) === 1, 'the pack is copied');
    expect((await ask(reader, '/v1/packs')).json()).toEqual((await ask(writer, '/v1/packs')).json());
    const manifest = await manifestOn(reader);
    await stop(writer);
    for (const { sha256 } of manifest.parts) {
      const { rawPayload } = await ask(reader, `/v1/packs/shop/parts/${sha256}`);
      expect(createHash('sha256').update(rawPayload).digest('hex')).toBe(sha256);
    }
  });

  it('change and go as they do on the writer, and leave no file', async () => {
    const { writer, reader, settings } = await setUp();
    await products(writer);
    await built(writer);
    await copyNow(reader);
    await until(async () => (await versionOn(reader)) === 1, 'the pack is copied');
    await writer.services.store.upsert('things', SPACE, [thing('c')]);
    await built(writer);
    await copyNow(reader);
    await until(async () => (await versionOn(reader)) === 2, 'the next version is copied');
    await writer.services.packs.withdraw('shop');
    await copyNow(reader);
    expect((await ask(reader, '/v1/packs/shop')).statusCode).toBe(404);
    await until(() => Promise.resolve(readdirSync(join(settings.dataFolder, 'packs')).length === 0), 'its files are gone');
  });

  it('whose part was damaged here is mended by the writer’s', async () => {
    const { writer, reader, settings } = await setUp();
    await products(writer);
    await built(writer);
    await copyNow(reader);
    await until(async () => (await versionOn(reader)) === 1, 'the pack is copied');
    const [{ sha256 } = { sha256: '' }] = (await manifestOn(reader)).parts;
    writeFileSync(join(settings.dataFolder, 'packs', sha256), 'damaged');
    const { statusCode, rawPayload } = await ask(reader, `/v1/packs/shop/parts/${sha256}`);
    expect([statusCode, createHash('sha256').update(rawPayload).digest('hex')]).toEqual([200, sha256]);
  });
});

describe('without its writer a reader', () => {
  it('answers for as long as it was told, then only how it stands', async () => {
    const { writer, reader, settings } = await setUp({ writerAbsenceMs: 4_000 });
    const health = async () => healthSchema.parse((await ask(reader, '/v1/health')).json());
    expect(await health()).toMatchObject({ status: 'ok', writer: { isHeard: true } });
    expect(healthSchema.parse((await ask(writer, '/v1/health')).json()).writer).toBeNull();
    expect((await ask(reader, '/v1/metrics', { key: writer.firstAdminKey! })).body).toMatch(/^mekiki_writer_heard_seconds 1\d{9}/m);
    await stop(writer);
    expect((await ask(reader, '/v1/collections')).statusCode).toBe(200);
    await until(async () => (await ask(reader, '/v1/collections')).statusCode === 503, 'it closes');
    for (const url of ['/v1/packs', '/v1/keys/self', '/v1/products/x']) expect((await ask(reader, url)).statusCode).toBe(503);
    expect(await health()).toMatchObject({ status: 'degraded', writer: { isHeard: false } });
    await stop(reader);
    // Not after a restart either.
    const again = await start(settings);
    expect((await ask(again, '/v1/collections')).statusCode).toBe(503);
  });

  it('answers nothing when it never heard from it', async () => {
    const indexUri = join(temporaryFolder(), 'shared');
    const alone = await start({
      indexUri,
      isReplica: true,
      writerUrl: 'http://127.0.0.1:9',
      writerKey: `mk_${'a'.repeat(16)}_${'b'.repeat(43)}`,
    });
    expect((await ask(alone, '/v1/collections')).statusCode).toBe(503);
    expect((await ask(alone, '/v1/health')).json()).toMatchObject({ status: 'degraded', writer: { isHeard: false, heardAtMs: null } });
  });

  it('closes at once when the writer refuses its key', async () => {
    const { writer, reader } = await setUp();
    const { items } = await writer.services.keys.list({ limit: 10 });
    await writer.services.keys.revoke(items.find(({ role }) => role === 'replica')!.id);
    await copyNow(reader);
    const answer = await ask(reader, '/v1/collections');
    expect([answer.statusCode, problemSchema.parse(answer.json()).detail]).toEqual([503, expect.stringContaining('The key was revoked.')]);
  });
});

it('a folder of a reader is no writer’s, and the other way round', async () => {
  const { writer, reader, settings } = await setUp();
  const dataFolder = testConfig().dataFolder;
  await stop(await start({ dataFolder }));
  await expect(start({ ...settings, dataFolder })).rejects.toMatchObject({ code: 'invalid-input' });
  await stop(reader);
  await stop(writer);
  await expect(start({ dataFolder: settings.dataFolder, indexUri: settings.indexUri })).rejects.toMatchObject({ code: 'invalid-input' });
});

it('commands make no keys and build no packs in a folder of a reader', async () => {
  const { reader, settings } = await setUp();
  const { dataFolder, indexUri } = settings;
  await stop(reader);
  const rule = join(temporaryFolder(), 'rule.json');
  writeFileSync(rule, JSON.stringify({ id: 'shop', kind: 'shop', title: { en: 'Shop' }, collections: [{ name: 'things' }] }));
  for (const [job, ...options] of [
    ['keys.ts', 'create', '--role', 'viewer', '--name', 'till'],
    ['build-pack.ts', '--rule', rule, '--index', String(indexUri)],
  ] as const) {
    const ended = run(process.execPath, ['--import', 'tsx', `server/jobs/${job}`, ...options, '--data', dataFolder], {
      cwd: ROOT,
    });
    await expect(ended, job).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('its server only reads') as string });
  }
});
