/** @file Packs over HTTP: built by rule, signed, served by range, surviving `kill -9`. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  packBuildSchema,
  packListSchema,
  packManifestSchema,
  packRuleSchema,
  signedPackSchema,
  type PackManifest,
  type PackRuleInput,
} from '../../../src/contracts/pack.ts';
import type { Planogram } from '../../../src/contracts/shelf.ts';
import { toGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import { decodeKeypoints, encodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import { decodeBlobs } from '../../../src/core/pack-blobs.ts';
import { decodePhotos } from '../../../src/core/pack-photos.ts';
import { decodeProducts } from '../../../src/core/pack-products.ts';
import { isSigned } from '../../../src/core/pack-signature.ts';
import type { App } from '../../../server/app.ts';
import { itemTable } from '../../../server/vectors/item-rows.ts';
import { startServer } from './server-process.ts';
import { removeFolders, seededRandom, startApp, testConfig, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 16;
const RULE: PackRuleInput = {
  id: 'corner-shop',
  kind: 'shop',
  title: { en: 'Corner shop', ja: '角の店' },
  collections: [{ name: 'products' }],
};

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.http.close();
});
afterAll(removeFolders);

async function start(overrides: Parameters<typeof startApp>[0] = {}): Promise<App> {
  const app = await startApp(overrides);
  apps.push(app);
  return app;
}

const contents = (ingredientsText: string) => ({ ingredientsText, language: 'en', source: 'shop', updatedAtMs: 1 });

/** `count` products of source `shop`; even ones have a photo in `products`, all have contents but every tenth. */
async function fill({ services }: App, count: number): Promise<void> {
  const { store, products } = services;
  await store.create({ name: 'products', space: SPACE, dimensions: D, metric: 'cosine', fields: { aisle: 'keyword' } });
  await products.upsert(
    Array.from({ length: count }, (_, i) => ({
      ...{ id: `p${i}`, name: { en: `Product ${i}` }, gtins: [], kind: 'packaged' as const, packWords: [], source: 'shop', updatedAtMs: 1 },
      ...(i % 10 === 0 ? {} : { contents: contents(i % 3 === 0 ? 'Ingredients: pork, salt.' : 'Ingredients: water, salt.') }),
    })),
  );
  await store.upsert(
    'products',
    SPACE,
    Array.from({ length: count / 2 }, (_, i) => ({
      ...{ id: `photo-${2 * i}`, productId: `p${2 * i}`, vector: unitVector(D, i + 1) },
      metadata: {
        aisle: i % 2 === 0 ? 'tea' : 'rice',
        ...toGalleryMetadata({ colour: Float32Array.from([0.6, 0.8, 0]), words: ['green', 'tea'] }),
      },
    })),
  );
}

async function build(
  app: App,
  rule: PackRuleInput & { readonly planograms?: readonly Planogram[] },
): Promise<ReturnType<typeof packBuildSchema.parse>> {
  const asked = await app.http.inject({ method: 'POST', url: '/v1/pack-builds', payload: rule });
  expect(asked.statusCode).toBe(202);
  await app.services.packs.settled();
  return packBuildSchema.parse((await app.http.inject({ url: `/v1/pack-builds/${packBuildSchema.parse(asked.json()).id}` })).json());
}

async function manifestOf(app: App, id: string): Promise<PackManifest> {
  return packManifestSchema.parse(JSON.parse(signedPackSchema.parse((await app.http.inject({ url: `/v1/packs/${id}` })).json()).manifest));
}

async function openParts(app: App, { id, parts }: PackManifest) {
  const bytes = await Promise.all(
    parts.map(async ({ kind, sha256 }) => ({
      kind,
      body: Uint8Array.from((await app.http.inject({ url: `/v1/packs/${id}/parts/${sha256}` })).rawPayload),
    })),
  );
  return {
    photos: bytes.flatMap(({ kind, body }) => (kind === 'photos' ? decodePhotos(body) : [])),
    products: bytes.flatMap(({ kind, body }) => (kind === 'products' ? decodeProducts(body) : [])),
  };
}

