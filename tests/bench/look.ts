/** @file Embedding and search: through the workers against the same net and gallery run plainly on the page. */
import type { Arena } from './contender-page.ts';
import { LABEL_PHOTO } from './labels.ts';
import type { BenchRow } from './row.ts';

const CROPS = 24;
const GALLERY = 20_000;

export async function look(arena: Arena): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const crops of [1, CROPS])
    rows.push(
      await arena.duel(
        `embed ${crops} ${crops === 1 ? 'crop' : 'crops'} of a photo and search ${GALLERY} vectors: workers against plain`,
        'embedAndSearch',
        'embedAndSearchPlainly',
        [LABEL_PHOTO, crops, GALLERY],
        'found',
      ),
    );
  return rows;
}
