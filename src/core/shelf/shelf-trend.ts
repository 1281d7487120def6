/** @file Visits → figures over time, by store and bay. Pure; any thread. */

/** What one visit found in one bay. */
export interface BayVisit {
  readonly shopId: string;
  readonly bayId: string;
  readonly atMs: number;
  readonly facings: number;
  readonly gaps: number;
  /** Null when there was no planogram to compare with. */
  readonly compliance01: number | null;
  /** Linear share by brand, category or whatever is charted. */
  readonly shares: readonly { readonly key: string | null; readonly linearShare01: number }[];
}

/** One figure at one time. */
export interface TrendPoint {
  readonly atMs: number;
  readonly value: number;
}

/** One line of a chart. */
export interface Trend {
  /** What it is of: the shop or bay, or the brand or category. */
  readonly key: string;
  /** Time ascending. */
  readonly points: readonly TrendPoint[];
}

/** What to chart. */
export type TrendMeasure = 'facings' | 'gap-rate' | 'compliance';

/**
 * Bays of a shop that were visited on one day are one point: facings add up, rates and scores are weighed by facings.
 * @param by one line per shop, or per bay.
 * @param dayOf which day a time belongs to, in the user's time zone; its start in ms.
 */
export function trendsOf(visits: readonly BayVisit[], measure: TrendMeasure, by: 'shop' | 'bay', dayOf: (atMs: number) => number): Trend[] {
  return lines(
    visits,
    ({ shopId, bayId }) => [by === 'shop' ? shopId : bayId],
    dayOf,
    (day) => {
      const facings = sum(day, (visit) => visit.facings);
      if (measure === 'facings') return facings;
      if (measure === 'gap-rate') {
        const gaps = sum(day, (visit) => visit.gaps);
        return gaps + facings === 0 ? null : gaps / (gaps + facings);
      }
      const judged = day.filter(({ compliance01 }) => compliance01 !== null);
      const weight = sum(judged, (visit) => visit.facings);
      return weight === 0 ? null : sum(judged, (visit) => visit.compliance01! * visit.facings) / weight;
    },
  );
}

/** Linear share of each key over all bays visited on a day, weighed by facings. A key that is absent on a day has 0 there. */
export function shareTrends(visits: readonly BayVisit[], dayOf: (atMs: number) => number): Trend[] {
  const keys = new Set(visits.flatMap(({ shares }) => shares.flatMap(({ key }) => key ?? [])));
  return [...keys].sort().flatMap((key) =>
    lines(
      visits,
      () => [key],
      dayOf,
      (day) => {
        const facings = sum(day, (visit) => visit.facings);
        const held = sum(
          day,
          (visit) =>
            visit.facings *
            sum(
              visit.shares.filter((share) => share.key === key),
              ({ linearShare01 }) => linearShare01,
            ),
        );
        return facings === 0 ? null : held / facings;
      },
    ),
  );
}

function lines(
  visits: readonly BayVisit[],
  keysOf: (visit: BayVisit) => readonly string[],
  dayOf: (atMs: number) => number,
  valueOf: (day: readonly BayVisit[]) => number | null,
): Trend[] {
  const byKey = new Map<string, Map<number, Map<string, BayVisit>>>();
  for (const visit of [...visits].sort((a, b) => a.atMs - b.atMs))
    for (const key of keysOf(visit)) {
      const days = byKey.get(key) ?? new Map<number, Map<string, BayVisit>>();
      byKey.set(key, days);
      const day = days.get(dayOf(visit.atMs)) ?? new Map<string, BayVisit>();
      days.set(dayOf(visit.atMs), day);
      day.set(visit.bayId, visit); // A bay seen twice a day counts as it was left.
    }
  return [...byKey]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, days]) => ({
      key,
      points: [...days].flatMap(([atMs, day]) => {
        const value = valueOf([...day.values()]);
        return value === null ? [] : [{ atMs, value }];
      }),
    }));
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
