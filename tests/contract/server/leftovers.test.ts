/** @file What a killed process left in a table's folder: removed when nothing can need it any more, and nothing else is. */
import { copyFileSync, existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { buildApp } from '../../../server/app.ts';
import { removeFolders, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const D = 16;
const SPEC = { name: 'goods', dimensions: D, metric: 'cosine', fields: {} } as const;
const HOUR_MS = 3_600_000;
afterAll(removeFolders);

const item = (n: number) => ({ id: `i${n}`, productId: 'p', metadata: {}, vector: Float32Array.from(unitVector(D, n + 1)) });

/** A file of rows that no version names, as old as given. */
function leave(table: string, name: string, ageMs: number): string {
  const [known] = readdirSync(join(table, 'data'));
  const path = join(table, 'data', name);
  copyFileSync(join(table, 'data', known!), path);
  const atS = (Date.now() - ageMs) / 1000;
  utimesSync(path, atS, atS);
  return path;
}

describe('a file that no version names', () => {
  it('goes when it is older than the start of the only writer; what is younger, or may be of another writer, stays', async () => {
    const folder = temporaryFolder();
    const table = join(folder, 'goods.lance');
    const first = await openLanceEngine(engineLocation(folder));
    const written = await first.open(SPEC);
    for (let n = 0; n < 5; n++) await written.upsert([item(n)]);
    const files = readdirSync(join(table, 'data'));
    for (const name of files) utimesSync(join(table, 'data', name), 1, 1);
    await written.close();
    await first.close();
    const old = leave(table, 'half-written.lance', HOUR_MS);
    const young = leave(table, 'being-written.lance', -HOUR_MS);

    const shared = await openLanceEngine(engineLocation(folder));
    expect(await (await shared.open(SPEC)).removeLeftovers()).toBe(0);
    await shared.close();
    expect(existsSync(old)).toBe(true);

    const alone = await openLanceEngine(engineLocation(folder), { isAlone: true });
    const index = await alone.open(SPEC);
    expect(await index.removeLeftovers()).toBeGreaterThan(0);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    expect(readdirSync(join(table, 'data'))).toEqual(expect.arrayContaining(files));
    await index.verify();
    expect((await index.search(item(3).vector, 1))[0]?.id).toBe('i3');
    await alone.close();
  });

  it('is gone some seconds after a start', async () => {
    const config = testConfig();
    const create = { name: 'goods', space: 'test-embedding@1', dimensions: D, metric: 'cosine' } as const;
    const app = await buildApp(config);
    await app.services.store.create(create);
    await app.services.store.upsert('goods', create.space, [item(1), item(2)]);
    expect(await app.services.store.flush()).toBe(true);
    await app.http.close();
    const old = leave(join(config.dataFolder, 'vectors', 'goods.lance'), 'half-written.lance', HOUR_MS);
    const again = await buildApp(config);
    await expect.poll(() => existsSync(old), { timeout: 30_000 }).toBe(false);
    expect((await again.services.store.search('goods', create.space, unitVector(D, 3), 1))[0]?.id).toBe('i2');
    await again.http.close();
  });
});
