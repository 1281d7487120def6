/** @file Models by manifest: an ONNX file run here and a partner's endpoint, both checked by their golden before they answer. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelListSchema, recognitionSchema } from '../../../src/contracts/recognise-api.ts';
import { problemSchema } from '../../../src/contracts/server-api.ts';
import { buildApp, type App } from '../../../server/app.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { tinyEmbedding } from '../workers/tiny-onnx.ts';
import { plainImage } from './drawn-images.ts';
import { removeFolders, testConfig } from './test-server.ts';

const LABELS = [{ id: 'cup', en: 'Cup', ja: 'カップ' }, { id: 'bowl' }, { id: 'plate' }];
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let config: ServerConfig;
let app: App;
let admin: string;
let net: Uint8Array;
let golden: Buffer;
/** What the tiny net says about the golden, by another way: its colour straight into onnxruntime. */
let numbers: number[];
beforeAll(async () => {
  config = testConfig({ recognisers: 1, isLoopbackAllowed: true });
  app = await buildApp(config);
  admin = app.firstAdminKey ?? '';
  net = tinyEmbedding('pixels', 'numbers', LABELS.length);
  golden = await plainImage('png', 40, 30);
  const { data } = await sharp(golden).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const session = await InferenceSession.create(net);
  const pixels = Float32Array.from([0, 1, 2].flatMap((channel) => Array<number>(64).fill(data[channel]! / 255)));
  const { numbers: output } = await session.run({ pixels: new Tensor('float32', pixels, [1, 3, 8, 8]) });
  numbers = [...(output!.data as Float32Array)];
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const softmax = (values: readonly number[]) => {
  const powers = values.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};
function manifestOf(more: object = {}): Record<string, unknown> {
  return {
    ...{
      format: 'mekiki-model',
      formatVersion: 1,
      id: 'tableware',
      version: '1',
      type: 'tags',
      licence: 'CC-BY-4.0',
      source: 'drawn for this test',
    },
    provider: { name: 'Example' },
    purpose: { en: 'Tells tableware apart.' },
    weaknesses: { en: 'Knows colours only.' },
    where: {
      ...{ kind: 'onnx', sha256: sha256(net), bytes: net.byteLength },
      input: { name: 'pixels', layout: 'NCHW', widthPx: 8, heightPx: 8 },
      output: { name: 'numbers', activation: 'softmax', labels: LABELS },
    },
    golden: {
      image: golden.toString('base64'),
      expected: { tags: softmax(numbers).map((score01, i) => ({ id: LABELS[i]!.id, score01 })) },
    },
    ...more,
  };
}
const send = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  { key = admin, payload, type }: { key?: string; payload?: Buffer | object; type?: string } = {},
) =>
  app.http.inject({
    ...{ method, url: `/v1${url}` },
    ...(payload === undefined ? {} : { payload }),
    headers: { authorization: `Bearer ${key}`, ...(type === undefined ? {} : { 'content-type': type }) },
  });
const add = (manifest: object, more: object = {}) => send('POST', '/models', { payload: { manifest, ...more } });
const putNet = (bytes: Uint8Array = net, name = sha256(net)) =>
  send('PUT', `/model-files/${name}`, { payload: Buffer.from(bytes), type: 'application/octet-stream' });
const recognise = async (model: string, image: Buffer) => {
  const answer = await send('POST', `/recognise/${model}`, { payload: image, type: 'image/png' });
  return { status: answer.statusCode, answer };
};
function expectProblem(answer: Awaited<ReturnType<typeof send>>, status: number, code: string) {
  expect(answer.statusCode, answer.body.slice(0, 400)).toBe(status);
  expect(problemSchema.parse(answer.json()).code).toBe(code);
  return problemSchema.parse(answer.json()).detail ?? '';
}

describe('an ONNX file', () => {
  it('must be the one that was announced', async () => {
    expectProblem(await putNet(Buffer.from('something else')), 400, 'model-integrity');
    expectProblem(await add(manifestOf()), 400, 'model-unavailable');
    expect((await putNet()).json()).toEqual({ sha256: sha256(net), bytes: net.byteLength });
  });

  it('is refused when its golden gives something else', async () => {
    const wrong = { image: golden.toString('base64'), expected: { tags: [{ id: 'bowl', score01: 0.999 }] } };
    expect(expectProblem(await add(manifestOf({ golden: wrong })), 422, 'model-integrity')).toMatch(/"bowl" at/);
    const noInput = { ...(manifestOf()['where'] as object), input: { name: 'other', layout: 'NCHW', widthPx: 8, heightPx: 8 } };
    expectProblem(await add(manifestOf({ where: noInput })), 422, 'model-integrity');
    const tooFew = { ...(manifestOf()['where'] as object), output: { name: 'numbers', activation: 'softmax', labels: LABELS.slice(1) } };
    expectProblem(await add(manifestOf({ where: tooFew })), 422, 'model-integrity');
    expect(modelListSchema.parse((await send('GET', '/models')).json()).models.map(({ id }) => id)).not.toContain('tableware');
  });

  it('then answers like our own', async () => {
    const added = await add(manifestOf());
    expect(added.statusCode, added.body).toBe(201);
    expect(added.json()).toMatchObject({ id: 'tableware', type: 'tags', licence: 'CC-BY-4.0', provider: 'Example', sendsTo: null });
    const { answer } = await recognise('tableware', golden);
    const { tags, model } = recognitionSchema.parse(answer.json());
    expect(model).toEqual({ id: 'tableware', version: '1', type: 'tags' });
    const best = softmax(numbers).indexOf(Math.max(...softmax(numbers)));
    expect(tags?.[0]?.id).toBe(LABELS[best]!.id);
    expect(tags?.find(({ id }) => id === 'cup')?.label).toEqual({ en: 'Cup', ja: 'カップ' });
    expect(tags?.reduce((sum, { score01 }) => sum + score01, 0)).toBeCloseTo(1, 4);
    // The only model of its type stands for it.
    expect(recognitionSchema.parse((await recognise('tags', golden)).answer.json()).model.id).toBe('tableware');
  });

  it('may give vectors, in a space of its own', async () => {
    const where = { ...(manifestOf()['where'] as object), output: { name: 'numbers' } };
    const expected = { vector: numbers };
    const answer = await add(
      manifestOf({ id: 'colour-look', type: 'embedding', where, golden: { image: golden.toString('base64'), expected } }),
    );
    expect(answer.statusCode, answer.body).toBe(201);
    const { vector } = recognitionSchema.parse((await recognise('colour-look', golden)).answer.json());
    expect(vector).toMatchObject({ space: 'colour-look@1', dimensions: 3 });
    const length = Math.hypot(...numbers);
    for (const [i, value] of vector!.values.entries()) expect(value).toBeCloseTo(numbers[i]! / length, 3);
    // Ours goes on standing for embeddings.
    expect(recognitionSchema.parse((await recognise('embedding', golden)).answer.json()).model.id).toBe('product-embedding');
  });

  it('cannot take our names, nor change under its version', async () => {
    for (const id of ['text', 'zxing', 'product', 'product-embedding']) expectProblem(await add(manifestOf({ id })), 409, 'invalid-input');
    expectProblem(await add(manifestOf({ licence: 'other' })), 409, 'invalid-input');
    expect((await add(manifestOf({ licence: 'other', version: '2' }))).statusCode).toBe(201);
    expect((await send('GET', '/models/tableware')).json()).toMatchObject({ version: '2', licence: 'other' });
  });

  it.each([
    ['a path for a file', { where: { kind: 'onnx', sha256: '../../etc/passwd', bytes: 1 } }],
    ['a type that no file gives', { type: 'text' }],
    ['a golden of another type', { golden: { image: 'aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyB3b3JsZA==', expected: { text: 'x' } } }],
    ['an id that is a path', { id: '../x' }],
    ['more than a manifest holds', { extra: 1 }],
  ])('%s is refused', async (_name, more) => {
    expectProblem(await add(manifestOf(more)), 400, 'invalid-input');
  });

  it('is for admins to add', async () => {
    const { secret } = await app.services.keys.create({ name: 'x', purpose: 'y', role: 'operator' }, 'test');
    expectProblem(await send('POST', '/models', { key: secret, payload: { manifest: manifestOf() } }), 403, 'permission-denied');
    expectProblem(await send('DELETE', '/models/tableware', { key: secret }), 403, 'permission-denied');
  });

  it('goes with its model, once no other needs it', async () => {
    const files = () => readdirSync(join(config.dataFolder, 'models'));
    expect((await send('DELETE', '/models/tableware')).statusCode).toBe(204);
    expect(files()).toEqual([`${sha256(net)}.onnx`]);
    expect((await send('DELETE', '/models/colour-look')).statusCode).toBe(204);
    expect(files()).toEqual([]);
    expectProblem((await recognise('tableware', golden)).answer, 404, 'invalid-input');
    expectProblem(await send('DELETE', '/models/zxing'), 404, 'invalid-input');
  });
});

describe('an endpoint', () => {
  interface Received {
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }
  let partner: Server;
  let url: string;
  let received: Received[] = [];
  let answer: { status: number; body: unknown };
  beforeAll(async () => {
    partner = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(parts) });
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    partner.closeAllConnections();
    partner.close();
  });
  const endpoint = (more: object = {}) =>
    manifestOf({
      id: 'partner-scenes',
      where: { kind: 'endpoint', url: `${url}/v2/scenes?x=1`, maxSidePx: 100 },
      golden: { image: golden.toString('base64'), expected: { tags: [{ id: 'beach', score01: 0.8 }] } },
      ...more,
    });
  const good = {
    status: 200,
    body: {
      tags: [
        { id: 'sky', score01: 0.5 },
        { id: 'beach', score01: 0.82, label: { en: 'Beach' } },
      ],
    },
  };

  it('is asked with an image without metadata, and its answer is ours', async () => {
    answer = good;
    const added = await add(endpoint(), { authorization: 'Bearer partner-secret' });
    expect(added.statusCode, added.body).toBe(201);
    expect(added.json()).toMatchObject({ sendsTo: url, provider: 'Example' });
    expect(added.body).not.toContain('partner-secret');
    received = [];
    const photo = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#269' } })
      .withExif({ IFD0: { Copyright: 'somebody private' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(photo.includes('Exif')).toBe(true);
    const { tags, image } = recognitionSchema.parse((await recognise('partner-scenes', photo)).answer.json());
    expect(image).toEqual({ widthPx: 200, heightPx: 300 });
    expect(tags).toEqual([
      { id: 'beach', score01: 0.82, label: { en: 'Beach' } },
      { id: 'sky', score01: 0.5, label: null },
    ]);
    expect(received).toHaveLength(1);
    expect(received[0]?.headers).toMatchObject({ 'content-type': 'image/jpeg', authorization: 'Bearer partner-secret' });
    expect(received[0]?.body.includes('Exif')).toBe(false);
    const { width, height } = await sharp(received[0]?.body).metadata();
    expect([width, height]).toEqual([67, 100]);
  });

  it('is in the audit log before it is asked, by whom', async () => {
    const rows = (await app.services.audit.read(0, 5_000)).filter(({ operation }) => operation === 'models.egress');
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(rows.at(-1)?.subject).toBe(`partner-scenes → ${url}`);
    expect(rows.at(-1)?.actor).toMatch(/^[a-z2-7]{16}$/);
  });

  it.each([
    ['an error', 500, { tags: [] }],
    ['a redirect', 302, {}],
    ['another type', 200, { text: 'x' }],
    ['two types', 200, { ...good.body, boxes: [] }],
    ['a score that is none', 200, { tags: [{ id: 'x', score01: 7 }] }],
    ['no JSON object', 200, 'words'],
  ])('that answers %s is named as what failed', async (_name, status, body) => {
    answer = { status, body };
    const problem = await recognise('partner-scenes', golden);
    expectProblem(problem.answer, 502, 'server-refused');
  });

  it('must be of the public internet', async () => {
    answer = good;
    const where = { kind: 'endpoint', url: 'https://192.168.1.9/model' };
    expectProblem(await add(endpoint({ id: 'private-scenes', where })), 400, 'invalid-input');
  });

  it('that does not give its golden is not added', async () => {
    answer = { status: 200, body: { tags: [{ id: 'beach', score01: 0.2 }] } };
    expect(expectProblem(await add(endpoint({ id: 'other-scenes' })), 422, 'model-integrity')).toMatch(/"beach" at 0.200/);
  });
});

it('the command adds, lists and removes beside the server', async () => {
  const run = promisify(execFile);
  const command = (...args: string[]) =>
    run(process.execPath, ['--import', 'tsx', 'server/jobs/models.ts', ...args, '--data', config.dataFolder], { cwd: ROOT });
  const manifest = join(config.dataFolder, 'manifest.json');
  const file = join(config.dataFolder, 'net.onnx');
  writeFileSync(manifest, JSON.stringify(manifestOf({ id: 'by-command' })));
  writeFileSync(file, net);
  expect((await command('add', '--manifest', manifest, '--file', file)).stdout).toContain('Added by-command 1');
  expect((await command('list')).stdout).toMatch(/by-command\s+1\s+tags/);
  expect(recognitionSchema.parse((await recognise('by-command', golden)).answer.json()).tags).toHaveLength(3);
  expect((await command('remove', '--id', 'by-command')).stdout).toContain('Removed');
  expectProblem((await recognise('by-command', golden)).answer, 404, 'invalid-input');
  await expect(command('remove', '--id', 'by-command')).rejects.toMatchObject({ code: 2 });
});
