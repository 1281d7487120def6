/**
 * @file Photos of a race: how many a second our flow reads against a plain pipeline on the same photos, what is left in memory after many, what it
 * costs to keep one among 1,000 and among 10,000, and what leaves the device. Drawn, so that everybody can repeat it, or of a folder.
 */
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import type { Arena } from './contender-page.ts';
import { MemoryProbe, rendererCpuS } from './memory.ts';
import { median, type BenchRow } from './row.ts';

/** Photos that the plain pipeline gets: it is slow, and its speed does not change. */
const PLAIN_PHOTOS = 3;
/** Photos between two looks at memory. */
const SLICE = 20;
/** Photos kept for the mean, in each of the two stores. */
const KEPT = 20;
const ROWS = [1_000, 10_000] as const;
const PHOTO = /\.jpe?g$/i;

/** Options of {@link race}. */
export interface RaceOptions {
  /** Photos to read, at least 20. */
  readonly photos: number;
  /** Of photos (JPEG); null: drawn ones. */
  readonly folder: string | null;
}

export async function race(arena: Arena, { photos, folder }: RaceOptions): Promise<BenchRow[]> {
  const { page } = arena;
  const urls = folder === null ? [] : await served(arena, resolve(folder));
  let sentBytes = 0;
  page.on('request', (request) => (sentBytes += request.postDataBuffer()?.length ?? 0));
  const read = (from: number, count: number) =>
    page.evaluate(([all, first, of]) => window.contenders!.readRace(all, first, of), [urls, from, count] as const);
  const plainly = (from: number, count: number) =>
    page.evaluate(([all, first, of]) => window.contenders!.readRacePlainly(all, first, of), [urls, from, count] as const);

  // The first photos are drawn, start the nets and make what stays.
  await arena.settle(() => read(0, 4));
  await plainly(0, 1);
  const probe = await MemoryProbe.attach(page);
  const before = await probe.sample(true);
  const session = await page.context().browser()!.newBrowserCDPSession();
  const startedS = await rendererCpuS(session);
  const theirs = await plainly(0, PLAIN_PHOTOS);
  const plainS = (await rendererCpuS(session)) - startedS;
  const renderers: number[] = [];
  const rates: number[] = [];
  const stages: Record<string, number[]> = {};
  let [longestMs, answer] = [0, 0];
  let usedS = 0;
  for (let from = 0; from < photos; from += SLICE) {
    const count = Math.min(SLICE, photos - from);
    const cpuS = await rendererCpuS(session);
    const slice = await read(from, count);
    usedS += (await rendererCpuS(session)) - cpuS;
    rates.push((count * 1000) / slice.ms);
    longestMs = Math.max(longestMs, slice.longestTaskMs);
    answer += slice.answer;
    for (const [stage, ms] of Object.entries(slice.stagesMs)) (stages[stage] ??= []).push(ms);
    renderers.push((await probe.sample()).renderer ?? Number.NaN);
    if (process.stderr.isTTY) process.stderr.write(`\rrace: ${from + count} of ${photos}  `);
  }
  const after = await probe.sample(true);
  const ours = median(rates);
  const plain = (PLAIN_PHOTOS * 1000) / theirs.ms;
  const [few = Number.NaN, many = Number.NaN] = await keptMs(arena);
  const megabytes = (bytes: number | null): string =>
    bytes === null || Number.isNaN(bytes) ? 'not known' : `${(bytes / 1e6).toFixed(0)} MB`;
  const row = (what: string, our: string, their = '', ratio = ''): BenchRow => ({ what, ours: our, theirs: their, ratio });
  return [
    row(
      `race photos a second over ${photos}, median of slices (slowest), load ${loadavg()[0]!.toFixed(1)}`,
      `${ours.toFixed(2)} (${Math.min(...rates).toFixed(2)}); ${(answer / photos).toFixed(1)} numbers a photo`,
      `${plain.toFixed(2)}; ${(theirs.answer / PLAIN_PHOTOS).toFixed(1)} numbers a photo`,
      `${(ours / plain).toFixed(1)} times as many`,
    ),
    row(
      '  processor time of page and workers, a photo',
      `${(usedS / photos).toFixed(2)} s`,
      `${(plainS / PLAIN_PHOTOS).toFixed(2)} s`,
      `${(plainS / PLAIN_PHOTOS / (usedS / photos)).toFixed(1)} (theirs ÷ ours)`,
    ),
    ...Object.entries(stages).map(([stage, ms]) => row(`  stage ${stage}, a photo, two under way`, `${median(ms).toFixed(0)} ms`)),
    row('  longest task of the page', `${longestMs.toFixed(0)} ms`, 'limit 50 ms'),
    row('  memory that the browser attributes, before and after', `${megabytes(before.attributed)}, ${megabytes(after.attributed)}`),
    row(
      '  memory of the renderer: start, median of first and last quarter',
      [before.renderer ?? Number.NaN, median(quarter(renderers, 0)), median(quarter(renderers, 1))].map(megabytes).join(', '),
    ),
    row('  bytes sent', String(sentBytes), `${megabytes(await sizeOf(arena, urls))} a photo, where photos are sent`),
    row(
      `keep a photo with its neighbours, among ${ROWS[0]} and ${ROWS[1]}`,
      `${few.toFixed(0)} ms, ${many.toFixed(0)} ms`,
      '',
      (many / few).toFixed(2),
    ),
  ];
}

async function keptMs({ page }: Arena): Promise<number[]> {
  const means: number[] = [];
  for (const rows of ROWS)
    means.push((await page.evaluate(([of, count]) => window.contenders!.keepRacePhotos(of, count), [rows, KEPT] as const)).ms);
  return means;
}

function quarter(values: readonly number[], which: 0 | 1): number[] {
  const length = Math.max(1, Math.floor(values.length / 4));
  return which === 0 ? values.slice(0, length) : values.slice(-length);
}

/** Photos of a folder, handed to the page by the test's own hand, not by a server. */
async function served({ page }: Arena, folder: string): Promise<string[]> {
  const names = readdirSync(folder).filter((name) => PHOTO.test(name));
  if (names.length === 0) throw new Error(`No JPEG in ${folder}`);
  await page.route('**/bench-photos/*', (route) => {
    const name = names[Number(new URL(route.request().url()).pathname.split('/').at(-1))];
    return name === undefined ? route.abort() : route.fulfill({ path: join(folder, name), contentType: 'image/jpeg' });
  });
  return names.map((_, i) => `/bench-photos/${i}`);
}

async function sizeOf({ page }: Arena, urls: readonly string[]): Promise<number> {
  return page.evaluate((all) => window.contenders!.racePhotoBytes(all), urls);
}
