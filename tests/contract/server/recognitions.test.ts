/** @file Several images at once and as a job, over HTTP, with the real models. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pageSchema } from '../../../src/contracts/page-api.ts';
import { batchResponseSchema, jobResultSchema, recognitionJobSchema, type RecognitionJob } from '../../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { backUp } from '../../../server/services/storage/backup.ts';
import { DRAWN_GTIN, barcodePhoto, demoPhoto, plainImage } from './drawn-images.ts';
import { formOf, type FormFile } from './form.ts';
import { removeFolders, seededRandom, temporaryFolder, testConfig } from './test-server.ts';

let config: ServerConfig;
let app: App;
let photo: Buffer;
beforeAll(async () => {
  config = testConfig({ recognisers: 1 });
  app = await buildApp(config);
  photo = await barcodePhoto();
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

interface Sent {
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly from?: string;
}
const send = (url: string, files: readonly FormFile[], { key, headers = {}, from = '127.0.0.1' }: Sent = {}) => {
  const { type, payload } = formOf(files);
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return app.http.inject({
    method: 'POST',
    url,
    payload,
    remoteAddress: from,
    headers: { 'content-type': type, ...authorization, ...headers },
  });
};
const ask = (method: 'GET' | 'DELETE', url: string, key?: string) =>
  app.http.inject({ method, url, ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }) });
const viewer = async () => (await app.services.keys.create({ name: 'x', purpose: 'y', role: 'viewer' }, 'test')).secret;
function expectProblem(answer: Awaited<ReturnType<typeof send>>, status: number, code: string) {
  expect(answer.statusCode, answer.body.slice(0, 300)).toBe(status);
  expect(problemSchema.parse(answer.json()).code).toBe(code);
}
const resultsSchema = pageSchema(jobResultSchema);
const waitingFiles = () => {
  const folder = join(config.dataFolder, 'recognitions');
  return existsSync(folder) ? readdirSync(folder) : [];
};

async function start(files: readonly FormFile[], query = 'model=barcode', sent: Sent = {}): Promise<RecognitionJob> {
  const answer = await send(`/v1/recognitions?${query}`, files, sent);
  expect(answer.statusCode, answer.body).toBe(202);
  const job = recognitionJobSchema.parse(answer.json());
  expect(answer.headers['location']).toBe(`/v1/recognitions/${job.id}`);
  return job;
}
const read = async (id: string, key?: string) => recognitionJobSchema.parse((await ask('GET', `/v1/recognitions/${id}`, key)).json());

describe('a batch', () => {
  it('answers for each image in order, also when one of them is none', async () => {
    const answer = await send('/v1/recognise/barcode/batch', [
      { name: 'code.jpg', bytes: photo },
      { name: '../../etc/text.txt', bytes: Buffer.from('this is no image, only words') },
      { bytes: await plainImage('webp') },
    ]);
    expect(answer.statusCode, answer.body).toBe(200);
    const { results } = batchResponseSchema.parse(answer.json());
    expect(results.map(({ position, name }) => [position, name])).toEqual([
      [0, 'code.jpg'],
      [1, 'text.txt'],
      [2, null],
    ]);
    expect(results[0]?.recognition?.barcodes?.[0]?.gtin).toBe(DRAWN_GTIN);
    expect(results[1]).toMatchObject({ recognition: null, problem: { code: 'decode-unsupported' } });
    expect(results[2]?.recognition?.barcodes).toEqual([]);
  });

  it('is a form with files, some, not too many', async () => {
    const some = { name: 'a.jpg', bytes: photo };
    expectProblem(await send('/v1/recognise/barcode/batch', []), 400, 'invalid-input');
    expectProblem(
      await send(
        '/v1/recognise/barcode/batch',
        Array.from({ length: 17 }, () => some),
      ),
      413,
      'invalid-input',
    );
    const bare = await app.http.inject({
      ...{ method: 'POST', url: '/v1/recognise/barcode/batch', payload: photo, headers: { 'content-type': 'image/jpeg' } },
    });
    expectProblem(bare, 415, 'invalid-input');
    const { type, payload } = formOf([some]);
    const cut = payload.subarray(0, payload.length - 40);
    const headers = { 'content-type': type };
    expectProblem(
      await app.http.inject({ method: 'POST', url: '/v1/recognise/barcode/batch', payload: cut, headers }),
      400,
      'invalid-input',
    );
    const noBoundary = { 'content-type': 'multipart/form-data' };
    expectProblem(
      await app.http.inject({ method: 'POST', url: '/v1/recognise/barcode/batch', payload, headers: noBoundary }),
      400,
      'invalid-input',
    );
    expectProblem(await send('/v1/recognise/barcode/batch', [some], { from: '192.168.1.7' }), 401, 'permission-denied');
  });

  it('that is cut short or garbled anywhere never ends the server', async () => {
    const { type, payload } = formOf([{ name: 'a.png', bytes: await plainImage('png') }, { bytes: Buffer.from('--\r\n\r\n--') }]);
    const random = seededRandom(7);
    const headers = { 'content-type': type };
    const bodies = Array.from({ length: 120 }, (_, i) => {
      if (i % 2 === 0) return payload.subarray(0, Math.floor((payload.length * i) / 120));
      const garbled = Buffer.from(payload);
      for (let n = 0; n < 6; n++) garbled[Math.floor(random() * garbled.length)] = Math.floor(random() * 256);
      return garbled;
    });
    for (const body of bodies) {
      const answer = await app.http.inject({ method: 'POST', url: '/v1/recognise/barcode/batch', payload: body, headers });
      expect([200, 400, 413, 415]).toContain(answer.statusCode);
    }
  });

  it('refuses a file that is too large, and fields', async () => {
    expectProblem(
      await send('/v1/recognise/barcode/batch', [{ name: 'big', bytes: Buffer.alloc(20 * 1024 * 1024 + 1) }]),
      413,
      'invalid-input',
    );
    const boundary = 'x-boundary';
    const payload = `--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\ntext\r\n--${boundary}--\r\n`;
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    expectProblem(await app.http.inject({ method: 'POST', url: '/v1/recognise/barcode/batch', payload, headers }), 400, 'invalid-input');
  });
});

describe('a job', () => {
  it('is taken, done and told of; its images are gone', async () => {
    const job = await start([
      { name: 'code.jpg', bytes: photo },
      { name: 'words.jpg', bytes: Buffer.from('this is no image, only words') },
      { name: 'plain.png', bytes: await plainImage('png') },
    ]);
    expect(job).toMatchObject({ model: 'barcode', total: 3, finishedAtMs: null, expiresAtMs: null });
    await app.services.recognitionJobs.settled();
    const over = await read(job.id);
    expect(over).toMatchObject({ state: 'done', total: 3, done: 2, failed: 1 });
    expect(over.expiresAtMs! - over.finishedAtMs!).toBe(24 * 3_600_000);
    const { items, nextCursor } = resultsSchema.parse((await ask('GET', `/v1/recognitions/${job.id}/results?limit=2`)).json());
    expect(items.map(({ state, name }) => [state, name])).toEqual([
      ['done', 'code.jpg'],
      ['failed', 'words.jpg'],
    ]);
    expect(items[0]?.recognition?.barcodes?.[0]?.gtin).toBe(DRAWN_GTIN);
    expect(items[1]?.problem?.code).toBe('decode-unsupported');
    const rest = resultsSchema.parse((await ask('GET', `/v1/recognitions/${job.id}/results?cursor=${nextCursor}`)).json());
    expect(rest.items.map(({ position }) => position)).toEqual([2]);
    expect(rest.nextCursor).toBeNull();
    expect(waitingFiles()).toEqual([]);
  });

  it('holds its images encrypted while they wait, and not in a backup', async () => {
    const job = await start(
      [
        { name: 'a', bytes: demoPhoto('beef-curry-label.jpg') },
        { name: 'b', bytes: photo },
      ],
      'model=text',
    );
    const folder = join(config.dataFolder, 'recognitions', job.id);
    const stored = readFileSync(join(folder, '1.sealed'));
    expect(stored.includes(photo.subarray(0, 64))).toBe(false);
    expect(stored.length).toBeGreaterThan(photo.length);
    const to = temporaryFolder();
    const { files } = await backUp({ dataFolder: config.dataFolder, to, isWithMasterKey: false });
    expect(files.filter(({ path }) => path.startsWith('recognitions'))).toEqual([]);
    await app.services.recognitionJobs.settled();
    expect((await read(job.id)).state).toBe('done');
    expect(waitingFiles()).toEqual([]);
  });

  it('goes on after a restart', async () => {
    const own = testConfig({ recognisers: 1 });
    let server = await buildApp(own);
    const { type, payload } = formOf(Array.from({ length: 4 }, (_, i) => ({ name: `${i}`, bytes: photo })));
    const answer = await server.http.inject({
      method: 'POST',
      url: '/v1/recognitions?model=barcode',
      payload,
      headers: { 'content-type': type },
    });
    const { id } = recognitionJobSchema.parse(answer.json());
    await server.http.close();
    server = await buildApp(own);
    await server.services.recognitionJobs.settled();
    const job = recognitionJobSchema.parse((await server.http.inject({ url: `/v1/recognitions/${id}` })).json());
    expect(job).toMatchObject({ state: 'done', done: 4, failed: 0 });
    await server.http.close();
  });

  it('can be cancelled, and then erased', async () => {
    const job = await start(
      Array.from({ length: 5 }, () => ({ name: 'a', bytes: demoPhoto('beef-curry-label.jpg') })),
      'model=text',
    );
    const cancelled = recognitionJobSchema.parse((await ask('DELETE', `/v1/recognitions/${job.id}`)).json());
    expect(cancelled.state).toBe('cancelled');
    expect(waitingFiles()).toEqual([]);
    await app.services.recognitionJobs.settled();
    expect(await read(job.id)).toEqual(cancelled);
    const { items } = resultsSchema.parse((await ask('GET', `/v1/recognitions/${job.id}/results`)).json());
    expect(items.filter(({ state }) => state === 'cancelled').length).toBeGreaterThan(0);
    expect(items.every(({ state }) => state === 'cancelled' || state === 'done')).toBe(true);
    expect((await ask('DELETE', `/v1/recognitions/${job.id}`)).statusCode).toBe(200);
    expectProblem(await ask('GET', `/v1/recognitions/${job.id}`), 404, 'invalid-input');
  });

  it('is seen by its key and those that replace it, and by admins; by nobody else', async () => {
    const mine = await viewer();
    const job = await start([{ name: 'a', bytes: photo }], 'model=barcode', { key: mine });
    for (const [method, url] of [
      ['GET', `/v1/recognitions/${job.id}`],
      ['GET', `/v1/recognitions/${job.id}/results`],
      ['DELETE', `/v1/recognitions/${job.id}`],
    ] as const)
      expectProblem(await ask(method, url, await viewer()), 404, 'invalid-input');
    expectProblem(await ask('GET', `/v1/recognitions/${job.id}`), 404, 'invalid-input');
    const rotated = await app.http.inject({
      ...{ method: 'POST', url: '/v1/keys/self/rotate', payload: {}, headers: { authorization: `Bearer ${mine}` } },
    });
    const { secret } = rotated.json<{ secret: string }>();
    expect((await read(job.id, secret)).id).toBe(job.id);
    expect((await read(job.id, app.firstAdminKey ?? '')).id).toBe(job.id);
    const listed = pageSchema(recognitionJobSchema).parse((await ask('GET', '/v1/recognitions', secret)).json());
    expect(listed.items.map(({ id }) => id)).toEqual([job.id]);
    await app.services.recognitionJobs.settled();
  });

  it('is taken once for one Idempotency-Key, whatever the form’s boundary', async () => {
    const headers = { 'idempotency-key': 'one-job-please' };
    const first = await start([{ name: 'a', bytes: photo }], 'model=barcode', { headers });
    const again = await send('/v1/recognitions?model=barcode', [{ name: 'a', bytes: photo }], { headers });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.json<RecognitionJob>().id).toBe(first.id);
    expectProblem(
      await send('/v1/recognitions?model=barcode', [{ name: 'a', bytes: await plainImage('png') }], { headers }),
      422,
      'invalid-input',
    );
    await app.services.recognitionJobs.settled();
  });

  it('needs a model that is there, and room', async () => {
    expectProblem(await send('/v1/recognitions?model=nothing', [{ name: 'a', bytes: photo }]), 404, 'invalid-input');
    expectProblem(await send('/v1/recognitions', [{ name: 'a', bytes: photo }]), 400, 'invalid-input');
    const key = await viewer();
    const slow = [{ name: 'a', bytes: demoPhoto('beef-curry-label.jpg') }];
    const jobs: RecognitionJob[] = [];
    for (let i = 0; i < 10; i++) jobs.push(await start(slow, 'model=text', { key }));
    expectProblem(await send('/v1/recognitions?model=text', slow, { key }), 429, 'busy');
    for (const { id } of jobs) await ask('DELETE', `/v1/recognitions/${id}`, key);
    await app.services.recognitionJobs.settled();
  });

  it('writes down who asked, and not what was seen', async () => {
    const rows = await app.services.audit.read(0, 5_000);
    const started = rows.filter(({ operation }) => operation === 'recognition.start');
    expect(started.length).toBeGreaterThan(3);
    expect(z.uuid().safeParse(started[0]?.subject).success).toBe(true);
    expect(started[0]?.count).toBe(3);
    expect(JSON.stringify(rows)).not.toContain(DRAWN_GTIN.slice(1));
  });
});
