/** @file A visit in numbers and names, out of its bays. Pure; any thread. */
import type { BayReport, VisitReport } from '../../contracts/visit-report.ts';
import type { Bay, BayPhoto, Shop, Visit } from '../../contracts/visit.ts';
import { visitStopwatch } from './stopwatch.ts';

/** What a visit is made of. */
export interface VisitParts {
  readonly visit: Visit;
  readonly shop: Shop | null;
  /** Bays of the shop, in walking order. */
  readonly bays: readonly Bay[];
  readonly photos: readonly BayPhoto[];
  readonly reports: readonly BayReport[];
}

/** Without the user's notes. Bays that the shop no longer has come last. */
export function visitReport({ visit, shop, bays, photos, reports }: VisitParts): VisitReport {
  const { id, shopId, who, startedAtMs, endedAtMs } = visit;
  const placeOf = new Map(bays.map((bay, index) => [bay.id, index]));
  return {
    ...{ format: 'mekiki-visit-report', version: 1 },
    visit: { id, shopId, who, startedAtMs, endedAtMs },
    shop: { id: shopId, name: shop?.name ?? '?', address: shop?.address ?? '' },
    bays: [...reports].sort((a, b) => (placeOf.get(a.bayId) ?? bays.length) - (placeOf.get(b.bayId) ?? bays.length) || a.atMs - b.atMs),
    stopwatch: visitStopwatch(photos),
  };
}
