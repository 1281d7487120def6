/** @file One image to one model, over HTTP: the real models, in the real processes. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelListSchema, recognitionSchema, type ModelDescription } from '../../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { intersectionOverSmaller, intersectionOverUnion } from '../../../src/core/nms.ts';
import { MODELS } from '../../../src/models/registry.ts';
import type { ModelSpec } from '../../../src/contracts/model-spec.ts';
import type { App } from '../../../server/app.ts';
import { loadDemo } from '../../../server/services/demo-loader.ts';
import { drawShelf } from '../../golden/draw-shelf.ts';
import {
  DRAWN_BIB,
  DRAWN_GTIN,
  barcodePhoto,
  claimedPng,
  demoPhoto,
  plainImage,
  runnerPhoto,
  sidewaysBarcodePhoto,
} from './drawn-images.ts';
import { removeFolders, seededRandom, startApp } from './test-server.ts';

const FACE_PHOTO = fileURLToPath(new URL('../../../../shared/data/object_detection/images/000000000370.jpg', import.meta.url));

let app: App;
beforeAll(async () => {
  app = await startApp({ recognisers: 1 });
  await loadDemo(fileURLToPath(new URL('../../../public/demo', import.meta.url)), app.services);
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Asked {
  readonly query?: string;
  readonly type?: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
}
const post = (model: string, payload: Buffer | string, { query = '', type = 'image/jpeg', from = '127.0.0.1', headers = {} }: Asked = {}) =>
  app.http.inject({
    method: 'POST',
    url: `/v1/recognise/${model}${query}`,
    payload,
    remoteAddress: from,
    headers: { 'content-type': type, ...headers },
  });
async function recognise(model: string, payload: Buffer, asked: Asked = {}) {
  const answer = await post(model, payload, asked);
  expect(answer.statusCode, answer.body.slice(0, 500)).toBe(200);
  return recognitionSchema.parse(answer.json());
}
async function expectProblem(answer: Awaited<ReturnType<typeof post>>, status: number, code: string) {
  expect(answer.statusCode, answer.body.slice(0, 500)).toBe(status);
  expect(problemSchema.parse(answer.json()).code).toBe(code);
  expect(answer.body).not.toMatch(/vips|sharp|node_modules|\.ts:/i);
}

describe('models', () => {
  let models: ModelDescription[];
  beforeAll(async () => {
    models = modelListSchema.parse((await app.http.inject({ url: '/v1/models' })).json()).models;
  });

  it('are the rows of the registry that recognise something, and the catalogue', () => {
    const rows = Object.values<ModelSpec>(MODELS).filter(({ recognises }) => recognises !== undefined);
    expect(models.map(({ id }) => id)).toEqual([...rows.map(({ id }) => id), 'product']);
    expect(new Set(rows.map(({ recognises }) => recognises))).toEqual(new Set(['barcode', 'text', 'face', 'embedding', 'boxes']));
  });

  it('say licence, origin, weaknesses and limits; each type has one that stands for it', () => {
    for (const { licence, source, weaknesses, limits } of models) {
      expect(licence).not.toBe('');
      expect(source).not.toBe('');
      expect(weaknesses.en).toBeTruthy();
      expect(limits.maxPixels).toBe(50_000_000);
    }
    for (const type of new Set(models.map((model) => model.type)))
      expect(models.filter((model) => model.type === type && model.isDefault)).toHaveLength(1);
  });

  it('that are not there answer 404', async () => {
    await expectProblem(await post('no-such-model', await barcodePhoto()), 404, 'invalid-input');
    await expectProblem(await post('opencv', await barcodePhoto()), 404, 'invalid-input');
  });
});

describe('recognition', () => {
  it('reads a barcode, by id and by type', async () => {
    const byType = await recognise('barcode', await barcodePhoto());
    expect(byType.model).toEqual({ id: 'zxing', version: MODELS.zxing.version, type: 'barcode' });
    expect(byType.barcodes?.[0]).toMatchObject({ format: 'EAN-13', gtin: DRAWN_GTIN });
    expect(byType.barcodes?.[0]?.quad[0].x).toBeLessThan(0.3);
    expect((await recognise('zxing', await barcodePhoto())).barcodes).toEqual(byType.barcodes);
  });

  it('turns the image upright first', async () => {
    const { image, barcodes } = await recognise('barcode', await sidewaysBarcodePhoto());
    expect(image).toEqual({ widthPx: 900, heightPx: 600 });
    const [upright] = (await recognise('barcode', await barcodePhoto())).barcodes ?? [];
    expect(barcodes?.[0]?.quad[0].x).toBeCloseTo(upright!.quad[0].x, 1);
    expect(barcodes?.[0]?.quad[0].y).toBeCloseTo(upright!.quad[0].y, 1);
  });

  it('looks where it is told to, and answers in places of the whole image', async () => {
    const there = await recognise('barcode', await barcodePhoto(), { query: '?region=0,0.2,0.6,0.7' });
    expect(there.barcodes?.[0]?.gtin).toBe(DRAWN_GTIN);
    const whole = await recognise('barcode', await barcodePhoto());
    expect(there.barcodes?.[0]?.quad[0].x).toBeCloseTo(whole.barcodes![0]!.quad[0].x, 1);
    expect((await recognise('barcode', await barcodePhoto(), { query: '?region=0.7,0,0.3,1' })).barcodes).toEqual([]);
    await expectProblem(await post('barcode', await barcodePhoto(), { query: '?region=0.7,0,0.5,1' }), 400, 'invalid-input');
  });

  it('reads text', async () => {
    const { text } = await recognise('text', demoPhoto('beef-curry-label.jpg'));
    expect(text?.script).toBe('japanese');
    expect(text?.text).toContain('ビーフカレー');
    expect(text!.lines.length).toBeGreaterThan(5);
    expect(text?.lines.every(({ box }) => box.x >= -0.01 && box.x + box.width <= 1.01)).toBe(true);
  });

  it.skipIf(!existsSync(FACE_PHOTO))('finds a face where a person marked one (needs ../shared/data)', async () => {
    const { boxes, image } = await recognise('face', readFileSync(FACE_PHOTO));
    expect(image).toEqual({ widthPx: 480, heightPx: 640 });
    // By hand, in `tests/evaluate/faces/annotations.json`.
    const marked = { x: 115 / 480, y: 95 / 640, width: 190 / 480, height: 175 / 640 };
    expect(boxes?.[0]?.label).toBe('face');
    expect(intersectionOverUnion(boxes![0]!.box, marked)).toBeGreaterThan(0.4);
  });

  it('finds no face where there is none', async () => {
    expect((await recognise('face', await barcodePhoto())).boxes).toEqual([]);
  });

  it('finds the facings of a shelf, in the part asked for alone', async () => {
    const { frame, packs } = drawShelf();
    const { widthPx: width, heightPx: height, data } = frame;
    const photo = await sharp(data, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    const { boxes } = await recognise('boxes', photo, { type: 'image/png' });
    const facings = boxes!.filter(({ label }) => label === 'facing');
    expect(packs.filter((pack) => facings.some(({ box }) => intersectionOverUnion(box, pack) > 0.5)).length).toBeGreaterThan(
      packs.length * 0.85,
    );
    const half = await recognise('facing-detector', photo, { type: 'image/png', query: '?region=0,0,0.5,1' });
    expect(half.boxes!.length).toBeGreaterThan(3);
    for (const { box } of half.boxes!) expect(box.x + box.width).toBeLessThanOrEqual(0.5 + 1e-6);
  });

  it('finds a runner and the bib, and reads the number where the bib is', async () => {
    const photo = await runnerPhoto();
    const { model, boxes } = await recognise('bib-detector', photo);
    expect(model).toMatchObject({ id: 'bib-detector', type: 'boxes' });
    const [bib, ...more] = boxes!.filter(({ label }) => label === 'bib');
    expect(more).toEqual([]);
    expect(intersectionOverUnion(bib!.box, DRAWN_BIB.box)).toBeGreaterThan(0.5);
    const person = boxes!.find(({ label }) => label === 'person')!.box;
    expect(intersectionOverSmaller(person, bib!.box)).toBeGreaterThan(0.9);

    const { x, y, width, height } = bib!.box;
    const { text } = await recognise('bib-reader', photo, { query: `?region=${[x, y, width, height].join()}` });
    expect(text).toMatchObject({ text: DRAWN_BIB.text, script: 'latin', lines: [{ text: DRAWN_BIB.text }] });
    expect(text!.confidence01).toBeGreaterThan(0.5);
    expect(intersectionOverSmaller(text!.lines[0]!.box, DRAWN_BIB.box)).toBeGreaterThan(0.8);
    const road = await recognise('bib-reader', photo, { query: '?region=0.05,0.6,0.2,0.1' });
    expect(road.text?.lines).toEqual([]);
  });

  it('describes a look as the app does, and names the product that it is', async () => {
    const embedded = await recognise('embedding', demoPhoto('milk-chocolate.jpg'));
    const { vector } = embedded;
    expect(vector?.space).toBe(MODELS['product-embedding'].embeddingSpace);
    expect(Math.hypot(...vector!.values)).toBeCloseTo(1, 4);
    const found = await app.http.inject({
      method: 'POST',
      url: '/v1/collections/products/search',
      payload: { space: vector!.space, vector: vector!.values, k: 1 },
    });
    const best = found.json<{ matches: { productId: string }[] }>().matches[0]!.productId;

    const product = await recognise('product', demoPhoto('milk-chocolate.jpg'), { query: '?limit=3' });
    expect(product.tags).toHaveLength(3);
    expect(product.tags?.[0]?.id).toBe(best);
    expect(product.tags?.[0]?.id).toMatch(/milk-chocolate/);
    expect(product.tags?.[0]?.label?.ja).toBeTruthy();
    expect(product.vector?.values).toEqual(vector!.values);
  });

  it.each(['png', 'webp', 'avif'] as const)('takes %s, whatever the header calls it', async (type) => {
    expect((await recognise('barcode', await plainImage(type), { type: 'image/jpeg' })).image).toEqual({ widthPx: 64, heightPx: 48 });
    expect((await post('barcode', await plainImage(type), { type: 'application/octet-stream' })).statusCode).toBe(200);
  });
});

describe('what is refused', () => {
  it.each(['gif', 'tiff'] as const)('%s, even when it is called a JPEG', async (type) => {
    await expectProblem(await post('barcode', await plainImage(type)), 415, 'decode-unsupported');
  });
  it('text that is called an image, markup, and nothing', async () => {
    await expectProblem(await post('text', 'hello, this is no image at all'), 415, 'decode-unsupported');
    await expectProblem(
      await post('text', '<svg xmlns="http://www.w3.org/2000/svg"/>', { type: 'image/svg+xml' }),
      415,
      'decode-unsupported',
    );
    await expectProblem(await post('text', ''), 415, 'invalid-input');
  });
  it('more images at once than may wait, with the time to try again', async () => {
    const image = await plainImage('png');
    const answers = await Promise.all(Array.from({ length: 40 }, () => post('barcode', image)));
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      await expectProblem(answer, 503, 'busy');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(32);
  });
  it('JSON and compressed bodies', async () => {
    expect((await post('text', 'words', { type: 'text/plain' })).json<{ detail: string }>().detail).toMatch(/bytes of an image/);
    await expectProblem(await post('text', '{"image":"aGVsbG8="}', { type: 'application/json' }), 415, 'invalid-input');
    await expectProblem(await post('text', await plainImage('png'), { headers: { 'content-encoding': 'gzip' } }), 415, 'invalid-input');
  });
  it('a bomb, by its header, before anything decodes it', async () => {
    await expectProblem(await post('text', claimedPng(60_000, 60_000)), 413, 'invalid-input');
    await expectProblem(await post('text', claimedPng(0, 10)), 422, 'decode-unsupported');
    expect(app.services.recogniser.running).toBe(0);
  });
  it('a damaged image', async () => {
    await expectProblem(await post('text', claimedPng(100, 100)), 422, 'decode-unsupported');
    const photo = await barcodePhoto();
    await expectProblem(await post('text', photo.subarray(0, 900)), 422, 'decode-unsupported');
  });
  it('garbled images, of every kind, without harm', async () => {
    const random = seededRandom(3);
    for (const type of ['jpeg', 'png', 'webp', 'avif'] as const) {
      const good = await plainImage(type, 200, 150);
      for (let i = 0; i < 10; i++) {
        const bad = Buffer.from(good);
        for (let n = 0; n < 8; n++) bad[12 + Math.floor(random() * (bad.length - 12))] = Math.floor(random() * 256);
        const answer = await post('barcode', i % 3 === 0 ? bad.subarray(0, 12 + Math.floor(random() * bad.length)) : bad);
        expect([200, 413, 415, 422], answer.body).toContain(answer.statusCode);
      }
    }
    expect((await recognise('barcode', await barcodePhoto())).barcodes).toHaveLength(1);
  });
  it('more bytes than an image may have, before they are read', async () => {
    const answer = await post('text', await plainImage('png'), { headers: { 'content-length': String(21 * 1024 * 1024) } });
    await expectProblem(answer, 413, 'invalid-input');
  });
  it('whoever has no key and is not on this machine', async () => {
    await expectProblem(await post('barcode', await barcodePhoto(), { from: '192.168.1.20' }), 401, 'permission-denied');
  });
  it('a key that does not reach the catalogue, for products only', async () => {
    const issued = await app.services.keys.create({ name: 'x', purpose: 'y', role: 'viewer', collections: ['elsewhere'] }, 'test');
    const headers = { authorization: `Bearer ${issued.secret}` };
    await expectProblem(await post('product', await barcodePhoto(), { headers }), 403, 'permission-denied');
    expect((await post('barcode', await barcodePhoto(), { headers })).statusCode).toBe(200);
  });
});
