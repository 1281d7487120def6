/** @file How a shop's shelves changed from visit to visit, as lines of charts. Thread: page. */
import type { BayReport, ReportShare } from '../../contracts/visit-report.ts';
import type { Bay } from '../../contracts/visit.ts';
import { shareTrends, trendsOf, type BayVisit, type Trend, type TrendMeasure } from '../../core/shelf/shelf-trend.ts';
import { startOfDay } from '../day.ts';
import { device } from '../device.ts';
import { Loaded } from '../loaded.svelte.ts';

/** What a chart takes: one time axis for all lines. */
export interface TrendChart {
  /** Seconds since 1970, ascending. */
  readonly timesS: readonly number[];
  readonly lines: readonly { readonly key: string; readonly values: readonly (number | null)[] }[];
}

/** More lines than this cannot be told apart. */
const MAX_LINES = 8;

/** Trends of one shop, or of one of its bays. */
export class ShelfTrends {
  readonly #all: Loaded<{ readonly reports: readonly BayReport[]; readonly bays: readonly Bay[] }>;

  constructor(shopId: string, bayId: string | null = null) {
    this.#all = new Loaded(async () => {
      const { bayReports, shops } = device();
      const reports = bayId === null ? await bayReports.ofShop(shopId) : await bayReports.ofBay(bayId);
      return { reports, bays: await shops.bays(shopId) };
    });
  }

  /** Oldest first; null until they came for the first time. */
  get reports(): readonly BayReport[] | null {
    return this.#all.value?.reports ?? null;
  }

  get bays(): readonly Bay[] {
    return this.#all.value?.bays ?? [];
  }

  get error() {
    return this.#all.error;
  }

  load(): Promise<void> {
    return this.#all.load();
  }

  /** Facings, gaps per facing or compliance, by day; one line for the shop, or one per bay (its key: the bay's id). */
  measure(measure: TrendMeasure, by: 'shop' | 'bay'): TrendChart {
    return chartOf(
      trendsOf(
        (this.reports ?? []).map((report) => bayVisit(report, 'brand')),
        measure,
        by,
        startOfDay,
      ),
    );
  }

  /** Linear share by day; the largest first. */
  shares(by: ReportShare['by']): TrendChart {
    const visits = (this.reports ?? []).map((report) => bayVisit(report, by));
    return chartOf(shareTrends(visits, startOfDay));
  }
}

function bayVisit({ shopId, bayId, atMs, facings, gaps, compliance, shares }: BayReport, by: ReportShare['by']): BayVisit {
  return {
    ...{ shopId, bayId, atMs, facings, gaps, compliance01: compliance?.score01 ?? null },
    shares: shares.filter((share) => share.by === by).map(({ key, linearShare01 }) => ({ key: key === '' ? null : key, linearShare01 })),
  };
}

function chartOf(trends: readonly Trend[]): TrendChart {
  const last = (trend: Trend): number => trend.points.at(-1)?.value ?? 0;
  const shown = [...trends].sort((a, b) => last(b) - last(a)).slice(0, MAX_LINES);
  const times = [...new Set(shown.flatMap(({ points }) => points.map(({ atMs }) => atMs)))].sort((a, b) => a - b);
  return {
    timesS: times.map((atMs) => atMs / 1000),
    lines: shown.map(({ key, points }) => {
      const values = new Map(points.map(({ atMs, value }) => [atMs, value]));
      return { key, values: times.map((atMs) => values.get(atMs) ?? null) };
    }),
  };
}
