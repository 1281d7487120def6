/**
 * @file Millions of rows as a stream, past the write-ahead log. [Note: Bulk lane] rows → segment file (flushed: durable) → engine, in
 * large commits, flushed → segment removed. A commit replaces by id, so one that is made again after a crash changes nothing. While an
 * ingest runs, its rows and other writes to the same ids come in no order; when it answers `done` everything before it is settled.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Table } from 'apache-arrow';
import type { IngestProgress } from '../../src/contracts/server-api.ts';
import { AppError } from '../../src/contracts/errors.ts';
import type { AnnItem } from '../repositories/ann-index.ts';
import type { Ingests } from '../repositories/ingests.ts';
import type { IngestSegments, Segment } from '../repositories/ingest-segments.ts';
import { itemTable } from '../repositories/item-rows.ts';
import type { CollectionStore } from './collection-store.ts';
import { HttpProblem } from './problem.ts';

/** Rows of one segment: what is lost at most when a sender breaks off within it. */
const SEGMENT_ROWS = 65_536;
/** Bytes of keypoints that one segment may hold besides. */
const SEGMENT_KEYPOINT_BYTES = 64 << 20;
/** Segments of one engine commit. */
const COMMIT_SEGMENTS = 4;
/** Segments that wait for the engine before the sender is slowed down. */
const MAX_PENDING = 8;

/** One part of an ingest: rows from `from` on. */
export interface IngestPart {
  readonly collection: string;
  readonly job: string;
  readonly space: string;
  /** Rows that were sent before. */
  readonly from: number;
  /** No part follows. */
  readonly isLast: boolean;
  readonly rows: AsyncIterable<AnnItem[]>;
}

interface Job {
  readonly collection: string;
  readonly name: string;
  appliedRows: number;
  durableRows: number;
  pending: Segment[];
  isDone: boolean;
  isReceiving: boolean;
  applying: Promise<void> | null;
}

/** What it stands on. */
export interface BulkIngestParts {
  readonly store: CollectionStore;
  readonly segments: IngestSegments;
  readonly ingests: Ingests;
  readonly logger: FastifyBaseLogger;
}

/** The bulk lane. */
export class BulkIngest {
  readonly #parts: BulkIngestParts;
  readonly #jobs = new Map<string, Promise<Job>>();
  #isClosed = false;

  constructor(parts: BulkIngestParts) {
    this.#parts = parts;
  }

