/**
 * @file `npm run bench`: ratios of two things run side by side, and figures that have a limit. Absolute times mean little on a shared
 * machine; where there is a peer, the ratio is what can be compared.
 * `npm run bench -- [--only labels,look,nearest,overlay,shelf,race,desk,bytes,photo,soak,index] [--rounds 3] [--photos n]`
 * `npm run bench -- --only race [--photos 100] [--folder <JPEGs>]`
 * `npm run bench -- --only index [--count 200000] [--dimensions 128] [--full]`; `--full` is seven million.
 */
import { parseArgs } from 'node:util';
import { bytes } from './bytes.ts';
import { openArena, type Arena } from './contender-page.ts';
import { desk } from './desk.ts';
import { index } from './index/main.ts';
import { labels } from './labels.ts';
import { look } from './look.ts';
import { nearest } from './nearest.ts';
import { overlay } from './overlay.ts';
import { photo } from './photo.ts';
import { race } from './race.ts';
import type { BenchRow } from './row.ts';
import { shelf } from './shelf.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    photos: { type: 'string' },
    folder: { type: 'string' },
    count: { type: 'string' },
    dimensions: { type: 'string' },
    full: { type: 'boolean' },
  },
});
const rounds = positive(values.rounds, 3);
const photos = values.photos === undefined ? null : positive(values.photos, 0);

/** In the order they are run and printed. `shelf`, `race`, `desk` and `soak` take long on two cores and `index` needs gigabytes of disk: they only run when they are named. */
const ITEMS: Readonly<Record<string, (open: () => Promise<Arena>) => Promise<BenchRow[]>>> = {
  labels: async (open) => labels(await open()),
  look: async (open) => look(await open()),
  nearest: async (open) => nearest(await open()),
  overlay: async (open) => overlay(await open()),
  shelf: async (open) => shelf(await open(), photos ?? 50),
  race: async (open) => race(await open(), { photos: photos ?? 100, folder: values.folder ?? null }),
  desk: () => desk({ photos: photos ?? 10_000 }),
  bytes: () => bytes(),
  photo: () => photo({ photos: photos ?? 10 }),
  soak: () => soak({ photos: photos ?? 100 }),
  index: () => {
    const count = positive(values.count, values.full === true ? 7_000_000 : 200_000);
    // Peers hold every vector in memory and take long to build: beyond a million they are left out.
    return index({ count, dimensions: positive(values.dimensions, 128), hasPeers: count <= 1_000_000 });
  },
};
const BY_NAME_ONLY = ['shelf', 'race', 'desk', 'soak', 'index'];

const wanted = values.only?.split(',') ?? Object.keys(ITEMS).filter((name) => !BY_NAME_ONLY.includes(name));
const unknown = wanted.filter((name) => !Object.hasOwn(ITEMS, name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(ITEMS).join(', ')}.`);
  process.exit(2);
}

const opened: Promise<Arena>[] = [];
const arena = (): Promise<Arena> => {
  if (opened.length === 0) opened.push(openArena(rounds));
  return opened[0]!;
};
const rows: BenchRow[] = [];
try {
  for (const name of wanted) rows.push(...(await ITEMS[name]!(arena)));
} finally {
  for (const one of opened) await (await one).close();
}
console.table(rows);

function positive(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error('--rounds and --photos take whole numbers above 0.');
  process.exit(2);
}
