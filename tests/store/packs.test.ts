import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import { PackRefusal, type PackManifest, type PackRuleInput } from '../../src/contracts/pack.ts';
import type { LocalFeatures } from '../../src/contracts/results.ts';
import type { Planogram } from '../../src/contracts/shelf.ts';
import type { Progress } from '../../src/contracts/task.ts';
import { encodeKeypoints } from '../../src/core/keypoint-bytes.ts';
import { encodeBlobs } from '../../src/core/pack-blobs.ts';
import { sizesOf } from '../../src/core/pack-sizes.ts';
import { takePack, type PackPlaces } from '../../src/flow/packs.ts';
import { transact } from '../../src/store/db.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { eraseAll } from '../../src/store/export-data.ts';
import { createPackPictures } from '../../src/store/pack-pictures.ts';
import { packPlanograms } from '../../src/store/pack-planograms.ts';
import { createPackStore } from '../../src/store/packs.ts';
import { createProductStore } from '../../src/store/products.ts';
import { freshDatabase, galleryItem, product } from './fixtures.ts';
import { freshKey, goods, packServer, SPACE, vectorOf, type Goods, type PackServer } from './pack-server.ts';

const DAY_MS = 86_400_000;

function setUp(server: PackServer = packServer()) {
  const database = freshDatabase();
  const store = createPackStore(database);
  const places: PackPlaces = {
    ...{ store, client: server.client, space: SPACE },
    hasRoomFor: () => Promise.resolve(true),
    now: Date.now,
    pause: () => Promise.resolve(),
  };
  const products = createProductStore(database);
  const gallery = createGalleryStore(database);
  const photoIds = async () => (await gallery.bySpace(SPACE)).map(({ id }) => id).sort();
  const partKeys = () => transact(database, ['packParts'], 'readonly', (transaction) => transaction.objectStore('packParts').getAllKeys());
  return { database, store, places, products, gallery, photoIds, partKeys, server };
}

const reasonOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'was taken',
    (error: unknown) => (error instanceof PackRefusal ? error.reason : error instanceof AppError ? error.code : error),
  );

