/** After one visit with one look, the app answers without any network. */
import { expect, test } from '@playwright/test';
import { demoPhoto, lookAt, lookEnded } from './look.ts';

test('the second look works in flight mode, after a reload', async ({ page, context }) => {
  await page.goto('/');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await lookAt(page, demoPhoto('beef-curry-label.jpg'));
  await lookEnded(page);
  await context.setOffline(true);
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('milk-chocolate.jpg'));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/milk chocolate|ミルクチョコレート/i);
  await page.goto('/library');
  await expect(page.getByText(/milk chocolate|ミルクチョコレート/i).first()).toBeVisible();
});
