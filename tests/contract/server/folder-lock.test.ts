/** @file One server per data folder, and nobody takes the database's own locks away. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../server/app.ts';
import { startServer } from './server-process.ts';
import { removeFolders, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
afterAll(removeFolders);

describe('a data folder', () => {
  it('is served by one server at a time', async () => {
    const config = testConfig();
    const first = await buildApp(config);
    await expect(buildApp(config)).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    expect((await first.http.inject({ url: '/v1/health' })).statusCode).toBe(200);
    await first.http.close();
    await (await buildApp(config)).http.close();
  });

  it('is refused to a second process, and free at once after kill -9', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const args = ['--data', folder, '--no-demo', '--port', '0'];
    const first = await startServer(args);
    const refusal = await startServer(args).then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(refusal).toMatch(/the server ended \(1\): Another server \(process \d+\) is using the data folder/);
    expect(refusal).toContain(`process ${first.pid}`);
    // No trace of the stack: it is not a bug.
    expect(refusal).not.toMatch(/\n\s+at /);
    expect((await fetch(`${first.url}/v1/health`)).status).toBe(200);
    await first.stop('SIGKILL');
    expect(existsSync(join(folder, 'server.lock'))).toBe(true);
    const second = await startServer(args);
    expect(await second.stop('SIGTERM'), second.output()).toEqual({ code: 0, signal: null });
  });
});

describe('an erasure', () => {
  // It reads every file of the folder, the database included. Closing such a file takes SQLite's locks on it away, after which the next
  // command that opens and closes the database deletes the log under the server.
  it('leaves the database its locks: a command beside the server loses nothing', { timeout: 120_000 }, async () => {
    const config = testConfig({ erasePauseMs: 0 });
    const app = await buildApp(config);
    const { store, erasure } = app.services;
    await store.create({ name: 'things', space: 'test-embedding@1', dimensions: 4, metric: 'cosine' });
    await store.upsert('things', 'test-embedding@1', [{ id: 'a', productId: 'p', metadata: {}, vector: unitVector(4, 1) }]);
    const { id } = await erasure.request({ reason: 'items', targets: [{ collection: 'things', id: 'a' }], requestedBy: 'test' });
    await expect.poll(async () => (await erasure.get(id)).state, { timeout: 30_000 }).toBe('done');

    const keys = async () =>
      (await run(process.execPath, ['--import', 'tsx', 'server/jobs/keys.ts', 'list', '--data', config.dataFolder], { cwd: ROOT })).stdout;
    await keys();
    expect(readdirSync(config.dataFolder)).toContain('mekiki.db-wal');
    await app.services.keys.create({ name: 'made-afterwards', purpose: 'test', role: 'viewer' }, 'test');
    expect(await keys()).toContain('made-afterwards');
    await app.http.close();
    expect(await keys()).toContain('made-afterwards');
  });
});