describe('a pack that is installed', () => {
  it('is found by photo, words, code and name, and says where it came from', async () => {
    const { server, places, products, gallery, store } = setUp();
    await server.publish(goods(300));
    const progress: Progress[] = [];
    await takePack('shop', places, { onProgress: (step) => progress.push(step) });
    const photos = await gallery.bySpace(SPACE);
    expect(photos.length).toBe(300);
    const photo = photos.find(({ productId }) => productId === 'p7')!;
    expect(photo).toMatchObject({ id: 'photo-p7', source: 'pack:shop', words: ['word7'], features: null, space: SPACE });
    expect(photo.vector.every((value, i) => Math.abs(value - vectorOf(7)[i]!) < 0.01)).toBe(true);
    expect(await products.byGtin('00000000000007')).toMatchObject({ id: 'p7', source: 'pack:shop' });
    expect((await products.byId('p7'))?.name.en).toBe('Product p7');
    expect((await products.search('Product p29')).map(({ id }) => id)).toContain('p29');
    expect([await products.count(), (await products.all()).length]).toEqual([300, 300]);
    expect(progress.at(-1)).toMatchObject({ unit: 'bytes' });
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
    const [stored] = await store.list();
    expect(stored).toMatchObject({ id: 'shop', pending: null, installed: { manifest: { version: 1, coverage: { products: 300 } } } });
  });

  it('brings the planograms of the shop, and an update of one bay fetches that bay', async () => {
    const { server, places, database } = setUp();
    const planogram = (bay: number, sku: string): Planogram => ({
      ...{ id: `bay-${bay}`, name: `Bay ${bay}`, source: 'csv', updatedAtMs: 1 },
      rows: [
        {
          ...{ store: null, bay: String(bay), shelf: 0, position: 0, sku, name: sku, facingsWide: 2, facingsHigh: 1, xCm: null, yCm: null },
          ...{ widthCm: null, heightCm: null, brand: null, category: null, price: 128, isOwnLabel: null },
        },
      ],
    });
    const bays = Array.from({ length: 40 }, (_, bay) => planogram(bay, `p${bay}`));
    const made = await server.publish({ ...goods(20), planograms: bays });
    // By barcode number as well; what nobody has a photo of is listed all the same.
    expect(made.coverage.skus).toEqual({ listed: 40, withPhotos: 20 });
    await takePack('shop', places);
    const found = await packPlanograms(database);
    expect(found.map(({ id }) => id).sort()).toEqual(bays.map(({ id }) => id).sort());
    expect(found.find(({ id }) => id === 'bay-7')).toMatchObject({ source: 'pack', rows: [{ sku: 'p7', price: 128 }] });

    const before = server.requests.length;
    await server.publish({ ...goods(20), planograms: [planogram(0, 'another'), ...bays.slice(1)] });
    await takePack('shop', places);
    expect(server.requests.length - before).toBe(1);
    expect((await packPlanograms(database)).find(({ id }) => id === 'bay-0')!.rows[0]!.sku).toBe('another');
  });

  it('is not fetched twice', async () => {
    const { server, places } = setUp();
    await server.publish(goods(10));
    await takePack('shop', places);
    const before = server.requests.length;
    await takePack('shop', places);
    expect(server.requests.length).toBe(before);
  });

  it('never touches what the user or the demo has under the same ids', async () => {
    const { server, places, products, gallery, photoIds } = setUp();
    await products.put([product('p1', { name: { en: 'Mine' }, gtins: ['00000000000001'] })]);
    await gallery.put([galleryItem('photo-p2', { space: SPACE, vector: vectorOf(99), source: 'user', productId: 'p1' })]);
    await server.publish(goods(5));
    await takePack('shop', places);
    expect((await products.byId('p1'))?.name.en).toBe('Mine');
    expect((await products.byGtin('00000000000001'))?.name.en).toBe('Mine');
    expect((await products.all()).filter(({ id }) => id === 'p1').map(({ name }) => name.en)).toEqual(['Mine']);
    const mine = (await gallery.bySpace(SPACE)).filter(({ id }) => id === 'photo-p2');
    expect(mine.map(({ source }) => source)).toEqual(['user']);
    await places.store.remove('shop');
    expect((await products.byId('p1'))?.name.en).toBe('Mine');
    expect(await photoIds()).toEqual(['photo-p2']);
  });

  it('is no longer answered from after its end', async () => {
    const { server, places, products, photoIds } = setUp();
    // Built so long ago that it ends in a moment, and checked by a clock of that time.
    await server.publish(goods(3), { builtAtMs: Date.now() - 31 * DAY_MS });
    await takePack('shop', { ...places, now: () => Date.now() - 2 * DAY_MS });
    expect(await photoIds()).toEqual([]);
    expect(await products.byId('p1')).toBeNull();
    expect(await products.byGtin('00000000000001')).toBeNull();
    expect(await products.all()).toEqual([]);
    expect(await products.search('Product')).toEqual([]);
  });

  it('is not compared with photos of another space', async () => {
    const { server, places, gallery } = setUp();
    await server.publish(goods(3));
    await takePack('shop', places);
    expect(await gallery.bySpace('product-embedding@next')).toEqual([]);
  });

  it('leaves with everything of it, except products that the user taught photos of', async () => {
    const { server, places, products, gallery, photoIds, partKeys, store } = setUp();
    await server.publish(goods(5));
    await takePack('shop', places);
    await gallery.put([galleryItem('taught', { space: SPACE, vector: vectorOf(3), productId: 'p3' })]);
    await store.remove('shop');
    expect((await products.all()).map(({ id }) => id)).toEqual(['p3']);
    expect(await photoIds()).toEqual(['taught']);
    expect([await partKeys(), await store.list()]).toEqual([[], []]);
  });

  it('is gone after everything is erased, with the key', async () => {
    const { server, places, database, products, store, partKeys } = setUp();
    await server.publish(goods(5));
    await takePack('shop', places);
    await eraseAll(database, { count: () => Promise.resolve(0), erase: () => Promise.resolve() });
    expect([await products.count(), await store.list(), await partKeys(), await store.pinnedKey('https://shop.test')]).toEqual([
      0,
      [],
      [],
      null,
    ]);
  });
});

