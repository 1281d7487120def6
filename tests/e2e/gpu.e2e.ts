/** @file WebGPU in a real browser, on Chromium's software adapter: same numbers as Node, and an answer all the same when the device is lost. */
import { expect, test, type Page, type Worker } from '@playwright/test';
import type { VisionClient } from '../../src/clients/vision-client.ts';
import config from '../../playwright.config.ts';
import { serveWorkerPage, type WorkerPage } from './workers/serve.ts';
import { cosine, drawnPhoto, embedInBrowser, embedInNode, openWorkerPage } from './workers/steps.ts';

test.describe.configure({ mode: 'serial' });
const { args = [], ...launch } = config.use?.launchOptions ?? {};
// Without a real GPU Chromium hides WebGPU; with this flag it offers its software adapter, which is slow and exact.
test.use({ launchOptions: { ...launch, args: [...args, '--enable-unsafe-webgpu'] } });
// The software adapter compiles each kernel of a net for about half a minute.
test.setTimeout(300_000);

let server: WorkerPage;
let bytes: Uint8Array<ArrayBuffer>;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  server = await serveWorkerPage();
  bytes = new Uint8Array(await drawnPhoto().png().toBuffer());
});
test.afterAll(() => server.close());

test.beforeEach(async ({ page }) => {
  await openWorkerPage(page, server, 'webgpu');
  const hasAdapter = await page.evaluate(async () => (await (navigator as { gpu?: GPU }).gpu?.requestAdapter()) != null);
  test.skip(!hasAdapter, 'no WebGPU adapter here, not even a software one');
});

/** The vision worker, started, with every device that it asks for from now on in its global `devices`. */
async function watchDevices(page: Page): Promise<Worker> {
  await page.evaluate(() => (globalThis as unknown as { vision: VisionClient }).vision.embeddingSpace());
  const worker = page.workers().find((each) => each.url().includes('vision'))!;
  await worker.evaluate(() => {
    const devices: GPUDevice[] = [];
    Object.assign(globalThis, { devices });
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the adapter as `this`
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...given) {
      const device = await request.apply(this, given);
      devices.push(device);
      return device;
    };
  });
  return worker;
}

/** What a driver's crash or a sleeping laptop does, as far as the app can see. @returns how many devices there were. */
function loseDevices(worker: Worker): Promise<number> {
  return worker.evaluate(() => {
    const { devices } = globalThis as unknown as { devices: GPUDevice[] };
    for (const device of devices) device.destroy();
    return devices.length;
  });
}

test('the embedding on WebGPU is Node’s, and when the device is lost the next ones come from WASM', async ({ page }) => {
  const worker = await watchDevices(page);
  const onGpu = await embedInBrowser(page, bytes);
  expect(onGpu).toMatchObject({ backend: 'webgpu', selfTest: 'passed' });
  const expected = await embedInNode(bytes);
  expect(cosine(onGpu.vector, expected)).toBeGreaterThan(0.9999);

  expect(await loseDevices(worker)).toBeGreaterThan(0);
  const afterwards = await embedInBrowser(page, bytes);
  expect(afterwards.backend).toBe('wasm');
  expect(cosine(afterwards.vector, expected)).toBeGreaterThan(0.9999);
  // The worker itself went on: no restart, no second download.
  expect(page.workers().filter((each) => each.url().includes('vision'))).toEqual([worker]);
});
