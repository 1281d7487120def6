/** @file The shelf lens as an auditor uses it: photo, boxes, names, planogram, report, files; with the real net, workers and server. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { parse } from 'csv-parse/sync';
import { faults } from './axe.ts';
import { DENSE_SHELF, facingsOf, lawnPhoto, shelfPhoto, SMALL_SHELF } from './drawn-shelf.ts';
import type { PickedPhoto } from './drawn-pack.ts';
import { LOOK_TIMEOUT_MS } from './look.ts';

const SHARED = '../shared/data/shelf_synthetic';

/** A visit of a new shop with one bay, up to the empty bay's page. */
async function openBay(page: Page): Promise<void> {
  await page.goto('/desk/shelf');
  await page.getByRole('button', { name: 'New visit' }).first().click();
  const dialog = page.getByRole('dialog');
  const shop = dialog.getByRole('combobox', { name: 'Shop' });
  if ((await shop.count()) > 0) await shop.selectOption({ label: 'New shop' });
  await dialog.getByRole('textbox', { name: 'Name of the shop' }).fill('Corner shop');
  await dialog.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL('**/visits/**');
  await page.getByRole('button', { name: 'Add bay' }).click();
  await page.getByRole('link', { name: /^Bay 1/ }).click();
  await page.waitForURL('**/bays/**');
}

