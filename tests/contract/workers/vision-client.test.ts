/**
 * @file Every method of the vision worker as the page calls it: the real client, the real wire, the real stages, a real thread, tiny nets.
 * Results, whole errors, cancelling, an ended worker, overflow, who goes first.
 */
import { toBuffer } from 'bwip-js/node';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { VisionClient } from '../../../src/clients/vision-client.ts';
import { WHOLE_FRAME } from '../../../src/contracts/geometry.ts';
import type { Progress } from '../../../src/contracts/task.ts';
import { startThread } from './thread.ts';

let vision: VisionClient;
let threads: ReturnType<typeof startThread>[] = [];

beforeAll(async () => {
  vi.stubGlobal('navigator', { userAgent: 'test', maxTouchPoints: 0 });
  // Node has no bitmaps; nothing is one.
  vi.stubGlobal('ImageBitmap', function () {});
  vi.stubGlobal('Worker', function (url: URL) {
    expect(url.pathname).toMatch(/\/workers\/vision\.worker\.ts$/);
    const thread = startThread(new URL('./vision-thread.mjs', import.meta.url), true);
    threads.push(thread);
    return thread;
  });
  const { createVisionClient } = await import('../../../src/clients/vision-client.ts');
  vision = createVisionClient();
});
afterAll(() => {
  vision.end();
  vi.unstubAllGlobals();
});
beforeEach(() => {
  threads = threads.slice(-1);
});

/** Two halves, red and blue; 160 × 80. */
async function redAndBlue(): Promise<Blob> {
  const svg = `<svg width="160" height="80"><rect width="80" height="80" fill="#d02020"/><rect x="80" width="80" height="80" fill="#2020d0"/></svg>`;
  return new Blob([new Uint8Array(await sharp(Buffer.from(svg)).flatten().png().toBuffer())]);
}

/** Three dark bars like lines of print on white; 320 × 240. */
async function page(): Promise<Blob> {
  const bars = [40, 100, 160].map((y) => `<rect x="30" y="${y}" width="240" height="16" fill="#111"/>`).join('');
  const svg = `<svg width="320" height="240"><rect width="320" height="240" fill="#fff"/>${bars}</svg>`;
  return new Blob([new Uint8Array(await sharp(Buffer.from(svg)).png().toBuffer())]);
}

const LEFT = { x: 0, y: 0, width: 0.5, height: 1 };
const RIGHT = { x: 0.5, y: 0, width: 0.5, height: 1 };
const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

it('opens a photo, says its size, and forgets it when it is closed', async () => {
  const frame = await vision.open(await redAndBlue());
  expect(frame).toMatchObject({ widthPx: 160, heightPx: 80, originalWidthPx: 160, originalHeightPx: 80 });
  await vision.close(frame.frameId);
  await expect(vision.proposeBox(frame.frameId)).rejects.toMatchObject({ code: 'invalid-input' });
});

it('brings the error of a file that is no photo over whole', async () => {
  await expect(vision.open(new Blob(['no photo']))).rejects.toMatchObject({
    name: 'AppError',
    code: 'decode-unsupported',
    stage: 'decode',
    retryable: false,
  });
});

it('holds six photos; a seventh pushes the oldest out', async () => {
  const photo = await redAndBlue();
  const frames = [];
  for (let i = 0; i < 7; i++) frames.push(await vision.open(photo));
  await expect(vision.proposeBox(frames[0]!.frameId)).rejects.toMatchObject({ code: 'invalid-input' });
  for (const { frameId } of frames.slice(1)) await expect(vision.proposeBox(frameId)).resolves.toBeDefined();
  for (const { frameId } of frames) await vision.close(frameId);
});

