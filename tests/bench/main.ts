/**
 * @file `npm run bench`: ratios of two things run side by side, and figures that have a limit. Absolute times mean little on a shared
 * machine; where there is a peer, the ratio is what can be compared.
 * `npm run bench -- [--only labels,look,bytes,photo,soak] [--rounds 3] [--photos n]`
 */
import { parseArgs } from 'node:util';
import { bytes } from './bytes.ts';
import { openArena, type Arena } from './contender-page.ts';
import { labels } from './labels.ts';
import { look } from './look.ts';
import { photo } from './photo.ts';
import type { BenchRow } from './row.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, rounds: { type: 'string' }, photos: { type: 'string' } } });
const rounds = positive(values.rounds, 3);
const photos = values.photos === undefined ? null : positive(values.photos, 0);

/** In the order they are run and printed. `soak` takes an hour on two cores, so it only runs when it is named. */
const ITEMS: Readonly<Record<string, (open: () => Promise<Arena>) => Promise<BenchRow[]>>> = {
  labels: async (open) => labels(await open()),
  look: async (open) => look(await open()),
  bytes: () => bytes(),
  photo: () => photo({ photos: photos ?? 10 }),
  soak: () => soak({ photos: photos ?? 100 }),
};
const BY_NAME_ONLY = ['soak'];

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
