/**
 * @file A shelf of 60 facings on 12 megapixels: our workers against the same nets in a plain loop and against template matching; how long a whole
 * report takes; what is left in memory after many photos. Drawn, so that everybody can repeat it: how right the names are, `npm run evaluate` says.
 */
import type { Arena } from './contender-page.ts';
import { MemoryProbe } from './memory.ts';
import type { BenchRow } from './row.ts';

const LIMIT_S = 20;
const FACINGS = 60;
/** Facings beyond which a figure for one says nothing of the fixed costs. */
const GALLERY = 10_000;

/** @param photos that memory is watched over. */
export async function shelf(arena: Arena, photos: number): Promise<BenchRow[]> {
  const rows = [
    await arena.duel(
      'name 60 facings on 12 megapixels, 10,000 SKUs: workers against a plain loop',
      'nameShelf',
      'nameShelfPlainly',
      [],
      'facings',
    ),
    await arena.duel(
      'the same against OpenCV.js template matching of 12 packs, told their size',
      'nameShelf',
      'matchTemplates',
      [],
      'facings',
    ),
  ];
  const { page } = arena;
  const report = await page.evaluate(() => window.contenders!.reportShelf());
  const stages = await page.evaluate(() => window.contenders!.shelfStages());
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  rows.push({
    what: '12-megapixel photo of 60 facings to the whole report, warm, WASM',
    ours: `${seconds(report.ms)} (${report.answer} named)`,
    theirs: `limit ${LIMIT_S} s`,
    ratio: '',
  });
  for (const [stage, ms] of Object.entries(stages)) rows.push({ what: `  stage ${stage}`, ours: seconds(ms), theirs: '', ratio: '' });
  const embedMs = (stages['embed'] ?? 0) / FACINGS;
  rows.push({ what: '  embed and search, a facing', ours: `${embedMs.toFixed(1)} ms`, theirs: 'limit 25 ms', ratio: '' });
  rows.push(...(await memoryRows(arena, photos)));
  // Last: it puts another gallery into the index.
  rows.push(
    await arena.duel(
      `search ${FACINGS} facings among ${GALLERY} SKUs: index worker against brute force`,
      'searchGallery',
      'searchGalleryPlainly',
      [GALLERY, FACINGS],
      'checksum',
    ), // prettier-ignore,
  );
  return rows;
}

async function memoryRows({ page }: Arena, photos: number): Promise<BenchRow[]> {
  const probe = await MemoryProbe.attach(page);
  const read = (from: number, count: number) =>
    page.evaluate(([first, of]) => window.contenders!.readShelves(first, of), [from, count] as const);
  // The first photos start what stays.
  await read(1, 3);
  const before = await probe.sample(true);
  await read(4, photos);
  const after = await probe.sample(true);
  const megabytes = (bytes: number | null): string => (bytes === null ? 'not known' : `${(bytes / 1e6).toFixed(0)} MB`);
  const row = (what: string, from: number | null, to: number | null): BenchRow => ({
    what: `memory ${what} before and after ${photos} photos of a shelf`,
    ours: `${megabytes(from)}, ${megabytes(to)}`,
    theirs: '',
    ratio: '',
  });
  return [
    row('of the page', before.pageHeap, after.pageHeap),
    row('of the renderer process', before.renderer, after.renderer),
    row('that the browser attributes to page and workers', before.attributed, after.attributed),
  ];
}
