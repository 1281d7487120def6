/** @file Every screen: its address, its title, no accessibility fault of weight, in both themes and languages; nothing wider than a phone. */
import { expect, test } from '@playwright/test';
import { faults } from './axe.ts';

const SCREENS = [
  { path: '/', en: 'Mekiki', ja: 'Mekiki' },
  { path: '/desk/shelf', en: 'Shelf visits', ja: '棚の調査' },
  { path: '/desk/shelf/shops', en: 'Shops', ja: '店舗' },
  { path: '/desk/shelf/shops/nobody/planogram', en: 'Import a planogram', ja: '棚割を取り込む' },
  { path: '/desk/shelf/nowhere', en: 'Nothing here', ja: '見つかりません' },
  { path: '/capture/product', en: 'Camera', ja: 'カメラ' },
  { path: '/library', en: 'Library', ja: 'ライブラリ' },
  { path: '/people', en: 'People', ja: '食べる人' },
  { path: '/people/somebody', en: 'Add a person', ja: '人を追加' },
  { path: '/models', en: 'Models', ja: 'モデル' },
  { path: '/packs', en: 'Packs', ja: 'パック' },
  { path: '/privacy', en: 'Privacy', ja: 'プライバシー' },
  { path: '/server', en: 'Server', ja: 'サーバー' },
  { path: '/operator', en: 'Operations', ja: '運用' },
  { path: '/settings', en: 'Settings', ja: '設定' },
  { path: '/about', en: 'About', ja: 'このアプリについて' },
  { path: '/result/nothing', en: 'Result', ja: '結果' },
  { path: '/no-such-page', en: 'Page not found', ja: 'ページが見つかりません' },
] as const;

for (const [language, colorScheme, width] of [
  ['en', 'light', 360],
  ['ja', 'dark', 360],
  ['ja', 'light', 1280],
  ['en', 'dark', 1280],
] as const)
  test.describe(`${language}, ${colorScheme}, ${width} px`, () => {
    test.use({
      locale: language === 'ja' ? 'ja-JP' : 'en-GB',
      colorScheme,
      viewport: { width, height: width === 360 ? 740 : 800 },
      serviceWorkers: 'block',
    });
    for (const screen of SCREENS)
      test(`${screen.path} has its title, is accessible and fits`, async ({ page }) => {
        const broken: string[] = [];
        page.on('pageerror', (error) => broken.push(error.message));
        await page.goto(screen.path);
        await expect(page).toHaveTitle(new RegExp(`^${screen[language]}`));
        await expect(page.locator('h1')).toHaveCount(1);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await page.waitForLoadState('networkidle');
        expect(await faults(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        expect(broken).toEqual([]);
      });
  });

test('the keyboard alone reaches every screen', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  for (const [key, title] of [
    ['l', /^Library/],
    ['p', /^People/],
    ['s', /^Settings/],
    ['c', /^Camera/],
    ['h', /^Mekiki$/],
  ] as const) {
    await page.keyboard.press(key);
    await expect(page).toHaveTitle(title);
    // A screen reader starts at the heading.
    await expect(page.locator('h1')).toBeFocused();
  }
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('Keyboard shortcuts');
  expect(await faults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('language and theme change at once and survive a reload', async ({ page }) => {
  await page.goto('/settings');
  await page.getByRole('radio', { name: '日本語' }).check();
  await expect(page.locator('h1')).toHaveText('設定');
  await page.getByRole('radio', { name: 'ダーク' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('h1')).toHaveText('設定');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
});
