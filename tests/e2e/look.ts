/** @file Steps that the end-to-end tests share. */
import { expect, type Page } from '@playwright/test';

/** Longest that one photo may take on a slow machine that also runs everything else. */
export const LOOK_TIMEOUT_MS = 180_000;

/** A photo of the demo, from `public/demo/photos`. */
export function demoPhoto(name: string): string {
  return `public/demo/photos/${name}`;
}

/** Start the home page and hand it a photo, as the file picker does. */
export async function lookAt(page: Page, photo: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  await page.goto('/');
  await page.locator('input[type=file]').first().setInputFiles(photo);
  await page.waitForURL('**/result/**');
}

/** Wait until nothing is running any more. */
export async function lookEnded(page: Page): Promise<void> {
  await expect(page.getByText(/^(Computed on|Some candidates came)/).first()).toBeVisible({ timeout: LOOK_TIMEOUT_MS });
  await expect(page.getByRole('list', { name: 'Progress' })).toBeHidden({ timeout: LOOK_TIMEOUT_MS });
}

/** Add somebody who follows diets, through the screens; everything is kept at once. */
export async function addPerson(page: Page, name: string, diets: readonly string[]): Promise<void> {
  await page.goto(`/people/${name.toLowerCase()}`);
  const field = page.getByRole('textbox', { name: 'Name' });
  await field.fill(name);
  await field.blur();
  for (const diet of diets) await page.getByRole('checkbox', { name: diet }).check();
  await expect(page.getByRole('button', { name: 'Delete' })).toBeVisible();
}
