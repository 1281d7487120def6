/** @file A shelf visit is handed in: nothing before it is allowed, kept while there is no network, and then as the ledger shows it. */
import { expect, test } from '@playwright/test';
import { LOOK_TIMEOUT_MS } from './look.ts';

test.use({ serviceWorkers: 'block' });

test('a visit that was sent without a network goes when it is back, and the ledger shows what went', async ({ page, context, request }) => {
  const handedIn = async (): Promise<{ id: string; bays: { facings: number }[] }[]> =>
    ((await (await request.get('/v1/shelf-visits')).json()) as { items: { id: string; bays: { facings: number }[] }[] }).items;
  await page.goto('/desk/shelf');
  await page.getByRole('button', { name: 'Try a demo shelf' }).click();
  await page.waitForURL('**/bays/**');
  await expect(page.getByText('Photo to report')).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  const visitId = /\/visits\/([^/]+)/.exec(page.url())![1]!;
  await page.goto(`/desk/shelf/visits/${visitId}/report`);
  const send = page.getByRole('button', { name: 'Send', exact: false });
  await expect(send).toBeDisabled();
  await page.getByRole('switch', { name: /Visit report/ }).click();
  await expect(send).toBeEnabled();

  await context.setOffline(true);
  await send.click();
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();
  expect((await handedIn()).map(({ id }) => id)).not.toContain(visitId);
  await context.setOffline(false);
  await expect
    .poll(async () => (await handedIn()).find(({ id }) => id === visitId)?.bays[0]?.facings, { timeout: 30_000 })
    .toBeGreaterThan(30);

  await page.goto('/privacy');
  await expect(page.getByText('Visit report').first()).toBeVisible();
  await expect(page.getByText(visitId).first()).toBeAttached();
});
