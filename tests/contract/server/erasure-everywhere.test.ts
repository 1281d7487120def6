/** @file An erased item leaves trained indexes, rows that wait for a bulk commit, and packs; the byte search looks there too. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Table } from 'apache-arrow';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { packManifestSchema, signedPackSchema } from '../../../src/contracts/pack.ts';
import { decodePhotos } from '../../../src/core/pack-photos.ts';
import type { App } from '../../../server/app.ts';
import { IngestSegments } from '../../../server/vectors/ingest-segments.ts';
import { itemTable, withoutItems } from '../../../server/vectors/item-rows.ts';
import { removeFolders, startApp, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 32;
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.http.close();
});
afterAll(removeFolders);

async function start(overrides: Parameters<typeof startApp>[0]): Promise<App> {
  const app = await startApp({ erasePauseMs: 0, ...overrides });
  apps.push(app);
  return app;
}

async function erase({ services }: App, collection: string, ids: readonly string[]): Promise<void> {
  const targets = ids.map((id) => ({ collection, id }));
  const { id } = await services.erasure.request({ reason: 'items', targets, requestedBy: 'test' });
  await expect.poll(async () => (await services.erasure.get(id)).state, { timeout: 60_000, interval: 100 }).toBe('done');
}

/** Paths below a folder whose bytes hold the needle. */
function holding(folder: string, needle: Buffer): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(needle));
}

