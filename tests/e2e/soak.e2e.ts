/**
 * @file A dozen looks in one page: nothing that a look opens is left open. The long run with figures is
 * `npm run bench -- --only soak --photos 100`.
 */
import { expect, test, type Page } from '@playwright/test';
import { MemoryProbe, type MemorySample } from '../bench/memory.ts';
import { lookAtVariedPhoto, prepareSharing } from '../bench/varied-photo.ts';

test.use({ serviceWorkers: 'block' });
test.setTimeout(900_000);

const LOOKS = 12;
/** By then every model stands, every cache is filled and the first photos have been let go. */
const SETTLED = 6;
/** Small photos: what leaks leaks as well, and the test takes a third of the time. */
const SIDE_PX = 700;

/** Counts bitmaps in a worker, put in front of its script. */
const COUNT_BITMAPS = `
globalThis.openBitmaps = 0;
{
  const create = globalThis.createImageBitmap;
  globalThis.createImageBitmap = async (...given) => {
    const bitmap = await create(...given);
    globalThis.openBitmaps++;
    const close = bitmap.close.bind(bitmap);
    let isOpen = true;
    bitmap.close = () => {
      if (isOpen) globalThis.openBitmaps--;
      isOpen = false;
      close();
    };
    return bitmap;
  };
}
`;

interface Counted {
  readonly openUrls: Set<string>;
}

/** Object URLs that are not revoked. */
function openUrls(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as Counted).openUrls.size);
}

test('after a dozen looks nothing piles up', async ({ page, context }) => {
  await page.addInitScript(() => {
    const openUrls = new Set<string>();
    Object.assign(globalThis, { openUrls });
    const [create, revoke] = [URL.createObjectURL.bind(URL), URL.revokeObjectURL.bind(URL)];
    URL.createObjectURL = (object) => {
      const url = create(object);
      openUrls.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      openUrls.delete(url);
      revoke(url);
    };
  });
  await context.route(/\/vision\.worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: COUNT_BITMAPS + (await response.text()) });
  });
  const probe = await MemoryProbe.attach(page);
  await page.goto('/');
  const vision = () => page.workers().find((worker) => /\/vision\.worker/.test(worker.url()))!;
  /** Of tfjs, which runs when a picture is prepared for sharing. */
  const tensors = (): Promise<number> =>
    vision().evaluate(() => (globalThis as unknown as { _tfengine: { memory(): { numTensors: number } } })._tfengine.memory().numTensors);

  /** Look at some photos, prepare the last for sharing, and count what is open. */
  const lookThrough = async (from: number, to: number): Promise<MemorySample & { tensors: number; urls: number }> => {
    for (let number = from; number < to; number++) await lookAtVariedPhoto(page, number, SIDE_PX);
    await prepareSharing(page);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    expect(await vision().evaluate(() => (globalThis as unknown as { openBitmaps: number }).openBitmaps), 'open bitmaps').toBe(0);
    return { ...(await probe.sample()), tensors: await tensors(), urls: await openUrls(page) };
  };
  const settled = await lookThrough(0, SETTLED);
  const ended = await lookThrough(SETTLED, LOOKS);

  expect(ended.tensors, 'tensors of tfjs').toBe(settled.tensors);
  expect(ended.urls, 'object URLs').toBeLessThanOrEqual(settled.urls);
  expect(ended.nodes, 'DOM nodes').toBeLessThan(settled.nodes * 1.25 + 200);
  const grown = (after: number, before: number): number => (after - before) / 2 ** 20;
  expect(grown(ended.pageHeap, settled.pageHeap), 'heap of the page, MB').toBeLessThan(2);
  // One working frame of these photos alone is 1.5 MB, but lives outside the heap; what stays in it are rows and closures.
  for (const [name, bytes] of Object.entries(ended.workerHeaps))
    expect(grown(bytes, settled.workerHeaps[name] ?? bytes), `heap of the ${name} worker, MB`).toBeLessThan(3);
  // Six photos, each with its frame, halves and canvases, would be 100 MB if they were kept.
  if (ended.renderer !== null && settled.renderer !== null)
    expect(grown(ended.renderer, settled.renderer), 'private memory of the renderer, MB').toBeLessThan(60);

  // The task tray forgets what is done.
  await page.getByRole('link', { name: 'Home' }).first().click();
  await expect(page.getByRole('region', { name: 'Running tasks' })).toHaveCount(0);
});
