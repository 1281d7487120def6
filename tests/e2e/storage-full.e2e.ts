/** @file A full disk in a real browser: looks still answer, and what could not be kept is said. */
import { expect, test, type Page } from '@playwright/test';
import { LOOK_TIMEOUT_MS, demoPhoto, lookAt, lookEnded } from './look.ts';

test.use({ serviceWorkers: 'block' });

/** Let this page's origin store at most `bytes`. Lasts as long as the session of the page. */
async function limitStorage(page: Page, bytes: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes });
}

test('a disk that is full from the first visit on costs the history, not the answer', async ({ page }) => {
  await page.goto('/');
  await page.waitForLoadState('networkidle');
  await limitStorage(page, 1);
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('beef-curry-label.jpg'));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  // Models could not be kept either: they are used all the same.
  await expect(page.getByText('Part of the answer is missing')).toHaveCount(0);
  await expect(page.getByRole('alert').filter({ hasText: 'The result could not be kept' })).toBeVisible();
});

declare global {
  interface Window {
    isDiskFull?: boolean;
  }
}

test('a disk that fills up later loses nothing that was kept, and the result is kept once there is room again', async ({ page }) => {
  // Chromium takes a smaller quota only for origins that hold nothing yet, so the refusal is made where the browser would make it.
  await page.addInitScript(() => {
    for (const name of ['put', 'add'] as const) {
      const write = Reflect.get(IDBObjectStore.prototype, name) as (...given: unknown[]) => IDBRequest;
      Reflect.set(IDBObjectStore.prototype, name, function (this: IDBObjectStore, ...given: unknown[]) {
        if (window.isDiskFull === true) throw new DOMException('The disk is full.', 'QuotaExceededError');
        return write.apply(this, given);
      });
    }
  });
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  const notKept = page.getByRole('alert').filter({ hasText: 'The result could not be kept' });
  await expect(notKept).toHaveCount(0);

  await page.evaluate(() => {
    window.isDiskFull = true;
    history.pushState(null, '', '/');
    window.dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('beef-curry-label.jpg'));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  await expect(notKept).toBeVisible();
  await expect(page.getByText('Part of the answer is missing')).toHaveCount(0);
  const again = notKept.getByRole('button', { name: 'Try again' });
  await again.click();
  // It is tried, and said again.
  await expect(again).toBeEnabled({ timeout: LOOK_TIMEOUT_MS });

  await page.evaluate(() => {
    window.isDiskFull = false;
  });
  await again.click();
  await expect(notKept).toHaveCount(0, { timeout: LOOK_TIMEOUT_MS });
  await page.goto('/library');
  await expect(page.locator('a[href^="/result/"]')).toHaveCount(2);
});
