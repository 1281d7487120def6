/** @file Downloads that are good, cut, tampered, replaced by a page, or impossible; what is kept and what never is. */
import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import type { AppError } from '../../../src/contracts/errors.ts';
import type { ModelFile } from '../../../src/contracts/model-spec.ts';
import type { Progress } from '../../../src/contracts/task.ts';
import { createWeights, type WeightsPlace } from '../../../src/models/weights.ts';

const BYTES = new Uint8Array(1000).map((_, i) => i % 251);
const FILE: ModelFile = { url: 'models/net.onnx', bytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('hex') };

class MemoryCaches {
  readonly kept = new Map<string, Response>();
  full = false;
  open(): Promise<Cache> {
    const urlOf = (request: RequestInfo | URL): string => (request instanceof Request ? request.url : String(request));
    return Promise.resolve({
      match: (request: RequestInfo | URL) => Promise.resolve(this.kept.get(urlOf(request))?.clone()),
      put: (request: RequestInfo | URL, response: Response) => {
        if (this.full) return Promise.reject(new DOMException('full', 'QuotaExceededError'));
        this.kept.set(urlOf(request), response);
        return Promise.resolve();
      },
      delete: (request: RequestInfo | URL) => Promise.resolve(this.kept.delete(urlOf(request))),
      keys: () => Promise.resolve([...this.kept.keys()].map((url) => new Request(url))),
    } as unknown as Cache);
  }
}

function storeOver(answer: () => Promise<Response> | Response) {
  const caches = new MemoryCaches();
  const fetch = vi.fn(async () => answer());
  const onNotKept = vi.fn<(error: AppError) => void>();
  const place: WeightsPlace = { baseUrl: 'https://app.test/', caches: caches as unknown as CacheStorage, fetch, onNotKept };
  return { weights: createWeights(place), caches, fetch, onNotKept };
}

const binary = (bytes: Uint8Array<ArrayBuffer>): Response =>
  new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } });
const load = { label: 'net' };

it('downloads, keeps, and next time reads what it kept', async () => {
  const { weights, fetch } = storeOver(() => binary(BYTES));
  const progress: Progress[] = [];
  expect(await weights.load(FILE, { label: 'net', onProgress: (p) => progress.push(p) })).toEqual(BYTES);
  expect(progress.at(0)).toMatchObject({ done: 0, total: 1000, unit: 'bytes', label: 'net' });
  expect(progress.at(-1)).toMatchObject({ done: 1000, total: 1000 });
  expect(await weights.load(FILE, load)).toEqual(BYTES);
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(await weights.list()).toEqual([{ sha256: FILE.sha256, bytes: 1000, label: 'net' }]);
});

it('shares one download between callers, and every caller hears its progress', async () => {
  const { weights, fetch } = storeOver(() => binary(BYTES));
  const heard = [0, 0];
  await Promise.all(heard.map((_, i) => weights.load(FILE, { label: 'net', onProgress: () => heard[i]!++ })));
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(Math.min(...heard)).toBeGreaterThan(0);
});

it('keeps nothing of a tampered file', async () => {
  const tampered = BYTES.slice();
  tampered[500] = tampered[500]! ^ 1;
  const { weights, caches } = storeOver(() => binary(tampered));
  await expect(weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-integrity', retryable: false });
  expect(caches.kept.size).toBe(0);
});

it('says that a cut download may be tried again, and tries again', async () => {
  let cut = true;
  const { weights, caches } = storeOver(() => binary(cut ? BYTES.slice(0, 400) : BYTES));
  await expect(weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-integrity', retryable: true });
  expect(caches.kept.size).toBe(0);
  cut = false;
  expect(await weights.load(FILE, load)).toEqual(BYTES);
});

it('treats a connection that breaks in the middle like a cut one', async () => {
  const { weights } = storeOver(() => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(BYTES.slice(0, 10));
        setTimeout(() => controller.error(new TypeError('network')), 1);
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
  });
  await expect(weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-integrity', retryable: true });
});

it('refuses a file that is longer than it should be', async () => {
  const { weights, caches } = storeOver(() => binary(new Uint8Array(1001)));
  await expect(weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-integrity' });
  expect(caches.kept.size).toBe(0);
});

it("does not take a server's page for a model", async () => {
  const { weights, caches } = storeOver(() => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }));
  await expect(weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-unavailable' });
  expect(caches.kept.size).toBe(0);
});

it('tells a missing file from a missing network', async () => {
  const missing = storeOver(() => new Response(null, { status: 404 }));
  await expect(missing.weights.load(FILE, load)).rejects.toMatchObject({ code: 'model-unavailable' });
  const offline = storeOver(() => Promise.reject(new TypeError('Failed to fetch')));
  await expect(offline.weights.load(FILE, load)).rejects.toMatchObject({ code: 'offline', retryable: true });
});

it('works on when the disk is full, and says so', async () => {
  const { weights, caches, onNotKept } = storeOver(() => binary(BYTES));
  caches.full = true;
  expect(await weights.load(FILE, load)).toEqual(BYTES);
  expect(onNotKept.mock.calls[0]?.[0].code).toBe('quota-exceeded');
});

it('fetches again what went bad on the disk', async () => {
  const { weights, caches, fetch } = storeOver(() => binary(BYTES));
  await weights.load(FILE, load);
  const [key] = caches.kept.keys();
  caches.kept.set(key!, binary(new Uint8Array(1000)));
  expect(await weights.load(FILE, load)).toEqual(BYTES);
  expect(fetch).toHaveBeenCalledTimes(2);
});

it('removes older files of a model, and only of that model', async () => {
  const { weights } = storeOver(() => binary(BYTES));
  await weights.load(FILE, load);
  await weights.keepOnly('other', []);
  expect(await weights.isStored(FILE)).toBe(true);
  await weights.keepOnly('net', [FILE]);
  expect(await weights.isStored(FILE)).toBe(true);
  await weights.keepOnly('net', [{ ...FILE, sha256: 'f'.repeat(64) }]);
  expect(await weights.list()).toEqual([]);
});
