/**
 * @file Writes down what was done and what arrived, many at a time. [Note: Journal] A change is on disk in the audit log before its answer is
 * sent. Reads of a while are summed into one row per actor, operation, collection and outcome; a crash forgets at most that while.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Arrival } from '../../../src/contracts/audit-api.ts';
import { addArrival } from '../../repositories/arrivals.ts';
import type { AuditEntry, AuditLog } from '../../repositories/audit-log.ts';

/** Reads are summed, and arrivals wait, for this long. */
const FLUSH_MS = 2_000;
/** Waiting rows beyond this are written at once. */
const MAX_WAITING = 1_000;
/** Arrivals kept while they cannot be written. */
const MAX_KEPT = 10_000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Collects rows and writes them in order. */
export class Journal {
  readonly #log: AuditLog;
  readonly #logger: FastifyBaseLogger;
  readonly #sums = new Map<string, AuditEntry>();
  #entries: AuditEntry[] = [];
  #arrivals: Omit<Arrival, 'sequence'>[] = [];
  #waiting: Waiting[] = [];
  #lane: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(log: AuditLog, logger: FastifyBaseLogger) {
    this.#log = log;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.flush().catch(() => {}), FLUSH_MS).unref();
  }

  /** Resolves when the row is on disk. @throws what the database throws, e.g. when the disk is full. */
  record(entry: AuditEntry): Promise<void> {
    this.#entries.push(entry);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#run();
    });
  }

  /** Count a read; its row is written within a moment. */
  sum(entry: AuditEntry): void {
    this.#add(entry);
    if (this.#sums.size >= MAX_WAITING) this.#run();
  }

  /** Keep a row of the ledger; it is written within a moment. */
  arrive(arrival: Omit<Arrival, 'sequence'>): void {
    this.#arrivals.push(arrival);
    if (this.#arrivals.length >= MAX_WAITING) this.#run();
  }

  /** Write everything that waits. */
  async flush(): Promise<void> {
    if (this.#entries.length + this.#sums.size + this.#arrivals.length > 0) this.#run();
    await this.#lane;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #add(entry: AuditEntry): void {
    const key = JSON.stringify([entry.actor, entry.operation, entry.collection, entry.outcome, entry.status]);
    const known = this.#sums.get(key);
    this.#sums.set(key, known === undefined ? entry : { ...known, count: known.count + entry.count });
  }

  #run(): void {
    this.#lane ??= this.#drain().finally(() => {
      this.#lane = null;
      // Came while the last write failed.
      if (this.#waiting.length > 0) this.#run();
    });
  }

  async #drain(): Promise<void> {
    // Rows of the same turn share one flush.
    await Promise.resolve();
    while (this.#entries.length + this.#sums.size + this.#arrivals.length > 0) {
      const each = this.#entries.splice(0);
      const sums = [...this.#sums.values()];
      this.#sums.clear();
      const arrivals = this.#arrivals.splice(0);
      const waiting = this.#waiting.splice(0);
      try {
        await this.#log.append([...each, ...sums], arrivals.map(addArrival));
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        this.#logger.error({ err: error, rows: each.length + sums.length }, 'the audit log was not written');
        // Whoever waits is told; what nobody waits for is kept for the next time, e.g. until a full disk has room again.
        for (const { reject } of waiting) reject(error);
        for (const entry of sums) this.#add(entry);
        this.#arrivals = [...arrivals, ...this.#arrivals].slice(-MAX_KEPT);
        return;
      }
    }
  }
}
