/** @file A full disk in a real browser: looks still answer, and what could not be kept is said. */
import { expect, test, type Page } from '@playwright/test';
import { demoPhoto, lookEnded } from './look.ts';

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
