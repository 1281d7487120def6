import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { buildApp, type App } from '../../../server/app.ts';
import { backUp, restore } from '../../../server/services/storage/backup.ts';
import { objectStoreEnvironment, startObjectStore } from './object-store.ts';
import { removeFolders, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 32;
const ITEMS = 8;
afterAll(removeFolders);

const call = (app: App, method: 'GET' | 'POST', url: string, payload?: object) =>
  app.http.inject({ method, url, remoteAddress: '127.0.0.1', ...(payload === undefined ? {} : { payload }) });
const batch = (writer: number, version: number) => ({
  space: SPACE,
  items: Array.from({ length: ITEMS }, (_, index) => ({
    id: `w${writer}-${index}`,
    productId: 'p',
    vector: unitVector(D, writer * 10_000 + version * 100 + index + 1),
    metadata: { version },
  })),
});

/** Version of a writer's items; every item must be of the same one. */
async function versionOf(app: App, writer: number): Promise<number> {
  const versions = await Promise.all(
    Array.from({ length: ITEMS }, async (_, index) => {
      const answer = await call(app, 'GET', `/v1/collections/products/items/w${writer}-${index}`);
      return answer.statusCode === 404 ? -1 : answer.json<{ metadata: { version: number } }>().metadata.version;
    }),
  );
  expect(new Set(versions).size, `writer ${writer}: a batch is half there: ${versions.join(' ')}`).toBe(1);
  return versions[0]!;
}

describe('a backup', () => {
  it('made while writes go on holds every write that was answered before it, each whole', { timeout: 600_000 }, async () => {
    const config = testConfig();
    const app = await buildApp(config);
    await call(app, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
    const acknowledged = [-1, -1, -1];
    let isStopping = false;
    const writers = acknowledged.map(async (_, writer) => {
      for (let version = 0; !isStopping; version++) {
        expect((await call(app, 'POST', '/v1/collections/products/items', batch(writer, version))).statusCode).toBe(200);
        acknowledged[writer] = version;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    });
    try {
      for (let round = 0; round < 2; round++) {
        await expect.poll(() => Math.min(...acknowledged), { timeout: 120_000 }).toBeGreaterThan(round * 3);
        const before = [...acknowledged];
        const to = join(temporaryFolder(), 'backup');
        const { files, hasMasterKey, auditHead } = await backUp({ dataFolder: config.dataFolder, to, isWithMasterKey: true });
        expect(hasMasterKey).toBe(true);
        expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['mekiki.db', 'master.key', 'signing-key.pem']));
        const after = [...acknowledged];

        const folder = join(temporaryFolder(), 'data');
        await restore(to, folder);
        const copy = await buildApp(testConfig({ dataFolder: folder }));
        for (const [writer, oldest] of before.entries()) {
          const version = await versionOf(copy, writer);
          expect(version).toBeGreaterThanOrEqual(oldest);
          // One may have been logged and not answered yet.
          expect(version).toBeLessThanOrEqual(after[writer]! + 1);
        }
        expect(await copy.services.audit.verify(auditHead)).toMatchObject({ isIntact: true });
        expect(copy.firstAdminKey).toBeNull();
        await copy.http.close();
      }
    } finally {
      isStopping = true;
      await Promise.all(writers);
    }
    // The log is not held any more, and nothing of the backups is left behind.
    expect(await app.services.store.flush()).toBe(true);
    expect(readdirSync(config.dataFolder).filter((name) => name.startsWith('backup'))).toEqual([]);
    await app.http.close();
  });

  it('is refused when it was changed or is not complete, and overwrites nothing', { timeout: 120_000 }, async () => {
    const config = testConfig();
    const app = await buildApp(config);
    await call(app, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
    await call(app, 'POST', '/v1/collections/products/items', batch(0, 0));
    // Out of the log and into a table file, to be damaged below.
    await app.services.store.flush();
    const to = join(temporaryFolder(), 'backup');
    const manifest = await backUp({ dataFolder: config.dataFolder, to, isWithMasterKey: false });
    expect(manifest.hasMasterKey).toBe(false);
    expect(readdirSync(to)).not.toContain('master.key');
    await expect(backUp({ dataFolder: config.dataFolder, to, isWithMasterKey: false })).rejects.toThrow(/not empty/);
    await expect(restore(to, config.dataFolder)).rejects.toThrow(/not empty/);
    await expect(restore(temporaryFolder(), join(temporaryFolder(), 'data'))).rejects.toThrow(/no complete backup/);

    // Without its key it does not start: nobody would read the thumbnails.
    const folder = join(temporaryFolder(), 'data');
    await restore(to, folder);
    await expect(buildApp(testConfig({ dataFolder: folder }))).rejects.toThrow(/master key is missing/);

    const { path } = manifest.files.find(({ path: name }) => name.startsWith('vectors/') && name.includes('/data/'))!;
    const bytes = readFileSync(join(to, path));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(to, path), bytes);
    await expect(restore(to, join(temporaryFolder(), 'data'))).rejects.toThrow(/missing or was changed/);
    await app.http.close();
  });

  it('takes the vectors of a shared folder with it', { timeout: 120_000 }, async () => {
    const config = testConfig({ indexUri: join(temporaryFolder(), 'shared') });
    const app = await buildApp(config);
    await call(app, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
    await call(app, 'POST', '/v1/collections/products/items', batch(0, 3));
    const to = join(temporaryFolder(), 'backup');
    expect((await backUp({ dataFolder: config.dataFolder, to, isWithMasterKey: true })).vectorsElsewhere).toBeNull();
    await app.http.close();
    const folder = join(temporaryFolder(), 'data');
    await restore(to, folder);
    const copy = await buildApp(testConfig({ dataFolder: folder }));
    expect(await versionOf(copy, 0)).toBe(3);
    await copy.http.close();
  });

  it('does not leave out the vectors of an object store unless told to, and then says so', { timeout: 120_000 }, async () => {
    const objects = await startObjectStore();
    for (const [name, value] of Object.entries(objectStoreEnvironment(objects))) vi.stubEnv(name, value);
    try {
      const config = testConfig({ indexUri: 's3://bucket/shop' });
      const app = await buildApp(config);
      await call(app, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
      await call(app, 'POST', '/v1/collections/products/items', batch(0, 7));
      const to = join(temporaryFolder(), 'backup');
      const wanted = { dataFolder: config.dataFolder, to, isWithMasterKey: true };
      await expect(backUp(wanted)).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('--without-vectors') });
      expect(readdirSync(to)).toEqual([]);
      const exported = await app.http.inject({ url: '/v1/collections/products/export?format=arrow' });
      const manifest = await backUp({ ...wanted, isWithoutVectors: true });
      expect(manifest.vectorsElsewhere).toBe('s3://bucket/shop');
      expect(manifest.files.some(({ path }) => path.startsWith('vectors/'))).toBe(false);
      await app.http.close();

      // The alternative that it names: into an empty collection of the restored server.
      const folder = join(temporaryFolder(), 'data');
      await restore(to, folder);
      const copy = await buildApp(testConfig({ dataFolder: folder }));
      await copy.http.inject({
        method: 'POST',
        url: `/v1/collections/products/ingest?job=back&space=${SPACE}`,
        headers: { 'content-type': 'application/vnd.apache.arrow.stream' },
        payload: exported.rawPayload,
      });
      expect(await versionOf(copy, 0)).toBe(7);
      await copy.http.close();
    } finally {
      vi.unstubAllEnvs();
      await objects.close();
    }
  });
});
