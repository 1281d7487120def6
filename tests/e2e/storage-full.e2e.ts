/** @file A full disk in a real browser: looks still answer, what could not be kept is said, nothing kept before is lost, there is a way on. */
import { expect, test, type Page } from '@playwright/test';
import { demoPhoto, lookAt, lookEnded } from './look.ts';

test.use({ serviceWorkers: 'block' });

/** Let this page's origin store at most `bytes`; null for the browser's own limit. Lasts as long as the session of the page. */
async function limitStorage(page: Page, bytes: number | null): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.overrideQuotaForOrigin', bytes === null ? { origin } : { origin, quotaSize: bytes });
}

test('with a disk that fills up, the answer stands, the loss is named, and room brings keeping back', async ({ page }) => {
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await expect(page.getByText('The result could not be kept')).toHaveCount(0);

  // Below what is stored already: not one more byte fits, whatever the browser frees meanwhile.
  await limitStorage(page, 1);
  await page.goto('/');
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('cafe-au-lait-can.jpg'));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  const note = page.getByRole('alert').filter({ hasText: 'The result could not be kept' });
  await expect(note).toContainText('Storage is full');
  await expect(note).toContainText('Everything kept before is safe');
  // The answer itself is whole.
  await expect(page.getByText('Part of the answer is missing')).toHaveCount(0);
  await expect(page.getByText(/^Computed on/).first()).toBeVisible();

  // The way on: make room, then keep it after all.
  await limitStorage(page, null);
  await note.getByRole('button', { name: 'Try again' }).click();
  await expect(note).toHaveCount(0, { timeout: 60_000 });
  await page.goto('/library');
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(2);
});

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

test('teaching and settings say that storage is full, and leave everything as it was', async ({ page }) => {
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  // Below what is stored already: not one more byte fits, whatever the browser frees meanwhile.
  await limitStorage(page, 1);
  await page.getByRole('button', { name: 'Yes, that is it' }).click();
  await expect(page.getByText('Storage is full').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('Confirmed by you')).toHaveCount(0);
  await page.goto('/library');
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(1);
  await expect(page.getByText(/milk chocolate|ミルクチョコレート/i).first()).toBeVisible();
});
