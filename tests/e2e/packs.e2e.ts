/** A pack is built on the server, taken, and answers without a network; what was tampered with on the way is refused. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type APIRequestContext } from '@playwright/test';
import { faults } from './axe.ts';
import { unknownPack } from './drawn-pack.ts';
import { lookAt, lookEnded } from './look.ts';

const COLLECTION = 'corner-shop';
const PRODUCT = {
  ...{
    id: 'shop:zakurobo',
    name: { en: 'Zakurobo bar', ja: 'ザクロボ' },
    gtins: [],
    kind: 'packaged',
    packWords: [],
    source: 'corner-shop',
  },
  contents: { ingredientsText: '原材料名：米、豚脂、食塩', language: 'ja', source: 'corner-shop', updatedAtMs: 1 },
  updatedAtMs: 1,
};

async function put(request: APIRequestContext, path: string, data: object): Promise<unknown> {
  const answer = await request.post(path, { data });
  expect(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return answer.json();
}

/** The shop's one product, with a photo of it described by the same models. */
async function stockShop(request: APIRequestContext): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'mekiki-photo-')), 'photo.jpg');
  writeFileSync(path, (await unknownPack(2)).buffer);
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'tests/e2e/enrol-photo.ts', path], { encoding: 'utf8' });
  const { space, vector, metadata } = JSON.parse(printed.trim().split('\n').at(-1)!) as {
    space: string;
    vector: number[];
    metadata: object;
  };
  await put(request, '/v1/collections', { name: COLLECTION, space, dimensions: vector.length, metric: 'cosine' });
  await put(request, '/v1/products', { products: [PRODUCT] });
  await put(request, `/v1/collections/${COLLECTION}/items`, { space, items: [{ id: 'shop/1', productId: PRODUCT.id, vector, metadata }] });
}

async function buildPack(request: APIRequestContext, id: string, title: string, collection: string): Promise<void> {
  const build = (await put(request, '/v1/pack-builds', {
    id,
    kind: 'shop',
    title: { en: title },
    collections: [{ name: collection }],
  })) as { id: string };
  await expect
    .poll(async () => ((await (await request.get(`/v1/pack-builds/${build.id}`)).json()) as { state: string }).state)
    .toBe('done');
}

test('a look finds, in flight mode, a product that only a pack knows', async ({ page, context, request }) => {
  // Two looks, and the photo described by Node as well.
  test.setTimeout(480_000);
  await stockShop(request);
  await buildPack(request, 'corner-shop', 'Corner shop', COLLECTION);

  await lookAt(page, await unknownPack(9));
  await lookEnded(page);
  await expect(page.getByText('Zakurobo bar').filter({ visible: true })).toHaveCount(0);

  await page.goto('/packs');
  const card = page.getByRole('listitem', { name: 'Corner shop', exact: true });
  await expect(card).toContainText('1 of 1 products have photos, 1 have ingredients');
  await expect(card).toContainText('Not on this device');
  await card.getByRole('button', { name: 'Install' }).click();
  await expect(card.getByText('On this device', { exact: true })).toBeVisible();
  expect(await faults(page)).toEqual([]);

  await context.setOffline(true);
  await page.goto('/packs');
  await expect(page.getByText('No connection to the server')).toBeVisible();
  await expect(card.getByText('On this device', { exact: true })).toBeVisible();
  await lookAt(page, await unknownPack(9));
  await lookEnded(page);
  await expect(page.getByText('Zakurobo bar').filter({ visible: true }).first()).toBeVisible();
  await context.setOffline(false);

  await page.goto('/packs');
  await card.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(card).toContainText('Not on this device');
});

test('a part that was changed on the way is refused, and a new key too', async ({ page, request }) => {
  await buildPack(request, 'changed', 'Changed pack', 'products');
  await page.route('**/v1/packs/changed/parts/**', async (route) => {
    const answer = await route.fetch();
    const body = await answer.body();
    body[body.length - 1]! ^= 1;
    // A part may have been given up meanwhile: the one before it was refused.
    await route.fulfill({ response: answer, body }).catch(() => {});
  });
  await page.goto('/packs');
  const card = page.getByRole('listitem', { name: 'Changed pack', exact: true });
  await card.getByRole('button', { name: 'Install' }).click();
  await expect(card.getByRole('alert')).toContainText('not what its maker signed');
  await expect(card).toContainText('Not on this device');
  await page.unroute('**/v1/packs/changed/parts/**');
  await card.getByRole('button', { name: 'Install' }).click();
  await expect(card.getByText('On this device', { exact: true })).toBeVisible();

  // Another key: 32 other bytes behind the same start.
  await page.route('**/v1/packs', async (route) => {
    const answer = await route.fetch();
    const list = (await answer.json()) as { publicKey: string };
    await route.fulfill({ response: answer, json: { ...list, publicKey: `MCowBQYDK2VwAyEA${'B'.repeat(43)}=` } });
  });
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('The server’s key has changed');
});
