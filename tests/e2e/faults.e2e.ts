/** Things that break in the middle: a clear message, nothing lost, a way on. */
import { expect, test, type Page } from '@playwright/test';
import { demoPhoto, lookAt, lookEnded } from './look.ts';

test('weights that were tampered with are thrown away, the rest of the answer stands', async ({ page, context }) => {
  await context.route('**/models/product-embedding-*.onnx', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 100]! ^= 0xff;
    await route.fulfill({ response, body });
  });
  await lookAt(page, demoPhoto('beef-curry-label.jpg'));
  await lookEnded(page);
  await expect(page.getByText(/damaged or changed/i).first()).toBeVisible();
  await expect(page.getByText(/カレー|curry/i).first()).toBeVisible();
  await context.unroute('**/models/product-embedding-*.onnx');
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await expect(page.getByText(/damaged or changed/i)).toHaveCount(0);
});

test('a look can be stopped, and the next one works', async ({ page }) => {
  await lookAt(page, demoPhoto('beef-curry-label.jpg'));
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await expect(page.getByText('Stopped').first()).toBeVisible({ timeout: 60_000 });
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
});

/** Let vectors leave for the product lens. */
async function allowVectors(page: Page): Promise<void> {
  await page.goto('/privacy');
  const vectors = page.getByRole('switch', { name: /vector|look/i }).first();
  await vectors.click();
  // It turns when it is kept.
  await expect(vectors).toBeChecked();
}

const STRANGER = { id: 'stranger', name: { en: 'Stranger' }, gtins: [], kind: 'packaged', packWords: [], source: 'server', updatedAtMs: 0 };
const MATCH = { id: 'stranger-1', productId: 'stranger', score: 0.999, metadata: {} };

test('a server that fails, answers nonsense or searched another space costs nothing that the device knows', async ({ page, context }) => {
  test.setTimeout(400_000);
  await allowVectors(page);
  for (const [what, status, body] of [
    ['nonsense', 200, '{"matches":"?"}'],
    ['a web page', 200, '<!doctype html><title>Sign in to the free Wi-Fi</title>'],
    ['an endless number', 200, `{"space":"product-embedding@2","matches":[{"id":"x","productId":"x","score":1e999}],"products":[]}`],
    ['another space', 200, JSON.stringify({ space: 'other-embedding@1', matches: [MATCH], products: [STRANGER] })],
    ['a failure', 500, '{"type":"about:blank","title":"broken","status":500,"code":"bug"}'],
  ] as const) {
    let asked = 0;
    await context.route('**/v1/collections/**', (route) => {
      asked++;
      return route.fulfill({ status, contentType: 'application/json', body });
    });
    await lookAt(page, demoPhoto('milk-chocolate.jpg'));
    await lookEnded(page);
    await expect(page.getByRole('heading', { level: 1 }), what).toContainText(/milk chocolate|ミルクチョコレート/i);
    await expect(page.getByText('Stranger'), what).toHaveCount(0);
    expect(asked, what).toBe(1);
    await context.unroute('**/v1/collections/**');
  }
});

test('a server that never answers holds nothing up', async ({ page, context }) => {
  // Once without it, so that the models stand and only the server is slow.
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await page.getByRole('link', { name: 'Settings' }).first().click();
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Privacy/ })
    .click();
  await page
    .getByRole('switch', { name: /vector|look/i })
    .first()
    .click();
  let state: 'not asked' | 'silent' | 'given up' = 'not asked';
  await context.route('**/v1/collections/**', () => void (state = 'silent'));
  context.on('requestfailed', (request) => {
    if (request.url().includes('/v1/collections/')) state = 'given up';
  });
  await page.getByRole('link', { name: 'Home' }).first().click();
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('milk-chocolate.jpg'));
  await page.waitForURL('**/result/**');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/milk chocolate|ミルクチョコレート/i);
  expect(state).toBe('silent');
  await lookEnded(page);
  await expect(page.getByText('Part of the answer is missing')).toHaveCount(0);
});
