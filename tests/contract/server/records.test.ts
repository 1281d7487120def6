import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasureSchema, personExportSchema, type Erasure, type ErasureReceipt } from '../../../src/contracts/records-api.ts';
import { problemSchema, searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { createHash } from 'node:crypto';
import { buildApp, type App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { isSignedBy } from '../../../server/services/secrets/signing-key.ts';
import { removeFolders, seededRandom, startApp, temporaryFolder, testConfig, unitVector } from './test-server.ts';

const D = 32;
const THINGS = 'test-embedding@1';
const FACES = 'face-embedding@1';
const PHONE = '192.168.1.20';
const DAY_S = 86_400;
const rules = {
  holds: 'persons',
  purpose: 'Members enter without a card',
  retention: { maximumAgeS: 30 * DAY_S, maximumItems: null },
  thumbnails: true,
};
const consent = { atMs: 1_700_000_000_000, text: 'Form A, signed at the desk' };

let app: App;
let config: ServerConfig;
let admin: string;
beforeAll(async () => {
  config = testConfig({ erasePauseMs: 0 });
  app = await buildApp(config);
  admin = app.firstAdminKey ?? '';
  expect((await call('PUT', '/v1/collections/faces/rules', { body: rules })).statusCode).toBe(200);
  for (const [name, space] of [
    ['things', THINGS],
    ['faces', FACES],
  ] as const)
    expect((await call('POST', '/v1/collections', { body: { name, space, dimensions: D, metric: 'cosine' } })).statusCode).toBe(201);
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Call {
  readonly key?: string | null;
  readonly body?: object;
  readonly type?: string;
  readonly from?: string;
  readonly to?: App;
}
function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, { key = admin, body, type, from = PHONE, to = app }: Call = {}) {
  return to.http.inject({
    method,
    url,
    remoteAddress: from,
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { payload: body }),
  });
}
function expectProblem(answer: Awaited<ReturnType<typeof call>>, status: number, code: string) {
  expect(`${answer.statusCode} ${answer.body}`).toContain(`${status} `);
  expect(problemSchema.parse(answer.json()).code).toBe(code);
}

/** Not of unit length, so that what the log holds and what the engine holds are different bytes. */
const vectorOf = (seed: number) => unitVector(D, seed).map((value) => Math.fround(value * 3));
const put = async (collection: string, id: string, seed: number, more: object = {}) =>
  call('POST', `/v1/collections/${collection}/items`, {
    body: { space: collection === 'faces' ? FACES : THINGS, items: [{ id, productId: `person-${id}`, vector: vectorOf(seed), ...more }] },
  });
const find = async (collection: string, seed: number, k = 5) =>
  searchResponseSchema
    .parse(
      (
        await call('POST', `/v1/collections/${collection}/search`, {
          body: { space: collection === 'faces' ? FACES : THINGS, vector: vectorOf(seed), k },
        })
      ).json(),
    )
    .matches.map(({ id }) => id);
const picture = async (seed: number, sidePx = 64) => {
  const random = seededRandom(seed);
  const pixels = Buffer.from(Array.from({ length: sidePx * sidePx * 3 }, () => Math.floor(random() * 256)));
  return sharp(pixels, { raw: { width: sidePx, height: sidePx, channels: 3 } })
    .withExif({ IFD0: { Copyright: 'HIDDEN-IN-EXIF' } })
    .jpeg()
    .toBuffer();
};

/** Bytes that a vector may be stored as: as it was sent, and of unit length as the engine keeps it. */
function bytesOf(seed: number): Buffer[] {
  const sent = Float32Array.from(vectorOf(seed));
  let sum = 0;
  for (const value of sent) sum += value * value;
  const unit = sent.map((value) => value / Math.sqrt(sum));
  return [sent, unit].map((floats) => Buffer.from(floats.buffer).subarray(0, 16));
}
/** Files of the data folder that hold one of the needles. */
function holding(needles: readonly Uint8Array[], folder = config.dataFolder): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return needles.some((needle) => bytes.indexOf(needle) >= 0);
    });
}
async function finished(id: string): Promise<Erasure & { receipt: ErasureReceipt }> {
  let erasure: Erasure | null = null;
  await expect
    .poll(async () => (erasure = erasureSchema.parse((await call('GET', `/v1/erasures/${id}`)).json())).state, {
      timeout: 50_000,
      interval: 200,
    })
    .toBe('done');
  return erasure as unknown as Erasure & { receipt: ErasureReceipt };
}