describe('a pack with keypoints and pictures', () => {
  const features = (seed: number): LocalFeatures => ({
    ...{ algorithm: 'akaze-mldb-1', count: 200, descriptorBytes: 61, aspect: 1 },
    points: new Float32Array(400).fill(0.5),
    descriptors: new Uint8Array(200 * 61).fill(seed),
  });

  async function furnished(count: number): Promise<Goods> {
    const { products, photos } = goods(count);
    const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#c33' } }).png().toBuffer(); // prettier-ignore
    return {
      ...{ products, photos },
      keypoints: new Map(photos.filter((_, i) => i % 2 === 0).map(({ id }, i) => [id, encodeKeypoints(features(i))])),
      pictures: new Map(photos.filter((_, i) => i % 3 === 0).map(({ id }) => [id, picture])),
    };
  }

  it('gives the keypoints of a photo and the picture of a product, the device’s own photos first', async () => {
    const { server, places, gallery, database } = setUp();
    const manifest = await server.publish(await furnished(300));
    await takePack('shop', places);
    const found = await gallery.byGalleryIds(['photo-p4', 'photo-p5', 'nobody']);
    expect([...found.keys()]).toEqual(['photo-p4']);
    expect(found.get('photo-p4')).toMatchObject({ algorithm: 'akaze-mldb-1', count: 200, descriptors: new Uint8Array(200 * 61).fill(2) });
    const pictures = await createPackPictures(database).byProductIds(['p3', 'p4', 'nobody']);
    expect([...pictures.keys()]).toEqual(['p3']);
    const bytes = Buffer.from(await pictures.get('p3')!.arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 128, height: 85 });
    const sizes = sizesOf(manifest.parts);
    expect([sizes.keypoints > sizes.photos, sizes.thumbnails > 0]).toEqual([true, true]);

    // A photo of the user's own under the same id: the pack's keypoints are of another photo.
    await gallery.put([galleryItem('photo-p4', { space: SPACE, vector: vectorOf(99), source: 'user', productId: 'p4', features: null })]);
    expect((await gallery.byGalleryIds(['photo-p4'])).size).toBe(0);
  });

  it('gives none of them once it is over, or gone', async () => {
    const { server, places, gallery, database, store } = setUp();
    const pictures = createPackPictures(database);
    await server.publish(await furnished(10), { builtAtMs: Date.now() - 31 * DAY_MS });
    await takePack('shop', { ...places, now: () => Date.now() - 2 * DAY_MS });
    expect([(await gallery.byGalleryIds(['photo-p4'])).size, (await pictures.byProductIds(['p3'])).size]).toEqual([0, 0]);
    await server.publish(await furnished(10));
    await takePack('shop', places);
    expect([(await gallery.byGalleryIds(['photo-p4'])).size, (await pictures.byProductIds(['p3'])).size]).toEqual([1, 1]);
    await store.remove('shop');
    expect([(await gallery.byGalleryIds(['photo-p4'])).size, (await pictures.byProductIds(['p3'])).size]).toEqual([0, 0]);
  });

  it('leaves them out where the rule says so, and fetches them alone when they come later', async () => {
    const { server, places, gallery } = setUp();
    const rule: PackRuleInput = { id: 'shop', kind: 'shop', title: { en: 'Shop' }, collections: [{ name: 'products' }] };
    const bare = await server.publish(await furnished(100), { rule: { ...rule, keypoints: 0, thumbnails: false } });
    expect(new Set(bare.parts.map(({ kind }) => kind))).toEqual(new Set(['photos', 'products']));
    await takePack('shop', places);
    server.requests.length = 0;
    const full = await server.publish(await furnished(100), { rule });
    await takePack('shop', places);
    expect(server.requests.length).toBe(full.parts.length - bare.parts.length);
    expect((await gallery.byGalleryIds(['photo-p4'])).size).toBe(1);
  });

  it('is refused with everything in it when a part of them is no such thing', async () => {
    const { server, places, partKeys } = setUp();
    const goodsOf = await furnished(10);
    await server.publish(goodsOf);
    const { manifest } = server.signed;
    const parts = (JSON.parse(manifest) as PackManifest).parts;
    for (const kind of ['keypoints', 'thumbnails'] as const) {
      const { sha256 } = parts.find((part) => part.kind === kind)!;
      server.onPart = (part, bytes) => (part.sha256 === sha256 ? bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1) : bytes);
      expect(await reasonOf(takePack('shop', places))).toBe('tampered');
      expect(await partKeys()).toEqual([]);
    }
    // Signed, and still not what it says.
    const wrong = encodeBlobs('thumbnails', [{ id: 'p0', bytes: new TextEncoder().encode('<svg onload="alert(1)"/>') }]);
    const sha256 = createHash('sha256').update(wrong).digest('hex');
    const part = { kind: 'thumbnails' as const, bucket: '', items: 1, sizeBytes: wrong.length, sha256 };
    server.offer(
      server.sign({ ...(JSON.parse(manifest) as PackManifest), parts: [...parts.filter(({ kind }) => kind !== 'thumbnails'), part] }),
    );
    server.onPart = (asked, bytes) => (asked.sha256 === sha256 ? wrong : bytes);
    expect(await reasonOf(takePack('shop', places))).toBe('tampered');
  });
});

