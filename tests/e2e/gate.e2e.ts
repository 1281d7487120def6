/** [Note: One gate] What leaves the page, seen from the network. */
import { expect, test, type Request } from '@playwright/test';
import { demoPhoto, lookAt, lookEnded } from './look.ts';

/** Requests that carry something, or go elsewhere. */
function suspicious(request: Request, origin: string): boolean {
  const url = new URL(request.url());
  if (url.protocol === 'blob:' || url.protocol === 'data:') return false;
  return url.origin !== origin || request.method() !== 'GET' || url.search !== '' || url.pathname.startsWith('/v1/');
}

test('a look sends nothing while everything is switched off', async ({ page, context, baseURL }) => {
  const seen: string[] = [];
  context.on('request', (request) => {
    if (suspicious(request, new URL(baseURL!).origin)) seen.push(`${request.method()} ${request.url()}`);
  });
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  expect(seen).toEqual([]);
});

test('what leaves after switching on is a vector, and the ledger shows it byte for byte', async ({ page, context }) => {
  await page.goto('/privacy');
  const vectors = page.getByRole('switch', { name: /vector|look/i }).first();
  await expect(page.getByText('Nothing has left this device')).toBeVisible();
  await vectors.click();
  // Shown as on once it is kept.
  await expect(vectors).toBeChecked();
  await page.reload();
  await expect(vectors).toBeChecked();
  const bodies: string[] = [];
  context.on('request', (request) => {
    if (request.method() === 'POST') bodies.push(request.postData() ?? '');
  });
  await lookAt(page, demoPhoto('milk-chocolate.jpg'));
  await lookEnded(page);
  expect(bodies).toHaveLength(1);
  const sent = JSON.parse(bodies[0]!) as { vector: number[] };
  expect(Object.keys(sent).sort()).toEqual(['k', 'space', 'vector']);
  expect(sent.vector).toHaveLength(128);
  await page.goto('/privacy');
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText(/chain is intact/i)).toBeVisible();
  await expect(page.getByText(String(bodies[0]!.length)).or(page.getByText(/kB/)).first()).toBeVisible();
});