describe('collections of persons', () => {
  it('are off until an admin turns them on with a purpose and a retention', async () => {
    const wanted = { name: 'guests', space: 'face-embedding@1', dimensions: D, metric: 'cosine' };
    expectProblem(await call('POST', '/v1/collections', { body: wanted }), 403, 'permission-denied');
    expectProblem(await call('POST', '/v1/collections', { body: wanted, key: null, from: '127.0.0.1' }), 403, 'permission-denied');
    for (const bad of [
      { ...rules, purpose: '' },
      { ...rules, retention: { maximumAgeS: null } },
    ])
      expect((await call('PUT', '/v1/collections/guests/rules', { body: bad })).statusCode).toBe(400);
    const operator = (await call('POST', '/v1/keys', { body: { name: 'o', purpose: 'o', role: 'operator' } })).json<{ secret: string }>()
      .secret;
    expectProblem(await call('PUT', '/v1/collections/guests/rules', { body: rules, key: operator }), 403, 'permission-denied');
    expect((await call('PUT', '/v1/collections/guests/rules', { body: rules })).statusCode).toBe(200);
    expect((await call('POST', '/v1/collections', { body: wanted, key: operator })).statusCode).toBe(201);
  });

  it('are closed to everybody without a key that names them', async () => {
    await put('faces', 'closed', 7, { consent });
    const broad = (await call('POST', '/v1/keys', { body: { name: 'b', purpose: 'b', role: 'operator' } })).json<{ secret: string }>()
      .secret;
    const narrow = (await call('POST', '/v1/keys', { body: { name: 'n', purpose: 'n', role: 'viewer', collections: ['faces'] } })).json<{
      secret: string;
    }>().secret;
    const search = { body: { space: FACES, vector: vectorOf(7) } };
    expect((await call('POST', '/v1/collections/faces/search', { ...search, key: null })).statusCode).toBe(401);
    expect((await call('POST', '/v1/collections/faces/search', { ...search, key: null, from: '127.0.0.1' })).statusCode).toBe(401);
    expect((await call('POST', '/v1/collections/faces/search', { ...search, key: broad })).statusCode).toBe(403);
    expect((await call('POST', '/v1/collections/faces/search', { ...search, key: narrow })).statusCode).toBe(200);
    for (const key of [null, broad]) {
      expect((await call('GET', '/v1/health', { key })).body).not.toContain('faces');
      expect((await call('GET', '/v1/collections', { key })).body).not.toContain('faces');
    }
    expect((await call('GET', '/v1/collections', { key: narrow })).body).toContain('faces');
  });

  it('show everybody what they are for and how long they keep', async () => {
    const shown = await call('GET', '/v1/collections/faces/rules', { key: null });
    expect(shown.json()).toMatchObject({ purpose: rules.purpose, retention: { maximumAgeS: 30 * DAY_S } });
  });

  it('ask for consent', async () => {
    expectProblem(await put('faces', 'unasked', 8), 400, 'invalid-input');
    expect(await find('faces', 8)).not.toContain('unasked');
  });

  it('never write a probe, whether it matches or not', async () => {
    await call('POST', '/v1/collections/faces/search', { body: { space: FACES, vector: vectorOf(4_711), k: 1 } });
    await app.services.journal.flush();
    expect(holding(bytesOf(4_711))).toEqual([]);
    // The same look does find what is stored.
    await put('things', 'stored', 4_712);
    expect(holding(bytesOf(4_712))).not.toEqual([]);
  });
});

