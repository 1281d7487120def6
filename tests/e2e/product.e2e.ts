/** The product and label lenses on photos, with the real server, workers and weights. */
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { addPerson, demoPhoto, lookAt, lookEnded } from './look.ts';

test('a code, a label and a diet give a verdict with its reasons', async ({ page }) => {
  await addPerson(page, 'Aisha', ['Halal']);
  await lookAt(page, demoPhoto('beef-curry-label.jpg'));
  await lookEnded(page);
  await expect(page.getByText('The barcode names it.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/beef curry/i);
  await expect(page.getByText('Does not suit').filter({ visible: true }).first()).toBeVisible();
  await expect(page.getByText(/read the pack/i).first()).toBeVisible();
});

test('a pack is recognised by its look, confirmed, and found in the library', async ({ page }) => {
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/milk chocolate|ミルクチョコレート/i);
  const confirm = page.getByRole('button', { name: 'Yes, that is it' });
  await confirm.click();
  await expect(page.getByText('Confirmed by you').first()).toBeVisible();
  await page.goto('/library');
  await expect(page.getByText(/milk chocolate|ミルクチョコレート/i).first()).toBeVisible();
});

test('mended text is judged anew', async ({ page }) => {
  await addPerson(page, 'Vera', ['Vegan']);
  await page.goto('/capture/label');
  await page.locator('input[type=file]').first().setInputFiles(demoPhoto('consomme-ingredients.jpg'));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  const text = page.getByRole('textbox').first();
  await text.fill('原材料名：米、食塩、海苔');
  await page
    .getByRole('button', { name: /save|judge|done/i })
    .first()
    .click();
  await expect(page.getByText('Does not suit').filter({ visible: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await page.getByRole('textbox').first().fill('原材料名：米、豚肉、海苔');
  await page
    .getByRole('button', { name: /save|judge|done/i })
    .first()
    .click();
  await expect(page.getByText('Does not suit').filter({ visible: true }).first()).toBeVisible();
});

for (const [name, buffer, mimeType] of [
  ['empty.jpg', Buffer.alloc(0), 'image/jpeg'],
  ['cut.jpg', readFileSync('public/demo/photos/milk-chocolate.jpg').subarray(0, 4000), 'image/jpeg'],
  ['note.jpg', Buffer.from('this is not a picture'), 'image/jpeg'],
  ['bomb.png', pngHeader(40_000, 40_000), 'image/png'],
] as const) {
  test(`a file that cannot be opened (${name}) is named, and nothing is lost`, async ({ page }) => {
    await page.goto('/');
    await page.locator('input[type=file]').first().setInputFiles({ name, mimeType, buffer });
    await expect(page.getByText(/not a picture|too large|cannot|could not|damaged/i).first()).toBeVisible({ timeout: 60_000 });
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
}

/** A PNG that claims to be huge. */
function pngHeader(widthPx: number, heightPx: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  const size = Buffer.alloc(8);
  size.writeUInt32BE(widthPx, 0);
  size.writeUInt32BE(heightPx, 4);
  return Buffer.concat([header, size, Buffer.from('0802000000', 'hex'), Buffer.alloc(64)]);
}