describe('an update', () => {
  it('fetches only what changed, and takes away what went', async () => {
    const { server, places, products, photoIds, partKeys } = setUp();
    const first = goods(1100);
    const before = await server.publish(first);
    await takePack('shop', places);
    expect(before.parts.length).toBeGreaterThan(8);
    server.requests.length = 0;
    const second = {
      products: [...first.products.filter(({ id }) => id !== 'p5'), product('fresh', { gtins: ['00000000099999'] })],
      photos: first.photos.filter(({ productId }) => productId !== 'p5'),
    };
    const after = await server.publish(second);
    await takePack('shop', places);
    const old = new Set(before.parts.map(({ sha256 }) => sha256));
    const changed = after.parts.filter(({ sha256 }) => !old.has(sha256));
    expect(server.requests.length).toBe(changed.length);
    expect(changed.length).toBeLessThanOrEqual(4);
    expect(await products.byId('p5')).toBeNull();
    expect((await products.byGtin('00000000099999'))?.id).toBe('fresh');
    expect(await products.count()).toBe(1100);
    expect(await photoIds()).not.toContain('photo-p5');
    expect((await partKeys()).sort()).toEqual(after.parts.map(({ sha256 }) => sha256).sort());
  });

  it('keeps a product that left the pack if the user taught a photo of it', async () => {
    const { server, places, products, gallery } = setUp();
    await server.publish(goods(5));
    await takePack('shop', places);
    await gallery.put([galleryItem('taught', { space: SPACE, vector: vectorOf(4), productId: 'p4' })]);
    await server.publish(goods(3));
    await takePack('shop', places);
    expect((await products.all()).map(({ id }) => id).sort()).toEqual(['p0', 'p1', 'p2', 'p4']);
  });

  it('is all or nothing: cut at any part, the old version answers whole', async () => {
    const { server, places, products } = setUp();
    await server.publish(goods(300));
    await takePack('shop', places);
    const next = await server.publish(goods(400, { brand: 'new' }));
    for (let reached = 0; reached < next.parts.length; reached++) {
      let left = reached;
      server.onPart = (_part, bytes) => {
        left -= 1;
        if (left < 0) throw new AppError('server-refused', 'no', { retryable: false });
        return bytes;
      };
      await expect(takePack('shop', places)).rejects.toMatchObject({ code: 'server-refused' });
      const all = await products.all();
      expect([all.length, all.some(({ brand }) => brand === 'new')]).toEqual([300, false]);
      // What came is kept for the next try; here every try begins anew.
      await places.store.discard('shop');
    }
    server.onPart = (_part, bytes) => bytes;
    await takePack('shop', places);
    expect((await products.all()).filter(({ brand }) => brand === 'new').length).toBe(400);
  });

  it('does not switch while a part is missing', async () => {
    const { server, places, products, store, partKeys, database } = setUp();
    await server.publish(goods(10));
    await takePack('shop', places);
    const next = await server.publish(goods(12));
    await store.begin('https://shop.test', server.signed, next);
    expect(await reasonOf(store.install('shop'))).toBe('tampered');
    expect(await products.count()).toBe(10);
    // Nor does a part that vanished between the check and the switch.
    await transact(database, ['packParts'], 'readwrite', (transaction) => transaction.objectStore('packParts').clear());
    expect(await partKeys()).toEqual([]);
    expect(await reasonOf(store.install('shop'))).toBe('tampered');
  });
});

