/** What the user teaches is found next time, and can be taken back. */
import { expect, test } from '@playwright/test';
import { unknownPack } from './drawn-pack.ts';
import { demoPhoto, lookAt, lookEnded } from './look.ts';

test('a product added on the spot is found from another photo, until it is taken back', async ({ page }) => {
  await lookAt(page, await unknownPack(2));
  await lookEnded(page);
  await page.getByRole('button', { name: 'Add a new product' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Zakurobo bar');
  await dialog.getByRole('textbox', { name: /ingredient label/i }).fill('原材料名：米、豚脂、食塩');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Zakurobo bar', { timeout: 60_000 });
  const taught = page.url();

  await lookAt(page, await unknownPack(9));
  await lookEnded(page);
  await expect(page.getByText('Zakurobo bar').filter({ visible: true }).first()).toBeVisible();

  await page.goto(taught);
  await page.getByRole('button', { name: 'Take back' }).first().click();
  await expect(page.getByText('Confirmed by you')).toHaveCount(0);
  await lookAt(page, await unknownPack(5));
  await lookEnded(page);
  await expect(page.getByText('Zakurobo bar').filter({ visible: true })).toHaveCount(0);
});

test('a photo corrected to another product is that product from then on, and no other photo changes', async ({ page }) => {
  await lookAt(page, await unknownPack(2));
  await lookEnded(page);
  // Whatever the answer was, it was not this one.
  await expect(page.getByRole('heading', { level: 1 })).not.toContainText('Green tea');
  await page
    .getByRole('button', { name: /^(No|Search products)$/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('searchbox').fill('green tea');
  await dialog
    .getByRole('button', { name: /green tea/i })
    .first()
    .click();
  await expect(page.getByText('Confirmed by you')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/green tea/i);
  const corrected = page.url();

  await lookAt(page, await unknownPack(9));
  await lookEnded(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/green tea/i);
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/milk chocolate|ミルクチョコレート/i);

  // The history says what the user said, also after a reload.
  await page.goto(corrected);
  await expect(page.getByText('Confirmed by you')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/green tea/i);
});
