import 'fake-indexeddb/auto';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { createEgress } from '../../../src/clients/egress.ts';
import { createServerClient } from '../../../src/clients/server-client.ts';
import type { RaceGallery } from '../../../src/contracts/race-gallery.ts';
import { createDatabase } from '../../../src/store/db.ts';
import { createLedger } from '../../../src/store/ledger.ts';
import { createSettingsStore } from '../../../src/store/settings.ts';
import { removeFolders, startApp, temporaryFolder } from './test-server.ts';

let app: App | null = null;
afterEach(async () => {
  await app?.http.close();
  app = null;
});
afterAll(removeFolders);

const DAY_MS = 86_400_000;
const PHONE = { remoteAddress: '192.168.1.20' };
const ID = 'a'.repeat(32);
const PHOTO = 'c'.repeat(16);
const OTHER = 'd'.repeat(16);
const TOKEN = randomBytes(32).toString('base64url');
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function gallery(more: Partial<RaceGallery> = {}): RaceGallery {
  return {
    ...{ format: 'mekiki-race-gallery', version: 1, id: ID, tokenHash: hashOf(TOKEN), event: 'City <Run> 市民マラソン', day: '2026-11-21' },
    ...{ bib: '4711', name: '', photographer: 'Aoki', expiresAtMs: Date.now() + 30 * DAY_MS },
    photos: [
      { id: PHOTO, takenAt: '2026-11-21T11:02:03', isGoal: true },
      { id: OTHER, takenAt: null, isGoal: false },
    ],
    ...more,
  };
}

/** Grain that no other picture has, with a place in its metadata. */
async function picture(side = 320): Promise<Buffer> {
  const pixels = randomBytes(side * side * 3);
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .blur(2)
    .jpeg({ quality: 60 })
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '35/1 40/1 30/1' } })
    .toBuffer();
}

const publish = (given: unknown, more: object = {}) =>
  app!.http.inject({ method: 'POST', url: '/v1/race-galleries', payload: { gallery: given } as object, ...more });
const put = (bytes: Buffer, photo = PHOTO, more: object = {}) =>
  app!.http.inject({
    method: 'POST',
    url: `/v1/race-galleries/${ID}/photos/${photo}`,
    payload: bytes,
    headers: { 'content-type': 'image/jpeg' },
    ...more,
  });
const open = (token = TOKEN, more: object = {}) => app!.http.inject({ url: `/v1/g/${token}`, ...PHONE, ...more });
const picked = (token = TOKEN, photo = PHOTO) => app!.http.inject({ url: `/v1/g/${token}/photos/${photo}`, ...PHONE });
const takeDown = (headers: object = {}) =>
  app!.http.inject({
    method: 'POST',
    url: `/v1/g/${TOKEN}/take-down`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: '',
    ...PHONE,
  });

it('shows a runner’s pictures to whoever has the link, in two languages, without scripts and unlisted', async () => {
  app = await startApp();
  expect((await publish(gallery())).json()).toMatchObject({ id: ID, missing: [PHOTO, OTHER] });
  expect((await put(await picture())).statusCode).toBe(204);
  expect((await publish(gallery())).json()).toMatchObject({ missing: [OTHER] });
  const page = await open();
  expect(page.statusCode).toBe(200);
  expect(page.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-robots-tag': expect.stringContaining('noindex') as string,
    'referrer-policy': 'same-origin',
  });
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; img-src 'self'; style-src 'sha256-/);
  expect(page.body).toContain('City &lt;Run&gt; 市民マラソン');
  expect(page.body).toContain(`/v1/g/${TOKEN}/photos/${PHOTO}`);
  expect(page.body).not.toContain(OTHER);
  expect(page.body).not.toMatch(/<script|https?:|onclick/i);
  expect((await open(TOKEN, { headers: { 'accept-language': 'ja-JP,ja;q=0.9,en' } })).body).toContain('取り下げる');
  const image = await picked();
  expect([image.statusCode, image.headers['content-type'], image.headers['cache-control']]).toEqual([200, 'image/webp', 'no-store']);
  const { exif, width } = await sharp(image.rawPayload).metadata();
  expect([exif, width]).toEqual([undefined, 320]);
  for (const link of [open('x'), open(randomBytes(32).toString('base64url')), open('%00..%2f'), picked(TOKEN, OTHER), picked('x')])
    expect((await link).statusCode).toBe(404);
});

