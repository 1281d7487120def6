/** @file The workers in a real browser: same numbers as Node, upright photos, bad files, bad downloads, a killed worker. */
import { expect, test, type Page } from '@playwright/test';
import sharp from 'sharp';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import type { VisionClient } from '../../src/clients/vision-client.ts';
import type { AppError } from '../../src/contracts/errors.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import { serveWorkerPage, type WorkerPage } from './workers/serve.ts';
import { cosine, drawnPhoto, embedInBrowser, embedInNode, openWorkerPage } from './workers/steps.ts';

test.describe.configure({ mode: 'serial' });

let server: WorkerPage;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  server = await serveWorkerPage();
});
test.afterAll(() => server.close());

const open = (page: Page): Promise<void> => openWorkerPage(page, server, 'wasm');

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

test('the embedding on WASM is Node’s', async ({ page }) => {
  test.setTimeout(240_000);
  await open(page);
  const bytes = new Uint8Array(await drawnPhoto().png().toBuffer());
  const inBrowser = await embedInBrowser(page, bytes);
  expect(inBrowser).toMatchObject({ backend: 'wasm', selfTest: 'not-needed' });
  expect(cosine(inBrowser.vector, await embedInNode(bytes))).toBeGreaterThan(0.9999);
});

test('photos come out upright, whatever their EXIF orientation says, as in Node', async ({ page }) => {
  await open(page);
  const node = createNodeRuntime();
  for (let orientation = 1; orientation <= 8; orientation++) {
    const bytes = new Uint8Array(
      await drawnPhoto().withMetadata({ orientation }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
    );
    const { frame } = await node.decode(new Blob([bytes]), 4096);
    const shown = await page.evaluate(
      async ({ given, box }) => {
        const { vision } = globalThis as unknown as { vision: VisionClient };
        const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
        const { blob } = await vision.cropImage(frameId, { box, maxSidePx: 4096, type: 'image/png', blurFaces: false });
        await vision.close(frameId);
        return [...new Uint8Array(await blob.arrayBuffer())];
      },
      { given: [...bytes], box: WHOLE_FRAME },
    );
    const { data, info } = await sharp(Buffer.from(shown)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height], `orientation ${orientation}`).toEqual([frame.widthPx, frame.heightPx]);
    let worst = 0;
    for (let i = 0; i < data.length; i++) worst = Math.max(worst, Math.abs(data[i]! - frame.data[i]!));
    expect(worst, `orientation ${orientation}`).toBeLessThanOrEqual(8);
  }
});

