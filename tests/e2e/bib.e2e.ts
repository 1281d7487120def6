/** @file The bib lens as a photographer uses it: race, start list, photos, review, runners, delivery; with the real nets, workers and folders. */
import { expect, test, type Page } from '@playwright/test';
import { faults } from './axe.ts';
import { LOOK_TIMEOUT_MS } from './look.ts';

test.use({ viewport: { width: 1280, height: 800 } });

/** Folder that the app draws its demo's photos into. */
const DRAWN = 'mekiki-demo-race';
const DEMO_PHOTOS = 12;

/** The demo race, read. */
async function openDemo(page: Page): Promise<void> {
  await page.goto('/desk/bib');
  await page.getByRole('button', { name: 'Try a demo race' }).click();
  await page.waitForURL('**/races/demo-race');
  await expect(page.getByText(`All read: ${DEMO_PHOTOS} photos`)).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
}

/** Files of a folder of the browser's own file system, which stands in for the one that the user would choose. */
async function chooseFolder(page: Page, name: string): Promise<void> {
  await page.addInitScript((folder) => {
    Object.assign(window, {
      showDirectoryPicker: async () => (await navigator.storage.getDirectory()).getDirectoryHandle(folder),
    });
  }, name);
}

async function counted(page: Page, label: string): Promise<number> {
  const text = await page.locator('dl div', { hasText: label }).locator('dd').first().textContent();
  return Number(text?.replaceAll(',', '') ?? Number.NaN);
}

test('the demo race: a stranger sees the whole way, decides, takes back', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') requests.push(request.url());
  });
  await openDemo(page);
  expect(await counted(page, 'Numbers that are sure')).toBeGreaterThanOrEqual(6);
  expect(await counted(page, 'Photos without people')).toBeGreaterThanOrEqual(1);
  expect(await faults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Photos', exact: true }).click();
  await expect(page.getByRole('list', { name: 'Contact sheet' }).getByRole('link')).toHaveCount(DEMO_PHOTOS);
  expect(await faults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Runners', exact: true }).click();
  await page.getByRole('searchbox').fill('352');
  await page.getByRole('link', { name: /352/ }).first().click();
  const photos = page.getByRole('list', { name: 'Runner 352' }).getByRole('listitem');
  await expect(photos).toHaveCount(2);

  // Where the camera stood decides which photo comes first.
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.getByRole('combobox', { name: 'Place of Mekiki Goal' }).selectOption('goal');
  await page.goBack();
  await expect(photos.first()).toContainText('Goal · GOAL0231.jpg');
  await photos.first().getByRole('link').click();
  await expect(page.getByRole('button', { name: '352', exact: true }).first()).toBeVisible();
  expect(await faults(page)).toEqual([]);
  expect(requests).toEqual([]);

  // A doubtful number: decided by key, taken back after a reload, decided again.
  await page.getByRole('link', { name: /^Review/ }).click();
  await expect(page.getByRole('heading', { name: 'Which number is it?' })).toBeVisible();
  const left = page.getByText(/^To check: \d+/);
  const before = Number(/\d+/u.exec((await left.textContent()) ?? '')?.[0]);
  await page.keyboard.press('/');
  await page.keyboard.type('4077');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Decided: 4077')).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(left).toHaveText(new RegExp(`^To check: ${before}\\b`));
  await page.keyboard.press('Control+Shift+Z');
  await expect(page.getByRole('button', { name: 'Redo' })).toBeDisabled();
  expect(await faults(page)).toEqual([]);
});

test('a folder with faults, and a page that dies in the middle: nothing lost, nothing twice', async ({ page, context }) => {
  await openDemo(page);
  // Two cards: a damaged file, a file that is no photo, the same file twice, and the drawn ones.
  await page.evaluate(async (drawn) => {
    const root = await navigator.storage.getDirectory();
    const from = await (await root.getDirectoryHandle(drawn)).getDirectoryHandle('course');
    const to = await root.getDirectoryHandle('card', { create: true });
    const write = async (name: string, content: Blob): Promise<void> => {
      const stream = await (await to.getFileHandle(name, { create: true })).createWritable();
      await stream.write(content);
      await stream.close();
    };
    for (const name of ['RACE0101.jpg', 'RACE0104.jpg', 'RACE0105.jpg', 'RACE0106.jpg', 'RACE0107.jpg'])
      await write(name, await (await from.getFileHandle(name)).getFile());
    await write('COPY0104.jpg', await (await from.getFileHandle('RACE0104.jpg')).getFile());
    await write('BROKEN.jpg', new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])]));
    await write('notes.txt', new Blob(['not a photo']));
  }, DRAWN);
  await chooseFolder(page, 'card');
  await page.goto('/desk/bib');
  await page.getByRole('button', { name: 'New race' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name of the race' }).fill('Autumn run');
  await dialog.getByRole('button', { name: 'Create race' }).click();
  await page.waitForURL('**/list');
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  await expect(page.getByText(/of 6 photos|All read/)).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  const address = page.url();
  await page.close({ runBeforeUnload: false });

  const again = await context.newPage();
  await again.goto(address);
  await expect(again.getByText('All read: 5 photos')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  expect(await counted(again, 'Could not be read')).toBe(1);
  expect(await counted(again, 'Skipped')).toBe(1);
  await again.getByText('Could not be read: 1').click();
  await expect(again.getByText('The file is damaged', { exact: false })).toBeVisible();
  await again.getByRole('link', { name: 'Photos', exact: true }).click();
  await expect(again.getByRole('list', { name: 'Contact sheet' }).getByRole('link')).toHaveCount(7);
});
