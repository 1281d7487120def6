/** @file Several photos at once: none is lost by a reload, the batch can be paused and cancelled, and a single photo overtakes it. */
import { expect, test, type Page } from '@playwright/test';
import sharp from 'sharp';
import { demoPhoto, LOOK_TIMEOUT_MS, lookEnded } from './look.ts';

test.use({ serviceWorkers: 'block' });

interface Photo {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Photos with nothing to read, each of another colour. */
function plainPhotos(count: number): Promise<Photo[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const background = { r: (i * 67) % 256, g: (i * 131 + 40) % 256, b: 120 };
      const buffer = await sharp({ create: { width: 640, height: 480, channels: 3, background } })
        .jpeg()
        .toBuffer();
      return { name: `plain-${i}.jpg`, mimeType: 'image/jpeg', buffer };
    }),
  );
}

async function choose(page: Page, photos: readonly Photo[] | readonly string[]): Promise<void> {
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([...photos] as Photo[]);
}

function kept(page: Page) {
  return page.getByRole('list', { name: 'Library' }).getByRole('listitem');
}

/** Photos that would come back after a reload. */
function onDisk(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('mekiki');
        opening.onerror = () => reject(new Error('the database does not open'));
        opening.onsuccess = () => {
          const counting = opening.result.transaction('waiting').objectStore('waiting').count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result);
          };
        };
      }),
  );
}

test('photos that wait survive a reload in the middle, and each is answered once', async ({ page }) => {
  await page.goto('/');
  await choose(page, await plainPhotos(4));
  await expect(page).toHaveURL(/\/library/);
  await expect.poll(() => onDisk(page)).toBeGreaterThan(0);
  await expect(page.getByText(/\d more photos wait/)).toBeVisible();
  await expect.poll(() => onDisk(page), { timeout: LOOK_TIMEOUT_MS }).toBeGreaterThanOrEqual(3);
  await page.reload();
  await expect(kept(page)).toHaveCount(4, { timeout: LOOK_TIMEOUT_MS });
  await expect.poll(() => onDisk(page)).toBe(0);
  // Nothing comes back a second time.
  await page.reload();
  await expect(kept(page)).toHaveCount(4);
  await expect(page.getByText(/photos wait/)).toHaveCount(0);
});

test('a batch is paused, goes on, and is cancelled for good', async ({ page }) => {
  await page.goto('/');
  await choose(page, await plainPhotos(5));
  const tray = page.getByRole('region', { name: 'Running tasks' });
  await tray.getByRole('button', { name: 'Pause' }).click();
  await expect(tray.getByText('Paused; 4 photos wait')).toBeVisible();
  // The one under way ends, and no other begins.
  await expect(kept(page)).toHaveCount(1, { timeout: LOOK_TIMEOUT_MS });
  await expect(tray.getByText('Paused; 4 photos wait')).toBeVisible();
  await tray.getByRole('button', { name: 'Go on' }).click();
  await expect(tray.getByText('3 more photos wait')).toBeVisible();
  await tray.getByRole('button', { name: 'Cancel all' }).click();
  await expect(tray.getByText(/photos wait/)).toHaveCount(0);
  await expect.poll(() => onDisk(page), { timeout: LOOK_TIMEOUT_MS }).toBe(0);
  const before = await kept(page).count();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Library');
  await page.waitForTimeout(5000);
  expect(await kept(page).count()).toBe(before);
  expect(before).toBeLessThanOrEqual(2);
});

test('a photo that somebody waits for overtakes a batch that is being read', async ({ page }) => {
  await page.goto('/');
  await choose(page, ['beef-curry-label.jpg', 'consomme-ingredients.jpg', 'grape-gummies-back.jpg'].map(demoPhoto));
  await expect(page.getByText('2 more photos wait')).toBeVisible();
  await page.getByRole('link', { name: 'Home' }).first().click();
  await choose(page, await plainPhotos(1));
  await page.waitForURL('**/result/**');
  await lookEnded(page);
  await page.getByRole('link', { name: 'Library' }).first().click();
  await expect(page.getByText(/[12] more photos wait/)).toBeVisible();
  await expect(kept(page)).toHaveCount(4, { timeout: LOOK_TIMEOUT_MS * 2 });
});
