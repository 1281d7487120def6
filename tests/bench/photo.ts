/**
 * @file From a 12-megapixel photo to the verdict, in the built app: photos of the demo enlarged to 4000 × 3000 with sharpening and sensor
 * noise, pasted into the page one after the other. Said: the first look (models are fetched and started), the median of the next ones,
 * when the first progress was on the screen, when the first answer was, and how long the page itself was ever blocked.
 */
import type { Page } from '@playwright/test';
import { openApp } from './app.ts';
import { rendererCpuS } from './memory.ts';
import { median, type BenchRow } from './row.ts';

const FILES = ['milk-chocolate.jpg', 'beef-curry-label.jpg', 'tonkotsu-cup.jpg', 'consomme-ingredients.jpg', 'oat-biscuits-english.jpg'];
const LONG_SIDE_PX = 4000;
const PERSON = 'Bench';

/** What the page saw of one look, in ms from the moment the photo was handed over. */
export interface SeenLook {
  readonly progressMs: number;
  /** First verdict for the person; null when there never was one. */
  readonly verdictMs: number | null;
  readonly doneMs: number;
  readonly longTasksMs: readonly number[];
  /** Stage in the user's words → time as the screen says it. */
  readonly stages: Readonly<Record<string, string>>;
}

/** @param photos warm looks. */
export async function photo({ photos }: { readonly photos: number }): Promise<BenchRow[]> {
  const app = await openApp();
  const { page, baseUrl } = app;
  try {
    await addPerson(page, baseUrl);
    await page.goto(baseUrl);
    await makePhotos(page);
    const first = await lookAtPhoto(page, 0);
    const session = await app.browser.newBrowserCDPSession();
    const warm: SeenLook[] = [];
    const cpuS: number[] = [];
    for (let number = 1; number <= photos; number++) {
      const before = await rendererCpuS(session);
      warm.push(await lookAtPhoto(page, number % FILES.length));
      cpuS.push((await rendererCpuS(session)) - before);
      if (process.stderr.isTTY) process.stderr.write(`\rphoto: ${number} of ${photos}  `);
    }
    return rowsOf(first, warm, cpuS);
  } finally {
    await app.close();
  }
}

function rowsOf(first: SeenLook, warm: readonly SeenLook[], cpuS: readonly number[]): BenchRow[] {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const millis = (ms: number): string => `${ms.toFixed(0)} ms`;
  const verdicts = warm.flatMap(({ verdictMs }) => verdictMs ?? []);
  const longest = (looks: readonly SeenLook[]): number => Math.max(0, ...looks.flatMap(({ longTasksMs }) => longTasksMs));
  const count = warm.reduce((sum, { longTasksMs }) => sum + longTasksMs.length, 0);
  const row = (what: string, ours: string, limit = ''): BenchRow => ({
    what,
    ours,
    theirs: limit === '' ? '' : `limit ${limit}`,
    ratio: '',
  });
  return [
    row(
      `12-megapixel photo to the whole answer, median of ${warm.length} warm looks (slowest)`,
      `${seconds(median(warm.map(({ doneMs }) => doneMs)))} (${seconds(Math.max(...warm.map(({ doneMs }) => doneMs)))})`,
      '5 s',
    ),
    row('  processor time of page and workers, median (most)', `${median(cpuS).toFixed(1)} s (${Math.max(...cpuS).toFixed(1)} s)`),
    row(`  first verdict on the screen, median of the ${verdicts.length} that had one`, seconds(median(verdicts))),
    row('  first look, models fetched from this machine and started', seconds(first.doneMs)),
    row(
      '  first progress on the screen, warm median (slowest, first look)',
      `${millis(median(warm.map(({ progressMs }) => progressMs)))} (${millis(Math.max(...warm.map(({ progressMs }) => progressMs)))}, ${millis(first.progressMs)})`,
      '200 ms',
    ),
    row('  longest task of the page in warm looks (tasks over 50 ms)', `${millis(longest(warm))} (${count})`, '50 ms'),
    row('  longest task of the page in the first look', millis(longest([first])), '50 ms'),
    ...Object.keys(warm[0]?.stages ?? {}).map((stage) =>
      row(`  stage “${stage}”, median`, seconds(median(warm.flatMap(({ stages }) => secondsIn(stages[stage]))))),
    ),
  ];
}

/** `1.2 s` → 1200. */
function secondsIn(text: string | undefined): number[] {
  const value = Number.parseFloat(text ?? '');
  return Number.isNaN(value) ? [] : [value * 1000];
}

