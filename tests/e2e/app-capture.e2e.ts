/** @file The ways a photo comes in, and what happens where there is no camera or no picture. */
import { expect, test } from '@playwright/test';

test.use({ serviceWorkers: 'block' });

test('the live camera shows its picture, and leaving the screen switches it off', async ({ page }) => {
  await page.goto('/capture/product');
  await expect(page.getByRole('button', { name: 'Take photo' })).toBeEnabled();
  await page.evaluate(() => {
    const stream = document.querySelector('video')?.srcObject as MediaStream;
    (globalThis as unknown as { seen: MediaStreamTrack }).seen = stream.getVideoTracks()[0]!;
  });
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page).toHaveTitle('Mekiki');
  expect(await page.evaluate(() => (globalThis as unknown as { seen: MediaStreamTrack }).seen.readyState)).toBe('ended');
});

test('a denied camera says what to do and offers other ways', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await page.goto('/capture');
  await expect(page.getByRole('alert')).toHaveText('The camera is not allowed');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await expect(page.getByText('Choose photos').first()).toBeVisible();
});

test('no camera at all says so', async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
  });
  await page.goto('/capture');
  await expect(page.getByRole('alert')).toHaveText('No camera found');
});

for (const [what, bytes] of [
  ['an empty file', Buffer.alloc(0)],
  ['a text called photo.jpg', Buffer.from('this is no picture')],
] as const)
  test(`${what} is refused in plain words`, async ({ page }) => {
    await page.goto('/');
    await page.locator('input[type=file]').first().setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: bytes });
    await expect(page.getByRole('alert')).toContainText('This file is not a picture that this browser can open');
    await expect(page).toHaveURL('/');
  });

test('a damaged photo shows its screen, the error and a way on', async ({ page }) => {
  await page.goto('/');
  const damaged = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2000, 7)]);
  await page.locator('input[type=file]').first().setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: damaged });
  await expect(page).toHaveURL(/\/result\//);
  await expect(page.getByRole('alert')).toContainText('This photo could not be read');
  await expect(page.getByRole('link', { name: 'Next photo' }).first()).toBeVisible();
});

test('a dropped and a pasted photo open their result', async ({ page }) => {
  for (const kind of ['drop', 'paste'] as const) {
    await page.goto('/library');
    await page.evaluate(async (how) => {
      const canvas = new OffscreenCanvas(64, 64);
      canvas.getContext('2d')!.fillRect(0, 0, 64, 64);
      const file = new File([await canvas.convertToBlob({ type: 'image/png' })], 'square.png', { type: 'image/png' });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      if (how === 'drop') window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
      else window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
    }, kind);
    await expect(page).toHaveURL(/\/result\//);
  }
});