describe('retention', () => {
  it('hides an item from the moment of its end, and erases it', async () => {
    const far = Date.now() + 3_600_000;
    expect((await put('things', 'short', 20, { validUntilMs: far })).statusCode).toBe(200);
    await put('things', 'long', 21, { validUntilMs: far });
    expect(await find('things', 20)).toContain('short');
    const ends = Date.now() + 2_000;
    expect((await put('things', 'short', 20, { validUntilMs: ends })).statusCode).toBe(200);
    await expect.poll(() => find('things', 20), { timeout: 30_000 }).not.toContain('short');
    expect(Date.now()).toBeGreaterThanOrEqual(ends);
    expect((await call('GET', '/v1/collections/things/items/short')).statusCode).toBe(404);
    expect(await find('things', 21)).toContain('long');
    await expect.poll(() => holding(bytesOf(20)), { timeout: 50_000, interval: 500 }).toEqual([]);
    expect(holding(bytesOf(21))).not.toEqual([]);
    expectProblem(await put('things', 'late', 22, { validUntilMs: 1 }), 400, 'invalid-input');
  });

  it('keeps at most so many, the newest', async () => {
    await call('PUT', '/v1/collections/few/rules', { body: { holds: 'things', retention: { maximumAgeS: null, maximumItems: 3 } } });
    await call('POST', '/v1/collections', { body: { name: 'few', space: THINGS, dimensions: D, metric: 'cosine' } });
    for (let index = 0; index < 6; index++) await put('few', `n${index}`, 30 + index);
    await expect.poll(async () => (await find('few', 30, 10)).sort(), { timeout: 50_000, interval: 500 }).toEqual(['n3', 'n4', 'n5']);
  });

  it('of a rule that came later holds what is there already', async () => {
    await call('PUT', '/v1/collections/later/rules', { body: { holds: 'things', retention: {} } });
    await call('POST', '/v1/collections', { body: { name: 'later', space: THINGS, dimensions: D, metric: 'cosine' } });
    await put('later', 'old', 40);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await call('PUT', '/v1/collections/later/rules', { body: { holds: 'things', retention: { maximumAgeS: 1 } } });
    expect(await find('later', 40)).toEqual([]);
  });
});

describe('thumbnails', () => {
  const url = '/v1/collections/faces/items/pictured/thumbnail';
  it('are encrypted at rest, without metadata, and come back', async () => {
    await put('faces', 'pictured', 50, { consent });
    const photo = await picture(1);
    expect(photo.includes('HIDDEN-IN-EXIF')).toBe(true);
    expect((await call('PUT', url, { body: photo, type: 'image/jpeg' })).statusCode).toBe(204);
    const answer = await call('GET', url);
    expect(answer.headers['content-type']).toBe('image/webp');
    expect(await sharp(answer.rawPayload).metadata()).toMatchObject({ width: 64, height: 64, format: 'webp' });
    expect(answer.rawPayload.includes('HIDDEN-IN-EXIF')).toBe(false);
    const inside = answer.rawPayload.subarray(64, 96);
    expect(holding([inside, photo.subarray(200, 232), Buffer.from('HIDDEN-IN-EXIF')])).toEqual([]);
    expect((await call('GET', url, { key: null, from: '127.0.0.1' })).statusCode).toBe(401);
  });

  it.each<[string, () => Promise<Buffer> | Buffer, string, number]>([
    ['a picture that is too large', () => picture(2, 400), 'image/jpeg', 413],
    ['what is no picture', () => Buffer.alloc(2_000, 7), 'image/jpeg', 415],
    ['a drawing', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'image/jpeg', 415],
    [
      'a PNG',
      async () =>
        sharp(await picture(3))
          .png()
          .toBuffer(),
      'image/webp',
      415,
    ],
    [
      'a PNG by name',
      async () =>
        sharp(await picture(3))
          .png()
          .toBuffer(),
      'image/png',
      415,
    ],
    ['too many bytes', () => Buffer.alloc(70_000, 7), 'image/jpeg', 413],
  ])('are not %s', async (_name, bytes, type, status) => {
    expectProblem(await call('PUT', url, { body: await bytes(), type }), status, 'invalid-input');
  });

  it('are kept only where the rules allow them, and of items that exist', async () => {
    const photo = await picture(4);
    expectProblem(
      await call('PUT', '/v1/collections/things/items/long/thumbnail', { body: photo, type: 'image/jpeg' }),
      403,
      'permission-denied',
    );
    expectProblem(
      await call('PUT', '/v1/collections/faces/items/nobody/thumbnail', { body: photo, type: 'image/jpeg' }),
      404,
      'invalid-input',
    );
  });
});

