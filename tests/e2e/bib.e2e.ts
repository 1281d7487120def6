/** @file The bib lens as a photographer uses it: race, start list, photos, review, runners, delivery; with the real nets, workers and folders. */
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { parse } from 'csv-parse/sync';
import { faults } from './axe.ts';
import { LOOK_TIMEOUT_MS } from './look.ts';
import { chooseFolder, DEMO_PHOTOS, DRAWN, openDemo } from './race-desk.ts';

test.use({ viewport: { width: 1280, height: 800 } });

/** ゼッケン,氏名 / 352,高橋 / 352,中村 / (none),森 / 845,佐藤 / 1207,小川 */
const SHIFT_JIS_LIST = Buffer.from(
  '835b8362835083932c8e8196bc0d0a3335322c8d828bb40d0a3335322c928691ba0d0a2c90580d0a3834352c8db293a10d0a313230372c8fac90ec0d0a',
  'hex',
);

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
  expect(await faults(page)).toEqual([]);

  await page.getByRole('link', { name: 'Photos', exact: true }).click();
  await expect(page.getByRole('list', { name: 'Contact sheet' }).getByRole('link')).toHaveCount(DEMO_PHOTOS);
  // A road without runners.
  await expect(page.getByRole('link', { name: 'Photo RACE0107.jpg: no number' })).toBeVisible();
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
    await write('ZCOPY0104.jpg', await (await from.getFileHandle('RACE0104.jpg')).getFile());
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
  // In Shift-JIS, with a number that two runners hold and a line without one.
  await page.locator('main input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: SHIFT_JIS_LIST });
  await expect(page.getByText('4 runners can be used, 1 lines cannot')).toBeVisible();
  await expect(page.getByText('Two runners with number 352')).toBeVisible();
  await expect(page.getByRole('cell', { name: '高橋' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Use 4 runners' }).click();
  await expect(page.getByRole('heading', { name: 'Runners on the list: 4' })).toBeVisible();
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

  // The table, opened by another parser: each number of each photo once.
  await again.getByRole('link', { name: 'Delivery', exact: true }).click();
  await again.getByRole('radio', { name: 'Table (CSV)' }).check();
  const [download] = await Promise.all([again.waitForEvent('download'), again.getByRole('button', { name: 'Make it' }).click()]);
  const rows = parse<Record<string, string>>(await readFile(await download.path()), { bom: true, columns: true });
  const pairs = rows.map((row) => Object.values(row).join('|'));
  expect(new Set(pairs).size).toBe(pairs.length);
  expect(pairs.filter((row) => row.includes('RACE0104.jpg')).length).toBeGreaterThanOrEqual(2);
  expect(pairs.join('\n')).not.toContain('ZCOPY0104.jpg');
  expect(await faults(again)).toEqual([]);
});
