/** @file Demo photos that no cache knows: cut, brightened and compressed anew for each look. */
import type { Page } from '@playwright/test';

/** Photos of the demo that bring every stage to work: packs, labels, a code. */
export const DEMO_FILES = [
  'milk-chocolate.jpg',
  'beef-curry-label.jpg',
  'cafe-au-lait-can.jpg',
  'consomme-ingredients.jpg',
  'tonkotsu-cup.jpg',
  'oat-biscuits-english.jpg',
] as const;

/** A look takes seconds; on a machine that does much else, the first one with its downloads has taken minutes. */
const LOOK_TIMEOUT_MS = 900_000;

/**
 * Paste the `number`-th photo into the page, as a user would.
 * @param maxSidePx longest side; the demo's own are about 1,800 px.
 */
export async function pasteVariedPhoto(page: Page, number: number, maxSidePx: number): Promise<void> {
  await page.evaluate(
    async ({ url, seed, sidePx }) => {
      let state = seed * 7919 + 1;
      const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
      random();
      const bitmap = await createImageBitmap(await (await fetch(url)).blob());
      // Up to 4 % off each side: another picture, the same scene.
      const [left, top, right, bottom] = [random(), random(), random(), random()].map((share) => share * 0.04) as [
        number,
        number,
        number,
        number,
      ];
      const source = { width: bitmap.width * (1 - left - right), height: bitmap.height * (1 - top - bottom) };
      const scale = Math.min(1, sidePx / Math.max(source.width, source.height));
      const canvas = new OffscreenCanvas(Math.round(source.width * scale), Math.round(source.height * scale));
      const context = canvas.getContext('2d')!;
      context.filter = `brightness(${0.9 + random() * 0.2})`;
      context.drawImage(bitmap, bitmap.width * left, bitmap.height * top, source.width, source.height, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 + random() * 0.15 });
      canvas.width = 0;
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], `photo-${seed}.jpg`, { type: 'image/jpeg', lastModified: Date.now() }));
      window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
    },
    { url: `/demo/photos/${DEMO_FILES[number % DEMO_FILES.length]!}`, seed: number + 1, sidePx: maxSidePx },
  );
}

/** Paste a photo and wait until its look has ended. The page must speak English. */
export async function lookAtVariedPhoto(page: Page, number: number, maxSidePx: number): Promise<void> {
  const before = page.url();
  await pasteVariedPhoto(page, number, maxSidePx);
  await page.waitForURL((url) => url.href !== before && url.pathname.startsWith('/result/'));
  await page
    .getByText(/^(Computed on|Some candidates came)/)
    .first()
    .waitFor({ timeout: LOOK_TIMEOUT_MS });
}

/** Prepare the picture that would be shared, which runs the face detector, and close the dialog again. */
export async function prepareSharing(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('img', { name: 'The picture that is shared' }).waitFor({ timeout: LOOK_TIMEOUT_MS });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
}
