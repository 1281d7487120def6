/** @file Takes shelf visits in, lists them, and lets them go when their time is over. */
import type { FastifyBaseLogger } from 'fastify';
import type { ShelfVisitSummary } from '../../../src/contracts/shelf-visits-api.ts';
import type { VisitReport } from '../../../src/contracts/visit-report.ts';
import type { PagePlace } from '../../repositories/page-place.ts';
import type { ShelfVisitFilter, ShelfVisits } from '../../repositories/shelf-visits.ts';
import { HttpProblem } from '../http/problem.ts';

const DAY_MS = 86_400_000;
const SWEEP_MS = 6 * 3_600_000;
/** Anybody who reaches the server may hand in: what they may fill is bounded. */
const MAX_BYTES = 2 * 2 ** 30;

/** What it stands on. */
export interface ShelfVisitParts {
  readonly visits: ShelfVisits;
  readonly keepsDays: number;
  readonly logger: FastifyBaseLogger;
  readonly maxBytes?: number;
  readonly now?: () => number;
}

/** Shelf visits of this server. */
export class ShelfVisitService {
  readonly #parts: ShelfVisitParts;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: ShelfVisitParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** @throws HttpProblem 507 when there is no room for more. */
  async take(report: VisitReport): Promise<ShelfVisitSummary> {
    const { visits, maxBytes = MAX_BYTES } = this.#parts;
    if ((await visits.storedBytes()) >= maxBytes)
      throw new HttpProblem(507, 'storage-full', 'There is no room for more shelf visits. This one was not taken; send it again later.');
    const summary = summaryOf(report, this.#now());
    await visits.put(summary, report);
    return summary;
  }

  list(filter: ShelfVisitFilter, after: PagePlace | null, limit: number): Promise<ShelfVisitSummary[]> {
    return this.#parts.visits.list(filter, after, limit);
  }

  report(id: string): Promise<VisitReport | null> {
    return this.#parts.visits.report(id);
  }

  remove(id: string): Promise<boolean> {
    return this.#parts.visits.remove(id);
  }

  /** Let go what is too old. A failure is tried again at the next sweep. */
  async sweep(): Promise<void> {
    const { visits, keepsDays, logger } = this.#parts;
    try {
      const removed = await visits.forgetBefore(this.#now() - keepsDays * DAY_MS);
      if (removed > 0) logger.info({ removed }, 'shelf visits were let go: their time was over');
    } catch (error) {
      logger.error({ err: error }, 'old shelf visits could not be let go');
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #now(): number {
    return (this.#parts.now ?? Date.now)();
  }
}

function summaryOf({ visit, shop, bays }: VisitReport, receivedAtMs: number): ShelfVisitSummary {
  return {
    ...{ id: visit.id, shop, who: visit.who, atMs: visit.startedAtMs ?? receivedAtMs, receivedAtMs },
    bays: bays.map(({ bayId, bayName, atMs, facings, unknown, gaps, compliance }) => ({
      ...{ bayId, bayName, atMs, facings, unknown, gaps },
      compliance01: compliance?.score01 ?? null,
    })),
  };
}
