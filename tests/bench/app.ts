/** @file The built app on the real server, in a Chromium that lets itself be measured. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { findChromium } from '../../scripts/find-chromium.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 120_000;

/** A running app. */
export interface BenchApp {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly baseUrl: string;
  /** Page, browser and server; the server's data too. */
  close(): Promise<void>;
}

/** @throws Error when the app was not built, or the server does not start. */
export async function openApp(): Promise<BenchApp> {
  if (!existsSync(join(ROOT, 'dist', 'index.html'))) throw new Error('The app is not built: run `npm run build` first.');
  const data = mkdtempSync(join(tmpdir(), 'mekiki-bench-'));
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'server', 'main.ts'), '--port', '0', '--data', data, '--log-level', 'warn'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill();
      await ended;
    }
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const baseUrl = await new Promise<string>((resolve, reject) => {
      let said = '';
      const timer = setTimeout(() => reject(new Error(`The server did not start: ${said}`)), START_TIMEOUT_MS);
      server.once('exit', (status) => reject(new Error(`The server ended with status ${status}: ${said}`)));
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const url = /http:\/\/localhost:\d+/.exec(said)?.[0];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
    });
    const executablePath = process.env['CHROMIUM_PATH'] ?? findChromium();
    const browser = await chromium.launch({
      ...(executablePath === null ? {} : { executablePath }),
      args: [
        '--no-sandbox',
        '--js-flags=--expose-gc',
        '--enable-precise-memory-info',
        // Memory of the whole agent cluster at once, not at the next garbage collection.
        '--enable-blink-features=ForceEagerMeasureMemory',
      ],
    });
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' });
    // tsx wraps named functions in this helper, also those that are sent to the page.
    await context.addInitScript('globalThis.__name = (named) => named');
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    return {
      browser,
      context,
      page,
      baseUrl,
      close: async () => {
        await browser.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
