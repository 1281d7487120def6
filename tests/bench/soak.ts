/**
 * @file `npm run bench -- --only soak --photos 100`: is memory flat while photo after photo is looked at? The built app in one page that is
 * never reloaded; every tenth result is prepared for sharing too. Printed: medians of the first quarter against the last.
 */
import { openApp } from './app.ts';
import { MemoryProbe, type MemorySample } from './memory.ts';
import { median, type BenchRow } from './row.ts';
import { lookAtVariedPhoto, prepareSharing } from './varied-photo.ts';

/** Options of {@link soak}. */
export interface SoakOptions {
  /** At least 8. */
  readonly photos: number;
}

/** Every how many photos the result is prepared for sharing. */
const SHARE_EVERY = 10;
/** Photos of the demo in full. */
const SIDE_PX = 2000;

/** @returns a row per kind of memory: first quarter → last quarter, growth per photo by least squares over the second half. */
export async function soak({ photos }: SoakOptions): Promise<BenchRow[]> {
  const app = await openApp();
  const samples: MemorySample[] = [];
  try {
    const probe = await MemoryProbe.attach(app.page);
    await app.page.goto(app.baseUrl);
    for (let number = 0; number < photos; number++) {
      await lookAtVariedPhoto(app.page, number, SIDE_PX);
      if (number % SHARE_EVERY === SHARE_EVERY - 1) await prepareSharing(app.page);
      // The thorough figure takes seconds; a dozen of it are enough.
      const isThorough = number % Math.max(1, Math.floor(photos / 12)) === 0;
      samples.push(await probe.sample(isThorough));
      if (process.stderr.isTTY) process.stderr.write(`\rsoak: ${number + 1} of ${photos}  `);
    }
  } finally {
    await app.close();
  }
  const workers = [...new Set(samples.flatMap(({ workerHeaps }) => Object.keys(workerHeaps)))].sort();
  return [
    rowOf('page: JavaScript heap', samples, ({ pageHeap }) => pageHeap, inMegabytes),
    rowOf(
      'page: DOM nodes',
      samples,
      ({ nodes }) => nodes,
      (count) => count.toFixed(0),
    ),
    ...workers.map((name) =>
      rowOf(`${name} worker: JavaScript heap`, samples, ({ workerHeaps }) => workerHeaps[name] ?? null, inMegabytes),
    ),
    rowOf('page and workers with buffers and WASM, as the browser attributes them', samples, ({ attributed }) => attributed, inMegabytes),
    rowOf('renderer process: private memory', samples, ({ renderer }) => renderer, inMegabytes),
  ];
}

function rowOf(
  what: string,
  samples: readonly MemorySample[],
  read: (sample: MemorySample) => number | null,
  write: (value: number) => string,
): BenchRow {
  const series = samples.flatMap((sample, photo) => {
    const value = read(sample);
    return value === null ? [] : [{ photo, value }];
  });
  const name = `memory after ${samples.length} photos, ${what}`;
  if (series.length < 4) return { what: name, ours: 'not measurable here', theirs: '', ratio: '' };
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const first = median(series.filter(({ photo }) => photo < quarter).map(({ value }) => value));
  const last = median(series.filter(({ photo }) => photo >= samples.length - quarter).map(({ value }) => value));
  const slope = slopeOf(series.filter(({ photo }) => photo >= samples.length / 2));
  return {
    what: name,
    ours: `${write(first)} in the first quarter, ${write(last)} in the last`,
    theirs: `second half: ${slope < 0 ? '−' : '+'}${write(Math.abs(slope))} a photo`,
    ratio: `${(last / first).toFixed(2)} (last ÷ first)`,
  };
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 2 : 0)} MB`;
}

/** Least squares, value per photo. */
function slopeOf(series: readonly { readonly photo: number; readonly value: number }[]): number {
  const meanPhoto = series.reduce((sum, { photo }) => sum + photo, 0) / series.length;
  const meanValue = series.reduce((sum, { value }) => sum + value, 0) / series.length;
  const covariance = series.reduce((sum, { photo, value }) => sum + (photo - meanPhoto) * (value - meanValue), 0);
  const variance = series.reduce((sum, { photo }) => sum + (photo - meanPhoto) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}
