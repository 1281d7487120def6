/** What the user teaches is found next time, and can be taken back. */
import { expect, test } from '@playwright/test';
import sharp from 'sharp';
import { lookAt, lookEnded } from './look.ts';

/** A pack that no catalogue knows, seen from `angle` degrees. */
async function unknownPack(angle: number): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="700" height="900">
    <rect width="700" height="900" fill="#2f7f6f"/><circle cx="350" cy="380" r="210" fill="#f3c13a"/>
    <path d="M120 640 L580 640 L350 820 Z" fill="#b3262e"/>
    <text x="350" y="140" font-family="sans-serif" font-size="96" font-weight="700" fill="#fff" text-anchor="middle">ZAKUROBO</text></svg>`;
  const pack = await sharp(Buffer.from(drawing)).rotate(angle, { background: '#c9c2b4' }).png().toBuffer();
  const scene = sharp({ create: { width: 1200, height: 1400, channels: 3, background: '#c9c2b4' } }).composite([
    { input: pack, gravity: 'centre' },
  ]);
  return { name: `pack-${angle}.jpg`, mimeType: 'image/jpeg', buffer: await scene.jpeg({ quality: 88 }).toBuffer() };
}

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