it('embeds crops in the order of their boxes, across batches, as unit vectors of the declared space', async () => {
  const { frameId } = await vision.open(await redAndBlue());
  const boxes = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? LEFT : RIGHT));
  const looks = await vision.embed(frameId, boxes);
  expect(looks).toHaveLength(20);
  const space = await vision.embeddingSpace();
  for (const [i, { embedding, colour }] of looks.entries()) {
    expect(embedding.space).toBe(space);
    expect(cosine(embedding.vector, embedding.vector)).toBeCloseTo(1, 5);
    expect(cosine(colour, colour)).toBeCloseTo(1, 5);
    expect(cosine(embedding.vector, looks[i % 2]!.embedding.vector)).toBeCloseTo(1, 5);
  }
  expect(cosine(looks[0]!.embedding.vector, looks[1]!.embedding.vector)).toBeLessThan(0.9);
  await expect(vision.embed(frameId, [])).resolves.toEqual([]);
  await expect(vision.embed(frameId, [{ x: 0, y: 0, width: 0, height: 1 }])).rejects.toMatchObject({ code: 'invalid-input' });
  await vision.close(frameId);
});

it('proposes a box within the photo', async () => {
  const { frameId } = await vision.open(await page());
  const { x, y, width, height } = await vision.proposeBox(frameId);
  for (const value of [x, y, width, height]) expect(value).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(1 + 1e-9);
  expect(y + height).toBeLessThanOrEqual(1 + 1e-9);
  await vision.close(frameId);
});

it('reads lines whose places in the text fit, and reports them to the end', async () => {
  const { frameId } = await vision.open(await page());
  const heard: Progress[] = [];
  const reading = await vision.readText(frameId, { script: 'auto' }, { onProgress: (progress) => heard.push(progress) });
  for (const line of reading.lines) {
    expect(reading.text.slice(line.start, line.end)).toBe(line.text);
    expect(line.box.x + line.box.width).toBeLessThanOrEqual(1 + 1e-9);
  }
  const last = heard.filter(({ stage }) => stage === 'read').at(-1);
  expect(last?.done).toBe(last?.total);
  expect(last?.total).toBeGreaterThan(1);
  await vision.close(frameId);
});

it('reads a barcode', async () => {
  const code = await toBuffer({
    bcid: 'ean13',
    text: '4901234567894',
    scale: 3,
    height: 20,
    includetext: false,
    backgroundcolor: 'FFFFFF',
  });
  const photo = await sharp(code).extend({ top: 40, bottom: 40, left: 60, right: 60, background: '#fff' }).png().toBuffer();
  const { frameId } = await vision.open(new Blob([new Uint8Array(photo)]));
  expect((await vision.readBarcodes(frameId)).map(({ gtin }) => gtin)).toEqual(['04901234567894']);
  await vision.close(frameId);
});

it('finds facings and gaps, with progress, and none where there are none', async () => {
  const { frameId } = await vision.open(await page());
  const progress: Progress[] = [];
  const { facings, gaps } = await vision.detectShelf(frameId, { onProgress: (step) => void progress.push(step) });
  expect(facings.length).toBeGreaterThan(3);
  expect(gaps).toHaveLength(facings.length);
  const bars = [48, 108, 168];
  for (const { box } of facings) expect(Math.min(...bars.map((y) => Math.abs((box.y + box.height / 2) * 240 - y)))).toBeLessThan(10);
  expect(progress.at(-1)).toMatchObject({ stage: 'detect', unit: 'items' });
  expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  await vision.close(frameId);
  const blank = await vision.open(await redAndBlue());
  expect(await vision.detectShelf(blank.frameId)).toEqual({ facings: [], gaps: [] });
  await vision.close(blank.frameId);
});

it('finds people and bibs, with progress, and none where there are none', async () => {
  const { frameId } = await vision.open(await page());
  const progress: Progress[] = [];
  const { people, bibs } = await vision.detectRunners(frameId, { onProgress: (step) => void progress.push(step) });
  expect(people.length).toBeGreaterThan(0);
  expect(bibs.length).toBeGreaterThan(people.length);
  const bars = [48, 108, 168];
  for (const { box } of bibs) expect(Math.min(...bars.map((y) => Math.abs((box.y + box.height / 2) * 240 - y)))).toBeLessThan(10);
  expect(progress.at(-1)).toMatchObject({ stage: 'detect', done: 1, total: 1, unit: 'items' });
  await vision.close(frameId);
  const blank = await vision.open(await redAndBlue());
  expect(await vision.detectRunners(blank.frameId)).toEqual({ people: [], bibs: [] });
  await vision.close(blank.frameId);
});

