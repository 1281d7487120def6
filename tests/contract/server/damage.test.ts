/** @file Files that were cut short or changed: named, out of the way, the rest served. */
import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { healthSchema, type Health } from '../../../src/contracts/server-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import { inspectLog } from '../../../server/repositories/database-log.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { IngestSegments } from '../../../server/vectors/ingest-segments.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { WriteAheadLog } from '../../../server/repositories/write-ahead-log.ts';
import { removeFolders, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 16;
afterAll(removeFolders);

const item = (n: number) => ({ id: `i${n}`, productId: 'p', metadata: {}, vector: Float32Array.from(unitVector(D, n + 1)) });
const healthOf = async (app: App): Promise<Health> => healthSchema.parse((await app.http.inject({ url: '/v1/health' })).json());

/** A stopped server's folder with two collections of 50 items, flushed. */
async function stopped(): Promise<{ folder: string; config: ReturnType<typeof testConfig> }> {
  const config = testConfig();
  const app = await buildApp(config);
  for (const name of ['broken', 'whole']) {
    await app.services.store.create({ name, space: SPACE, dimensions: D, metric: 'cosine' });
    await app.services.store.upsert(
      name,
      SPACE,
      Array.from({ length: 50 }, (_, n) => item(n)),
    );
  }
  expect(await app.services.store.flush()).toBe(true);
  await app.http.close();
  return { folder: config.dataFolder, config };
}

function filesOf(folder: string, part: string): string[] {
  return readdirSync(join(folder, 'vectors', 'broken.lance', part)).map((name) => join(folder, 'vectors', 'broken.lance', part, name));
}

describe('a table', () => {
  it.each(['data', '_versions'])('with files of %s that were cut short is set aside; the other one is served', async (part) => {
    const { folder, config } = await stopped();
    for (const path of filesOf(folder, part)) truncateSync(path, Math.floor(readFileSync(path).length / 3));
    const app = await buildApp(config);
    const search = (name: string) =>
      app.http.inject({ method: 'POST', url: `/v1/collections/${name}/search`, payload: { space: SPACE, vector: unitVector(D, 8), k: 1 } });
    const refused = await search('broken');
    expect(refused.statusCode).toBe(503);
    expect(refused.json()).toMatchObject({ code: 'server-refused', detail: 'Collection "broken" is damaged and was set aside.' });
    expect((await search('whole')).json()).toMatchObject({ matches: [{ id: 'i7' }] });
    const health = await healthOf(app);
    expect(health).toMatchObject({ status: 'degraded', damaged: [{ kind: 'collection', name: 'broken', collection: 'broken' }] });
    expect(health.collections.map(({ name }) => name)).toEqual(['whole']);
    // The way out that the reason names.
    await app.services.store.drop('broken');
    await app.services.store.create({ name: 'broken', space: SPACE, dimensions: D, metric: 'cosine' });
    await app.services.store.upsert('broken', SPACE, [item(7)]);
    expect((await search('broken')).json()).toMatchObject({ matches: [{ id: 'i7' }] });
    expect(await healthOf(app)).toMatchObject({ status: 'ok', damaged: [] });
    await app.http.close();
  });
});

describe('a table whose vectors lost a bit', () => {
  it('is named and set aside when its files are looked through, also after the next start; the other one is served', async () => {
    const { folder, config } = await stopped();
    const app = await buildApp(config);
    await app.services.scrub!.run({ isUrgent: true });
    expect(await healthOf(app)).toMatchObject({ status: 'ok', damaged: [] });
    const [path] = filesOf(folder, 'data');
    const bytes = readFileSync(path!);
    const half = Math.floor(bytes.length / 2);
    bytes[half] = bytes[half]! ^ 4;
    writeFileSync(path!, bytes);

    await app.services.scrub!.run({ isUrgent: true });
    const search = (on: App, name: string) =>
      on.http.inject({ method: 'POST', url: `/v1/collections/${name}/search`, payload: { space: SPACE, vector: unitVector(D, 8), k: 1 } });
    expect((await search(app, 'broken')).statusCode).toBe(503);
    expect((await search(app, 'whole')).json()).toMatchObject({ matches: [{ id: 'i7' }] });
    expect(await healthOf(app)).toMatchObject({ status: 'degraded', damaged: [{ kind: 'collection', name: 'broken' }] });
    await app.http.close();

    const again = await buildApp(config);
    expect((await search(again, 'broken')).statusCode).toBe(503);
    await again.services.store.drop('broken');
    await again.services.store.create({ name: 'broken', space: SPACE, dimensions: D, metric: 'cosine' });
    await again.services.store.upsert('broken', SPACE, [item(7)]);
    await again.services.scrub!.run({ isUrgent: true });
    expect((await search(again, 'broken')).json()).toMatchObject({ matches: [{ id: 'i7' }] });
    expect(await healthOf(again)).toMatchObject({ status: 'ok', damaged: [] });
    await again.http.close();
  });
});

describe('a trained index', () => {
  const ROWS = 5_200;
  const row = (n: number) => ({ ...item(n), metadata: { shelf: n % 2 } });
  const search = async (app: App, n: number) => {
    const payload = { space: SPACE, vector: unitVector(D, n + 1), k: 1 };
    const answer = await app.http.inject({ method: 'POST', url: '/v1/collections/many/search', payload });
    return { status: answer.statusCode, id: answer.json<{ matches: { id: string }[] }>().matches[0]?.id };
  };
  /** The files of the vector's index, the largest first. */
  const codesOf = (folder: string) => {
    const indices = join(folder, 'vectors', 'many.lance', '_indices');
    const files = readdirSync(indices, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('auxiliary.idx'));
    return files.map((name) => join(indices, name));
  };

  it.each([
    ['cut short while the server is stopped', 'stopped', (path: string) => truncateSync(path, 200)],
    ['one bit of which changes while it runs', 'running', flip],
  ] as const)('%s is named, the rows are searched one by one, and it is trained again', { timeout: 120_000 }, async (_name, when, harm) => {
    const config = { ...testConfig(), exactRows: 1_000 };
    let app = await buildApp(config);
    const { store } = app.services;
    await store.create({ name: 'many', space: SPACE, dimensions: D, metric: 'cosine', fields: { shelf: 'int' } });
    await store.ingest('many', [
      itemTable(
        store.description('many'),
        Array.from({ length: ROWS }, (_, n) => row(n)),
      ),
    ]);
    store.maintain('many');
    const stateOf = async (of: App) => (await of.services.store.state('many')).index;
    await expect.poll(async () => stateOf(app), { timeout: 60_000 }).toMatchObject({ trainedOn: ROWS, isMaintaining: false });
    if (when === 'stopped') await app.http.close();
    else await app.services.scrub!.run({ isUrgent: true });
    const before = codesOf(config.dataFolder);
    expect(before.length).toBeGreaterThan(0);
    before.forEach(harm);
    if (when === 'stopped') app = await buildApp(config);
    else await app.services.scrub!.run({ isUrgent: true });

    // Right from the first answer on: before, while and after it is mended.
    expect(await search(app, 4_321)).toEqual({ status: 200, id: 'i4321' });
    const reason = expect.stringMatching(/index .* is damaged/) as string;
    expect(await healthOf(app)).toMatchObject({ status: 'degraded', damaged: [{ kind: 'collection', name: 'many', reason }] });
    for (let n = 0; (await healthOf(app)).status !== 'ok'; n += 1) {
      expect(await search(app, (n * 37) % ROWS)).toEqual({ status: 200, id: `i${(n * 37) % ROWS}` });
      if (n > 2_000) expect.fail('it is not mended');
    }
    expect(await stateOf(app)).toMatchObject({ search: 'approximate', trainedOn: ROWS, indexed: ROWS, unindexed: 0 });
    await app.services.store.dropOldVersions('many');
    await app.services.scrub!.run({ isUrgent: true });
    expect(await healthOf(app)).toMatchObject({ status: 'ok', damaged: [] });
    for (const n of [0, 2_600, 5_199]) expect(await search(app, n)).toEqual({ status: 200, id: `i${n}` });
    await app.http.close();
  });
});

describe('a file of a bulk ingest', () => {
  it.each([
    ['cut short', (path: string) => truncateSync(path, 300)],
    ['with one bit changed', (path: string) => flip(path)],
  ])('%s is set aside, its rows are named, the others are taken', async (_name, harm) => {
    const { folder, config } = await stopped();
    const spec = { dimensions: D, fields: {} };
    const segments = new IngestSegments(join(folder, 'ingest'));
    const rows = (first: number) =>
      itemTable(
        spec,
        Array.from({ length: 20 }, (_, n) => item(100 + first + n)),
      );
    const damaged = await segments.write('whole', 'job', 0, 20, rows(0));
    await segments.write('whole', 'job', 20, 20, rows(20));
    harm(damaged.path);
    const app = await buildApp(config);
    const progress = () => app.services.bulk.progress('whole', 'job');
    await expect.poll(async () => (await progress()).searchableRows, { timeout: 20_000 }).toBe(40);
    expect((await progress()).problem).toMatch(/Rows 0 to 19 were damaged on the disk and are lost/);
    expect(await app.services.store.get('whole', 'i125')).not.toBeNull();
    expect(await app.services.store.get('whole', 'i105')).toBeNull();
    expect(await healthOf(app)).toMatchObject({ status: 'degraded', damaged: [{ kind: 'ingest', name: 'whole/job' }] });
    expect(existsSync(`${damaged.path}.damaged`)).toBe(true);
    await app.http.close();
  });
});

describe('the write-ahead log', () => {
  it('with one entry changed is applied without it, and the entry is kept and named', async () => {
    const { folder, config } = await stopped();
    const client = await openDatabase(join(folder, 'mekiki.db'));
    const log = new WriteAheadLog(client);
    await log.append([1, 2, 3].map((n) => ({ kind: 'upsert' as const, collection: 'whole', items: [item(200 + n)] })));
    await client.execute("UPDATE write_ahead SET header = replace(header, 'i202', 'i299')");
    client.close();
    for (let start = 0; start < 2; start++) {
      const app = await buildApp(config);
      for (const [id, isThere] of [
        ['i201', true],
        ['i202', false],
        ['i299', false],
        ['i203', true],
      ] as const)
        expect((await app.services.store.get('whole', id)) !== null, id).toBe(isThere);
      expect(await healthOf(app)).toMatchObject({ status: 'degraded', damaged: [{ kind: 'database', collection: 'whole' }] });
      await app.http.close();
    }
  });
});

describe('SQLite’s log', () => {
  it('is looked at before SQLite ignores what does not fit', async () => {
    const path = join(temporaryFolder(), 'a.db');
    const client = await openDatabase(path);
    for (let n = 0; n < 6; n++) await client.execute({ sql: 'INSERT INTO loads VALUES (?, ?, 0)', args: [`n${n}`, 'x'.repeat(3_000)] });
    const copy = `${path}-copy`;
    writeFileSync(copy, readFileSync(`${path}-wal`));
    const whole = await inspectLog(copy);
    expect(whole).toMatchObject({ lostTransactions: 0, isHeaderDamaged: false });
    expect(whole?.frames).toBeGreaterThan(6);
    flip(copy);
    expect((await inspectLog(copy))?.lostTransactions).toBeGreaterThan(0);
    flip(copy);
    // Cut short within a frame: as a kill leaves it.
    truncateSync(copy, readFileSync(copy).length - 100);
    expect(await inspectLog(copy)).toMatchObject({ lostTransactions: 0, frames: whole!.frames - 1 });
    const header = readFileSync(copy);
    header[9]! ^= 4;
    writeFileSync(copy, header);
    expect(await inspectLog(copy)).toMatchObject({ isHeaderDamaged: true });
    expect(await inspectLog(`${copy}-none`)).toBeNull();
    client.close();
  });
});

/** Change one bit in the middle; again: change it back. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 16;
  writeFileSync(path, bytes);
}
