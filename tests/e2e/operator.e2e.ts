/** @file An operator's day: sign in, make a collection, ingest a file, make and revoke a key, read the audit log, in the app on the real server. */
import { execFileSync } from 'node:child_process';
import { expect, test, type Page } from '@playwright/test';
import { faults } from './axe.ts';

const SPACE = 'product-embedding@2';
const COLLECTION = 'operators-shelf';

/** An admin's key, made as somebody who may read the data folder makes one. */
function newKey(role: 'viewer' | 'admin'): string {
  const data = process.env['MEKIKI_E2E_DATA'] ?? '';
  const options = ['create', '--role', role, '--name', `e2e ${role}`, '--data', data];
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'server/jobs/keys.ts', ...options], { encoding: 'utf8' });
  return /mk_[a-z2-7]{16}_[\w-]{43}/.exec(printed)![0];
}

async function signIn(page: Page, secret: string): Promise<void> {
  await page.goto('/operator');
  await page.getByLabel('Key', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Parts of the server' })).toBeVisible();
}
const section = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation', { name: 'Parts of the server' }).getByRole('link', { name }).click();

function rows(count: number): Buffer {
  const line = (i: number): string =>
    JSON.stringify({ id: `row-${i}`, productId: 'p', vector: Array.from({ length: 8 }, (_, at) => Math.sin(i * 3.1 + at)) });
  return Buffer.from(`${Array.from({ length: count }, (_, i) => line(i)).join('\n')}\n`);
}

test('an admin’s day', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const secret = newKey('admin');
  await page.goto('/operator');
  expect(await faults(page)).toEqual([]);
  await page.getByLabel('Key', { exact: true }).fill(secret.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('does not know this key');
  await signIn(page, secret);

  await page.getByRole('button', { name: 'New collection' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Name').fill(COLLECTION);
  await form.getByLabel('Space').fill(SPACE);
  await form.getByLabel('Dimensions').fill('8');
  expect(await faults(page)).toEqual([]);
  await form.getByRole('button', { name: 'Make' }).click();
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: COLLECTION, exact: true }) });
  await expect(card).toContainText('Exact: every vector is compared');
  await card.locator('input[type=file]').setInputFiles({ name: 'rows.ndjson', mimeType: 'application/x-ndjson', buffer: rows(300) });
  await expect(card).toContainText('300 rows are in and searchable.');
  await expect(card.getByText('300', { exact: true })).toBeVisible();
  expect(await faults(page)).toEqual([]);

  await section(page, 'Health and load');
  await expect(page.getByRole('img', { name: /^Requests a second/ })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'POST /v1/collections/:name/ingest' })).toBeVisible();
  expect(await faults(page)).toEqual([]);

  await section(page, 'Storage');
  await expect(page.getByRole('row', { name: new RegExp(COLLECTION) })).toContainText('300');
  expect(await faults(page)).toEqual([]);

  await section(page, 'Keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Who or what uses it').fill('Till 3');
  await page.getByLabel('What for').fill('Looks up products');
  await page.getByRole('checkbox', { name: COLLECTION }).check();
  await page.getByRole('button', { name: 'Make' }).click();
  const shown = page.getByRole('dialog', { name: /Till 3/ });
  const made = await shown.getByLabel('Key', { exact: true }).inputValue();
  await shown.getByRole('button', { name: 'Copy', exact: true }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(made);
  expect(await faults(page)).toEqual([]);
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  const self = (): Promise<number> =>
    page.request.get('/v1/keys/self', { headers: { authorization: `Bearer ${made}` } }).then((answer) => answer.status());
  expect(await self()).toBe(200);
  const key = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Till 3' }) });
  await expect(key).toContainText(COLLECTION);
  await key.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(key).toBeHidden();
  expect(await self()).toBe(401);

  await section(page, 'Audit log');
  await page.getByLabel('About').selectOption('keys');
  await expect(page.getByRole('cell', { name: 'keys.revoke' }).first()).toBeVisible();
  await expect(page.getByRole('cell', { name: 'collections.create' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await expect(page.getByText(/The chain is intact/)).toBeVisible();
  expect(await faults(page)).toEqual([]);

  await section(page, 'Erasures');
  const items = page.getByRole('form', { name: 'Items by their ids' });
  await items.getByLabel('Collection').selectOption(COLLECTION);
  await items.getByLabel('Ids, one a line').fill('row-3\nrow-4');
  await items.getByRole('button', { name: 'Erase' }).click();
  await page
    .getByRole('dialog', { name: /Erase 2 items/ })
    .getByRole('button', { name: 'Erase' })
    .click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Items' }).first()).toContainText('2');
  expect((await page.request.get(`/v1/collections/${COLLECTION}/items/row-3`)).status()).toBe(404);
  expect((await page.request.get(`/v1/collections/${COLLECTION}/items/row-5`)).status()).toBe(200);
  expect(await faults(page)).toEqual([]);

  const query = { space: SPACE, vector: [1, 0, 0, 0, 0, 0, 0, 0], k: 1 };
  expect((await page.request.post(`/v1/collections/${COLLECTION}/search`, { data: query })).status()).toBe(200);
  await section(page, 'Arrivals');
  await expect(page.getByRole('row', { name: new RegExp(`${COLLECTION}/search`) }).first()).toContainText('200');
  expect(await faults(page)).toEqual([]);

  await section(page, 'Collections');
  await card.getByRole('button', { name: 'Remove' }).click();
  const confirm = page.getByRole('dialog');
  await expect(confirm.getByRole('button', { name: 'Remove' })).toBeDisabled();
  await confirm.getByRole('textbox').fill(COLLECTION);
  await confirm.getByRole('button', { name: 'Remove' }).click();
  await expect(card).toBeHidden();
});

test('the key is gone after a reload unless it was kept, and signing out forgets it', async ({ page }) => {
  const secret = newKey('viewer');
  await signIn(page, secret);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  await page.getByLabel('Key', { exact: true }).fill(secret);
  await page.getByRole('checkbox', { name: /Keep me signed in/ }).check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toContain(secret);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(secret);
});

test('the key that is used gets a new secret, which is shown, and work goes on with it', async ({ page }) => {
  const secret = newKey('admin');
  await signIn(page, secret);
  await section(page, 'Keys');
  const own = page.getByRole('listitem').filter({ hasText: 'You are signed in with this key.' });
  await own.getByRole('button', { name: 'New secret' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click();
  const shown = page.getByRole('dialog', { name: /^Key of/ });
  const made = await shown.getByLabel('Key', { exact: true }).inputValue();
  expect(made).not.toBe(secret);
  const used = page.waitForRequest((request) => new URL(request.url()).pathname === '/v1/audit');
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  await expect(own).toHaveCount(1);
  await section(page, 'Audit log');
  expect((await used).headers()['authorization']).toBe(`Bearer ${made}`);
});

test('a viewer is told what the key may not see, and an unreachable server is said', async ({ page, context }) => {
  await signIn(page, newKey('viewer'));
  await expect(page.getByRole('button', { name: 'New collection' })).toBeHidden();
  for (const name of ['Keys', 'Audit log', 'Storage']) {
    await section(page, name);
    await expect(page.getByText(`“${name}” needs another key`)).toBeVisible();
  }
  expect(await faults(page)).toEqual([]);
  await context.route('**/v1/**', (route) => route.abort());
  await section(page, 'Collections');
  await expect(page.getByRole('alert').first()).toContainText('There is no connection to the server.');
  await context.unroute('**/v1/**');
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await expect(page.getByRole('alert')).toHaveCount(0);
});