test('photos that are decoded small come out upright too, with their own colours', async ({ page }) => {
  await open(page);
  const runtime = createNodeRuntime();
  for (const orientation of [1, 2, 3, 6, 7, 8]) {
    const bytes = new Uint8Array(
      await drawnPhoto().resize(640, 480, { kernel: 'nearest' }).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer(),
    );
    const { frame } = await runtime.decode(new Blob([bytes]), 200);
    const png = await page.evaluate(
      async ({ given, box }) => {
        const { vision } = globalThis as unknown as { vision: VisionClient };
        const { frameId, widthPx, heightPx, originalWidthPx } = await vision.open(new Blob([new Uint8Array(given)]), { maxSidePx: 200 });
        const { blob } = await vision.cropImage(frameId, { box, maxSidePx: 400, type: 'image/png', blurFaces: false, lookForFaces: false });
        await vision.close(frameId);
        return { size: [widthPx, heightPx], originalWidthPx, bytes: [...new Uint8Array(await blob.arrayBuffer())] };
      },
      { given: [...bytes], box: WHOLE_FRAME },
    );
    expect(png.size, `orientation ${orientation}`).toEqual([frame.widthPx, frame.heightPx]);
    expect(png.originalWidthPx).toBe(orientation >= 5 ? 480 : 640);
    const { data, info } = await sharp(Buffer.from(png.bytes)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    // In the middle of each quarter, far from the edges that two ways of shrinking draw differently.
    for (const [across, down] of [
      [0.25, 0.15],
      [0.75, 0.15],
      [0.4, 0.85],
      [0.75, 0.85],
    ] as const) {
      const at = (Math.floor(down * info.height) * info.width + Math.floor(across * info.width)) * 4;
      const off = Math.max(...[0, 1, 2].map((channel) => Math.abs(data[at + channel]! - frame.data[at + channel]!)));
      expect(off, `orientation ${orientation} at ${across}, ${down}`).toBeLessThanOrEqual(12);
    }
  }
});

test('formats are opened, and bad files are refused with their reason', async ({ page }) => {
  await open(page);
  const good = {
    png: await drawnPhoto().png().toBuffer(),
    webp: await drawnPhoto().webp().toBuffer(),
    avif: await drawnPhoto().avif().toBuffer(),
    gif: await drawnPhoto().gif().toBuffer(),
    cmyk: await drawnPhoto().toColourspace('cmyk').jpeg().toBuffer(),
    transparent: await drawnPhoto().ensureAlpha(0.2).png().toBuffer(),
    grey: await drawnPhoto().greyscale().jpeg().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(good)) expect(await tryOpen(page, bytes), name).toMatchObject({ code: null, size: [64, 48] });
  const animated = await sharp([await drawnPhoto().png().toBuffer(), await drawnPhoto().negate().png().toBuffer()], {
    join: { animated: true },
  })
    .gif({ delay: 100 })
    .toBuffer();
  expect(await tryOpen(page, animated), 'an animation is its first picture').toMatchObject({ code: null, size: [64, 48] });
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

test('a CMYK photo keeps its colours', async ({ page }) => {
  await open(page);
  const cmyk = await drawnPhoto().toColourspace('cmyk').jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
  const shown = await page.evaluate(
    async ({ given, box }) => {
      const { vision } = globalThis as unknown as { vision: VisionClient };
      const { frameId } = await vision.open(new Blob([new Uint8Array(given)]));
      const { blob } = await vision.cropImage(frameId, { box, maxSidePx: 64, type: 'image/png', blurFaces: false, lookForFaces: false });
      await vision.close(frameId);
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    { given: [...cmyk], box: WHOLE_FRAME },
  );
  const { data, info } = await sharp(Buffer.from(shown)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  // One pixel of each quarter: the strongest channels are still the strongest (print colours are duller than the screen's).
  const [red, green, blue, yellow] = [
    [4, 4],
    [50, 4],
    [4, 40],
    [50, 40],
  ].map(([x, y]) => [...data.subarray((y! * info.width + x!) * 3, (y! * info.width + x!) * 3 + 3)]) as [
    number[],
    number[],
    number[],
    number[],
  ];
  expect(Math.max(...red)).toBe(red[0]);
  expect(Math.max(...green)).toBe(green[1]);
  expect(Math.max(...blue)).toBe(blue[2]);
  expect(Math.min(...yellow)).toBe(yellow[2]);
});

test('a photo of 100 megapixels is taken, shrunk while it is decoded; one of 130 is refused', async ({ page }) => {
  await open(page);
  const blank = (side: number, more: number): Promise<Buffer> =>
    sharp({ create: { width: side + more, height: side, channels: 3, background: '#7090b0' } })
      .jpeg({ quality: 60 })
      .toBuffer();
  // Three eighths: the largest of the sizes that a JPEG can be decoded at within the limit.
  expect(await tryOpen(page, await blank(10_000, 0))).toMatchObject({ code: null, size: [3750, 3750] });
  expect((await tryOpen(page, await blank(11_000, 1000))).code).toBe('decode-unsupported');
  // The worker lived through both.
  expect((await tryOpen(page, await drawnPhoto().png().toBuffer())).code).toBeNull();
});

for (const [how, wanted] of [
  ['flip', { code: 'model-integrity', retryable: false }],
  ['cut', { code: 'model-integrity', retryable: true }],
  ['page', { code: 'model-unavailable', retryable: true }],
] as const)
  test(`a model download that is changed (${how}) is refused, never kept, and works once it is right`, async ({ page }) => {
    await open(page);
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
  await open(page);
  const bytes = new Uint8Array(await drawnPhoto().png().toBuffer());
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
    { given: [...bytes], box: WHOLE_FRAME },
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
