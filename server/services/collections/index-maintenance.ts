/**
 * @file When collections are maintained: one at a time, beside searches and writes. Each run ends with a check in which stored vectors
 * search themselves; when too few find themselves the collection is alarmed until a later run finds them.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { AnnIndex } from '../../vectors/ann-index.ts';

/** Maintain when nothing waits and this many commits were made, … */
const IDLE_COMMITS = 64;
/** … or at this many even so. */
const COMMITS = 512;
/** Fewer stored vectors that find themselves are an alarm. */
const SELF_FOUND_01 = 0.95;
/** After so many failures in a row (a write came between), writes wait for the next run. */
const FAILURES = 2;
/** Old versions may go once nobody reads them any more. */
const CLEAN_UP_AFTER_MS = 75_000;

/** What is kept about one collection. */
interface Upkeep {
  /** The index's commits when it was maintained last. */
  maintainedCommits: number;
  isForced: boolean;
  failures: number;
  selfFound01: number | null;
  cleanUp: NodeJS.Timeout | null;
}

/** A collection that may be maintained. */
export interface Maintainable {
  readonly name: string;
  readonly index: AnnIndex;
}

/** Runs maintenance. */
export class IndexMaintenance {
  readonly #logger: FastifyBaseLogger;
  /** Called after each run: its files are to be flushed. */
  readonly #onChange: (name: string) => void;
  readonly #upkeep = new Map<string, Upkeep>();
  #running: { readonly name: string; readonly end: Promise<void> } | null = null;
  #isClosed = false;

  constructor(logger: FastifyBaseLogger, onChange: (name: string) => void) {
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Maintain at the next opportunity, e.g. after a bulk ingest. */
  request(name: string): void {
    this.#of(name).isForced = true;
  }

  /** Run something that maintenance must not run beside. */
  async exclusively(name: string, work: () => Promise<void>): Promise<void> {
    while (this.#running !== null) await this.#running.end;
    const end = work();
    // Who waits for it wants to know that it is over, not how it went.
    const quiet = end
      .catch(() => {})
      .finally(() => {
        this.#running = null;
        this.#onChange(name);
      });
    this.#running = { name, end: quiet };
    await end;
  }

  /** True when a run was asked for and none is under way: only one goes at a time, and the next begins when somebody looks. */
  get isWaiting(): boolean {
    return this.#running === null && [...this.#upkeep.values()].some(({ isForced, failures }) => isForced && failures < FAILURES);
  }

  isRunning(name: string): boolean {
    return this.#running?.name === name;
  }

  /** Result of the last check, 0..1; null: none was made. */
  selfFound01(name: string): number | null {
    return this.#upkeep.get(name)?.selfFound01 ?? null;
  }

  /** True when stored vectors of some collection were not found. */
  get isAlarmed(): boolean {
    return [...this.#upkeep.values()].some(({ selfFound01 }) => selfFound01 !== null && selfFound01 < SELF_FOUND_01);
  }

  /**
   * Start a run if one is due and none is under way.
   * @param isQuiet no write waits.
   * @returns a promise when writes shall wait for this run, because earlier ones were disturbed; else null.
   */
  consider(target: Maintainable, isQuiet: boolean): Promise<void> | null {
    const upkeep = this.#of(target.name);
    const isDue = upkeep.isForced || target.index.commits - upkeep.maintainedCommits >= (isQuiet ? IDLE_COMMITS : COMMITS);
    if (!isDue || this.#running !== null || this.#isClosed) return null;
    const end = this.#run(target, upkeep);
    return upkeep.failures >= FAILURES ? end : null;
  }

  /** A collection was removed. Resolves when no run uses it any more. */
  async forget(name: string): Promise<void> {
    if (this.#running?.name === name) await this.#running.end;
    clearTimeout(this.#upkeep.get(name)?.cleanUp ?? undefined);
    this.#upkeep.delete(name);
  }

  /** Finish the run under way; start no other. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cleanUp } of this.#upkeep.values()) clearTimeout(cleanUp ?? undefined);
    await this.#running?.end;
  }

  #run(target: Maintainable, upkeep: Upkeep): Promise<void> {
    const hasChanges = target.index.commits > upkeep.maintainedCommits || upkeep.isForced;
    upkeep.maintainedCommits = target.index.commits;
    upkeep.isForced = false;
    const end = this.#maintain(target, upkeep).finally(() => {
      this.#running = null;
      this.#onChange(target.name);
      if (this.#isClosed || !this.#upkeep.has(target.name)) return;
      clearTimeout(upkeep.cleanUp ?? undefined);
      // First the old versions, by another run; then the index that this other run replaced.
      upkeep.cleanUp = setTimeout(() => {
        if (this.#running !== null || this.#isClosed) return;
        if (hasChanges) void this.#run(target, upkeep);
        else void this.#removeReplaced(target);
      }, CLEAN_UP_AFTER_MS).unref();
    });
    this.#running = { name: target.name, end };
    return end;
  }

  async #removeReplaced({ name, index }: Maintainable): Promise<void> {
    try {
      await this.exclusively(name, async () => {
        await index.removeReplacedIndexes();
      });
    } catch (error) {
      this.#logger.warn({ collection: name, err: error }, 'files of a replaced index could not be removed');
    }
  }

  async #maintain({ name, index }: Maintainable, upkeep: Upkeep): Promise<void> {
    try {
      const startedMs = performance.now();
      const { isTrained, selfFound01 } = await index.maintain();
      upkeep.failures = 0;
      upkeep.selfFound01 = selfFound01;
      const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
      if (isTrained) this.#logger.info({ collection: name, seconds }, 'index trained');
      if (selfFound01 !== null && selfFound01 < SELF_FOUND_01)
        this.#logger.error({ collection: name, selfFound01 }, 'stored vectors do not find themselves');
    } catch (error) {
      upkeep.failures += 1;
      upkeep.isForced = true;
      this.#logger.warn({ collection: name, err: error }, 'maintenance failed; it will be tried again');
    }
  }

  #of(name: string): Upkeep {
    let upkeep = this.#upkeep.get(name);
    if (upkeep === undefined) {
      upkeep = { maintainedCommits: 0, isForced: false, failures: 0, selfFound01: null, cleanUp: null };
      this.#upkeep.set(name, upkeep);
    }
    return upkeep;
  }
}