describe('erasing', () => {
  it('a person leaves no byte of vector or thumbnail, gives a receipt, and keeps the others', { timeout: 120_000 }, async () => {
    const photo = await picture(60);
    // A table file with many rows: one deleted row of it is not rewritten by compaction.
    const crowd = Array.from({ length: 200 }, (_, index) => ({
      id: `crowd-${index}`,
      productId: `crowd-${index}`,
      vector: vectorOf(1_000 + index),
      consent,
    }));
    await call('POST', '/v1/collections/faces/items', {
      body: { space: FACES, items: [...crowd, { id: 'm1', productId: 'mallory', vector: vectorOf(60), consent }] },
    });
    await put('faces', 'm2', 61, { productId: 'mallory', consent });
    // Replaced: the vector before is to go as well.
    await put('faces', 'm2', 62, { productId: 'mallory', consent });
    await call('PUT', '/v1/collections/faces/items/m1/thumbnail', { body: photo, type: 'image/jpeg' });
    const wrapped = (await app.services.records.ofPerson('mallory')).map(({ id }) => id);
    expect(wrapped.sort()).toEqual(['m1', 'm2']);

    const exported = personExportSchema.parse((await call('GET', '/v1/persons/mallory')).json());
    const [part] = exported.collections;
    expect(part).toMatchObject({ name: 'faces', rules: { purpose: rules.purpose } });
    expect(part?.items.map(({ id }) => id)).toEqual(['m1', 'm2']);
    expect(part?.items[0]).toMatchObject({ consent, thumbnail: { type: 'image/webp' } });
    expect(Buffer.from(part?.items[0]?.vector ?? '', 'base64').byteLength).toBe(D * 4);
    for (const seed of [60, 61, 62]) expect(holding(bytesOf(seed)), `control ${seed}`).not.toEqual([]);

    const begun = await call('DELETE', '/v1/persons/mallory');
    expect(begun.statusCode).toBe(202);
    const { id } = erasureSchema.parse(begun.json());
    // At once: neither found nor read.
    expect(await find('faces', 60)).not.toContain('m1');
    expect((await call('GET', '/v1/collections/faces/items/m1/thumbnail')).statusCode).toBe(404);
    expect((await call('DELETE', '/v1/persons/mallory')).statusCode).toBe(404);

    const { receipt } = await finished(id);
    for (const seed of [60, 61, 62]) expect(holding(bytesOf(seed)), `vector ${seed}`).toEqual([]);
    expect(holding([Buffer.from('mallory')])).toEqual([]);
    expect(receipt).toMatchObject({ reason: 'person', erased: [{ collection: 'faces', items: 2, thumbnails: 1 }] });
    expect(receipt.verified.needles).toBeGreaterThanOrEqual(4);
    expect(receipt.verified.rewritten).toBeGreaterThan(0);
    expect(receipt.subject).toBe(createHash('sha256').update(`${receipt.salt}mallory`).digest('hex'));
    const { signature, ...unsigned } = receipt;
    expect(isSignedBy(receipt.publicKey, JSON.stringify(unsigned), signature)).toBe(true);
    expect(isSignedBy(receipt.publicKey, JSON.stringify({ ...unsigned, finishedAtMs: 0 }), signature)).toBe(false);

    expect(await find('faces', 1_005, 1)).toEqual(['crowd-5']);
    expect(personExportSchema.parse((await call('GET', '/v1/persons/mallory')).json()).collections).toEqual([]);
    const { items } = (await call('GET', '/v1/audit?limit=500')).json<{ items: { operation: string; subject: string }[] }>();
    expect(items.some(({ operation, subject }) => operation === 'erasure.done' && subject === id)).toBe(true);
  });

  it('of items is what deleting means where there are rules', { timeout: 120_000 }, async () => {
    await put('faces', 'gone', 70, { consent });
    expect((await call('DELETE', '/v1/collections/faces/items', { body: { ids: ['gone'] } })).json()).toEqual({ deleted: 1 });
    await expect.poll(() => holding(bytesOf(70)), { timeout: 60_000, interval: 500 }).toEqual([]);
  });

  it('is taken up again after a stop, and an item may be written again when it is done', { timeout: 120_000 }, async () => {
    const slow = testConfig({ erasePauseMs: 3_600_000 });
    let other = await buildApp(slow);
    const key = other.firstAdminKey ?? '';
    await call('POST', '/v1/collections', { to: other, key, body: { name: 'things', space: THINGS, dimensions: D, metric: 'cosine' } });
    const write = () =>
      call('POST', '/v1/collections/things/items', {
        to: other,
        key,
        body: { space: THINGS, items: [{ id: 'a', productId: 'p', vector: vectorOf(80) }] },
      });
    await write();
    const { id } = erasureSchema.parse(
      (await call('POST', '/v1/collections/things/erasures', { to: other, key, body: { ids: ['a'] } })).json(),
    );
    expectProblem(await write(), 409, 'busy');
    await other.http.close();

    other = await buildApp({ ...slow, erasePauseMs: 0 });
    await expect
      .poll(async () => erasureSchema.parse((await call('GET', `/v1/erasures/${id}`, { to: other, key })).json()).state, {
        timeout: 60_000,
        interval: 300,
      })
      .toBe('done');
    expect(holding(bytesOf(80), slow.dataFolder)).toEqual([]);
    expect((await write()).statusCode).toBe(200);
    await other.http.close();
  });
});