describe('a build', () => {
  it('takes the products that photos show, with their colour, words and contents, and signs them', async () => {
    const app = await start();
    await fill(app, 600);
    expect(await build(app, RULE)).toMatchObject({ state: 'done', version: 1, problem: null });
    const signed = signedPackSchema.parse((await app.http.inject({ url: '/v1/packs/corner-shop' })).json());
    expect(await isSigned(signed)).toBe(true);
    const manifest = await manifestOf(app, 'corner-shop');
    expect(manifest.coverage).toEqual({ products: 300, withPhotos: 300, withContents: 240, photos: 300 });
    const { photos, products } = await openParts(app, manifest);
    expect([photos.length, products.length]).toEqual([300, 300]);
    const photo = photos.find(({ id }) => id === 'photo-8')!;
    expect(photo).toMatchObject({ productId: 'p8', words: ['green', 'tea'] });
    expect(photo.colour![1]).toBeCloseTo(0.8, 2);
    const list = packListSchema.parse((await app.http.inject({ url: '/v1/packs' })).json());
    expect(list).toMatchObject({ publicKey: signed.publicKey, packs: [{ id: 'corner-shop', version: 1, coverage: manifest.coverage }] });
    expect(list.packs[0]!.sizeBytes).toBe(manifest.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  });

  it('carries planograms, and keeps them when a later build names none', async () => {
    const app = await start();
    await fill(app, 20);
    const row = (sku: string) => ({
      ...{ store: null, bay: null, shelf: 0, position: 0, sku, name: sku, facingsWide: 1, facingsHigh: 1, xCm: null, yCm: null },
      ...{ widthCm: null, heightCm: null, brand: null, category: 'tea', price: 128, isOwnLabel: false },
    });
    const planograms: Planogram[] = [{ id: 'bay-1', name: 'Bay 1', rows: [row('p2'), row('p3')], source: 'csv', updatedAtMs: 1 }];
    const planned = async () => {
      const manifest = await manifestOf(app, 'corner-shop');
      return { skus: manifest.coverage.skus, parts: manifest.parts.filter(({ kind }) => kind === 'planograms'), rule: manifest.rule };
    };
    expect(await build(app, { ...RULE, planograms })).toMatchObject({ state: 'done', version: 1 });
    const first = await planned();
    expect(first.skus).toEqual({ listed: 2, withPhotos: 1 });
    expect(first.rule).not.toHaveProperty('planograms');
    expect(await build(app, RULE)).toMatchObject({ state: 'done', version: 2 });
    expect((await planned()).parts).toEqual(first.parts);
    await build(app, { ...RULE, planograms: [] });
    expect((await planned()).parts).toEqual([]);
  });

  it('carries the strongest keypoints, and pictures where the rules of the collection allow them', async () => {
    const app = await start();
    await fill(app, 300);
    const { store, thumbnails, keeper } = app.services;
    const features = (seed: number) => ({
      ...{ algorithm: 'akaze-mldb-1', count: 400, descriptorBytes: 61, aspect: 1 },
      ...{ points: new Float32Array(800).fill(0.25), descriptors: new Uint8Array(400 * 61).fill(seed) },
    });
    const item = (await store.get('products', 'photo-8'))!;
    await store.ingest('products', [itemTable(store.description('products'), [{ ...item, keypoints: encodeKeypoints(features(8)) }])]);
    const picture = await sharp({ create: { width: 200, height: 300, channels: 3, background: '#38c' } }).webp().toBuffer(); // prettier-ignore
    await thumbnails.put({ collection: 'products', id: 'photo-8' }, picture);
    const kinds = async () => Object.fromEntries((await manifestOf(app, 'corner-shop')).parts.map((part) => [part.kind, part]));

    await build(app, RULE);
    // There is a picture, and no rule that allows one.
    expect(Object.keys(await kinds()).sort()).toEqual(['keypoints', 'photos', 'products']);
    const rules = { holds: 'things', purpose: '', retention: { maximumAgeS: null, maximumItems: null }, needsConsent: false } as const;
    await keeper.setRules('products', { ...rules, thumbnails: true }, 'test');
    await build(app, { ...RULE, keypoints: 100 });
    const { keypoints, thumbnails: pictures } = await kinds();
    expect([keypoints?.items, pictures?.items]).toEqual([1, 1]);
    const bytesOf = async (sha256: string) =>
      Uint8Array.from((await app.http.inject({ url: `/v1/packs/corner-shop/parts/${sha256}` })).rawPayload);
    const [own] = decodeBlobs('keypoints', await bytesOf(keypoints!.sha256));
    expect(own?.id).toBe('photo-8');
    expect(decodeKeypoints(own!.bytes)).toMatchObject({ count: 100, descriptors: new Uint8Array(6100).fill(8) });
    const [shown] = decodeBlobs('thumbnails', await bytesOf(pictures!.sha256));
    expect(shown?.id).toBe('p8');
    expect((await sharp(shown!.bytes).metadata()).height).toBe(128);
    const { packs } = packListSchema.parse((await app.http.inject({ url: '/v1/packs' })).json());
    expect(packs[0]!.sizes).toMatchObject({ keypoints: keypoints!.sizeBytes, thumbnails: pictures!.sizeBytes });
    // The same contents give the same parts.
    await build(app, { ...RULE, keypoints: 100 });
    expect((await kinds())['thumbnails']).toEqual(pictures);
    await build(app, { ...RULE, keypoints: 0, thumbnails: false });
    expect(Object.keys(await kinds()).sort()).toEqual(['photos', 'products']);
  });

  it('takes by filter, by source with products that have no photo, by ids, and by diet', async () => {
    const app = await start();
    await fill(app, 60);
    await build(app, { ...RULE, id: 'tea', collections: [{ name: 'products', filter: { eq: { aisle: 'tea' } } }] });
    expect((await manifestOf(app, 'tea')).coverage).toMatchObject({ products: 15, withPhotos: 15 });
    await build(app, { ...RULE, id: 'all', products: { sources: ['shop'] } });
    expect((await manifestOf(app, 'all')).coverage).toEqual({ products: 60, withPhotos: 30, withContents: 54, photos: 30 });
    await build(app, { ...RULE, id: 'few', products: { ids: ['p1', 'p2', 'p999'] } });
    expect((await manifestOf(app, 'few')).coverage).toMatchObject({ products: 2, withPhotos: 1, photos: 1 });
    await build(app, { ...RULE, id: 'no-pork', kind: 'diet', products: { sources: ['shop'] }, diet: { rules: ['no-pork'] } });
    const { products } = await openParts(app, await manifestOf(app, 'no-pork'));
    // Known contents only; what is to be avoided stays, or it would be taken for something that suits.
    expect(products.length).toBe(54);
    expect(products.some(({ contents: own }) => own?.ingredientsText.includes('pork'))).toBe(true);
  });

  it('gives the same parts for the same contents, and changes few for a small change', async () => {
    const app = await start();
    await fill(app, 1600);
    await build(app, RULE);
    const first = await manifestOf(app, 'corner-shop');
    await build(app, RULE);
    const second = await manifestOf(app, 'corner-shop');
    expect(second).toMatchObject({ version: 2, previousVersion: 1, parts: first.parts });
    await app.services.store.delete('products', ['photo-8']);
    await build(app, RULE);
    const third = await manifestOf(app, 'corner-shop');
    const known = new Set(second.parts.map(({ sha256 }) => sha256));
    expect(third.parts.length).toBeGreaterThan(6);
    // The photo's bucket and its product's.
    expect(third.parts.filter(({ sha256 }) => !known.has(sha256)).length).toBeLessThanOrEqual(2);
  });

  it('says what is wrong with a rule, and keeps the version before', async () => {
    const app = await start();
    await fill(app, 20);
    await app.services.store.create({ name: 'other', space: 'other@1', dimensions: D, metric: 'cosine' });
    await build(app, RULE);
    const failing = async (rule: Partial<PackRuleInput>) => (await build(app, { ...RULE, ...rule })).problem;
    expect(await failing({ collections: [{ name: 'absent' }] })).toContain('no collection "absent"');
    expect(await failing({ collections: [{ name: 'products' }, { name: 'other' }] })).toContain('one space');
    expect(await failing({ products: { ids: ['nobody'] } })).toContain('no product');
    expect(await failing({ collections: [{ name: 'products', filter: { eq: { undeclared: 1 } } }] })).not.toBeNull();
    expect((await manifestOf(app, 'corner-shop')).version).toBe(1);
  });

  it('never takes persons', async () => {
    const app = await start();
    await fill(app, 20);
    await app.services.keeper.setRules(
      'products',
      { holds: 'persons', purpose: 'door', retention: { maximumAgeS: 60, maximumItems: null }, thumbnails: false, needsConsent: true },
      'test',
    );
    const asked = await app.http.inject({ method: 'POST', url: '/v1/pack-builds', payload: RULE });
    expect(asked.statusCode).toBe(403);
    expect((await app.services.packs.requestBuild(packRuleSchema.parse(RULE))).state).toBe('queued');
    await app.services.packs.settled();
    expect((await app.services.packs.builds())[0]!.problem).toContain('persons');
  });

  it('is for programs on this machine and operators only', async () => {
    const app = await start({ isKeyAlwaysRequired: true });
    const asked = await app.http.inject({ method: 'POST', url: '/v1/pack-builds', payload: RULE });
    expect(asked.statusCode).toBe(401);
    expect((await app.http.inject({ method: 'DELETE', url: '/v1/packs/corner-shop' })).statusCode).toBe(401);
    expect((await app.http.inject({ url: '/v1/packs' })).statusCode).toBe(200);
  });
});

describe('a pack that is served', () => {
  it('answers 304, ranges and HEAD, for ever cacheable', async () => {
    const app = await start();
    await fill(app, 60);
    await build(app, RULE);
    const { parts } = await manifestOf(app, 'corner-shop');
    const manifest = await app.http.inject({ url: '/v1/packs/corner-shop' });
    const again = await app.http.inject({ url: '/v1/packs/corner-shop', headers: { 'if-none-match': String(manifest.headers['etag']) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    for (const { kind, sha256, sizeBytes } of parts) {
      const url = `/v1/packs/corner-shop/parts/${sha256}`;
      const whole = await app.http.inject({ url });
      expect(createHash('sha256').update(whole.rawPayload).digest('hex')).toBe(sha256);
      expect(whole.headers).toMatchObject({
        'accept-ranges': 'bytes',
        'cache-control': 'public, max-age=31536000, immutable',
        etag: `"${sha256}"`,
      });
      expect(whole.headers['content-type']).toContain(kind === 'products' ? 'application/json' : 'application/octet-stream');
      const rest = await app.http.inject({ url, headers: { range: 'bytes=100-', 'accept-encoding': 'br, gzip' } });
      expect([rest.statusCode, rest.headers['content-range'], rest.headers['content-encoding']]).toEqual([
        206,
        `bytes 100-${sizeBytes - 1}/${sizeBytes}`,
        undefined,
      ]);
      expect(rest.rawPayload.equals(whole.rawPayload.subarray(100))).toBe(true);
      expect((await app.http.inject({ url, headers: { range: `bytes=${sizeBytes}-` } })).statusCode).toBe(416);
      const other = await app.http.inject({ url, headers: { range: 'bytes=5-', 'if-range': '"other"' } });
      expect([other.statusCode, other.rawPayload.length]).toEqual([200, sizeBytes]);
      expect((await app.http.inject({ url, headers: { 'if-none-match': `"${sha256}"` } })).statusCode).toBe(304);
    }
    for (const url of ['/v1/packs/nothing', `/v1/packs/corner-shop/parts/${'0'.repeat(64)}`])
      expect((await app.http.inject({ url })).statusCode).toBe(404);
    for (const url of ['/v1/packs/..%2f..%2fmekiki.db', '/v1/packs/corner-shop/parts/..%2fsigning-key.pem'])
      expect((await app.http.inject({ url })).statusCode).toBe(400);
  });

  it('is withdrawn, and counts on when it comes back', async () => {
    const app = await start();
    await fill(app, 20);
    await build(app, RULE);
    expect((await app.http.inject({ method: 'DELETE', url: '/v1/packs/corner-shop' })).statusCode).toBe(204);
    expect((await app.http.inject({ url: '/v1/packs/corner-shop' })).statusCode).toBe(404);
    expect((await app.http.inject({ method: 'DELETE', url: '/v1/packs/corner-shop' })).statusCode).toBe(404);
    expect((await build(app, RULE)).version).toBe(2);
  });

  it('sets a damaged part aside, serves the others, and makes it again', async () => {
    const config = testConfig();
    const app = await start(config);
    await fill(app, 60);
    await build(app, RULE);
    const { parts } = await manifestOf(app, 'corner-shop');
    const [first, second] = parts.map(({ sha256 }) => sha256);
    const path = join(config.dataFolder, 'packs', first!);
    writeFileSync(path, readFileSync(path).subarray(1));
    expect((await app.http.inject({ url: `/v1/packs/corner-shop/parts/${first!}` })).statusCode).toBe(503);
    expect(readdirSync(join(config.dataFolder, 'packs'))).toContain(`${first!}.damaged`);
    expect((await app.http.inject({ url: `/v1/packs/corner-shop/parts/${second!}` })).statusCode).toBe(200);
    await build(app, RULE);
    expect((await app.http.inject({ url: `/v1/packs/corner-shop/parts/${first!}` })).statusCode).toBe(200);
  });

  it('keeps its key for itself', async () => {
    const config = testConfig();
    await start(config);
    if (process.platform !== 'win32') expect(statSync(join(config.dataFolder, 'signing-key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('kill -9', () => {
  it('during builds loses no build that was acknowledged, and publishes none by halves', { timeout: 240_000 }, async () => {
    const config = testConfig();
    const app = await startApp(config);
    await fill(app, 2000);
    await app.http.close();
    const random = seededRandom(7);
    const asked: string[] = [];
    const args = ['--data', config.dataFolder, '--no-demo', '--port', '0'];
    for (let round = 0; round < 4; round++) {
      const server = await startServer(args);
      const answer = await fetch(`${server.url}/v1/pack-builds`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...RULE, products: { sources: ['shop'] } }),
      });
      expect(answer.status).toBe(202);
      asked.push(packBuildSchema.parse(await answer.json()).id);
      await new Promise((resolve) => setTimeout(resolve, random() * 120));
      await server.stop('SIGKILL');
    }
    const restarted = await start({ ...config });
    await restarted.services.packs.settled();
    const builds = await restarted.services.packs.builds();
    for (const id of asked) expect(builds.find((one) => one.id === id)).toMatchObject({ state: 'done' });
    expect(builds.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
    const manifest = await manifestOf(restarted, 'corner-shop');
    expect(manifest.version).toBe(4);
    const { photos, products } = await openParts(restarted, manifest);
    expect([photos.length, products.length]).toEqual([1000, 2000]);
  });
});
