/** @file What a search sends against sending the photo. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { searchRequestSchema, type SearchRequest } from '../../src/contracts/server-api.ts';
import { ROOT } from './contender-page.ts';
import { LABEL_PHOTO } from './labels.ts';
import type { BenchRow } from './row.ts';

export async function bytes(): Promise<BenchRow[]> {
  const request: SearchRequest = {
    space: 'product-embedding@0',
    vector: Array.from({ length: 128 }, (_, i) => Math.fround(Math.sin(i + 1) / 8)),
    k: 50,
  };
  const vectorBytes = Buffer.byteLength(JSON.stringify(searchRequestSchema.parse(request)));
  const photoBytes = (await stat(join(ROOT, 'public', LABEL_PHOTO))).size;
  return [
    {
      what: 'bytes that leave for one server search: vector against the photo',
      ours: `${vectorBytes} B`,
      theirs: `${photoBytes} B`,
      ratio: `${(photoBytes / vectorBytes).toFixed(0)} × less`,
    },
  ];
}
