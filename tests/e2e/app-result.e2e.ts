/** @file What can be done with an answer: reasons on the photo, mended text, favourite, sharing, the library with undo; all accessible. */
import { expect, test } from '@playwright/test';
import { faults } from './axe.ts';

const LABEL = 'public/demo/photos/beef-curry-label.jpg';

test.use({ serviceWorkers: 'block' });

test('a label is judged, mended, shared, kept, deleted and brought back', async ({ page }) => {
  await page.goto('/people/one');
  await page.getByRole('textbox', { name: 'Name' }).fill('Amina');
  await page.getByRole('textbox', { name: 'Name' }).blur();
  await page.getByRole('checkbox', { name: /^Halal/ }).check();
  await expect(page.getByRole('button', { name: 'Delete' })).toBeVisible();

  await page.goto('/capture/label');
  await page.locator('input[type=file]').first().setInputFiles(LABEL);
  await page.waitForURL('**/result/**');
  // The stages stand at once, before any model does.
  await expect(page.getByRole('progressbar', { name: 'Progress' })).toBeVisible();
  await expect(page.getByText('Computed on this device')).toBeVisible({ timeout: 170_000 });

  const verdict = page.getByRole('region', { name: 'Amina' });
  await expect(verdict).toContainText('Does not suit');
  await expect(page.getByText('If an allergy is serious, read the pack itself.')).toBeVisible();
  expect(await faults(page)).toEqual([]);

  // A reason shows its place on the photo; the place leads back to the reason.
  const reason = verdict.getByRole('button').first();
  await reason.click();
  await expect(reason).toHaveAttribute('aria-pressed', 'true');
  await expect(
    page
      .getByRole('group', { name: /^Photo/ })
      .locator('polygon.active')
      .first(),
  ).toBeVisible();

  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Label text' }).fill('原材料名：米、食塩');
  await page.getByRole('button', { name: 'Judge this text' }).click();
  await expect(verdict).not.toContainText('Does not suit');
  await expect(page.getByText('Judged by the text as you edited it.')).toBeVisible();
  await page.getByRole('button', { name: 'As read' }).click();
  await expect(verdict).toContainText('Does not suit');

  await page.getByRole('button', { name: 'Favourite' }).click();
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('img', { name: 'The picture that is shared' })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('switch', { name: /^Blur faces/ })).toBeChecked();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save picture' }).click()]);
  expect(download.suggestedFilename()).toBe('mekiki.jpg');
  await page.keyboard.press('Escape');

  await page.goto('/library');
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(1);
  expect(await faults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Favourites' }).click();
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: 'Select' }).click();
  await page.getByRole('checkbox').check();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('1 deleted')).toBeVisible();
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(1);

  // Opened again it is the same answer, judged anew for whoever is listed now.
  await page.getByRole('list', { name: 'Library' }).getByRole('listitem').getByRole('link').click();
  await expect(page.getByRole('region', { name: 'Amina' })).toContainText('Does not suit');
});
