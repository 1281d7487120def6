/** @file Find photos by selfie: off at first, on this device only, erased when it is turned off. Drawn runners, real nets. */
import { expect, test, type Page } from '@playwright/test';
import { faults } from './axe.ts';
import { LOOK_TIMEOUT_MS } from './look.ts';
import { DEMO_PHOTOS, DRAWN, openDemo, rowsOf } from './race-desk.ts';

test.use({ viewport: { width: 1280, height: 800 } });

interface FaceRow {
  readonly photoId: string;
  readonly faces: readonly { readonly sightingId: string; readonly box: { x: number; y: number; width: number; height: number } }[];
}

/** A picture of one drawn runner's head, or of a grey wall. @returns a JPEG's bytes */
async function picture(page: Page, of: { readonly file: string; readonly box: FaceRow['faces'][number]['box'] } | null): Promise<Buffer> {
  const bytes = await page.evaluate(
    async ([folder, wanted]) => {
      const canvas = new OffscreenCanvas(640, 640);
      const pen = canvas.getContext('2d')!;
      pen.fillStyle = '#9a9a98';
      pen.fillRect(0, 0, 640, 640);
      if (wanted !== null) {
        let within = await (await navigator.storage.getDirectory()).getDirectoryHandle(folder);
        const path = wanted.file.split('/');
        for (const name of path.slice(0, -1)) within = await within.getDirectoryHandle(name);
        const photo = await createImageBitmap(await (await within.getFileHandle(path.at(-1)!)).getFile());
        const { x, y, width, height } = wanted.box;
        const side = Math.max(width * photo.width, height * photo.height) * 3;
        const [middleX, middleY] = [(x + width / 2) * photo.width, (y + height / 2) * photo.height];
        pen.drawImage(photo, middleX - side / 2, middleY - side / 2, side, side, 0, 0, 640, 640);
      }
      return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })).arrayBuffer())];
    },
    [DRAWN, of] as const,
  );
  return Buffer.from(bytes);
}

test('a selfie finds its runner, and nothing is left of it when the search is turned off', async ({ page }) => {
  await openDemo(page);
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') requests.push(request.url());
  });
  await page.getByRole('link', { name: 'Runners', exact: true }).click();
  const asked = page.getByRole('switch', { name: /Find photos by selfie/ });
  await expect(asked).not.toBeChecked();
  await expect(page.getByRole('button', { name: 'Find me' })).toHaveCount(0);
  expect(await rowsOf(page, 'raceFaces')).toEqual([]);

  // Photos that were read before are described now.
  await asked.click();
  await expect(page.getByText(`Photos whose faces are described: ${DEMO_PHOTOS}`)).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  const rows = (await rowsOf(page, 'raceFaces')) as unknown as FaceRow[];
  const sightings = await rowsOf(page, 'raceSightings');
  const photos = await rowsOf(page, 'racePhotos');
  const seen = rows.flatMap(({ photoId, faces }) =>
    faces.map(({ sightingId, box }) => ({
      box,
      bib: sightings.find((each) => each['sightingId'] === sightingId)?.['bib'] as string | null,
      file: photos.find((each) => each['id'] === photoId)?.['path'] as string,
    })),
  );
  const runner = seen.find(({ bib }) => bib !== null)!;
  expect(await faults(page)).toEqual([]);

  await page.getByRole('button', { name: 'Find me' }).click();
  const dialog = page.getByRole('dialog');
  const pick = (name: string, buffer: Buffer): Promise<void> =>
    dialog.locator('input[type=file]').setInputFiles({ name, mimeType: 'image/jpeg', buffer });
  await pick('wall.jpg', await picture(page, null));
  await expect(dialog.getByText('No face was found')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  await pick('me.jpg', await picture(page, runner));
  await expect(dialog.getByText('Nothing was sent or kept')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  expect(await faults(page)).toEqual([]);
  await dialog.getByRole('link', { name: new RegExp(`^${runner.bib!}`) }).click();
  await expect(page.getByRole('heading', { name: runner.bib! })).toBeVisible();
  expect(requests).toEqual([]);

  await page.goBack();
  await asked.click();
  await expect(asked).not.toBeChecked();
  expect(await rowsOf(page, 'raceFaces')).toEqual([]);
  expect(await rowsOf(page, 'raceFaceSearches')).toEqual([]);
});
