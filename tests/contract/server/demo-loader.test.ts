import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { fromGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import { decodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import { loadDemo } from '../../../server/services/demo-loader.ts';
import { removeFolders, startApp, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'product-embedding@1';
const D = 8;
const product = (id: string, extra: object = {}) => ({ id, name: { ja: `品 ${id}` }, gtins: [], source: 'demo', updatedAtMs: 1, ...extra });
const photo = (id: string, productId: string, seed: number) => ({
  id,
  productId,
  vector: Buffer.from(Float32Array.from(unitVector(D, seed)).buffer).toString('base64'),
  colour: null,
});

let app: App;
let folder: string;
const put = (catalogue: unknown, pack?: unknown) => {
  writeFileSync(join(folder, 'catalogue.json'), JSON.stringify(catalogue));
  if (pack !== undefined) writeFileSync(join(folder, 'pack.json'), JSON.stringify(pack));
};
const search = async (seed: number) => (await app.services.store.search('products', SPACE, unitVector(D, seed), 1))[0];

beforeEach(async () => {
  folder = temporaryFolder();
  app = await startApp();
});
afterEach(() => app.http.close());
afterAll(removeFolders);

describe('the demo catalogue', () => {
  it('is loaded once, and again only when its files change', async () => {
    put({ products: [product('a'), product('b')] }, { space: SPACE, dimensions: D, items: [photo('a/1', 'a', 1), photo('b/1', 'b', 2)] });
    expect(await loadDemo(folder, app.services)).toEqual({ status: 'loaded', products: 2, items: 2 });
    expect(await search(2)).toMatchObject({ id: 'b/1', productId: 'b', metadata: { source: 'demo' } });
    expect(await loadDemo(folder, app.services)).toMatchObject({ status: 'unchanged' });

    put([product('a', { name: { ja: '新しい名' } }), product('c')], {
      space: SPACE,
      dimensions: D,
      items: [photo('a/1', 'a', 3), photo('c/1', 'c', 4)],
    });
    expect(await loadDemo(folder, app.services)).toMatchObject({ status: 'loaded' });
    expect(await app.services.products.get('a')).toMatchObject({ name: { ja: '新しい名' } });
    expect(await app.services.products.get('b')).toBeNull();
    expect(await app.services.store.get('products', 'b/1')).toBeNull();
    expect((await app.services.store.list())[0]?.count).toBe(2);
  });

  it('brings what packs of it carry: colour, words and keypoints', async () => {
    const features = {
      ...{ algorithm: 'akaze-mldb-1', count: 2, descriptorBytes: 61, aspect: 0.5 },
      points: Buffer.from(Float32Array.of(0.1, 0.2, 0.3, 0.4).buffer).toString('base64'),
      descriptors: Buffer.alloc(122, 7).toString('base64'),
    };
    const colour = Buffer.from(Float32Array.of(0.6, 0.8, 0, 0).buffer).toString('base64');
    put(
      { products: [product('a')] },
      { space: SPACE, dimensions: D, items: [{ ...photo('a/1', 'a', 1), colour, words: ['tea', '緑茶'], features }] },
    );
    await loadDemo(folder, app.services);
    const { store } = app.services;
    const found = fromGalleryMetadata((await store.get('products', 'a/1'))!.metadata);
    expect(found.words).toEqual(['tea', '緑茶']);
    expect(found.colour![1]).toBeCloseTo(0.8, 2);
    const keypoints = decodeKeypoints((await store.keypoints('products', ['a/1', 'b/1'])).get('a/1')!);
    expect(keypoints).toMatchObject({ algorithm: 'akaze-mldb-1', count: 2, aspect: 0.5 });
    expect(keypoints.points[3]).toBeCloseTo(0.4, 4);
    expect(keypoints.descriptors).toEqual(new Uint8Array(122).fill(7));
  });

  it('leaves what others brought alone', async () => {
    put([product('a')], { space: SPACE, dimensions: D, items: [photo('a/1', 'a', 1)] });
    await loadDemo(folder, app.services);
    await app.services.products.upsert([{ ...product('own'), source: 'operator', kind: 'packaged', packWords: [] }]);
    await app.services.store.upsert('products', SPACE, [{ id: 'own/1', productId: 'own', metadata: {}, vector: unitVector(D, 9) }]);
    put([product('z')], { space: SPACE, dimensions: D, items: [photo('z/1', 'z', 5)] });
    await loadDemo(folder, app.services);
    expect(await app.services.products.get('own')).not.toBeNull();
    expect(await search(9)).toMatchObject({ id: 'own/1' });
  });

  it('may come without vectors, or not at all', async () => {
    expect(await loadDemo(folder, app.services)).toMatchObject({ status: 'absent' });
    put([product('a')]);
    expect(await loadDemo(folder, app.services)).toEqual({ status: 'loaded', products: 1, items: 0 });
  });

  it.each([
    ['no JSON', () => writeFileSync(join(folder, 'catalogue.json'), '{')],
    ['another shape', () => put([{ id: 'a' }])],
    ['vectors of another length', () => put([product('a')], { space: SPACE, dimensions: D + 1, items: [photo('a/1', 'a', 1)] })],
    [
      'a vector that is zero',
      () =>
        put([product('a')], {
          space: SPACE,
          dimensions: D,
          items: [{ ...photo('a/1', 'a', 1), vector: Buffer.alloc(D * 4).toString('base64') }],
        }),
    ],
  ])('with %s is refused, and tried again at the next start', async (_name, prepare) => {
    prepare();
    await expect(loadDemo(folder, app.services)).rejects.toMatchObject({ code: 'invalid-input' });
    put([product('a')], { space: SPACE, dimensions: D, items: [photo('a/1', 'a', 1)] });
    expect(await loadDemo(folder, app.services)).toMatchObject({ status: 'loaded' });
  });

  it('of another space gives way to the new model, unless the collection holds more than the demo', async () => {
    put([product('a')], { space: SPACE, dimensions: D, items: [photo('a/1', 'a', 1)] });
    await loadDemo(folder, app.services);
    put([product('a')], { space: 'product-embedding@2', dimensions: D, items: [photo('a/1', 'a', 1)] });
    await app.services.store.upsert('products', SPACE, [{ id: 'own/1', productId: 'own', metadata: {}, vector: unitVector(D, 9) }]);
    await expect(loadDemo(folder, app.services)).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await search(1)).toMatchObject({ id: 'a/1' });

    await app.services.store.delete('products', ['own/1']);
    expect(await loadDemo(folder, app.services)).toMatchObject({ status: 'loaded' });
    expect((await app.services.store.list())[0]).toMatchObject({ space: 'product-embedding@2', count: 1 });
  });
});