describe('the master key', () => {
  it('is made once, readable by its owner only, and asked for ever after', async () => {
    const path = join(config.dataFolder, 'master.key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const folder = temporaryFolder();
    const own = testConfig({ dataFolder: folder });
    await (await buildApp(own)).http.close();
    const key = readFileSync(join(folder, 'master.key'), 'utf8');
    writeFileSync(join(folder, 'master.key'), `${Buffer.alloc(32, 9).toString('base64')}\n`);
    await expect(buildApp(own)).rejects.toThrow(/not the master key/);
    writeFileSync(join(folder, 'master.key'), 'short');
    await expect(buildApp(own)).rejects.toThrow(/32 bytes/);
    rmSync(join(folder, 'master.key'));
    await expect(buildApp(own)).rejects.toThrow(/master key is missing/);
    expect(existsSync(join(folder, 'master.key'))).toBe(false);
    await (await buildApp({ ...own, masterKey: key.trim() })).http.close();
  });

  it('may come from a file elsewhere', async () => {
    const path = join(temporaryFolder(), 'key');
    await expect(startApp({ masterKeyFile: path })).rejects.toThrow(/missing/);
    writeFileSync(path, Buffer.alloc(32, 3).toString('base64'));
    const other = await startApp({ masterKeyFile: path });
    await other.http.close();
  });
});
