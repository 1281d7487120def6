/** @file Products of a server that only reads: asked of the writer, fresh within seconds, and still there when the writer is not. */
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../server/repositories/database.ts';
import { Products } from '../../../server/repositories/products.ts';
import { writerLink } from '../../../server/services/replicas/writer-link.ts';
import { WriterProducts } from '../../../server/services/replicas/writer-products.ts';
import { productSchema } from '../../../src/contracts/product.ts';
import { searchResponseSchema } from '../../../src/contracts/server-api.ts';
import type { App } from '../../../server/app.ts';
import { readerKey, removeFolders, startApp, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 8;
const apps = new Set<App>();
afterEach(async () => {
  for (const app of apps) await app.http.close();
  apps.clear();
});
afterAll(removeFolders);

async function start(overrides: Parameters<typeof startApp>[0]): Promise<App> {
  const app = await startApp(overrides);
  apps.add(app);
  return app;
}

async function stop(app: App): Promise<void> {
  apps.delete(app);
  await app.http.close();
}

const GTIN = '04901234567894';
const product = (id: string, ja: string) => productSchema.parse({ id, name: { ja }, gtins: [GTIN], source: 'shop', updatedAtMs: 1 });

/** A writer that listens, and a reader's table with a clock of its own. */
async function setUp() {
  const writer = await start({});
  const url = await writer.http.listen({ port: 0, host: '127.0.0.1' });
  const clock = { ms: 1_000_000 };
  const warnings: unknown[] = [];
  const own = new Products(await openDatabase(join(temporaryFolder(), 'reader.db')));
  const reader = new WriterProducts({
    own,
    ask: writerLink(url, await readerKey(writer)),
    now: () => clock.ms,
    logger: { warn: (...given: unknown[]) => warnings.push(given) },
  });
  return { writer, reader, clock, warnings };
}

describe('a reader’s products', () => {
  it('are those of the writer, by id and by code, and change within ten seconds', async () => {
    const { writer, reader, clock } = await setUp();
    const { products } = writer.services;
    await products.upsert([product('shop/tea', '緑茶'), product('other', '他')]);
    expect((await reader.getMany(['shop/tea', 'nobody', 'other'])).map(({ id }) => id)).toEqual(['shop/tea', 'other']);
    expect((await reader.findByGtin(GTIN))?.id).toBe('other');
    await products.upsert([product('shop/tea', '麦茶')]);
    expect((await reader.get('shop/tea'))?.name.ja).toBe('緑茶');
    clock.ms += 10_000;
    expect((await reader.get('shop/tea'))?.name.ja).toBe('麦茶');
    // Gone there, gone here.
    await products.removeOthersOf('shop', new Set(['other']));
    clock.ms += 10_000;
    expect(await reader.get('shop/tea')).toBeNull();
    await expect(reader.upsert()).rejects.toMatchObject({ status: 403 });
  });

  it('that were asked for stay when the writer goes, and nobody waits for it each time', async () => {
    const { writer, reader, clock, warnings } = await setUp();
    await writer.services.products.upsert([product('tea', '緑茶')]);
    expect((await reader.findByGtin(GTIN))?.id).toBe('tea');
    await stop(writer);
    clock.ms += 60_000;
    expect((await reader.get('tea'))?.name.ja).toBe('緑茶');
    expect(await reader.get('never-asked')).toBeNull();
    expect((await reader.findByGtin(GTIN))?.id).toBe('tea');
    expect(warnings.length).toBe(1);
  });
});

it('a replica answers a search with the writer’s products, and takes none itself', async () => {
  const indexUri = join(temporaryFolder(), 'shared');
  const writer = await start({ indexUri });
  const writerUrl = await writer.http.listen({ port: 0, host: '127.0.0.1' });
  await writer.services.store.create({ name: 'products', space: SPACE, dimensions: D, metric: 'cosine' });
  await writer.services.store.upsert('products', SPACE, [{ id: 'photo', productId: 'tea', metadata: {}, vector: unitVector(D, 1) }]);
  await writer.services.store.flush();
  await writer.services.products.upsert([product('tea', '緑茶')]);
  const replica = await start({ indexUri, isReplica: true, writerUrl, writerKey: await readerKey(writer) });
  const found = await replica.http.inject({
    method: 'POST',
    url: '/v1/collections/products/search',
    payload: { space: SPACE, vector: unitVector(D, 1), k: 1 },
  });
  expect(searchResponseSchema.parse(found.json())).toMatchObject({
    matches: [{ id: 'photo' }],
    products: [{ id: 'tea', name: { ja: '緑茶' } }],
  });
  const refused = await replica.http.inject({ method: 'POST', url: '/v1/products', payload: { products: [product('own', '自分')] } });
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([403, 'server-refused']);
});