it('finds a face, cuts it out blurred, and counts it', async () => {
  const { frameId } = await vision.open(await page());
  const faces = await vision.detectFaces(frameId, { region: { x: 0, y: 0, width: 0.8, height: 0.8 } });
  expect(faces.length).toBeGreaterThan(0);
  const crop = { box: WHOLE_FRAME, maxSidePx: 100, type: 'image/jpeg', blurFaces: true } as const;
  const { blob, widthPx, heightPx, faceCount } = await vision.cropImage(frameId, crop);
  expect([blob.type, widthPx, heightPx]).toEqual(['image/jpeg', 100, 75]);
  expect(faceCount).toBeGreaterThan(0);
  expect(await sharp(Buffer.from(await blob.arrayBuffer())).metadata()).toMatchObject({ format: 'jpeg', width: 100, height: 75 });
  await expect(vision.cropImage(frameId, { ...crop, maxSidePx: 0 })).rejects.toMatchObject({ code: 'invalid-input' });
  await vision.close(frameId);
});

it('makes models ready and tells how they fare', async () => {
  const heard: Progress[] = [];
  await vision.prepare(['product-embedding', 'ppocr-detection'], { onProgress: (progress) => heard.push(progress) });
  expect(heard.at(-1)).toMatchObject({ stage: 'model', done: 2, total: 2 });
  const status = await vision.modelStatus();
  expect(status.map(({ modelId }) => modelId)).toEqual(expect.arrayContaining(['product-embedding', 'ppocr-detection']));
  await expect(vision.prepare(['tesseract-jpn'])).rejects.toMatchObject({ code: 'model-unavailable', stage: 'model', retryable: true });
});

it('stops a call at once when its signal aborts, and the worker goes on', async () => {
  const { frameId } = await vision.open(await redAndBlue());
  const controller = new AbortController();
  const call = vision.embed(
    frameId,
    Array.from({ length: 240 }, () => LEFT),
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(), 20);
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await expect(vision.embed(frameId, [LEFT])).resolves.toHaveLength(1);
  expect(threads).toHaveLength(1);
  await vision.close(frameId);
});

it('lets somebody who waits overtake work in the background', async () => {
  const { frameId } = await vision.open(await redAndBlue());
  const order: string[] = [];
  const boxes = (count: number) => Array.from({ length: count }, () => LEFT);
  // The background began first and has half as much to do: without precedence it would end first.
  const batch = vision.embed(frameId, boxes(48), { priority: 'batch' }).then(() => order.push('batch'));
  await new Promise((resolve) => void setTimeout(resolve, 5));
  const waiting = vision.embed(frameId, boxes(96)).then(() => order.push('interactive'));
  await Promise.all([batch, waiting]);
  expect(order).toEqual(['interactive', 'batch']);
  await vision.close(frameId);
});

it('says busy when too much is asked at once', async () => {
  const { frameId } = await vision.open(await redAndBlue());
  const calls = Array.from({ length: 40 }, () => vision.embed(frameId, [LEFT, RIGHT]));
  const codes = (await Promise.allSettled(calls)).map((each) =>
    each.status === 'fulfilled' ? 'done' : (each.reason as { code: string }).code,
  );
  expect(new Set(codes)).toEqual(new Set(['done', 'busy']));
  await expect(vision.embed(frameId, [LEFT])).resolves.toHaveLength(1);
  await vision.close(frameId);
});

it('rejects what an ended worker leaves behind; the next photo gets a new worker, which knows none of the old frames', async () => {
  const { frameId } = await vision.open(await redAndBlue());
  const call = vision.embed(
    frameId,
    Array.from({ length: 240 }, () => LEFT),
  );
  await new Promise((resolve) => void setTimeout(resolve, 20));
  vision.end();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await expect(vision.embed(frameId, [LEFT])).rejects.toMatchObject({ code: 'invalid-input' });
  const again = await vision.open(await redAndBlue());
  expect(again.frameId).not.toBe(frameId);
  await expect(vision.embed(again.frameId, [LEFT])).resolves.toHaveLength(1);
  expect(threads).toHaveLength(2);
  await vision.close(again.frameId);
});
