/**
 * @file `npm run bench -- --only desk [--photos 10000]`: is the page of a big race ever busy for long? A race of many photos and 50,000 runners is
 * brought into the built app as a file; then its screens are opened, scrolled and searched. Printed: the longest task of the page in each step, as
 * long as the user waits and as long as it computed (a shared machine makes the first longer).
 */
import type { Page } from '@playwright/test';
import type { BibAnswer, BibCertainty, RacePhoto, RacePhotoReading, Sighting } from '../../src/contracts/race.ts';
import { ANY_BIB } from '../../src/contracts/race.ts';
import type { RaceExport } from '../../src/contracts/race-export.ts';
import { openApp } from './app.ts';
import type { BenchRow } from './row.ts';

/** Options of {@link desk}. */
export interface DeskOptions {
  readonly photos: number;
}

const ENTRANTS = 50_000;
const EVENT = 'big';
const SIGHTINGS = 4;
/** One photo in so many has a number that somebody should look at. */
const DOUBTFUL_EVERY = 5;
/** No task of the page should be longer. */
const LIMIT_MS = 50;
const STEP_MS = 60;
const BRING_BACK_MS = 600_000;
/** Until a screen has what it shows, and has drawn it. */
const SETTLE_MS = 2_500;

/** As Chromium writes it; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** By the clock, and of the thread itself. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}
interface Trace {
  readonly traceEvents: readonly TraceEvent[];
}

export async function desk({ photos }: DeskOptions): Promise<BenchRow[]> {
  const app = await openApp();
  const { context, baseUrl } = app;
  let { page } = app;
  const rows: BenchRow[] = [];
  const step = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    rows.push(rowOf(`desk, ${what}`, await tasksDuring(page, run)));
    if (process.stderr.isTTY) process.stderr.write(`\rdesk: ${what}  `);
  };
  const open = (place: string): Promise<unknown> => page.goto(`${baseUrl}/desk/bib/races/${EVENT}${place}`);
  const settle = (): Promise<void> => page.waitForTimeout(SETTLE_MS);
  try {
    await page.goto(`${baseUrl}/desk/bib`);
    const buffer = Buffer.from(JSON.stringify(bigRace(photos)));
    const race = { name: 'race.json', mimeType: 'application/json', buffer };
    await page.locator('main input[type=file]').setInputFiles(race, { timeout: BRING_BACK_MS });
    await page.waitForURL(`**/races/${EVENT}`, { timeout: BRING_BACK_MS });
    // As the next day: in a process of its own, without what bringing it in left to be collected.
    await page.close();
    page = await context.newPage();
    await page.setViewportSize({ width: 1440, height: 900 });
    await step('contact sheet: open', async () => {
      await open('/photos');
      await page.getByRole('list', { name: 'Contact sheet' }).getByRole('link').first().waitFor();
      await settle();
    });
    await step('contact sheet: scroll to the end', () => scroll(page));
    await step('contact sheet: filter', async () => {
      await page.getByRole('radio', { name: 'To check' }).click();
      await settle();
      await page.getByRole('radio', { name: 'Blurred' }).click();
      await settle();
    });
    await step('runners: open', async () => {
      await open('/runners');
      await page.getByRole('list', { name: 'Runners' }).getByRole('link').first().waitFor();
      await settle();
    });
    await step('runners: all of the list', async () => {
      await page.getByRole('radio', { name: 'All', exact: true }).click();
      await settle();
    });
    await step('runners: scroll to the end', () => scroll(page));
    await step('runners: search', async () => {
      await page.evaluate(() => scrollTo(0, 0));
      for (const text of ['4', '48', 'Runner 1', 'Runner 12']) {
        await page.getByRole('searchbox').fill(text);
        await settle();
      }
    });
    await step('review: open', async () => {
      await open('/review');
      await page.getByRole('heading', { name: 'Which number is it?' }).waitFor();
      await settle();
    });
    await step('review: decide ten', async () => {
      for (let i = 0; i < 10; i++) {
        await page.keyboard.press('1');
        await page.waitForTimeout(400);
      }
      await settle();
    });
    await step('start list: open and search', async () => {
      await open('/list');
      await page.getByRole('searchbox').fill('499');
      await settle();
    });
    await step('import: open', async () => {
      await open('');
      await page.getByRole('heading', { name: 'Cameras' }).waitFor();
      await settle();
    });
    await step('delivery: open', async () => {
      await open('/delivery');
      await page.getByText(/\d runners, /).waitFor();
      await settle();
    });
    await step('delivery: other choices', async () => {
      await page.getByRole('radio', { name: 'Also those not checked yet' }).click();
      await page.getByRole('checkbox', { name: 'Only the best of almost equal shots' }).click();
      await settle();
    });
    await step('delivery: table', async () => {
      await page.getByRole('radio', { name: 'Table (CSV)' }).click();
      await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make it' }).click()]);
      await settle();
    });
    await step('delivery: whole race as a file', async () => {
      await page.getByRole('radio', { name: 'Whole race (JSON)' }).click();
      await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make it' }).click()]);
      await settle();
    });
  } finally {
    await app.close();
  }
  return rows;
}

/** Through all of a list, as a hurried thumb does it. */
async function scroll(page: Page): Promise<void> {
  await page.evaluate(async (stepMs) => {
    const height = document.documentElement.scrollHeight;
    const steps = 60;
    for (let i = 1; i <= steps; i++) {
      scrollTo(0, (height * i) / steps);
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
  }, STEP_MS);
  await page.waitForTimeout(SETTLE_MS);
}

interface LongestTask {
  readonly waitedMs: number;
  readonly computedMs: number;
  /** Tasks that computed for longer than the limit. */
  readonly tooLong: number;
}

/** Tasks of the page's main thread while something is done, from Chromium's trace. */
async function tasksDuring(page: Page, run: () => Promise<unknown>): Promise<LongestTask> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await run();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as Trace;
  const place = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map((event) => place(event)),
  );
  const tasks = traceEvents.filter((event) => event.name === 'ThreadControllerImpl::RunTask' && main.has(place(event)));
  const longest = (times: readonly number[]): number => times.reduce((most, time) => Math.max(most, time), 0) / 1000;
  return {
    waitedMs: longest(tasks.map(({ dur = 0 }) => dur)),
    computedMs: longest(tasks.map(({ tdur = 0 }) => tdur)),
    tooLong: tasks.filter(({ tdur = 0 }) => tdur > LIMIT_MS * 1000).length,
  };
}

function rowOf(what: string, { waitedMs, computedMs, tooLong }: LongestTask): BenchRow {
  return {
    what,
    ours: `longest task ${computedMs.toFixed(0)} ms computed, ${waitedMs.toFixed(0)} ms by the clock`,
    theirs: `limit ${LIMIT_MS} ms`,
    ratio: `${tooLong} computed longer`,
  };
}

/** A race as it is exported: three cameras, bursts of five photos, four runners in each. */
function bigRace(count: number): RaceExport {
  const day = Date.UTC(2026, 10, 22);
  const cameras = ['Goal', 'Course', 'Start'].map((label, i) => ({
    ...{ id: `${EVENT}.camera-${i}`, eventId: EVENT, label, photographer: '', clockOffsetMs: 0 },
    place: (['goal', 'course', 'start'] as const)[i]!,
  }));
  const photoId = (i: number): string => `${EVENT}.${String(i + 1).padStart(8, '0')}`;
  const photos = Array.from({ length: count }, (_, i): RacePhoto => ({
    ...{ id: photoId(i), eventId: EVENT, sourceId: 'card', path: `DCIM/IMG_${i}.JPG`, sizeBytes: 5_000_000 + i, modifiedAtMs: day },
    ...{ state: 'read', problem: null, attempts: 0, readAtMs: day, cameraId: cameras[i % 3]!.id },
    ...{ cameraAtMs: day + Math.floor(i / 5) * 7_000 + (i % 5) * 250, widthPx: 6000, heightPx: 4000 },
    ...{ sharpness01: 0.3 + (i % 40) / 80, duplicateOf: null },
  }));
  const readings = photos.map(({ id }, i): RacePhotoReading => ({
    ...{ photoId: id, eventId: EVENT, readAtMs: day, durationsMs: { detect: 300, read: 120, decode: 90 } },
    sightings: Array.from({ length: SIGHTINGS }, (_, n) => sightingOf(`${id}/${n}`, i, n)),
  }));
  const entrants = Array.from({ length: ENTRANTS }, (_, i) => ({
    ...{ id: `${EVENT}.${i + 1}.0`, eventId: EVENT, bib: String(i + 1), name: `Runner ${i + 1} Family ${(i * 7919) % 9973}` },
    ...{ category: 'Marathon', team: '', wave: String(i % 9) },
  }));
  return {
    ...{ format: 'mekiki-race', version: 1, exportedAtMs: day, entrants, cameras, photos, readings },
    events: [
      { id: EVENT, name: 'A big race', day: '2026-11-22', parentId: null, format: ANY_BIB, utcOffsetMinutes: 540, updatedAtMs: day },
    ],
    sources: [{ id: 'card', eventId: EVENT, name: 'DCIM', kind: 'files', photographer: '', addedAtMs: day }],
  };
}

function sightingOf(id: string, photo: number, place: number): Sighting {
  const bib = String(1 + (((Math.floor(photo / 5) * SIGHTINGS + place) * 13) % ENTRANTS));
  const certainty: BibCertainty = place === 0 && photo % DOUBTFUL_EVERY === 0 ? 'check' : 'sure';
  const probability01 = certainty === 'sure' ? 0.993 : 0.61;
  const others = [11, 23, 37].map((step) => ({ bib: String(1 + ((Number(bib) + step) % ENTRANTS)), probability01: 0.002 }));
  const answer: BibAnswer = {
    bib,
    certainty,
    probability01,
    partial: null,
    candidates: [{ bib, probability01 }, ...others],
    saidBy: 'print',
  };
  const personBox = { x: 0.1 + place * 0.2, y: 0.2, width: 0.15, height: 0.6 };
  return {
    ...{ id, personBox, bibBox: { x: personBox.x + 0.04, y: 0.4, width: 0.07, height: 0.05 }, confidence01: 0.9 },
    ...{ read: answer, answer, burstId: `${Math.floor(photo / 5)}-${place}` },
  };
}
