import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../../server/app.ts';
import { compressFiles } from '../../../server/services/http/compressed-files.ts';
import { removeFolders, startApp, temporaryFolder } from './test-server.ts';

const INLINE = "document.documentElement.dataset.theme = 'dark';";
const wasm = Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d]), Buffer.alloc(5000, 'wasm ')]);
let folder: string;
let app: App;

beforeAll(async () => {
  folder = temporaryFolder();
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  put(
    'index.html',
    `<!doctype html><title>Mekiki</title><script>${INLINE}</script><script type="module" src="/assets/index-Ab3dEf9_.js"></script>`,
  );
  put('assets/index-Ab3dEf9_.js', 'export const x = 1;\n'.repeat(200));
  put('assets/vision.worker-Zz3dEf9a.js', 'self.onmessage = () => 1;');
  put('assets/ort-wasm-simd-Qq3dEf9a.mjs', 'export {};');
  put('assets/ort-wasm-simd-Qq3dEf9a.wasm', wasm);
  put('models/product-embedding-1.0.0.1a2b3c4d.onnx', Buffer.alloc(3000, 7));
  put('models/npm/jpn.traineddata.gz', Buffer.alloc(300, 7));
  put('sw.js', 'self.addEventListener("fetch", () => {});');
  put('manifest.webmanifest', '{"name":"Mekiki"}');
  put('.secret', 'no');
  await compressFiles(folder, new AbortController().signal);
  app = await startApp({ appFolder: folder });
});
afterAll(async () => {
  await app.http.close();
  removeFolders();
});

const get = (url: string, headers: Record<string, string> = {}) => app.http.inject({ url, headers });

describe('every answer', () => {
  it.each(['/', '/assets/index-Ab3dEf9_.js', '/v1/health', '/v1/none', '/v1/docs', '/nothing.png', '/settings', '/v1/%zz'])(
    'is isolated and strict: %s',
    async (url) => {
      const { headers } = await get(url);
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      const policy = String(headers['content-security-policy']);
      for (const part of [
        "default-src 'self'",
        "worker-src 'self' blob:",
        "connect-src 'self' blob: data:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "'wasm-unsafe-eval'",
      ])
        expect(policy).toContain(part);
      expect(policy).not.toMatch(/'unsafe-eval'|script-src[^;]*'unsafe-inline'|https?:|\*/);
    },
  );

  it('allows the page its own inline script by hash, and nobody to evaluate code', async () => {
    const hash = createHash('sha256').update(INLINE).digest('base64');
    expect((await get('/')).headers['content-security-policy']).toContain(`'sha256-${hash}'`);
    expect((await get('/v1/health')).headers['content-security-policy']).not.toContain('sha256-');
    expect((await get('/assets/vision.worker-Zz3dEf9a.js')).headers['content-security-policy']).not.toContain("'unsafe-eval'");
  });
});

describe('files', () => {
  it.each([
    ['/', 'text/html', 'no-cache'],
    ['/index.html', 'text/html', 'no-cache'],
    ['/sw.js', 'javascript', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json', 'no-cache'],
    ['/assets/index-Ab3dEf9_.js', 'javascript', 'immutable'],
    ['/assets/ort-wasm-simd-Qq3dEf9a.mjs', 'text/javascript', 'immutable'],
    ['/assets/ort-wasm-simd-Qq3dEf9a.wasm', 'application/wasm', 'immutable'],
    ['/models/product-embedding-1.0.0.1a2b3c4d.onnx', 'application/octet-stream', 'immutable'],
    ['/models/npm/jpn.traineddata.gz', 'application/gzip', 'no-cache'],
  ])('%s has its type and lifetime', async (url, type, caching) => {
    for (const headers of [{}, { 'accept-encoding': 'br, gzip' }]) {
      const answer = await get(url, headers);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain(type);
      expect(answer.headers['cache-control']).toContain(caching);
    }
  });

  it('come compressed to those who understand it', async () => {
    const url = '/assets/ort-wasm-simd-Qq3dEf9a.wasm';
    const [br, gzip, plain] = await Promise.all([
      get(url, { 'accept-encoding': 'gzip, br' }),
      get(url, { 'accept-encoding': 'gzip' }),
      get(url),
    ]);
    expect(br.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(br.rawPayload)).toEqual(wasm);
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.rawPayload)).toEqual(wasm);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.rawPayload).toEqual(wasm);
    expect(String(br.headers['vary']).toLowerCase()).toContain('accept-encoding');
  });

  it('that are packed already are not said to be encoded', async () => {
    const answer = await get('/models/npm/jpn.traineddata.gz', { 'accept-encoding': 'gzip, br' });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.rawPayload).toEqual(Buffer.alloc(300, 7));
  });

  it('come in ranges and are revalidated', async () => {
    const url = '/models/product-embedding-1.0.0.1a2b3c4d.onnx';
    const part = await get(url, { range: 'bytes=100-199' });
    expect(part.statusCode).toBe(206);
    expect(part.headers['content-range']).toBe('bytes 100-199/3000');
    expect(part.rawPayload).toHaveLength(100);
    expect((await get(url, { range: 'bytes=9000-' })).statusCode).toBe(416);
    const { etag } = (await get('/')).headers;
    expect((await get('/', { 'if-none-match': String(etag) })).statusCode).toBe(304);
  });

  it('that hide, lie outside or are not there are not served', async () => {
    for (const url of ['/.secret', '/%2e%2e/%2e%2e/etc/passwd', '/assets/none.js', '/models/none.onnx']) {
      const answer = await get(url, { accept: '*/*' });
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.body).not.toContain('<title>');
    }
  });

  it('are compressed anew when they change', async () => {
    const file = join(folder, 'assets/index-Ab3dEf9_.js');
    const before = statSync(`${file}.br`).mtimeMs;
    await compressFiles(folder, new AbortController().signal);
    expect(statSync(`${file}.br`).mtimeMs).toBe(before);
    writeFileSync(file, 'export const y = 2;\n'.repeat(300));
    const later = new Date(Date.now() + 5000);
    utimesSync(file, later, later);
    await compressFiles(folder, new AbortController().signal);
    expect(brotliDecompressSync(readFileSync(`${file}.br`)).toString()).toContain('y = 2');
    expect(existsSync(`${join(folder, 'models/npm/jpn.traineddata.gz')}.gz`)).toBe(false);
  });
});

describe('paths of the router', () => {
  it.each(['/settings', '/lens/product', '/history/12', '/lens/product?demo=1'])('%s gets the page', async (url) => {
    const answer = await get(url, { accept: 'text/html' });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<title>Mekiki</title>');
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.headers['content-security-policy']).toContain('sha256-');
  });

  it('is not given for writes, data or the API', async () => {
    expect((await app.http.inject({ method: 'POST', url: '/settings', payload: {} })).statusCode).toBe(404);
    expect((await get('/settings', { accept: 'application/json' })).statusCode).toBe(404);
    expect((await get('/v1/settings', { accept: 'text/html' })).statusCode).toBe(404);
  });

  it('says so when the app is not built', async () => {
    const bare = await startApp();
    const answer = await bare.http.inject({ url: '/' });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run build');
    await bare.http.close();
  });
});
