/** @file Artwork to pixels, by a headless Chromium. */
import { chromium, type Browser } from '@playwright/test';
import type { Artwork } from './pack-art.ts';

/** A browser that paints artwork. */
export interface Painter {
  /** @returns PNG, `scale` times the artwork's size in CSS pixels. */
  paint(art: Artwork, scale: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Start Chromium: the one named by `CHROMIUM_PATH`, the system's, or Playwright's own. */
export async function startPainter(): Promise<Painter> {
  const { findChromium } = await import('../find-chromium.mjs');
  const executablePath = findChromium();
  const browser: Browser = await chromium.launch({
    args: ['--no-sandbox', '--force-color-profile=srgb'],
    ...(executablePath === null ? {} : { executablePath }),
  });
  return {
    async paint(art, scale) {
      try {
        return await paintOnce(browser, art, scale);
      } catch {
        // Under load Chromium now and then fails to capture; a second page does it.
        return paintOnce(browser, art, scale);
      }
    },
    close: () => browser.close(),
  };
}

async function paintOnce(browser: Browser, { html, widthPx, heightPx }: Artwork, scale: number): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: widthPx, height: heightPx }, deviceScaleFactor: scale });
  try {
    await page.setContent(
      `<!doctype html><html lang="ja"><meta charset="utf-8"><style>html,body{margin:0;padding:0}</style><body>${html}</body></html>`,
    );
    return await page.screenshot({ type: 'png', clip: { x: 0, y: 0, width: widthPx, height: heightPx } });
  } finally {
    await page.close();
  }
}
