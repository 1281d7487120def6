/** @file People and privacy: what is entered is kept, what is deleted can be brought back, nothing may leave before it is allowed. */
import { expect, test } from '@playwright/test';

test.use({ serviceWorkers: 'block' });

test('a person with diet, allergen and own word is kept, deleted and brought back', async ({ page }) => {
  await page.goto('/people');
  await page.getByRole('link', { name: 'Add a person' }).click();
  await page.getByLabel('Name').fill('Amina');
  await page.getByLabel('Name').press('Tab');
  await page.getByRole('checkbox', { name: /^Halal/ }).check();
  await page.getByRole('checkbox', { name: /^Wheat/ }).check();
  await page.getByPlaceholder('Word on the label').fill('コチニール');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.reload();
  await expect(page.getByLabel('Name')).toHaveValue('Amina');
  await expect(page.getByRole('checkbox', { name: /^Halal/ })).toBeChecked();
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.getByRole('main')).toContainText('Halal, No wheat, “コチニール”');

  await page.getByRole('link', { name: /Amina/ }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('Nobody yet')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('main')).toContainText('Amina');
});

test('every switch of the privacy page starts off, and the ledger starts empty and intact', async ({ page }) => {
  await page.goto('/privacy');
  const switches = page.getByRole('switch');
  // Vectors and barcodes of the product lens, reports of shelf visits, pages and small pictures of runners.
  await expect(switches).toHaveCount(6);
  for (const each of await switches.all()) await expect(each).not.toBeChecked();
  await expect(page.getByText('Nothing has left this device')).toBeVisible();
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText('The chain is intact (0 rows).')).toBeVisible();

  await switches.first().click();
  await expect(switches.first()).toBeChecked();
  await page.reload();
  await expect(page.getByRole('switch').first()).toBeChecked();
});

test('erasing everything leaves nothing', async ({ page }) => {
  await page.goto('/people/one');
  await page.getByLabel('Name').fill('Ben');
  await page.getByLabel('Name').press('Tab');
  await page.goto('/privacy');
  await page.getByRole('button', { name: 'Erase everything' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Erase everything' }).click();
  await page.waitForURL('/');
  await page.goto('/people');
  await expect(page.getByText('Nobody yet')).toBeVisible();
});