async function addPhoto(page: Page, photo: PickedPhoto | string): Promise<void> {
  await page.locator('main input[type=file]').first().setInputFiles(photo);
  await expect(page.getByText('Photo to report')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
}

/** As the photo's own group of boxes says it. */
async function boxes(page: Page): Promise<number> {
  const label = await page.getByRole('group', { name: /^Photo with \d+ boxes/ }).getAttribute('aria-label');
  return Number(/\d+/u.exec(label ?? '')?.[0]);
}

/** Those of the list; gaps are no facings. */
function facings(page: Page): Promise<number> {
  return page
    .getByRole('region', { name: 'All facings' })
    .getByRole('listitem')
    .filter({ hasNotText: /Gap|Empty, or overlooked/ })
    .count();
}

/** The demo's shelf, read. */
async function openDemo(page: Page): Promise<void> {
  await page.goto('/desk/shelf');
  await page.getByRole('button', { name: 'Try a demo shelf' }).click();
  await page.waitForURL('**/bays/**');
  await expect(page.getByText('Photo to report')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
}

test.describe('on the spot', () => {
  test.use({ serviceWorkers: 'block' });

  test('the demo shelf has names, rows and differences at once; a box is drawn, split, merged, deleted and brought back', async ({
    page,
  }) => {
    await openDemo(page);
    const found = await facings(page);
    expect(found).toBeGreaterThan(30);
    await expect(page.getByRole('heading', { name: /^Row 4/ })).toBeVisible();
    const list = page.getByRole('region', { name: 'All facings' });
    await expect(list.getByRole('button', { name: /Tonkotsu Noodle/ }).first()).toBeVisible();
    expect(await faults(page)).toEqual([]);

    const photo = page.getByRole('group', { name: /^Photo with/ });
    // A facing out of the list, split, and what came of it merged again.
    await list
      .getByRole('button', { name: /Tonkotsu Noodle/ })
      .first()
      .click();
    await photo.focus();
    await page.keyboard.press('s');
    await expect.poll(() => facings(page)).toBe(found + 1);
    await page.keyboard.press('m');
    await expect.poll(() => facings(page)).toBe(found);
    await page.keyboard.press('Delete');
    await expect.poll(() => facings(page)).toBe(found - 1);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await expect.poll(() => facings(page)).toBe(found);
    await page.keyboard.press('Control+y');
    await expect.poll(() => facings(page)).toBe(found + 1);
    await page.keyboard.press('Control+z');

    // A new box is drawn with the pointer.
    await page.keyboard.press('Escape');
    await page.keyboard.press('a');
    const area = (await photo.boundingBox())!;
    await page.mouse.move(area.x + area.width * 0.45, area.y + area.height * 0.4);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width * 0.5, area.y + area.height * 0.5, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => facings(page)).toBe(found + 1);
    // It is there after a reload, and so is the way back.
    await page.reload();
    await expect.poll(() => facings(page)).toBe(found + 1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => facings(page)).toBe(found);

    await page
      .getByRole('navigation', { name: 'Parts of this bay' })
      .getByRole('link', { name: /^Planogram/ })
      .click();
    await expect(page.getByText('Compliance')).toBeVisible();
    await expect(page.getByRole('button', { name: /Soy Keema Curry/ })).toBeVisible();
    expect(await faults(page)).toEqual([]);
  });

  test('a facing gets the name of a new product, which is learnt, and taken back whole', async ({ page }) => {
    await openBay(page);
    await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'small.jpg'));
    const list = page.getByRole('region', { name: 'All facings' });
    const line = list.getByRole('button', { name: /Milk Chocolate/ });
    await expect(line.first()).toBeVisible();
    const before = await line.count();
    await line.first().click();
    await page.getByRole('button', { name: 'Other name' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('searchbox').fill('Zakurobo bar');
    await dialog.getByRole('button', { name: 'Add a new product' }).click();
    await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('Zakurobo bar');
    await dialog.getByRole('button', { name: 'Add and name' }).click();
    await expect(page.getByText(/Zakurobo bar: \d+ facings named/)).toBeVisible({ timeout: 60_000 });
    await expect(list.getByRole('button', { name: /Zakurobo bar/ }).first()).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await expect(list.getByRole('button', { name: /Zakurobo bar/ })).toHaveCount(0, { timeout: 60_000 });
    await expect.poll(() => line.count()).toBe(before);
  });

  test('a dense shelf: nearly all of its 150 facings are found, row by row', async ({ page }) => {
    test.setTimeout(420_000);
    await openBay(page);
    await addPhoto(page, await shelfPhoto(DENSE_SHELF, 'dense.jpg'));
    const count = await facings(page);
    expect(Math.abs(count - facingsOf(DENSE_SHELF)) / facingsOf(DENSE_SHELF)).toBeLessThan(0.15);
    await expect(page.getByRole('heading', { name: /^Row 10/ })).toBeVisible();
  });

  test('a photo stored upside down is read upright', async ({ page }) => {
    await openBay(page);
    await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'turned.jpg', 3));
    await expect(page.getByRole('heading', { name: /^Row 2/ })).toBeVisible();
    const first = page.getByRole('region', { name: 'All facings' }).getByRole('list').first();
    await expect(first).toContainText(/Milk Chocolate|Oat Biscuits/);
  });

  test('a photo without any shelf says so', async ({ page }) => {
    await openBay(page);
    await addPhoto(page, await lawnPhoto());
    await expect(page.getByRole('alert').filter({ hasText: 'No shelf in this photo' })).toBeVisible();
  });

  test('a planogram with faults is imported with each fault by its line', async ({ page }) => {
    await openBay(page);
    await page.goto('/desk/shelf/shops');
    await page.getByRole('link', { name: /Corner shop/ }).click();
    await page.getByRole('link', { name: 'Import a planogram' }).click();
    // Shift-JIS with the mark of UTF-8, as some programs write it.
    const shelf = Buffer.from([0x92, 0x69]); // 段
    const productName = Buffer.from([0x8f, 0xa4, 0x95, 0x69, 0x96, 0xbc]); // 商品名
    const milk = Buffer.from([0x83, 0x7e, 0x83, 0x8b, 0x83, 0x4e]); // ミルク
    const csv = Buffer.concat([
      ...[Buffer.from([0xef, 0xbb, 0xbf]), shelf, Buffer.from(',position,SKU,facings,'), productName],
      ...[Buffer.from('\r\n1,1,minamori-milk-chocolate,3,'), milk, Buffer.from('\r\n1,1,minamori-bitter-chocolate,2,'), milk],
      ...[Buffer.from('\r\n1,4,nobody-knows-this,2,'), milk, Buffer.from('\r\n')],
    ]);
    await page.locator('main input[type=file]').setInputFiles({ name: 'plan.csv', mimeType: 'text/csv', buffer: csv });
    await expect(page.getByRole('cell', { name: 'ミルク' }).first()).toBeVisible();
    await expect(page.getByLabel(/^Shelf \(row\)/)).toHaveValue('0');
    const problems = page.getByRole('region', { name: /^Problems/ });
    await expect(problems.getByRole('listitem').filter({ hasText: 'Line 3' })).toContainText('is taken already');
    await expect(problems.getByRole('listitem').filter({ hasText: 'Line 4' })).toContainText('nobody-knows-this');
    await expect(page.getByText('2 rows can be used; 1 are left out.')).toBeVisible();
    expect(await faults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save 2 rows' }).click();
    await page.waitForURL('**/planograms/**');
    await expect(page.getByRole('row')).toHaveCount(3);

    await page.goBack();
    for (const [name, text, says] of [
      ['none.csv', 'shelf,position,sku\r\n', 'There are no rows'],
      ['picture.csv', '\u0000\u0001\u0002', 'no text file'],
    ] as const) {
      await page.locator('main input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
      await expect(page.getByText(says)).toBeVisible();
      await expect(page.getByRole('button', { name: /^Save \d+ rows/ })).toHaveCount(0);
    }
  });

  test('a planogram made from the photo is all right by itself, and saves as a file that says the same', async ({ page }) => {
    await openBay(page);
    await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'small.jpg'));
    const parts = page.getByRole('navigation', { name: 'Parts of this bay' });
    await parts.getByRole('link', { name: /^Planogram/ }).click();
    await page.getByRole('button', { name: 'Make from this photo' }).click();
    await expect(page.getByText('100%')).toBeVisible();
    await page.getByRole('link', { name: 'Edit planogram' }).click();
    await expect(page.getByRole('row').nth(1)).toBeVisible();
    const rows = (await page.getByRole('row').count()) - 1;
    expect(rows).toBeGreaterThanOrEqual(4);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
    const saved: Record<string, string>[] = parse(readFileSync(await download.path()), { columns: true, bom: true });
    expect(saved).toHaveLength(rows);
    expect(saved[0]).toMatchObject({ shelf: '1', position: '1' });
  });

  test('a visit comes out as CSV, Excel, JSON, picture and PDF, and the CSV and the JSON say what the screen says', async ({ page }) => {
    await openBay(page);
    await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'small.jpg'));
    const found = await facings(page);
    await page.getByRole('link', { name: 'Corner shop' }).click();
    await page.getByRole('link', { name: 'Report' }).click();
    const cell = page.getByRole('row', { name: /Bay 1/ }).getByRole('cell').nth(1);
    await expect(cell).not.toHaveText('0');
    const reported = Number(await cell.textContent());
    expect(reported).toBe(found);
    const saved = async (kind: string): Promise<Buffer> => {
      const button = page.getByRole('button', { name: kind, exact: true });
      const [download] = await Promise.all([page.waitForEvent('download', { timeout: 90_000 }), button.click()]);
      return readFileSync(await download.path());
    };
    const lines: Record<string, string>[] = parse(await saved('CSV'), { columns: true, bom: true });
    expect(lines.reduce((sum, line) => sum + Number(line['Facings']), 0)).toBe(reported);
    expect(new Set(lines.map((line) => line['Bay']))).toEqual(new Set(['Bay 1']));
    const json = JSON.parse((await saved('JSON')).toString()) as Record<string, unknown>;
    expect(JSON.stringify(json)).toContain('Corner shop');
    expect((await saved('Excel')).subarray(0, 2).toString()).toBe('PK');
    expect((await saved('Picture')).subarray(1, 4).toString()).toBe('PNG');
    expect((await saved('PDF')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(await faults(page)).toEqual([]);
  });

  test('the app closed in the middle of an import goes on where it stopped, and loses no photo', async ({ page }) => {
    test.setTimeout(420_000);
    await openBay(page);
    await page.getByRole('link', { name: 'Corner shop' }).click();
    await page.getByRole('button', { name: 'Import photos' }).click();
    const dialog = page.getByRole('dialog');
    const photos = await Promise.all([1, 2, 3].map((number) => shelfPhoto(SMALL_SHELF, `bay ${number}.jpg`)));
    await dialog.locator('input[type=file]').first().setInputFiles(photos);
    await dialog.getByRole('radio', { name: 'One bay each, in order' }).check();
    await dialog.getByRole('button', { name: 'Import 3 photos' }).click();
    await expect(dialog).toBeHidden();
    const queue = page.getByRole('region', { name: 'Reading photos' });
    await expect(queue).toBeVisible();
    const visit = page.url();
    await page.goto('about:blank');
    await page.goto(visit);
    for (const number of [1, 2, 3])
      await expect(page.getByRole('link', { name: new RegExp(`^Bay ${number}`) })).toContainText(/Facings: \d+/, {
        timeout: LOOK_TIMEOUT_MS,
      });
  });

  test('storage that fills up during a visit keeps what was acknowledged, and says so', async ({ page }) => {
    await page.addInitScript(() => {
      for (const name of ['put', 'add'] as const) {
        const write = Reflect.get(IDBObjectStore.prototype, name) as (...given: unknown[]) => IDBRequest;
        Reflect.set(IDBObjectStore.prototype, name, function (this: IDBObjectStore, ...given: unknown[]) {
          if (window.isDiskFull === true) throw new DOMException('The disk is full.', 'QuotaExceededError');
          return write.apply(this, given);
        });
      }
    });
    await openBay(page);
    await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'first.jpg'));
    const found = await boxes(page);
    await page.evaluate(() => {
      window.isDiskFull = true;
    });
    await page
      .locator('main input[type=file]')
      .first()
      .setInputFiles(await shelfPhoto(SMALL_SHELF, 'second.jpg'));
    await expect(page.getByRole('alert').filter({ hasText: 'Storage is full' })).toBeVisible();
    await page.reload();
    await expect.poll(() => boxes(page)).toBe(found);
  });

  test('photos of the labelled set are read', async ({ page }) => {
    test.skip(!existsSync(SHARED), `${SHARED} is not there`);
    const [photo] = readdirSync(`${SHARED}/images`).filter((name) => name.endsWith('.jpg'));
    const { items } = JSON.parse(readFileSync(`${SHARED}/ground_truth.json`, 'utf8')) as { items: { file: string; boxes: unknown[] }[] };
    const truth = items.find(({ file }) => file.endsWith(photo!))!.boxes.length;
    await openBay(page);
    await addPhoto(page, `${SHARED}/images/${photo!}`);
    expect(Math.abs((await facings(page)) - truth) / truth).toBeLessThan(0.2);
  });
});

test('in flight mode a photo is read, corrected and reported', async ({ page, context }) => {
  await page.goto('/desk/shelf');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await openDemo(page);
  await context.setOffline(true);
  await openBay(page);
  await addPhoto(page, await shelfPhoto(SMALL_SHELF, 'small.jpg'));
  expect(await boxes(page)).toBeGreaterThanOrEqual(10);
  await page.getByRole('link', { name: 'Corner shop' }).click();
  await page.getByRole('link', { name: 'Report' }).click();
  await expect(page.getByRole('cell', { name: 'Bay 1' })).toBeVisible();
});