/** Hashes of all files of a table's indexes. */
function indexFiles(folder: string, name: string): Set<string> {
  const indices = join(folder, 'vectors', `${name}.lance`, '_indices');
  const paths = readdirSync(indices, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Set(
    paths.map((entry) =>
      createHash('sha256')
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest('hex'),
    ),
  );
}

const unit = (seed: number) => {
  const vector = Float32Array.from(unitVector(D, seed));
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Buffer.from(vector.map((value) => value / length).buffer).subarray(0, 16);
};

describe('an erasure', () => {
  it('makes trained and scalar indexes anew: no file of them from before is left', { timeout: 240_000 }, async () => {
    const dataFolder = temporaryFolder();
    const app = await start({ dataFolder, exactRows: 1_000 });
    const { store } = app.services;
    // Ids and fields are indexed from 5,000 rows on.
    await store.create({ name: 'many', space: SPACE, dimensions: D, metric: 'cosine', fields: { shelf: 'keyword' } });
    const spec = store.description('many');
    const rows = Array.from({ length: 5_200 }, (_, n) => ({
      ...{ id: `visitor-number-${n}`, productId: 'p', vector: Float32Array.from(unitVector(D, n + 1)) },
      metadata: { shelf: `shelf-of-visitor-${n}` },
    }));
    await store.ingest('many', [itemTable(spec, rows)]);
    store.maintain('many');
    await expect.poll(async () => (await store.state('many')).index.trainedOn, { timeout: 120_000, interval: 200 }).toBe(5_200);
    await expect.poll(async () => (await store.state('many')).index.isMaintaining, { timeout: 60_000 }).toBe(false);

    const before = indexFiles(dataFolder, 'many');
    expect(before.size).toBeGreaterThan(3);
    // The control. Ids are packed in the index files: that none of those is left is what shows that they are gone.
    expect(holding(dataFolder, unit(4_322))).not.toEqual([]);
    await erase(app, 'many', ['visitor-number-4321']);

    for (const hash of indexFiles(dataFolder, 'many')) expect(before.has(hash), 'an index file from before').toBe(false);
    expect(holding(dataFolder, unit(4_322))).toEqual([]);
    const { count, index } = await store.state('many');
    expect(count).toBe(5_199);
    expect(index).toMatchObject({ search: 'approximate', indexed: 5_199, unindexed: 0, trainedOn: 5_199 });
    expect((await store.search('many', SPACE, unitVector(D, 4_322), 3)).map(({ id }) => id)).not.toContain('visitor-number-4321');
    for (const n of [0, 2_600, 5_199])
      expect((await store.search('many', SPACE, unitVector(D, n + 1), 1))[0]?.id).toBe(`visitor-number-${n}`);
  });

  it('takes rows out of a bulk that waits, in its files and in memory, and the rest goes on', { timeout: 120_000 }, async () => {
    const config = testConfig();
    const app = await start({ dataFolder: config.dataFolder });
    const { store, bulk, erasure } = app.services;
    await store.create({ name: 'many', space: SPACE, dimensions: D, metric: 'cosine' });
    const spec = store.description('many');
    const row = (n: number) => ({ id: `row-${n}`, productId: 'p', metadata: {}, vector: Float32Array.from(unitVector(D, 10_000 + n)) });
    // As a kill leaves it: rows on the disk that no commit has taken.
    mkdirSync(join(config.dataFolder, 'ingest'), { recursive: true });
    const segments = new IngestSegments(join(config.dataFolder, 'ingest'));
    await segments.write(
      'many',
      'job',
      0,
      100,
      itemTable(
        spec,
        Array.from({ length: 100 }, (_, n) => row(n)),
      ),
    );
    expect(holding(config.dataFolder, unit(10_007))).not.toEqual([]);

    let goOn = () => undefined as unknown;
    const waiting = new Promise((resolve) => (goOn = () => resolve(null)));
    const kept = (rows: Table) => withoutItems(spec, rows, (id) => erasure.isErasing({ collection: 'many', id }));
    const tableFrom = (first: number) =>
      itemTable(
        spec,
        Array.from({ length: 50 }, (_, n) => row(first + n)),
      );
    const received = (async () => {
      const rows = (async function* () {
        yield tableFrom(100);
        await waiting;
        yield tableFrom(150);
      })();
      for await (const progress of bulk.receive({ collection: 'many', job: 'job', space: SPACE, from: 100, isLast: true, kept, rows }))
        expect(progress.problem).toBeNull();
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await erase(app, 'many', ['row-7', 'row-110']);
    for (const n of [7, 110]) expect(holding(config.dataFolder, unit(10_000 + n))).toEqual([]);
    goOn();
    await received;
    expect(await bulk.progress('many', 'job')).toMatchObject({ state: 'done', durableRows: 200, problem: null });
    expect(await store.describe('many')).toMatchObject({ count: 198 });
    for (const n of [7, 110]) expect(await store.get('many', `row-${n}`)).toBeNull();
    for (const n of [6, 111, 199]) expect(await store.get('many', `row-${n}`)).not.toBeNull();
    await store.flush();
    for (const n of [7, 110]) expect(holding(config.dataFolder, unit(10_000 + n))).toEqual([]);
  });

  it('withdraws packs that hold the item, and builds them again without it', { timeout: 120_000 }, async () => {
    const dataFolder = temporaryFolder();
    const app = await start({ dataFolder });
    const { store, products, packs } = app.services;
    for (const name of ['shelf', 'other']) await store.create({ name, space: SPACE, dimensions: D, metric: 'cosine' });
    await products.upsert(
      ['p0', 'p1'].map((id) => ({
        id,
        name: { en: id },
        gtins: [],
        kind: 'packaged' as const,
        packWords: [],
        source: 's',
        updatedAtMs: 1,
      })),
    );
    const photo = (name: string, n: number) => ({
      id: `${name}-${n}`,
      productId: `p${n % 2}`,
      metadata: {},
      vector: unitVector(D, 20_000 + n),
    });
    await store.upsert(
      'shelf',
      SPACE,
      Array.from({ length: 20 }, (_, n) => photo('shelf', n)),
    );
    await store.upsert('other', SPACE, [photo('other', 30)]);
    const rule = (id: string) => ({
      ...{ id, kind: 'shop' as const, title: { en: id }, collections: [{ name: id }], validForDays: 30, quantisation: 'float32' as const },
      ...{ keypoints: 0, thumbnails: false },
    });
    for (const id of ['shelf', 'other']) await packs.requestBuild(rule(id));
    await packs.settled();
    const manifestOf = async (id: string) => packManifestSchema.parse(JSON.parse(signedPackSchema.parse(await packs.newest(id)).manifest));
    const before = await manifestOf('shelf');
    const other = await manifestOf('other');
    expect(holding(join(dataFolder, 'packs'), unit(20_004))).not.toEqual([]);

    await erase(app, 'shelf', ['shelf-4']);
    await packs.settled();
    expect(holding(dataFolder, unit(20_004))).toEqual([]);
    const after = await manifestOf('shelf');
    expect(after).toMatchObject({ version: before.version + 1, previousVersion: before.version, coverage: { photos: 19 } });
    for (const { kind, sha256 } of after.parts) {
      const bytes = await packs.part('shelf', sha256);
      if (kind === 'photos') expect(decodePhotos(new Uint8Array(bytes)).map(({ id }) => id)).not.toContain('shelf-4');
    }
    // The other pack is as it was.
    expect(await manifestOf('other')).toEqual(other);
  });
});
