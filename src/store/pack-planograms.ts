/** @file Planograms that packs brought: offered beside those of the device's own. Thread: page. */
import type { Planogram } from '../contracts/shelf.ts';
import { decodePlanograms } from '../core/pack-planograms.ts';
import { packParts } from './active-packs.ts';
import { transact, type Database } from './db.ts';

/** @returns planograms of every pack that has not expired, each under the id that the shop gave it; of two alike the first pack's. */
export async function packPlanograms(database: Database): Promise<Planogram[]> {
  const found = new Map<string, Planogram>();
  for (const { key } of await packParts(database, 'planograms')) {
    const row = await transact(database, ['packParts'], 'readonly', (transaction) => transaction.objectStore('packParts').get(key));
    // Removed meanwhile.
    for (const planogram of row === undefined ? [] : decodePlanograms(row.bytes))
      if (!found.has(planogram.id)) found.set(planogram.id, { ...planogram, source: 'pack' });
  }
  return [...found.values()];
}
