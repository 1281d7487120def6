/** @file The development server's page with both sides of each duel, and the duel itself. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { createServer } from 'vite';
import { findChromium } from '../../scripts/find-chromium.mjs';
import type { Contenders, Measured } from './contenders.ts';
import { median, type BenchRow } from './row.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A dependency of @gutenye/ocr-common is written in Latin-1, which the bundler does not read. */
const readLatin1 = {
  name: 'read-latin1',
  load: async (id: string) => (id.endsWith('/js-clipper/clipper.js') ? readFile(id, 'latin1') : null),
};

/** Duels of one browser. */
export interface Arena {
  /**
   * Run both sides in turn, so that a busy neighbour hits both; the first call of each side warms it up and is dropped.
   * @param unit of the answers, which show that both sides did the work.
   */
  duel(what: string, ours: keyof Contenders, theirs: keyof Contenders, args: readonly unknown[], unit: string): Promise<BenchRow>;
  /** For what is no duel. */
  readonly page: Page;
  /** A first call, made again when the page was reloaded for what it needs. */
  settle(call: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

/** @param rounds of each duel; medians are compared. */
export async function openArena(rounds: number): Promise<Arena> {
  const server = await createServer({
    root: ROOT,
    configFile: join(ROOT, 'vite.config.ts'),
    logLevel: 'error',
    server: { port: 0 },
    optimizeDeps: { rolldownOptions: { plugins: [readLatin1] } },
  });
  await server.listen();
  const executablePath = process.env['CHROMIUM_PATH'] ?? findChromium();
  const browser = await chromium.launch({ ...(executablePath === null ? {} : { executablePath }), args: ['--no-sandbox'] });
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`${server.resolvedUrls?.local[0] ?? ''}tests/bench/page/index.html?ep=wasm`);
  await page.waitForFunction(() => window.contenders !== undefined, null, { timeout: 60_000 });
  return {
    page,
    settle: (call) => settle(page, call),
    async duel(what, ours, theirs, args, unit) {
      const run = (name: keyof Contenders): Promise<Measured> =>
        page.evaluate(([method, input]) => (window.contenders![method] as (...input: unknown[]) => Promise<Measured>)(...input), [
          name,
          args,
        ] as const);
      const sides = [ours, theirs].map((name) => ({ name, times: [] as number[], answer: 0 }));
      for (const { name } of sides) await settle(page, () => run(name));
      for (let round = 0; round < rounds; round++)
        for (const side of sides) {
          const { ms, answer } = await run(side.name);
          side.answer = answer;
          side.times.push(ms);
        }
      const [a, b] = sides.map(({ times }) => median(times)) as [number, number];
      const told = sides.map(({ times, answer }) => `${median(times).toFixed(0)} ms (${answer} ${unit})`) as [string, string];
      return { what, ours: told[0], theirs: told[1], ratio: `${(b / a).toFixed(2)} (their time ÷ ours)` };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** The development server reloads the page when it meets a dependency for the first time; then the call is made again. */
async function settle(page: Page, call: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await call();
      return;
    } catch (error) {
      if (attempt === 5 || !String(error).includes('context was destroyed')) throw error;
      await page.waitForFunction(() => window.contenders !== undefined, null, { timeout: 60_000 });
    }
  }
}
