import 'fake-indexeddb/auto';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { answerOf, piecesOf } from '../../../src/clients/answer.ts';
import { createEgress, type AnswerLimits, type Egress } from '../../../src/clients/egress.ts';
import { createServerClient } from '../../../src/clients/server-client.ts';
import {
  PAYLOAD_TYPES,
  type CropPayload,
  type EgressPayload,
  type GalleryPayload,
  type LedgerRow,
  type ReportPayload,
  type ThumbnailPayload,
} from '../../../src/contracts/egress.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Product } from '../../../src/contracts/product.ts';
import { createDatabase } from '../../../src/store/db.ts';
import { createLedger } from '../../../src/store/ledger.ts';
import { createSettingsStore } from '../../../src/store/settings.ts';
import { visitReport } from '../shelf/visit-fixtures.ts';

const OWN = 'https://mekiki.test';
const answer = z.object({ ok: z.boolean() });
const vector: EgressPayload = { type: 'vector', space: 'product-embedding@2', vector: Float32Array.from([0.6, 0.8, 0.1]) };
const report: ReportPayload = { type: 'report', report: visitReport() };
const text: EgressPayload = { type: 'text', text: '04900000000001' };

/** How a payload is proposed. */
interface Way extends AnswerLimits {
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: object;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Propose a payload as the typed client does, and read the answer. */
async function send(egress: Egress, lensId: string, origin: string, payload: EgressPayload, way: Way = {}): Promise<{ ok: boolean }> {
  const { query = {}, method = 'POST', body = {}, signal, headers = {}, ...limits } = way;
  const address = new URL('/v1/test', origin);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const json = method === 'GET' ? {} : { body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } };
  const proposal = new Request(address, { method, headers, ...json, ...(signal === undefined ? {} : { signal }) });
  const response = await egress.carrying(lensId, payload, limits)(proposal);
  const text = await response.text();
  return answerOf(
    (async () => {
      if (!response.ok) return { error: text, response };
      return { data: JSON.parse(text) as unknown, response };
    })(),
    answer,
  );
}

let counter = 0;
/** A gate with everything switched on, a ledger, and a server that answers as told. */
async function setUp(
  answer: (url: string, init: RequestInit) => Promise<Response> | Response = () => Response.json({ ok: true }),
  isOn = true,
) {
  const database = createDatabase({ name: `egress-${++counter}` });
  const ledger = createLedger(database);
  const settings = createSettingsStore(database);
  if (isOn) for (const type of PAYLOAD_TYPES) await settings.setMayLeave('product', type, true);
  const fetch = vi.fn(async (url: string, init: RequestInit) => answer(url, init));
  const egress = createEgress({ ledger, settings, ownOrigin: OWN, fetch: fetch as unknown as typeof globalThis.fetch });
  const rows = async (): Promise<LedgerRow[]> => (await ledger.list()).reverse();
  return { egress, ledger, settings, fetch, rows };
}

async function crop(overrides: Partial<CropPayload> = {}, size = { width: 64, height: 48 }): Promise<CropPayload> {
  const bytes = await sharp({ create: { ...size, channels: 3, background: '#c04020' } })
    .jpeg()
    .toBuffer();
  return {
    type: 'crop',
    blob: new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }),
    widthPx: size.width,
    heightPx: size.height,
    detectionClass: 'product',
    box: { x: 0.1, y: 0.1, width: 0.5, height: 0.5 },
    faceCount: 0,
    ...overrides,
  };
}

const gallery: GalleryPayload = {
  type: 'gallery',
  gallery: {
    ...{ format: 'mekiki-race-gallery', version: 1, id: 'a'.repeat(32), tokenHash: 'b'.repeat(64), event: 'City Run', day: '2026-11-21' },
    ...{ bib: '7', name: '', photographer: '', expiresAtMs: 1, photos: [{ id: 'c'.repeat(16), takenAt: null, isGoal: true }] },
  },
};

async function thumbnail(overrides: Partial<ThumbnailPayload> = {}): Promise<ThumbnailPayload> {
  const { blob, widthPx, heightPx, box } = await crop();
  return { type: 'thumbnail', blob, widthPx, heightPx, box, othersShown: 0, ...overrides };
}

