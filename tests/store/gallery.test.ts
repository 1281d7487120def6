import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { createProductStore } from '../../src/store/products.ts';
import { freshDatabase, galleryItem, product } from './fixtures.ts';

describe('gallery', () => {
  it('gives back what was put, bit for bit', async () => {
    const store = createGalleryStore(freshDatabase());
    const item = galleryItem('a', { vector: Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)) });
    await store.put([item]);
    expect(await store.get('a')).toEqual(item);
    expect(await store.get('absent')).toBeNull();
  });

  it('stores a view without the buffer around it', async () => {
    const store = createGalleryStore(freshDatabase());
    const all = new Float32Array(10_000).fill(0.5);
    await store.put([galleryItem('a', { vector: all.subarray(100, 102) })]);
    expect((await store.get('a'))?.vector.buffer.byteLength).toBe(8);
  });

  it('reads one space only, in batches, each photo once', async () => {
    const store = createGalleryStore(freshDatabase());
    const ids = Array.from({ length: 25 }, (_, i) => `g${i}`);
    await store.put(ids.map((id) => galleryItem(id, { features: null })));
    await store.put([galleryItem('x', { space: 'product-embedding@10' }), galleryItem('y', { space: 'product-embedding@1' })]);
    const sizes: number[] = [];
    const seen: string[] = [];
    for await (const batch of store.batches('product-embedding@2', 10)) {
      sizes.push(batch.length);
      seen.push(...batch.map(({ id }) => id));
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(seen.sort()).toEqual(ids.sort());
    expect(await store.countBySpace()).toEqual(
      new Map([
        ['product-embedding@1', 1],
        ['product-embedding@10', 1],
        ['product-embedding@2', 25],
      ]),
    );
  });

  it('keeps keypoints apart and drops them with the photo', async () => {
    const store = createGalleryStore(freshDatabase());
    await store.put([galleryItem('a'), galleryItem('b', { features: null })]);
    const [listed] = await store.bySpace('product-embedding@2');
    expect(listed?.features).toBeNull();
    const features = await store.byGalleryIds(['a', 'b', 'absent']);
    expect([...features.keys()]).toEqual(['a']);
    expect(features.get('a')).toEqual(galleryItem('a').features);
    await store.remove(['a']);
    expect((await store.byGalleryIds(['a'])).size).toBe(0);
  });

  it('replacing a photo by one without keypoints removes the old ones', async () => {
    const store = createGalleryStore(freshDatabase());
    await store.put([galleryItem('a')]);
    await store.put([galleryItem('a', { features: null })]);
    expect((await store.byGalleryIds(['a'])).size).toBe(0);
  });

  it.each([
    ['NaN in the vector', { vector: Float32Array.from([Number.NaN, 1]) }],
    ['an empty vector', { vector: new Float32Array(0) }],
    ['keypoints that do not add up', { features: { ...galleryItem('a').features!, count: 3 } }],
  ])('refuses %s and writes nothing of the batch', async (_name, overrides) => {
    const store = createGalleryStore(freshDatabase());
    await expect(store.put([galleryItem('good'), galleryItem('bad', overrides)])).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await store.get('good')).toBeNull();
  });

  it('removes by source and by product', async () => {
    const store = createGalleryStore(freshDatabase());
    await store.put([
      galleryItem('a', { source: 'demo' }),
      galleryItem('b', { source: 'demo', productId: 'p2' }),
      galleryItem('c', { productId: 'p2' }),
    ]);
    expect(await store.removeBySource('demo')).toBe(2);
    expect(await store.removeByProduct('p2')).toBe(1);
    expect(await store.bySpace('product-embedding@2')).toEqual([]);
  });
});

describe('products', () => {
  it('finds by id and by GTIN, the newer of two', async () => {
    const store = createProductStore(freshDatabase());
    await store.put([
      product('old', { gtins: ['04900000000001'], updatedAtMs: 1 }),
      product('new', { gtins: ['04900000000001'], updatedAtMs: 2 }),
    ]);
    expect((await store.byGtin('04900000000001'))?.id).toBe('new');
    expect(await store.byGtin('04900000000002')).toBeNull();
    expect((await store.byIds(['old', 'absent', 'old'])).size).toBe(1);
  });

  it('finds by name however it is typed', async () => {
    const store = createProductStore(freshDatabase());
    await store.put([
      product('choco', { name: { ja: 'ミルクチョコレート', en: 'Crème Chocolate' }, brand: 'Hoshikawa' }),
      product('tea', { name: { ja: '緑茶', en: 'Green tea' } }),
    ]);
    const ids = async (query: string): Promise<string[]> => (await store.search(query)).map(({ id }) => id);
    expect(await ids('みるくちょこ')).toEqual(['choco']);
    expect(await ids('ﾐﾙｸ')).toEqual(['choco']);
    expect(await ids('CREME')).toEqual(['choco']);
    expect(await ids('hoshi choc')).toEqual(['choco']);
    expect(await ids('hoshi tea')).toEqual([]);
    expect(await ids('  ')).toEqual([]);
  });

  it('tells バ from ハ', async () => {
    const store = createProductStore(freshDatabase());
    await store.put([product('a', { name: { ja: 'バター' } }), product('b', { name: { ja: 'ハター' } })]);
    expect((await store.search('ばたー')).map(({ id }) => id)).toEqual(['a']);
  });

  it('refuses a malformed product and keeps the others out too', async () => {
    const store = createProductStore(freshDatabase());
    await expect(store.put([product('a'), product('b', { gtins: ['123'] })])).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await store.count()).toBe(0);
  });

  it('removes a product with its gallery photos', async () => {
    const database = freshDatabase();
    const store = createProductStore(database);
    const gallery = createGalleryStore(database);
    await store.put([product('p1')]);
    await gallery.put([galleryItem('a'), galleryItem('b', { productId: 'p2' })]);
    await store.remove(['p1']);
    expect((await gallery.bySpace('product-embedding@2')).map(({ id }) => id)).toEqual(['b']);
  });
});