it('is published by operators only, and a page stays its publisher’s', async () => {
  app = await startApp();
  expect((await publish(gallery(), PHONE)).statusCode).toBe(401);
  expect((await put(await picture(), PHOTO, PHONE)).statusCode).toBe(401);
  expect((await app.http.inject({ url: '/v1/race-galleries/take-downs', ...PHONE })).statusCode).toBe(401);
  const secrets = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const key = await app!.http.inject({
        ...{ method: 'POST', url: '/v1/keys', headers: { authorization: `Bearer ${app!.firstAdminKey}` } },
        payload: { name, purpose: 'Races', role: 'operator', expiresAtMs: Date.now() + DAY_MS },
      });
      return key.json<{ secret: string }>().secret;
    }),
  );
  const as = (secret: string) => ({ ...PHONE, headers: { authorization: `Bearer ${secret}` } });
  expect((await publish(gallery(), as(secrets[0]!))).statusCode).toBe(200);
  expect((await publish(gallery(), as(secrets[1]!))).statusCode).toBe(403);
  const other = gallery({ id: 'b'.repeat(32) });
  expect((await publish(other, as(secrets[1]!))).statusCode).toBe(409);
});

it('refuses what no page says, pictures that are none, too large, or of no page, and pictures hidden in words', async () => {
  app = await startApp();
  expect((await publish({ ...gallery(), note: 'x' })).statusCode).toBe(400);
  expect((await publish(gallery({ expiresAtMs: Date.now() - 1 }))).statusCode).toBe(400);
  expect((await publish({ ...gallery(), name: 'x'.repeat(140_000) })).statusCode).toBe(413);
  expect((await put(await picture())).statusCode).toBe(404);
  await publish(gallery());
  expect((await put(Buffer.from('GIF89a no picture'))).statusCode).toBe(415);
  expect((await put(await picture(513))).statusCode).toBe(413);
  expect((await put(Buffer.alloc(200_001, 0xff))).statusCode).toBe(413);
  expect((await put(await picture(), 'e'.repeat(16))).statusCode).toBe(404);
  expect((await put(await picture(), '../../x')).statusCode).toBeGreaterThanOrEqual(400);
  const bomb = await sharp({ create: { width: 8000, height: 8000, channels: 3, background: '#fff' } })
    .webp()
    .toBuffer();
  const bombed = await app.http.inject({
    method: 'POST',
    url: `/v1/race-galleries/${ID}/photos/${PHOTO}`,
    payload: bomb,
    headers: { 'content-type': 'image/webp' },
  });
  expect(bombed.statusCode).toBe(413);
  expect((await open()).body).not.toContain('<img');
});

it('is taken down by the runner at once: hidden, without keys, for good, and the photographer is told', async () => {
  const dataFolder = temporaryFolder();
  app = await startApp({ dataFolder, erasePauseMs: 0 });
  await publish(gallery());
  const bytes = await picture();
  await put(bytes);
  // A page of another site cannot press the button; opening the link does not press it either.
  expect((await takeDown({ origin: 'https://elsewhere.example' })).statusCode).toBe(403);
  expect((await open()).statusCode).toBe(200);
  const done = await takeDown({ origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' });
  expect([done.statusCode, done.body.includes('Taken down')]).toEqual([200, true]);
  expect((await open()).statusCode).toBe(410);
  expect((await picked()).statusCode).toBe(404);
  expect((await publish(gallery())).statusCode).toBe(410);
  expect((await put(bytes)).statusCode).toBe(410);
  expect((await app.http.inject('/v1/race-galleries/take-downs')).json()).toMatchObject({ items: [{ id: ID }] });
  // Erased as everything is that people ask to be erased: with a receipt, after every file was looked through.
  await expect
    .poll(async () => (await app!.services.erasure.list({ limit: 10 })).items.map(({ state, reason }) => [state, reason]))
    .toEqual([['done', 'person']]);
  const [erasure] = (await app.services.erasure.list({ limit: 10 })).items;
  expect(erasure!.receipt).toMatchObject({ erased: [{ collection: 'race galleries', items: 1, thumbnails: 1 }], verified: { needles: 2 } });
});

it('keeps nothing readable on the disk, and not the link', async () => {
  const dataFolder = temporaryFolder();
  app = await startApp({ dataFolder });
  await publish(gallery({ bib: 'ZX987', name: 'Unmistakable Name' }));
  await put(await picture());
  const image = (await picked()).rawPayload;
  const files = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? files(join(folder, name)) : [join(folder, name)]));
  for (const path of files(dataFolder)) {
    const content = readFileSync(path);
    for (const needle of [TOKEN, 'ZX987', 'Unmistakable', image.subarray(20, 60)]) expect(content.includes(needle)).toBe(false);
  }
});

