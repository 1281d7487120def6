/** Things that break in the middle: a clear message, nothing lost, a way on. */
import { expect, test } from '@playwright/test';
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

test('a server that answers nonsense costs nothing that the device knows', async ({ page, context }) => {
  await page.goto('/privacy');
  await page
    .getByRole('switch', { name: /vector|look/i })
    .first()
    .click();
  await context.route('**/v1/collections/**', (route) =>
    route.fulfill({ status: 200, contentType: 'application/json', body: '{"matches":"?"}' }),
  );
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/milk chocolate|ミルクチョコレート/i);
});