describe('runners’ pages', () => {
  it('leave as the ledger shows them, a picture without anything beside it, a key without a trace', async () => {
    const { egress, fetch, rows } = await setUp();
    const send = async (payload: EgressPayload, url: string, body: string | null): Promise<void> => {
      const gate = egress.carrying('product', payload, { secret: 'mk_secret' });
      await gate(new Request(url, { method: 'POST', ...(body === null ? {} : { body, headers: { 'content-type': 'application/json' } }) }));
    };
    await send(gallery, `${OWN}/v1/race-galleries`, JSON.stringify({ gallery: gallery.gallery }));
    const picture = await thumbnail();
    await send(picture, `${OWN}/v1/race-galleries/x/photos/y`, null);
    const [page, image] = fetch.mock.calls.map(([url, init]) => ({ url, init }));
    const [pageRow, , imageRow] = await rows();
    expect(pageRow).toMatchObject({ type: 'gallery', preview: page!.init.body, status: 'sending' });
    expect(imageRow).toMatchObject({
      type: 'thumbnail',
      bytes: picture.blob.size,
      preview: expect.stringMatching(/^data:image\/jpeg;base64,/) as string,
    });
    expect(image).toMatchObject({ url: `${OWN}/v1/race-galleries/x/photos/y`, init: { body: picture.blob } });
    expect(new Headers(image!.init.headers).get('authorization')).toBe('Bearer mk_secret');
    expect(JSON.stringify(await rows())).not.toContain('mk_secret');
  });

  it('are blocked with a stranger’s face, most of the photo, another size than they say, or more than a page says', async () => {
    const { egress, fetch } = await setUp();
    const whole = { x: 0, y: 0, width: 1, height: 0.7 };
    const bad: EgressPayload[] = [
      ...[await thumbnail({ othersShown: 1 }), await thumbnail({ box: whole }), await thumbnail({ widthPx: 32 })],
      await thumbnail({ blob: new Blob(['no picture'], { type: 'image/jpeg' }) }),
      { ...gallery, gallery: { ...gallery.gallery, photo: 'data:' } as never },
      { ...gallery, gallery: { ...gallery.gallery, name: 'x'.repeat(201) } },
    ];
    for (const payload of bad) {
      const gate = egress.carrying('product', payload);
      await expect(gate(new Request(`${OWN}/v1/race-galleries`, { method: 'POST', body: '{}' }))).rejects.toMatchObject({
        code: 'invalid-input',
      });
    }
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('switches', () => {
  it.each(PAYLOAD_TYPES.filter((type) => type !== 'clip'))('lets no %s out before it is switched on', async (type) => {
    const { egress, fetch, rows } = await setUp(undefined, false);
    const payloads = {
      vector,
      text,
      count: { type: 'count', counts: { a: 1 } },
      crop: await crop(),
      report,
      gallery,
      thumbnail: await thumbnail(),
    };
    const payload = payloads[type] as EgressPayload;
    await expect(send(egress, 'product', OWN, payload)).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).not.toHaveBeenCalled();
    expect(await rows()).toEqual([]);
  });

  it('one lens allowed is not another, one type is not another', async () => {
    const { egress, settings, fetch } = await setUp(undefined, false);
    await settings.setMayLeave('label', 'text', true);
    await expect(send(egress, 'product', OWN, text)).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(send(egress, 'label', OWN, vector)).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).not.toHaveBeenCalled();
    await send(egress, 'label', OWN, text);
    expect(fetch).toHaveBeenCalledOnce();
  });

  it('switched off again means off again', async () => {
    const { egress, settings, fetch } = await setUp();
    await settings.setMayLeave('product', 'vector', false);
    await expect(send(egress, 'product', OWN, vector)).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('sends to the configured server and to nobody else', async () => {
    const { egress, settings, fetch } = await setUp();
    for (const destination of ['https://elsewhere.test', 'http://mekiki.test', 'https://mekiki.test:444'])
      await expect(send(egress, 'product', destination, vector)).rejects.toMatchObject({ code: 'permission-denied' });
    await settings.set('serverUrl', 'https://shop.test:8443');
    await expect(send(egress, 'product', OWN, vector)).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(egress.carrying('product', vector)(new Request('data:text/plain,x'))).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).not.toHaveBeenCalled();
    await send(egress, 'product', 'https://shop.test:8443/', vector);
    expect(fetch.mock.calls[0]![0]).toBe('https://shop.test:8443/v1/test');
  });

  it('nothing leaves whatever is tried while everything is off', async () => {
    const { egress, fetch } = await setUp(undefined, false);
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.constantFrom(...PAYLOAD_TYPES, '__proto__', 'frame'), fc.string(), async (junk, type, lens) => {
        const payload = { ...(typeof junk === 'object' ? junk : {}), type } as unknown as EgressPayload;
        await expect(send(egress, lens, OWN, payload)).rejects.toMatchObject({ code: 'permission-denied' });
      }),
      { numRuns: 60 },
    );
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('ledger', () => {
  it('is written before the request, shows exactly what leaves, and is completed after', async () => {
    const database = createDatabase({ name: `egress-${++counter}` });
    const ledger = createLedger(database);
    let rowsAtRequest: LedgerRow[] = [];
    let sentBody = '';
    const fetch = (async (_url: string, init: RequestInit) => {
      rowsAtRequest = await ledger.list();
      sentBody = init.body as string;
      return Response.json({ ok: true });
    }) as unknown as typeof globalThis.fetch;
    const egress = createEgress({
      ledger,
      settings: { mayLeave: async () => true, get: async () => '' },
      ownOrigin: OWN,
      fetch,
      now: () => 42,
    });
    expect(await send(egress, 'product', OWN, vector, { body: { k: 5 } })).toEqual({ ok: true });
    expect(rowsAtRequest).toHaveLength(1);
    const [sending] = rowsAtRequest;
    expect(sending).toMatchObject({ status: 'sending', lensId: 'product', destination: OWN, type: 'vector', atMs: 42, completes: null });
    expect(sending!.preview).toBe(sentBody);
    expect(sending!.bytes).toBe(Buffer.byteLength(sentBody));
    expect(JSON.parse(sentBody)).toEqual({ k: 5, space: 'product-embedding@2', vector: [0.6, 0.8, 0.1] });
    expect((await ledger.list())[0]).toMatchObject({ status: 'sent', completes: sending!.sequence, bytes: sending!.bytes });
    expect(await ledger.verify()).toMatchObject({ isIntact: true });
  });

  it('full: nothing leaves', async () => {
    const fetch = vi.fn();
    const full = { append: () => Promise.reject(new AppError('quota-exceeded', 'full')) };
    const egress = createEgress({ ledger: full, settings: { mayLeave: async () => true, get: async () => '' }, ownOrigin: OWN, fetch });
    await expect(send(egress, 'product', OWN, vector)).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('every request has its row: bytes and preview of arbitrary payloads', async () => {
    const { egress, fetch, rows } = await setUp();
    const payloads = fc.oneof(
      fc
        .float32Array({ minLength: 2, maxLength: 40, noNaN: true, noDefaultInfinity: true })
        .map((values): EgressPayload => ({ type: 'vector', space: 'm@1', vector: values })),
      fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }).map((value): EgressPayload => ({ type: 'text', text: value })),
      fc
        .dictionary(fc.stringMatching(/^[a-z][a-z_-]{0,10}$/), fc.double({ noNaN: true, noDefaultInfinity: true }), { maxKeys: 5 })
        .map((counts): EgressPayload => ({ type: 'count', counts })),
    );
    await fc.assert(
      fc.asyncProperty(payloads, fc.boolean(), async (payload, isInAddress) => {
        fetch.mockClear();
        const chosen = isInAddress && payload.type === 'text' ? { method: 'GET' as const, query: { gtin: payload.text } } : {};
        await send(egress, 'product', OWN, payload, chosen);
        const [url, init] = fetch.mock.calls[0]!;
        const left = init.body === undefined ? new URL(url).search.slice(1) : (init.body as string);
        const [sending, sent] = (await rows()).slice(-2);
        expect(sending).toMatchObject({ status: 'sending', bytes: Buffer.byteLength(left), preview: left });
        expect(sent).toMatchObject({ status: 'sent', completes: sending!.sequence });
        if (payload.type === 'vector') {
          const body = JSON.parse(left) as { vector: number[] };
          expect(Float32Array.from(body.vector).map((value) => value + 0)).toEqual(payload.vector.map((value) => value + 0));
        }
        if (payload.type === 'text' && init.body === undefined)
          expect(new URL(url).searchParams.get('gtin')).toBe(Buffer.from(payload.text).toString());
        expect(Object.keys(init.headers as object).sort()).toEqual(init.body === undefined ? ['accept'] : ['accept', 'content-type']);
        expect(init).toMatchObject({ credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer', cache: 'no-store' });
      }),
      { numRuns: 60 },
    );
  });
});

describe('what a proposal may say', () => {
  it('switches go along; headers do not', async () => {
    const { egress, fetch, rows } = await setUp();
    const headers = { authorization: 'Bearer secret', 'x-note': 'Aya was here', cookie: 'a=b' };
    await send(egress, 'product', OWN, vector, { body: { k: 5, isFast: true }, headers });
    const [, init] = fetch.mock.calls[0]!;
    expect(init.headers).toEqual({ accept: 'application/json', 'content-type': 'application/json' });
    expect(Object.keys(JSON.parse(init.body as string) as object).sort()).toEqual(['isFast', 'k', 'space', 'vector']);
    expect((await rows())[0]!.preview).toBe(init.body);
  });

  it('what it says of the payload is written anew from the payload', async () => {
    const { egress, fetch } = await setUp();
    await send(egress, 'product', OWN, vector, { body: { space: 'Aya', vector: ['lives here'] } });
    expect(JSON.parse(fetch.mock.calls[0]![1].body as string)).toEqual({ space: 'product-embedding@2', vector: [0.6, 0.8, 0.1] });
  });

  it.each<[string, Way]>([
    ['a text beside a vector', { body: { note: 'Aya was here' } }],
    ['a list', { body: { note: ['Aya'] } }],
    ['an object', { body: { note: { name: 'Aya' } } }],
    ['another method', { method: 'DELETE' }],
  ])('%s stops it before a byte left', async (_name, way) => {
    const { egress, fetch, rows } = await setUp();
    await expect(send(egress, 'product', OWN, vector, way)).rejects.toMatchObject({ code: 'bug' });
    expect(fetch).not.toHaveBeenCalled();
    expect(await rows()).toEqual([]);
  });

  it('an address names the text and nothing besides', async () => {
    const { egress, fetch } = await setUp();
    await expect(send(egress, 'product', OWN, text, { method: 'GET', query: {} })).rejects.toMatchObject({ code: 'bug' });
    const query = { gtin: text.text, name: 'Aya' };
    await expect(send(egress, 'product', OWN, text, { method: 'GET', query })).rejects.toMatchObject({ code: 'bug' });
    expect(fetch).not.toHaveBeenCalled();
    await send(egress, 'product', OWN, text, { method: 'GET', query: { gtin: text.text, limit: '5' } });
    expect(fetch.mock.calls[0]![0]).toBe(
      `${OWN}/v1/test?gtin=${text.text}&limit=5`.replace(/gtin=\d+&limit=5/, `limit=5&gtin=${text.text}`),
    );
  });
});

describe('questions', () => {
  it('carry nothing', async () => {
    const { egress, fetch, rows } = await setUp(undefined, false);
    await egress.asking()(new Request(`${OWN}/v1/health`, { headers: { authorization: 'Bearer x', range: 'bytes=5-' } }));
    expect(fetch.mock.calls[0]![1].headers).toEqual({ accept: 'application/json', range: 'bytes=5-' });
    for (const proposal of [new Request(`${OWN}/v1/health?who=Aya`), new Request(`${OWN}/v1/health`, { method: 'POST', body: 'Aya' })])
      await expect(egress.asking()(proposal)).rejects.toMatchObject({ code: 'bug' });
    await expect(egress.asking()(new Request('https://elsewhere.test/v1/health'))).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).toHaveBeenCalledOnce();
    expect(await rows()).toEqual([]);
  });
});

describe('routes that take photos', () => {
  it.each(['/v1/recognise/text', '/v1/recognise/product/batch', '/v1/recognitions'])(
    '%s is refused, whatever it is given',
    async (path) => {
      const { egress, fetch, rows } = await setUp();
      const proposal = (type: string) => new Request(`${OWN}${path}`, { method: 'POST', body: '{}', headers: { 'content-type': type } });
      for (const type of ['image/jpeg', 'multipart/form-data; boundary=x', 'application/json']) {
        await expect(egress.carrying('product', vector)(proposal(type))).rejects.toMatchObject({ code: 'permission-denied' });
        await expect(egress.operating('mk_secret')(proposal(type))).rejects.toMatchObject({ code: 'permission-denied' });
      }
      expect(fetch).not.toHaveBeenCalled();
      expect(await rows()).toEqual([]);
    },
  );
});

describe('operators', () => {
  const SECRET = 'mk_abcdefghijklmnop_secret';

  it('send their key to the configured server only, and no cookies', async () => {
    const { egress, fetch, rows } = await setUp(undefined, false);
    const body = JSON.stringify({ name: 'till 3' });
    const proposal = (origin: string) =>
      new Request(`${origin}/v1/keys?limit=2`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-note': 'Aya' } });
    await expect(egress.operating(SECRET)(proposal('https://elsewhere.test'))).rejects.toMatchObject({ code: 'permission-denied' });
    expect(fetch).not.toHaveBeenCalled();
    await egress.operating(SECRET)(proposal(OWN));
    const [url, init] = fetch.mock.calls[0]!;
    expect(url).toBe(`${OWN}/v1/keys?limit=2`);
    expect(init.headers).toEqual({ accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${SECRET}` });
    expect(init).toMatchObject({
      method: 'POST',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    expect(await (init.body as Blob).text()).toBe(body);
    expect(await rows()).toEqual([]);
  });

  it.each([
    ['a picture', '/v1/collections/c/ingest', 'image/jpeg'],
    ['a form', '/v1/collections/c/ingest', 'multipart/form-data; boundary=x'],
    ['anything outside the API', '/elsewhere', 'application/json'],
  ])('cannot send %s', async (_name, path, type) => {
    const { egress, fetch } = await setUp();
    const proposal = new Request(`${OWN}${path}`, { method: 'POST', body: 'x', headers: { 'content-type': type } });
    await expect(egress.operating(SECRET)(proposal)).rejects.toMatchObject({ code: 'bug' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('get an answer piece by piece, up to its limit and the longest silence', async () => {
    const pieces = (count: number, init: RequestInit, isEnding = true): Response => {
      let given = 0;
      return new Response(
        new ReadableStream({
          start(controller) {
            init.signal!.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
          },
          pull(controller) {
            if (given < count) controller.enqueue(new Uint8Array(1000).fill(65));
            else if (isEnding) controller.close();
            given += 1;
          },
        }),
      );
    };
    const read = async (response: Response): Promise<number> => {
      let bytes = 0;
      for await (const piece of piecesOf(response.body!)) bytes += piece.length;
      return bytes;
    };
    const ask = (egress: Egress, silenceMs: number) =>
      egress.operating(SECRET, { isStream: true, maxAnswerBytes: 5000, silenceMs })(new Request(`${OWN}/v1/x`));
    const whole = await setUp((_url, init) => pieces(5, init));
    expect(await read(await ask(whole.egress, 1000))).toBe(5000);
    const tooMuch = await setUp((_url, init) => pieces(6, init));
    await expect(ask(tooMuch.egress, 1000).then(read)).rejects.toMatchObject({ code: 'server-refused' });
    const silent = await setUp((_url, init) => pieces(3, init, false));
    await expect(ask(silent.egress, 20).then(read)).rejects.toMatchObject({ code: 'offline' });
  });
});

describe('crops', () => {
  it('lets a clean small crop out, as bytes', async () => {
    const { egress, fetch, rows } = await setUp();
    const payload = await crop();
    await send(egress, 'product', OWN, payload);
    expect(fetch.mock.calls[0]![1].body).toBe(payload.blob);
    const [sending] = await rows();
    expect(sending).toMatchObject({ type: 'crop', bytes: payload.blob.size });
    expect(sending!.preview).toBe(`data:image/jpeg;base64,${Buffer.from(await payload.blob.arrayBuffer()).toString('base64')}`);
  });

  it('lets WebP out, lossy, lossless and with alpha', async () => {
    const { egress } = await setUp();
    const picture = sharp({ create: { width: 30, height: 20, channels: 4, background: { r: 1, g: 200, b: 3, alpha: 0.5 } } });
    for (const options of [{ quality: 80 }, { lossless: true }]) {
      const blob = new Blob([new Uint8Array(await picture.clone().webp(options).toBuffer())], { type: 'image/webp' });
      await expect(send(egress, 'product', OWN, await crop({ blob, widthPx: 30, heightPx: 20 }))).resolves.toEqual({ ok: true });
    }
  });

  it('lets a progressive JPEG out', async () => {
    const { egress } = await setUp();
    const noise = sharp({
      create: { width: 80, height: 60, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
    });
    const blob = new Blob([new Uint8Array(await noise.jpeg({ progressive: true }).toBuffer())], { type: 'image/jpeg' });
    await expect(send(egress, 'product', OWN, await crop({ blob, widthPx: 80, heightPx: 60 }))).resolves.toEqual({ ok: true });
  });

  const jpeg = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#c04020' } }).jpeg();
  const blobOf = (bytes: Buffer, type = 'image/jpeg') => new Blob([new Uint8Array(bytes)], { type });
  const bad: [string, () => Promise<Partial<CropPayload>>][] = [
    ['a face', async () => ({ faceCount: 1 })],
    ['a face count that is no number', async () => ({ faceCount: Number.NaN })],
    ['more than 60 % of its frame', async () => ({ box: { x: 0, y: 0, width: 0.8, height: 0.8 } })],
    ['a box outside the frame', async () => ({ box: { x: 0.7, y: 0, width: 0.5, height: 0.5 } })],
    ['a box with NaN', async () => ({ box: { x: 0, y: 0, width: Number.NaN, height: 0.5 } })],
    ['no class', async () => ({ detectionClass: '' })],
    ['a class that carries text', async () => ({ detectionClass: 'Aya lives at 1-2-3' })],
    ['0 bytes', async () => ({ blob: blobOf(Buffer.alloc(0)) })],
    ['a PNG', async () => ({ blob: blobOf(await jpeg(64, 48).png().toBuffer()) })],
    ['a type that lies', async () => ({ blob: blobOf(await jpeg(64, 48).toBuffer(), 'image/webp') })],
    ['a size that lies', async () => ({ widthPx: 32 })],
    ['more than 512 px', async () => ({ blob: blobOf(await jpeg(513, 20).toBuffer()), widthPx: 513, heightPx: 20 })],
    [
      'Exif',
      async () => ({
        blob: blobOf(
          await jpeg(64, 48)
            .withExif({ IFD0: { Artist: 'Aya' } })
            .toBuffer(),
        ),
      }),
    ],
    ['a comment', async () => ({ blob: blobOf(withComment(await jpeg(64, 48).toBuffer())) })],
    ['something behind the picture', async () => ({ blob: blobOf(Buffer.concat([await jpeg(64, 48).toBuffer(), Buffer.from('secret')])) })],
    ['a cut JPEG', async () => ({ blob: blobOf((await jpeg(64, 48).toBuffer()).subarray(0, -9)) })],
    [
      'WebP with Exif',
      async () => ({
        blob: blobOf(
          await jpeg(64, 48)
            .webp()
            .withExif({ IFD0: { Artist: 'Aya' } })
            .toBuffer(),
          'image/webp',
        ),
      }),
    ],
    ['more than 200 kB', async () => ({ blob: blobOf(Buffer.alloc(200_001, 0xff)) })],
  ];
  it.each(bad)('blocks a crop with %s, and says so in the ledger', async (_name, overrides) => {
    const { egress, fetch, rows } = await setUp();
    await expect(send(egress, 'product', OWN, await crop(await overrides()))).rejects.toMatchObject({ code: 'invalid-input' });
    expect(fetch).not.toHaveBeenCalled();
    const all = await rows();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ status: 'blocked', type: 'crop', bytes: 0, completes: null });
  });

  it('blocks whatever is no picture', async () => {
    const { egress, fetch } = await setUp();
    const magic = fc.constantFrom(
      [],
      [0xff, 0xd8, 0xff],
      [0xff, 0xd8, 0xff, 0xe0, 0, 16],
      [...Buffer.from('RIFF\x1e\0\0\0WEBPVP8 ')],
      [...Buffer.from('RIFF\x1e\0\0\0WEBPVP8X')],
    );
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 400 }), fc.constantFrom('image/jpeg', 'image/webp'), async (head, tail, type) => {
        const blob = new Blob([Uint8Array.from([...head, ...tail])], { type });
        await expect(send(egress, 'product', OWN, await crop({ blob }))).rejects.toMatchObject({ code: 'invalid-input' });
      }),
      { numRuns: 150 },
    );
    expect(fetch).not.toHaveBeenCalled();
  });
});

function withComment(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 8]), Buffer.from('secret'), bytes.subarray(2)]);
}

describe('other payloads', () => {
  it.each<[string, EgressPayload]>([
    ['a vector with NaN', { type: 'vector', space: 'm@1', vector: Float32Array.from([1, Number.NaN]) }],
    ['an empty vector', { type: 'vector', space: 'm@1', vector: new Float32Array(0) }],
    ['an empty text', { type: 'text', text: '' }],
    ['a text as long as a letter', { type: 'text', text: 'x'.repeat(2001) }],
    ['counts with a text as name', { type: 'count', counts: { 'Aya was here': 1 } }],
    ['counts that are no numbers', { type: 'count', counts: { a: Number.POSITIVE_INFINITY } }],
    ['a frame', { type: 'frame', blob: new Blob(['x']) } as unknown as EgressPayload],
  ])('blocks %s', async (_name, payload) => {
    const { ledger, fetch } = await setUp();
    const egress = createEgress({
      ledger,
      settings: { mayLeave: async () => true, get: async () => '' },
      ownOrigin: OWN,
      fetch: fetch as never,
    });
    await expect(send(egress, 'product', OWN, payload)).rejects.toMatchObject({ code: 'invalid-input' });
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('answers', () => {
  it.each([
    [400, false],
    [401, false],
    [404, false],
    [413, false],
    [429, true],
    [500, true],
    [503, true],
  ])('%i is server-refused', async (status, retryable) => {
    const { egress, rows } = await setUp(() => new Response('{"type":"x"}', { status }));
    await expect(send(egress, 'product', OWN, vector)).rejects.toMatchObject({ code: 'server-refused', retryable });
    expect((await rows()).map((row) => row.status)).toEqual(['sending', 'sent']);
  });

  it('a dead line is offline, and the row says failed', async () => {
    const { egress, rows } = await setUp(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(send(egress, 'product', OWN, vector)).rejects.toMatchObject({ code: 'offline', retryable: true });
    expect((await rows()).map((row) => row.status)).toEqual(['sending', 'failed']);
  });

  const never = (_url: string, init: RequestInit): Promise<Response> =>
    new Promise((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));

  it('no answer in time is offline', async () => {
    const { egress, rows } = await setUp(never);
    await expect(send(egress, 'product', OWN, vector, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'offline' });
    expect((await rows()).at(-1)).toMatchObject({ status: 'failed' });
  });

  it('an answer that never ends is offline', async () => {
    const slow = (_url: string, init: RequestInit): Response =>
      new Response(
        new ReadableStream({
          start(controller) {
            init.signal!.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
          },
        }),
      );
    const { egress } = await setUp(slow);
    await expect(send(egress, 'product', OWN, vector, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'offline' });
  });

  it('cancelled by the caller is cancelled, before and during', async () => {
    const { egress, fetch, rows } = await setUp(never);
    await expect(send(egress, 'product', OWN, vector, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect(fetch).not.toHaveBeenCalled();
    expect(await rows()).toEqual([]);
    const controller = new AbortController();
    const sending = send(egress, 'product', OWN, vector, { signal: controller.signal });
    await vi.waitUntil(() => fetch.mock.calls.length === 1);
    controller.abort();
    await expect(sending).rejects.toMatchObject({ code: 'cancelled' });
    expect((await rows()).map((row) => row.status)).toEqual(['sending', 'failed']);
  });

  it('stops reading at the limit', async () => {
    let pulled = 0;
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled++;
            controller.enqueue(new Uint8Array(1000).fill(32));
          },
        }),
      );
    const { egress } = await setUp(endless);
    await expect(send(egress, 'product', OWN, vector, { maxAnswerBytes: 10_000 })).rejects.toMatchObject({
      code: 'server-refused',
    });
    expect(pulled).toBeLessThan(20);
  });

  it('whatever comes back, it is a valid answer or a typed error', async () => {
    let body: Uint8Array<ArrayBuffer> = new Uint8Array();
    let status = 200;
    const { egress } = await setUp(() => new Response(status === 204 ? null : body, { status }));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((value) => new TextEncoder().encode(value)),
      fc
        .constantFrom('{"ok":true}', '{"ok":"true"}', '{"__proto__":{"ok":true}}', '[', 'null', '{"ok":1e999}')
        .map((value) => new TextEncoder().encode(value)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(200, 200, 200, 201, 204, 302, 418, 500), async (value, code) => {
        body = value;
        status = code;
        try {
          expect(typeof (await send(egress, 'product', OWN, vector)).ok).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toBe('server-refused');
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('server client', () => {
  const product: Product = {
    id: 'p',
    name: { en: 'P' },
    gtins: ['04900000000001'],
    kind: 'packaged',
    packWords: [],
    source: 'demo',
    updatedAtMs: 1,
  };
  const gtin = '04900000000001';
  const embedding = { space: 'product-embedding@2', vector: Float32Array.from([0.6, 0.8]), backend: 'wasm' } as const;
  const client = async (answer: (url: string) => Response, isOn = true) => {
    const all = await setUp(answer, isOn);
    return { ...all, server: createServerClient(all.egress, all.settings, OWN) };
  };

  it('asks nothing and answers null while switched off', async () => {
    const { server, fetch, rows } = await client(() => Response.json({}), false);
    expect(await server.search('product', embedding, 5)).toBeNull();
    expect(await server.lookup('product', gtin)).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
    expect(await rows()).toEqual([]);
  });

  it('searches by vector', async () => {
    const answer = { space: embedding.space, matches: [{ id: 'g', productId: 'p', score: 0.9, metadata: {} }], products: [product] };
    const { server, fetch } = await client(() => Response.json(answer));
    expect(await server.search('product', embedding, 5)).toEqual(answer);
    expect(JSON.parse(fetch.mock.calls[0]![1].body as string)).toEqual({ k: 5, space: embedding.space, vector: [0.6, 0.8] });
  });

  it('refuses an answer in another space', async () => {
    const { server } = await client(() => Response.json({ space: 'product-embedding@1', matches: [], products: [] }));
    await expect(server.search('product', embedding, 5)).rejects.toMatchObject({ code: 'server-refused' });
  });

  it('looks up a code: known, unknown, answered with another product', async () => {
    const known = await client(() => Response.json({ product }));
    expect(await known.server.lookup('product', gtin)).toEqual(product);
    expect(known.fetch.mock.calls[0]![0]).toBe(`${OWN}/v1/products?gtin=${gtin}`);
    expect((await known.rows())[0]).toMatchObject({ type: 'text', preview: `gtin=${gtin}`, bytes: 19 });
    const unknown = await client(() => new Response('', { status: 404 }));
    expect(await unknown.server.lookup('product', gtin)).toBeNull();
    const other = await client(() => Response.json({ product: { ...product, gtins: ['04900000000002'] } }));
    await expect(other.server.lookup('product', gtin)).rejects.toMatchObject({ code: 'server-refused' });
    await expect(known.server.lookup('product', 'my name')).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('health carries no user data and leaves no row', async () => {
    const health = { status: 'ok', version: '0.1.0', uptimeS: 1, collections: [], products: 3, damaged: [], writer: null };
    const { server, fetch, rows } = await client(() => Response.json(health), false);
    expect(await server.health()).toEqual(health);
    expect(fetch.mock.calls[0]![0]).toBe(`${OWN}/v1/health`);
    expect(fetch.mock.calls[0]![1].body).toBeUndefined();
    expect(await rows()).toEqual([]);
  });
});

describe('a report of a visit', () => {
  it('leaves as the ledger shows it, and nothing rides along', async () => {
    const { egress, fetch, rows } = await setUp();
    await send(egress, 'product', OWN, report, { body: { report: 'whatever was proposed' } });
    const [, init] = fetch.mock.calls[0]!;
    expect(JSON.parse(init.body as string)).toEqual({ report: JSON.parse(JSON.stringify(report.report)) });
    expect((await rows())[0]).toMatchObject({ type: 'report', status: 'sending', preview: init.body });
  });

  it.each([
    ['a picture', { ...report.report, photo: 'data:image/jpeg;base64,AAAA' }],
    ['a vector in a bay', { ...report.report, bays: [{ ...report.report.bays[0], vector: [0.1, 0.2] }] }],
    ['too much', { ...report.report, visit: { ...report.report.visit, who: 'x'.repeat(300) } }],
    [
      'more than a megabyte',
      {
        ...report.report,
        bays: Array.from({ length: 400 }, () => ({
          ...report.report.bays[0]!,
          blocks: Array.from({ length: 20 }, () => ({ ...report.report.bays[0]!.blocks[0]!, name: 'x'.repeat(490) })),
        })),
      },
    ],
  ])('with %s in it is blocked, and the ledger says so', async (_name, given) => {
    const { egress, fetch, rows } = await setUp();
    const payload = { type: 'report', report: given } as unknown as ReportPayload;
    await expect(send(egress, 'product', OWN, payload)).rejects.toMatchObject({ code: 'invalid-input' });
    expect(fetch).not.toHaveBeenCalled();
    expect((await rows()).map(({ status }) => status)).toEqual(['blocked']);
  });
});