describe('a cut download', () => {
  it('goes on at the byte where it was cut, by itself', async () => {
    const { server, places, products } = setUp();
    await server.publish(goods(20));
    server.cutAfter = 1000;
    await takePack('shop', places);
    expect(await products.count()).toBe(20);
    const froms = server.requests.map((request) => Number(request.split(' ')[2]));
    expect(froms.some((from) => from > 0 && from % 1000 === 0)).toBe(true);
    // Nothing was fetched twice.
    expect(new Set(server.requests).size).toBe(server.requests.length);
  });

  it('goes on at the byte where it was stopped, after a restart of the page', async () => {
    const { server, places, products, store } = setUp();
    await server.publish(goods(20));
    server.cutAfter = 1000;
    const abort = new AbortController();
    const pause = (): Promise<void> => {
      abort.abort();
      return Promise.resolve();
    };
    await expect(takePack('shop', { ...places, pause }, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect((await store.list())[0]).toMatchObject({ id: 'shop', installed: null, pending: { manifest: { version: 1 } } });
    expect(await products.count()).toBe(0);
    server.requests.length = 0;
    server.cutAfter = null;
    await takePack('shop', places);
    expect(server.requests.some((request) => !request.endsWith(' 0'))).toBe(true);
    expect(await products.count()).toBe(20);
  });

  it('begins a part again when what was kept of it is wrong', async () => {
    const { server, places, products, store } = setUp();
    const { parts } = await server.publish(goods(20));
    await store.begin('https://shop.test', server.signed, await server.publish(goods(20)));
    await store.putPart(parts[0]!.sha256, { bytes: new Uint8Array(50).fill(7), isComplete: false });
    await takePack('shop', places);
    expect(await products.count()).toBe(20);
  });

  it('gives up a line on which nothing comes', async () => {
    const { server, places } = setUp();
    await server.publish(goods(5));
    server.onPart = () => {
      throw new AppError('offline', 'dead');
    };
    await expect(takePack('shop', places)).rejects.toMatchObject({ code: 'offline' });
    expect(server.requests.length).toBeLessThanOrEqual(2 * 4);
  });

  it('can be thrown away', async () => {
    const { server, places, store, partKeys } = setUp();
    await server.publish(goods(5));
    server.onPart = () => {
      throw new AppError('offline', 'dead');
    };
    await takePack('shop', places).catch(() => {});
    await store.discard('shop');
    expect([await store.list(), await partKeys()]).toEqual([[], []]);
  });
});

describe('a pack that is refused', () => {
  it('leaves nothing behind when a part was tampered with', async () => {
    const { server, places, products, partKeys, store } = setUp();
    await server.publish(goods(5));
    server.onPart = (_part, bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1);
    expect(await reasonOf(takePack('shop', places))).toBe('tampered');
    expect([await products.count(), await partKeys(), await store.list(), await store.pinnedKey('https://shop.test')]).toEqual([
      0,
      [],
      [],
      null,
    ]);
  });

  it('keeps the version before when a part of the next was tampered with', async () => {
    const { server, places, products } = setUp();
    await server.publish(goods(5));
    await takePack('shop', places);
    await server.publish(goods(6));
    server.onPart = (_part, bytes) => bytes.slice().reverse();
    expect(await reasonOf(takePack('shop', places))).toBe('tampered');
    expect(await products.count()).toBe(5);
  });

  it('is told apart by its reason', async () => {
    const { server, places } = setUp();
    const manifest = await server.publish(goods(5));
    const whole = server.signed;

    server.offer({ ...whole, manifest: whole.manifest.replace('"version":1', '"version":2') });
    expect(await reasonOf(takePack('shop', places))).toBe('tampered');
    server.offer(server.sign({ ...manifest, id: 'other' }));
    expect(await reasonOf(takePack('shop', places))).toBe('tampered');
    server.offer(server.sign({ ...manifest, formatVersion: 9 as 1 }));
    expect(await reasonOf(takePack('shop', places))).toBe('unreadable');
    server.offer(server.sign({ ...manifest, expiresAtMs: Date.now() - 1 }));
    expect(await reasonOf(takePack('shop', places))).toBe('expired');
    server.offer(server.sign({ ...manifest, space: 'product-embedding@other' }));
    expect(await reasonOf(takePack('shop', places))).toBe('wrong-space');
    expect(server.requests).toEqual([]);
  });

  it('is refused when it is older than what is here', async () => {
    const { server, places, products } = setUp();
    await server.publish(goods(5));
    const old = server.signed;
    await server.publish(goods(6));
    await takePack('shop', places);
    server.offer(old);
    expect(await reasonOf(takePack('shop', places))).toBe('older');
    expect(await products.count()).toBe(6);
  });

  it('is refused when another key signed it, until the known key is forgotten', async () => {
    const first = setUp();
    await first.server.publish(goods(5));
    await takePack('shop', first.places);
    const thief = packServer(freshKey());
    await thief.publish(goods(7), { version: 9 });
    const places = { ...first.places, client: thief.client };
    expect(await reasonOf(takePack('shop', places))).toBe('wrong-key');
    expect([await first.products.count(), thief.requests]).toEqual([5, []]);
    await first.store.forgetKey('https://shop.test');
    await takePack('shop', places);
    expect(await first.products.count()).toBe(7);
    expect(await first.store.pinnedKey('https://shop.test')).toBe(thief.key.publicKey);
  });

  it('cannot take the name of another server’s pack', async () => {
    const first = setUp();
    await first.server.publish(goods(5));
    await takePack('shop', first.places);
    const other = packServer(freshKey(), 'https://other.test');
    await other.publish(goods(7), { version: 9 });
    expect(await reasonOf(takePack('shop', { ...first.places, client: other.client }))).toBe('wrong-key');
    expect(await first.products.count()).toBe(5);
  });

  it('does not begin when there is no room, and gives the room back when it runs out', async () => {
    const { server, places, store, partKeys } = setUp();
    await server.publish(goods(300));
    expect(await reasonOf(takePack('shop', { ...places, hasRoomFor: () => Promise.resolve(false) }))).toBe('quota-exceeded');
    expect(server.requests).toEqual([]);
    let puts = 0;
    const full = {
      ...store,
      putPart: (sha256: string, part: Parameters<typeof store.putPart>[1]) =>
        ++puts > 2 ? Promise.reject(new AppError('quota-exceeded', 'full')) : store.putPart(sha256, part),
    };
    expect(await reasonOf(takePack('shop', { ...places, store: full }))).toBe('quota-exceeded');
    expect([await partKeys(), await store.list()]).toEqual([[], []]);
  });
});
