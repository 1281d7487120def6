/**
 * @file `npm run bench`: ratios of two things run side by side, in one browser, alternating, medians of several rounds.
 * Absolute times mean little on a shared machine; the ratio is what can be compared.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { createServer } from 'vite';
import { searchRequestSchema, type SearchRequest } from '../../src/contracts/server-api.ts';
import type { Contenders, Measured } from './contenders.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LABEL_PHOTO = '/demo/photos/beef-curry-label.jpg';
const CROPS = 24;
const GALLERY = 20_000;

interface Row {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: string;
}

const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 3;
const rows: Row[] = [];
/** A dependency of @gutenye/ocr-common is written in Latin-1, which the bundler does not read. */
const readLatin1 = {
  name: 'read-latin1',
  load: async (id: string) => (id.endsWith('/js-clipper/clipper.js') ? readFile(id, 'latin1') : null),
};
const server = await createServer({
  root: ROOT,
  configFile: join(ROOT, 'vite.config.ts'),
  logLevel: 'error',
  server: { port: 0 },
  optimizeDeps: { rolldownOptions: { plugins: [readLatin1] } },
});
await server.listen();
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`${server.resolvedUrls?.local[0] ?? ''}tests/bench/page/index.html?ep=wasm`);
  await page.waitForFunction(() => window.contenders !== undefined, null, { timeout: 60_000 });

  await duel(page, 'read a label: ours against tesseract.js jpn alone', 'readLabel', 'readLabelByTesseract', [LABEL_PHOTO], 'characters');
  await duel(
    page,
    "read a label: ours against @gutenye/ocr-browser's pipeline",
    'readLabel',
    'readLabelByGutenye',
    [LABEL_PHOTO],
    'characters',
  );
  const job = [LABEL_PHOTO, CROPS, GALLERY] as const;
  await duel(
    page,
    `embed ${CROPS} crops and search ${GALLERY}: workers against plain`,
    'embedAndSearch',
    'embedAndSearchPlainly',
    job,
    'found',
  );
  const blockMs = await page.evaluate((photo) => window.contenders!.longestBlockMs(photo), LABEL_PHOTO);
  rows.push({
    what: 'longest block of the page while a label is read',
    ours: `${blockMs.toFixed(0)} ms`,
    theirs: 'limit 50 ms',
    ratio: '',
  });
  rows.push(await bytesLeaving());
} finally {
  await browser.close();
  await server.close();
}
console.table(rows);

/** Alternate the two so that a busy neighbour hits both. */
async function duel(
  page: Page,
  what: string,
  ours: keyof Contenders,
  theirs: keyof Contenders,
  args: readonly unknown[],
  unit: string,
): Promise<void> {
  const run = (name: keyof Contenders): Promise<Measured> =>
    page.evaluate(([method, input]) => (window.contenders![method] as (...input: unknown[]) => Promise<Measured>)(...input), [
      name,
      args,
    ] as const);
  for (const name of [ours, theirs]) await settle(page, () => run(name));
  const times: [number[], number[]] = [[], []];
  const answers: [number, number] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    for (const [side, name] of [ours, theirs].entries()) {
      const { ms, answer } = await run(name);
      answers[side as 0 | 1] = answer;
      times[side as 0 | 1].push(ms);
    }
  }
  const [a, b] = [median(times[0]), median(times[1])];
  rows.push({
    what,
    ours: `${a.toFixed(0)} ms (${answers[0]} ${unit})`,
    theirs: `${b.toFixed(0)} ms (${answers[1]} ${unit})`,
    ratio: `${(b / a).toFixed(2)} (their time ÷ ours)`,
  });
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

/** What a search sends against sending the photo. */
async function bytesLeaving(): Promise<Row> {
  const request: SearchRequest = {
    space: 'product-embedding@0',
    vector: Array.from({ length: 128 }, (_, i) => Math.fround(Math.sin(i + 1) / 8)),
    k: 50,
  };
  const vectorBytes = Buffer.byteLength(JSON.stringify(searchRequestSchema.parse(request)));
  const photoBytes = (await stat(join(ROOT, 'public', LABEL_PHOTO))).size;
  return {
    what: 'bytes that leave for one server search: vector against the photo',
    ours: `${vectorBytes} B`,
    theirs: `${photoBytes} B`,
    ratio: `${(photoBytes / vectorBytes).toFixed(0)} × less`,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
