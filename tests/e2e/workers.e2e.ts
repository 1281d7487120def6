/** @file The workers in a real browser: same numbers as Node on WASM and WebGPU, upright photos, bad files, bad downloads, a killed worker. */
import { expect, test, type Page } from '@playwright/test';
import sharp, { type Sharp } from 'sharp';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import type { VisionClient } from '../../src/clients/vision-client.ts';
import type { AppError } from '../../src/contracts/errors.ts';
import type { Box } from '../../src/contracts/geometry.ts';
import { createVision } from '../../workers/stages/vision.ts';
import { serveWorkerPage, type WorkerPage } from './workers/serve.ts';

test.describe.configure({ mode: 'serial' });

const WHOLE: Box = { x: 0, y: 0, width: 1, height: 1 };
let server: WorkerPage;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  server = await serveWorkerPage();
});
test.afterAll(() => server.close());

async function open(page: Page, backend: 'wasm' | 'webgpu'): Promise<void> {
  await page.goto(`${server.url}?ep=${backend}`);
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
}

/** A drawn photo: four coloured quarters and a few bars, 64 × 48. */
function photo(): Sharp {
  const quarters = `<svg width="64" height="48"><rect width="32" height="24" fill="#c02020"/><rect x="32" width="32" height="24" fill="#20c020"/>
    <rect y="24" width="32" height="24" fill="#2020c0"/><rect x="32" y="24" width="32" height="24" fill="#e0e020"/><rect x="10" y="8" width="4" height="34" fill="#fff"/></svg>`;
  return sharp(Buffer.from(quarters)).flatten();
}

interface Outcome {
  readonly code: string | null;
  readonly retryable: boolean | null;
  readonly size: readonly number[];
}

/** Open a file in the worker; its size, or its error's code. */
function tryOpen(page: Page, bytes: Uint8Array): Promise<Outcome> {
  return page.evaluate(
    async (given) => {
      const { vision } = globalThis as unknown as { vision: VisionClient };
      try {
        const { widthPx, heightPx, frameId } = await vision.open(new Blob([new Uint8Array(given)]));
        await vision.close(frameId);
        return { code: null, retryable: null, size: [widthPx, heightPx] };
      } catch (error) {
        return { code: (error as AppError).code, retryable: (error as AppError).retryable, size: [] };
      }
    },
    [...bytes],
  );
}

/** Embedding of the whole photo in the browser, and where it was computed. */
function embed(page: Page, bytes: Uint8Array): Promise<{ vector: number[]; backend: string; selfTest: string }> {
  return page.evaluate(
    async ({ given, box }) => {
      const { vision } = globalThis as unknown as { vision: VisionClient };
      const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
      const [look] = await vision.embed(frameId, [box]);
      const status = (await vision.modelStatus()).find(({ modelId }) => modelId === 'product-embedding');
      return { vector: [...look!.embedding.vector], backend: look!.embedding.backend, selfTest: status!.selfTest };
    },
    { given: [...bytes], box: WHOLE },
  );
}

async function embedInNode(bytes: Uint8Array<ArrayBuffer>): Promise<number[]> {
  const vision = createVision(createNodeRuntime({ threads: 1 }));
  const { frameId } = await vision.open(new Blob([bytes]), { taskId: 'open' });
  const [look] = await vision.embed(frameId, [WHOLE], { taskId: 'embed' });
  return [...look!.embedding.vector];
}

const cosine = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

for (const backend of ['wasm', 'webgpu'] as const)
  test(`the embedding on ${backend} is Node's`, async ({ page }) => {
    test.setTimeout(240_000);
    await open(page, backend);
    test.skip(
      backend === 'webgpu' && !(await page.evaluate(async () => (await (navigator as { gpu?: GPU }).gpu?.requestAdapter()) != null)),
      'no WebGPU adapter, not even a software one',
    );
    const bytes = new Uint8Array(await photo().png().toBuffer());
    const inBrowser = await embed(page, bytes);
    expect(inBrowser.backend).toBe(backend);
    expect(inBrowser.selfTest).toBe(backend === 'webgpu' ? 'passed' : 'not-needed');
    expect(cosine(inBrowser.vector, await embedInNode(bytes))).toBeGreaterThan(0.9999);
  });