/** Somebody to judge for: without a person there is no verdict. */
async function addPerson(page: Page, baseUrl: string): Promise<void> {
  await page.goto(`${baseUrl}/people/bench`);
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill(PERSON);
  await name.blur();
  await page.getByRole('checkbox', { name: /^Halal/ }).check();
  await page.getByRole('checkbox', { name: /^Wheat/ }).check();
  await page.getByRole('button', { name: 'Delete' }).waitFor();
}

/** Enlarge the demo's photos in the page and keep them there as files. */
async function makePhotos(page: Page): Promise<void> {
  await page.evaluate(
    async ({ names, longSidePx }) => {
      const files: File[] = [];
      for (const name of names) {
        const small = await createImageBitmap(await (await fetch(`/demo/photos/${name}`)).blob());
        const scale = longSidePx / Math.max(small.width, small.height);
        const canvas = new OffscreenCanvas(Math.round(small.width * scale), Math.round(small.height * scale));
        const context = canvas.getContext('2d', { willReadFrequently: true })!;
        context.imageSmoothingQuality = 'high';
        context.filter = 'contrast(1.05)';
        context.drawImage(small, 0, 0, canvas.width, canvas.height);
        small.close();
        const image = context.getImageData(0, 0, canvas.width, canvas.height);
        const { data } = image;
        const rowLength = canvas.width * 4;
        let seed = 1;
        // Against the softness of enlarging: unsharp masking with the pixels two away; against its smoothness: noise of a small sensor.
        const source = data.slice();
        for (let i = 0; i < data.length; i++) {
          if (i % 4 === 3) continue;
          seed = (seed * 48271) % 2147483647;
          const around = (source[i - 8] ?? source[i]!) + (source[i + 8] ?? source[i]!);
          const aboveAndBelow = (source[i - 2 * rowLength] ?? source[i]!) + (source[i + 2 * rowLength] ?? source[i]!);
          data[i] = source[i]! * 2 - (around + aboveAndBelow) / 4 + ((seed / 2147483647) * 2 - 1) * 5;
        }
        context.putImageData(image, 0, 0);
        files.push(new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })], name, { type: 'image/jpeg' }));
      }
      (globalThis as unknown as { benchPhotos: File[] }).benchPhotos = files;
    },
    { names: FILES, longSidePx: LONG_SIDE_PX },
  );
}

/** Hand a photo over as a paste, and watch the screen until the answer is whole. */
function lookAtPhoto(page: Page, index: number): Promise<SeenLook> {
  return page.evaluate(
    async ({ at, person }) => {
      const longTasksMs: number[] = [];
      const observer = new PerformanceObserver((list) => longTasksMs.push(...list.getEntries().map(({ duration }) => duration)));
      observer.observe({ type: 'longtask' });
      const startedAtMs = performance.now();
      const since = (): number => performance.now() - startedAtMs;
      /** Time at which the screen first fits, as of the frame that shows it. */
      const seen = (fits: () => boolean): Promise<number> =>
        new Promise((resolve) => {
          const check = (): void => {
            if (!fits()) return;
            watcher.disconnect();
            requestAnimationFrame(() => resolve(since()));
          };
          const watcher = new MutationObserver(check);
          watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
          check();
        });
      const running = (): Element | null => document.querySelector('.running [role=progressbar]');
      const verdict = (): Element | null => document.querySelector(`section.verdict[aria-label="${person}"]`);

      const transfer = new DataTransfer();
      transfer.items.add((globalThis as unknown as { benchPhotos: File[] }).benchPhotos[at]!);
      window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
      const progressMs = await seen(() => running() !== null);
      let verdictMs: number | null = null;
      void seen(() => running() === null || verdict() !== null).then((ms) => (verdictMs = verdict() === null ? null : ms));
      const doneMs = await seen(() => running() === null && document.querySelector('.where') !== null);
      // What is written to the library after the answer belongs to the look as well.
      await new Promise((resolve) => void setTimeout(resolve, 300));
      for (const entry of observer.takeRecords()) longTasksMs.push(entry.duration);
      observer.disconnect();
      const stages: Record<string, string> = {};
      for (const row of document.querySelectorAll('footer details .stages li')) {
        const [name, time] = row.querySelectorAll('span:not(.error)');
        if (name !== undefined && time !== undefined) stages[name.textContent.trim()] = time.textContent;
      }
      return { progressMs, verdictMs, doneMs, longTasksMs, stages };
    },
    { at: index, person: PERSON },
  );
}