  /** Go on with what the last stop left, in the background. */
  async resume(): Promise<void> {
    for (const { collection, job: name } of await this.#parts.segments.jobs()) {
      const description = await this.#parts.store.describe(collection);
      if (description === null) continue; // Set aside or removed: its rows wait for an operator.
      const job = await this.#job(collection, name);
      void this.#apply(job, 1).catch((error: unknown) => {
        this.#parts.logger.error({ collection, err: error }, 'rows of a bulk ingest wait: the engine refused them');
      });
    }
  }

  /** How far a job is. A job that nobody began has no rows. @throws HttpProblem 404 when there is no such collection. */
  async progress(collection: string, name: string): Promise<IngestProgress> {
    this.#parts.store.description(collection);
    return progressOf(await this.#job(collection, name));
  }

  /**
   * Take one part. Yields after each segment and at the end.
   * @throws HttpProblem 404 | 409 (the job is elsewhere: the message names the row to go on from) | 507; AppError('invalid-input')
   * with the row's number for a wrong row. Rows before it that were reported as durable stay.
   */
  async *receive(part: IngestPart): AsyncGenerator<IngestProgress> {
    const { store } = this.#parts;
    store.description(part.collection);
    const job = await this.#job(part.collection, part.job);
    if (job.isReceiving) throw new HttpProblem(409, 'busy', 'Another part of this ingest is being received.');
    if (part.from !== job.durableRows)
      throw new HttpProblem(409, 'invalid-input', `This ingest has ${job.durableRows} rows: go on from there.`);
    if (job.isDone) throw new HttpProblem(409, 'invalid-input', 'This ingest has ended. Use another name for another one.');
    job.isReceiving = true;
    let buffer: AnnItem[] = [];
    let keypointBytes = 0;
    try {
      for await (const rows of part.rows) {
        for (const row of rows) {
          buffer.push(this.#checked(part, row, job.durableRows + buffer.length));
          keypointBytes += row.keypoints?.length ?? 0;
        }
        if (buffer.length < SEGMENT_ROWS && keypointBytes < SEGMENT_KEYPOINT_BYTES) continue;
        const full = buffer;
        buffer = [];
        keypointBytes = 0;
        await this.#keep(job, full);
        if (job.pending.length >= COMMIT_SEGMENTS) this.#applyInBackground(job);
        if (job.pending.length >= MAX_PENDING) await this.#apply(job, COMMIT_SEGMENTS);
        yield progressOf(job);
      }
      const rest = buffer;
      buffer = [];
      await this.#keep(job, rest);
      if (part.isLast) {
        yield progressOf(job);
        await this.#apply(job, 1);
        job.isDone = true;
        await this.#parts.ingests.put(job.collection, job.name, { appliedRows: job.appliedRows, state: 'done' });
        await this.#parts.segments.removeAll(job.collection, job.name);
        store.maintain(job.collection);
      } else this.#applyInBackground(job);
      yield progressOf(job);
    } finally {
      // A sender that broke off, or a wrong row: the good rows before it are kept, so that fewer have to be sent again.
      await this.#keep(job, buffer).finally(() => {
        job.isReceiving = false;
      });
    }
  }

  /** Wait for the commit under way. What is on the disk is taken up at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const opening of this.#jobs.values()) await (await opening.catch(() => null))?.applying?.catch(() => undefined);
  }

  /** A collection was removed, with everything that waits for it. */
  async forget(collection: string): Promise<void> {
    for (const [key, opening] of this.#jobs) {
      const job = await opening.catch(() => null);
      if (job?.collection === collection) this.#jobs.delete(key);
    }
    await this.#parts.segments.removeAll(collection);
  }

  #job(collection: string, name: string): Promise<Job> {
    const key = `${collection}/${name}`;
    let opening = this.#jobs.get(key);
    if (opening === undefined) {
      opening = this.#open(collection, name);
      this.#jobs.set(key, opening);
      opening.catch(() => this.#jobs.delete(key));
    }
    return opening;
  }

  async #open(collection: string, name: string): Promise<Job> {
    const { segments, ingests } = this.#parts;
    const stored = await ingests.get(collection, name);
    const appliedRows = stored?.appliedRows ?? 0;
    const all = await segments.list(collection, name);
    // Applied, but not removed before the stop.
    await segments.remove(all.filter(({ firstRow }) => firstRow < appliedRows));
    const pending = all.filter(({ firstRow }) => firstRow >= appliedRows);
    let durableRows = appliedRows;
    for (const { firstRow, rows } of pending) {
      if (firstRow !== durableRows) throw new AppError('bug', 'A segment of a bulk ingest is missing.');
      durableRows += rows;
    }
    const isDone = stored?.state === 'done';
    return { collection, name, appliedRows, durableRows, pending, isDone, isReceiving: false, applying: null };
  }

  #checked({ collection, space }: IngestPart, row: AnnItem, number: number): AnnItem {
    try {
      return this.#parts.store.check(collection, space, row);
    } catch (error) {
      if (!(error instanceof HttpProblem) && !(error instanceof AppError)) throw error;
      throw new HttpProblem(400, 'invalid-input', `Row ${number}: ${error.message}`);
    }
  }

  async #keep(job: Job, items: readonly AnnItem[]): Promise<void> {
    if (items.length === 0) return;
    const { store, segments } = this.#parts;
    const unique = new Map(items.map((item) => [item.id, item]));
    await store.requireRoom(job.collection, [...unique.keys()], job.durableRows - job.appliedRows);
    const table = itemTable(store.description(job.collection), [...unique.values()]);
    const segment = await segments.write(job.collection, job.name, job.durableRows, items.length, table);
    // Only now: a commit may have put another list in place meanwhile.
    job.pending.push(segment);
    job.durableRows += items.length;
  }

  #applyInBackground(job: Job): void {
    this.#apply(job, 1).catch((error: unknown) => {
      // The rows stay on the disk; the next part or the next start tries again.
      this.#parts.logger.error({ collection: job.collection, err: error }, 'a bulk commit failed');
    });
  }

  /** Bring pending segments into the engine until fewer than `atLeast` are left. */
  async #apply(job: Job, atLeast: number): Promise<void> {
    while (job.pending.length >= atLeast && !this.#isClosed) {
      job.applying ??= this.#commit(job).finally(() => {
        job.applying = null;
      });
      await job.applying;
    }
  }

  async #commit(job: Job): Promise<void> {
    const { store, segments, ingests } = this.#parts;
    const taken = job.pending.slice(0, COMMIT_SEGMENTS);
    if (taken[0]?.firstRow !== job.appliedRows) throw new AppError('bug', 'A segment of a bulk ingest is out of turn.');
    const tables: Table[] = [];
    for (const segment of taken) tables.push(await segments.read(segment));
    // The engine wants each id once; of equal ids in one job the last row wins.
    const groups = hasEqualIds(tables) ? tables.map((table) => [table]) : [tables];
    for (const group of groups) await store.ingest(job.collection, group);
    const last = taken.at(-1)!;
    const appliedRows = last.firstRow + last.rows;
    await ingests.put(job.collection, job.name, { appliedRows, state: 'receiving' });
    job.appliedRows = appliedRows;
    job.pending = job.pending.slice(taken.length);
    await segments.remove(taken);
  }
}

function hasEqualIds(tables: readonly Table[]): boolean {
  if (tables.length < 2) return false;
  const seen = new Set<string>();
  let rows = 0;
  for (const table of tables) {
    rows += table.numRows;
    for (const id of table.getChild('id') ?? []) seen.add(id as string);
  }
  return seen.size !== rows;
}

function progressOf({ name, isDone, durableRows, appliedRows, isReceiving }: Job): IngestProgress {
  return {
    job: name,
    state: isDone ? 'done' : appliedRows < durableRows && !isReceiving ? 'applying' : 'receiving',
    durableRows,
    searchableRows: appliedRows,
    problem: null,
  };
}