test('photos come out upright, whatever their EXIF orientation says, as in Node', async ({ page }) => {
  await open(page, 'wasm');
  const node = createNodeRuntime();
  for (let orientation = 1; orientation <= 8; orientation++) {
    const bytes = new Uint8Array(await photo().withMetadata({ orientation }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer());
    const { frame } = await node.decode(new Blob([bytes]), 4096);
    const shown = await page.evaluate(
      async ({ given, box }) => {
        const { vision } = globalThis as unknown as { vision: VisionClient };
        const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
        const { blob } = await vision.cropImage(frameId, { box, maxSidePx: 4096, type: 'image/png', blurFaces: false });
        await vision.close(frameId);
        return [...new Uint8Array(await blob.arrayBuffer())];
      },
      { given: [...bytes], box: WHOLE },
    );
    const { data, info } = await sharp(Buffer.from(shown)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height], `orientation ${orientation}`).toEqual([frame.widthPx, frame.heightPx]);
    let worst = 0;
    for (let i = 0; i < data.length; i++) worst = Math.max(worst, Math.abs(data[i]! - frame.data[i]!));
    expect(worst, `orientation ${orientation}`).toBeLessThanOrEqual(8);
  }
});

test('formats are opened, and bad files are refused with their reason', async ({ page }) => {
  await open(page, 'wasm');
  const good = {
    png: await photo().png().toBuffer(),
    webp: await photo().webp().toBuffer(),
    avif: await photo().avif().toBuffer(),
    gif: await photo().gif().toBuffer(),
    cmyk: await photo().toColourspace('cmyk').jpeg().toBuffer(),
    transparent: await photo().ensureAlpha(0.2).png().toBuffer(),
    grey: await photo().greyscale().jpeg().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(good)) expect(await tryOpen(page, bytes), name).toMatchObject({ code: null, size: [64, 48] });
  const bomb = Buffer.from(good.png);
  bomb.writeUInt32BE(30_000, 16);
  bomb.writeUInt32BE(30_000, 20);
  const bad = {
    empty: Buffer.alloc(0),
    text: Buffer.from('this is no photo, however it is called'),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    bomb,
    headless: good.png.subarray(0, 20),
    noise: Buffer.concat([good.png.subarray(0, 40), Buffer.alloc(500, 7)]),
  };
  for (const [name, bytes] of Object.entries(bad)) expect((await tryOpen(page, bytes)).code, name).toBe('decode-unsupported');
});

for (const [how, wanted] of [
  ['flip', { code: 'model-integrity', retryable: false }],
  ['cut', { code: 'model-integrity', retryable: true }],
  ['page', { code: 'model-unavailable', retryable: true }],
] as const)
  test(`a model download that is changed (${how}) is refused, never kept, and works once it is right`, async ({ page }) => {
    await open(page, 'wasm');
    const prepare = () =>
      page.evaluate(async () => {
        const { vision } = globalThis as unknown as { vision: VisionClient };
        return vision.prepare(['blazeface']).then(
          () => null,
          (error: unknown) => ({ code: (error as AppError).code, retryable: (error as AppError).retryable }),
        );
      });
    server.tamper({ path: 'blazeface', how });
    expect(await prepare()).toEqual(wanted);
    const kept = () => page.evaluate(async () => (await (await caches.open('models-1')).keys()).length);
    server.tamper(null);
    // The model's other file may still be on its way, changed, when the first is refused.
    await expect.poll(prepare, { timeout: 20_000 }).toBeNull();
    // Topology, weights and tfjs' wasm.
    expect(await kept()).toBe(3);
  });

test('a worker that is killed while it works rejects its calls, and the next call works', async ({ page }) => {
  await open(page, 'wasm');
  const bytes = new Uint8Array(await photo().png().toBuffer());
  expect((await tryOpen(page, bytes)).code).toBeNull();
  const pending = page.evaluate(
    async ({ given, box }) => {
      const { vision } = globalThis as unknown as { vision: VisionClient };
      const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
      return vision
        .embed(
          frameId,
          Array.from({ length: 200 }, () => box),
        )
        .then(
          () => null,
          (error: unknown) => (error as AppError).code,
        );
    },
    { given: [...bytes], box: WHOLE },
  );
  const worker = page.workers().find((each) => each.url().includes('vision'))!;
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error('killed by a test');
    }, 300);
  });
  expect(await pending).toBe('worker-died');
  expect((await tryOpen(page, bytes)).code).toBeNull();
});