it('ends on its day, at the latest on the server’s, withdraws and replaces pictures', async () => {
  app = await startApp({ raceGalleryDays: 2, erasePauseMs: 0 });
  const { expiresAtMs } = (await publish(gallery())).json<{ expiresAtMs: number }>();
  expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + 2 * DAY_MS);
  await put(await picture());
  await put(await picture(), OTHER);
  await publish(gallery({ photos: gallery().photos.slice(1) }));
  expect([(await picked()).statusCode, (await picked(TOKEN, OTHER)).statusCode]).toEqual([404, 200]);
  expect((await publish(gallery({ photos: [] }))).json()).toEqual({ id: ID, expiresAtMs: 0, missing: [] });
  expect((await open()).statusCode).toBe(404);
  await expect.poll(async () => (await app!.services.erasure.list({ limit: 10 })).items.every(({ state }) => state === 'done')).toBe(true);
  // A withdrawn page may come back; one that is over is gone after the sweep.
  await publish(gallery({ expiresAtMs: Date.now() + 1500 }));
  expect((await put(await picture())).statusCode).toBe(204);
  await expect.poll(async () => (await open()).statusCode).toBe(404);
  expect((await picked()).statusCode).toBe(404);
  await app.services.raceGalleries.sweep();
  expect((await publish(gallery())).json()).toMatchObject({ missing: [PHOTO, OTHER] });
});

it('a device publishes what its ledger shows, byte for byte, and nothing before it may', async () => {
  app = await startApp();
  const database = createDatabase({ name: 'race-galleries-device' });
  const ledger = createLedger(database);
  const settings = createSettingsStore(database);
  const ownOrigin = 'http://localhost';
  const fetch = async (address: string, init: RequestInit): Promise<Response> => {
    const body = init.body instanceof Blob ? Buffer.from(await init.body.arrayBuffer()) : (init.body as string | null);
    const answer = await app!.http.inject({
      method: init.method as 'POST',
      url: new URL(address).pathname,
      ...(body === null ? {} : { payload: body }),
      headers: init.headers as Record<string, string>,
    });
    return new Response(answer.rawPayload.length === 0 ? null : new Uint8Array(answer.rawPayload), { status: answer.statusCode });
  };
  const server = createServerClient(
    createEgress({ ledger, settings, ownOrigin, fetch: fetch as typeof globalThis.fetch }),
    settings,
    ownOrigin,
  );
  const jpeg = await sharp(await picture(256))
    .jpeg()
    .toBuffer();
  const blob = new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' });
  const small = {
    type: 'thumbnail' as const,
    blob,
    widthPx: 256,
    heightPx: 256,
    box: { x: 0, y: 0, width: 0.5, height: 1 },
    othersShown: 0,
  };
  const place = { galleryId: ID, photoId: PHOTO };
  expect(await server.publishGallery('bib', gallery(), null)).toBeNull();
  expect(await server.publishThumbnail('bib', place, small, null)).toBe(false);
  expect(await ledger.count()).toBe(0);
  await settings.setMayLeave('bib', 'gallery', true);
  await settings.setMayLeave('bib', 'thumbnail', true);
  expect(await server.publishGallery('bib', gallery(), null)).toMatchObject({ missing: [PHOTO, OTHER] });
  expect(await server.publishThumbnail('bib', place, small, null)).toBe(true);
  expect((await picked()).statusCode).toBe(200);
  expect((await server.takeDowns(null)).items).toEqual([]);
  const departures = await ledger.departures();
  expect(departures.map(({ row, outcome }) => [row.type, outcome])).toEqual([
    ['thumbnail', 'sent'],
    ['gallery', 'sent'],
  ]);
  const sent = Buffer.from(departures[0]!.row.preview.split(',')[1]!, 'base64');
  await expect
    .poll(async () => (await app!.services.arrivals.readBack(Number.MAX_SAFE_INTEGER, 5)).map(({ type, sha256 }) => [type, sha256]))
    .toEqual([
      ['thumbnail', createHash('sha256').update(sent).digest('hex')],
      ['gallery', createHash('sha256').update(departures[1]!.row.preview).digest('hex')],
    ]);
});
