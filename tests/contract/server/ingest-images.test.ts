/** @file `npm run ingest` of photos: what a folder gives, what fails, and going on after `kill -9` and Ctrl-C without describing anything twice. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import { decodeKeypoints } from '../../../src/core/keypoint-bytes.ts';
import type { App } from '../../../server/app.ts';
import { backUp } from '../../../server/services/storage/backup.ts';
import { removeFolders, startApp, temporaryFolder, testConfig } from './test-server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
let app: App;
let url: string;
let folder: string;
const config = () => testConfig();
let settings: ReturnType<typeof config>;

beforeEach(async () => {
  settings = config();
  app = await startApp(settings);
  url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  folder = temporaryFolder();
});
afterEach(() => app.http.close());
afterAll(removeFolders);

/** Corners and a colour that only this seed gives. */
async function draw(file: string, seed: number, text = ''): Promise<void> {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  const boxes = Array.from({ length: 14 }, (_, i) => {
    const at = (step: number) => 30 + ((seed * 37 + i * step) % 220);
    return `<rect x="${at(53)}" y="${at(71)}" width="${20 + ((i * 7 + seed) % 40)}" height="${15 + ((i * 11 + seed) % 30)}" fill="hsl(${(seed * 47 + i * 31) % 360} 70% 45%)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="#ddd"/>${boxes.join('')}<text x="20" y="300" font-family="sans-serif" font-size="48" font-weight="700">${text}</text></svg>`;
  await sharp(Buffer.from(svg)).jpeg().toFile(path);
}

/** Start the command. `output` grows while it runs. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/jobs/ingest.ts', '--server', url, '--collection', 'goods', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told.output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, told, ended };
}

async function run(args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const { told, ended } = start(args);
  const status = await ended;
  return { status, output: told.output };
}

const count = async (): Promise<number> => (await app.services.store.describe('goods'))?.count ?? 0;

describe('a folder of photos', () => {
  it('becomes items, products and thumbnails; what is broken is named and stops nothing', { timeout: 240_000 }, async () => {
    await app.services.keeper.setRules(
      'goods',
      { holds: 'things', purpose: '', retention: { maximumAgeS: null, maximumItems: null }, thumbnails: true, needsConsent: false },
      'test',
    );
    await draw('お茶/正面.jpg', 1);
    await draw('お茶/back.jpg', 2);
    await draw('4901234567894.jpg', 3, 'MATCHA TEA');
    writeFileSync(join(folder, 'broken.jpg'), Buffer.concat([readFileSync(join(folder, 'お茶/back.jpg')).subarray(0, 300)]));
    writeFileSync(join(folder, 'text.png'), 'not a picture');
    const bomb = Buffer.from(await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).png().toBuffer()); // prettier-ignore
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    writeFileSync(join(folder, 'bomb.png'), bomb);
    writeFileSync(join(folder, 'notes.txt'), 'beside them');
    mkdirSync(join(folder, '.thumbnails'));
    writeFileSync(join(folder, '.thumbnails', 'hidden.jpg'), 'x');

    const report = join(folder, 'failed.csv');
    const first = await run(['--images', folder, '--report', report]);
    expect(first.output).toContain('6 photos, 0 of them');
    expect(first.output).toContain('3 described and kept, 0 were there, 3 failed');
    expect(first.status).toBe(1);
    const lines = readFileSync(report, 'utf8').trim().split('\n');
    expect(lines[0]).toBe('file,code,problem');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 2).join()).sort()).toEqual(
      ['bomb.png', 'broken.jpg', 'text.png'].map((file) => `"${file}","decode-unsupported"`),
    ); // prettier-ignore

    const { store, products, thumbnails } = app.services;
    const stored: { id: string; productId: string }[] = [];
    for await (const some of store.listItems('goods')) stored.push(...some);
    expect(new Set(stored.map(({ productId }) => productId))).toEqual(new Set(['images/お茶', 'images/4901234567894']));
    expect(await products.get('images/お茶')).toMatchObject({ name: { ja: 'お茶' }, gtins: [], source: 'images' });
    expect((await products.findByGtin('04901234567894'))?.id).toBe('images/4901234567894');
    const item = (await store.get('goods', '4901234567894.jpg'))!;
    const { colour, words } = fromGalleryMetadata(item.metadata);
    expect(colour?.length).toBe(256);
    expect(words).toEqual(expect.arrayContaining(['matcha']));
    expect(decodeKeypoints((await store.keypoints('goods', [item.id])).get(item.id)!).count).toBeGreaterThan(30);
    for (const { id } of stored) {
      const picture = (await thumbnails.get({ collection: 'goods', id }))!;
      expect(Math.max((await sharp(picture.bytes).metadata()).width, 1)).toBeLessThanOrEqual(240);
    }

    // Nothing changed: nothing is described. One changed, one product was given contents by somebody else: they stay.
    await products.upsert([
      {
        ...(await products.get('images/お茶'))!,
        contents: { ingredientsText: '緑茶', language: 'ja', source: 'shop', updatedAtMs: 1 },
      },
    ]);
    for (const file of ['broken.jpg', 'text.png', 'bomb.png']) rmSync(join(folder, file));
    expect(await run(['--images', folder])).toMatchObject({
      status: 0,
      output: expect.stringContaining('0 described and kept, 3 were there, 0 failed'),
    });
    await draw('お茶/back.jpg', 9);
    utimesSync(join(folder, 'お茶/back.jpg'), 1, 1);
    expect((await run(['--images', folder])).output).toContain('1 described and kept, 2 were there, 0 failed');
    expect((await products.get('images/お茶'))?.contents?.ingredientsText).toBe('緑茶');
    expect(await count()).toBe(3);
  });
});

describe('a call that is killed', () => {
  it('goes on with what is missing, after kill -9 and after Ctrl-C', { timeout: 300_000 }, async () => {
    const photos = 90;
    for (let seed = 0; seed < photos; seed++) await draw(`p${String(seed).padStart(2, '0')}.jpg`, seed);
    const args = ['--images', folder, '--no-words', '--processes', '2'];
    let before = 0;
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const { child, told, ended } = start(args);
      const known = before;
      await vi.waitFor(async () => expect(await count()).toBeGreaterThan(known), { timeout: 120_000, interval: 20 });
      child.kill(signal);
      const status = await ended;
      if (signal === 'SIGINT') {
        expect(status).toBe(130);
        expect(told.output).toContain('Stopped.');
        expect(told.output).toContain(`${photos} photos, ${before} of them`);
      }
      before = await settledCount();
      expect(before).toBeLessThan(photos);
    }
    const last = await run(args);
    expect(last).toMatchObject({
      status: 0,
      output: expect.stringContaining(`${photos - before} described and kept, ${before} were there, 0 failed`),
    });
    expect(await count()).toBe(photos);
    // The job has ended: nothing is in the way of a backup.
    await backUp({ dataFolder: settings.dataFolder, to: join(temporaryFolder(), 'backup'), isWithMasterKey: false });
  });
});

/** Rows that were durable come in by themselves. */
async function settledCount(): Promise<number> {
  let last = -1;
  for (;;) {
    const now = await count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
}

it('says at once when there is no server, no folder, or another model’s collection', { timeout: 120_000 }, async () => {
  await app.services.store.create({ name: 'goods', space: 'product-embedding@0', dimensions: 8, metric: 'cosine' });
  expect(await run(['--images', folder])).toMatchObject({
    status: 2,
    output: expect.stringContaining('holds vectors of product-embedding@0'),
  });
  await app.services.store.drop('goods');
  expect(await run(['--images', join(folder, 'nowhere')])).toMatchObject({ status: 2, output: expect.stringContaining('cannot be read') });
  expect(await run(['--images', folder, '--server', 'http://127.0.0.1:9'])).toMatchObject({
    status: 2,
    output: expect.stringContaining('No server answers'),
  });
});
