/**
 * @file Millions of rows as a stream, past the write-ahead log. [Note: Bulk lane] rows → segment file (flushed: durable) → engine, in
 * large commits, flushed → segment removed. A commit replaces by id, so one that is made again after a crash changes nothing. While an
 * ingest runs, its rows and other writes to the same ids come in no order; when it answers `done` everything before it is settled.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { Table } from 'apache-arrow';
import type { IngestProgress } from '../../../src/contracts/server-api.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Ingests } from '../../repositories/ingests.ts';
import type { IngestSegments, LostRows, Segment } from '../../vectors/ingest-segments.ts';
import { itemsOf, itemTable, KEYPOINTS, withoutItems, type RowSpec } from '../../vectors/item-rows.ts';
import { KnownIds } from '../../vectors/known-ids.ts';
import type { CollectionStore } from './collection-store.ts';
import type { DamageReport } from '../storage/damage.ts';
import { HttpProblem } from '../http/problem.ts';

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
  /** @returns a table without ids that are being erased: their rows count and are not kept. */
  readonly kept: (rows: Table) => Table;
  /** Checked, of the schema of item-rows.ts. */
  readonly rows: AsyncIterable<Table>;
}

/** Rows that came together. */
interface Arrived {
  /** As many as came. */
  readonly count: number;
  /** Those to keep. */
  readonly rows: Table;
}

interface Job {
  readonly collection: string;
  readonly name: string;
  appliedRows: number;
  durableRows: number;
  pending: Segment[];
  /** Promised, and lost to a damaged file. */
  readonly lost: LostRows[];
  isDone: boolean;
  isReceiving: boolean;
  /** Rows that came and are not written down yet. */
  buffer: Arrived[];
  /** A segment is being written. */
  keeping: Promise<void> | null;
  /** Segments are being brought into the engine, or written anew. */
  applying: Promise<void> | null;
}

/** What it stands on. */
export interface BulkIngestParts {
  readonly store: CollectionStore;
  readonly segments: IngestSegments;
  readonly ingests: Ingests;
  readonly damage: DamageReport;
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
   * @throws HttpProblem 400 for another space | 404 | 409 (the job is elsewhere: the message names the row to go on from) | 507; AppError('invalid-input')
   * with the row's number for a wrong row. Rows before it that were reported as durable stay.
   */
  async *receive(part: IngestPart): AsyncGenerator<IngestProgress> {
    const { store } = this.#parts;
    store.requireSpace(part.collection, part.space);
    const job = await this.#job(part.collection, part.job);
    if (job.isReceiving) throw new HttpProblem(409, 'busy', 'Another part of this ingest is being received.');
    if (part.from !== job.durableRows)
      throw new HttpProblem(409, 'invalid-input', `This ingest has ${job.durableRows} rows: go on from there.`);
    if (job.isDone) throw new HttpProblem(409, 'invalid-input', 'This ingest has ended. Use another name for another one.');
    job.isReceiving = true;
    let [count, keypointBytes] = [0, 0];
    try {
      for await (const rows of part.rows) {
        job.buffer.push({ count: rows.numRows, rows: part.kept(rows) });
        count += rows.numRows;
        keypointBytes += keypointBytesOf(rows);
        if (count < SEGMENT_ROWS && keypointBytes < SEGMENT_KEYPOINT_BYTES) continue;
        [count, keypointBytes] = [0, 0];
        await this.#keep(job);
        if (job.pending.length >= COMMIT_SEGMENTS) this.#applyInBackground(job);
        if (job.pending.length >= MAX_PENDING) await this.#apply(job, COMMIT_SEGMENTS);
        yield progressOf(job);
      }
      await this.#keep(job);
      if (part.isLast) {
        yield progressOf(job);
        await this.#apply(job, 1);
        job.isDone = true;
        await this.#parts.ingests.put(job.collection, job.name, { appliedRows: job.appliedRows, state: 'done' });
        // Damaged files stay: they say which rows are lost.
        if (job.lost.length === 0) await this.#parts.segments.removeAll(job.collection, job.name);
        store.maintain(job.collection);
      } else this.#applyInBackground(job);
      yield progressOf(job);
    } finally {
      // A sender that broke off, or a wrong row: the good rows before it are kept, so that fewer have to be sent again.
      await this.#keep(job).finally(() => {
        job.isReceiving = false;
      });
      // Nobody may come to send the rest.
      this.#applyInBackground(job);
    }
  }

  /** Wait for the commit under way. What is on the disk is taken up at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const opening of this.#jobs.values()) await (await opening.catch(() => null))?.applying?.catch(() => undefined);
  }

  /**
   * Take erased items out of the rows that wait: out of memory, and out of files, which are written anew without them. Their rows still
   * count. @returns how many files.
   */
  async erase(collection: string, ids: ReadonlySet<string>): Promise<number> {
    for (const { collection: name, job } of await this.#parts.segments.jobs()) if (name === collection) await this.#job(collection, job);
    let files = 0;
    for (const opening of [...this.#jobs.values()]) {
      const job = await opening;
      if (job.collection !== collection) continue;
      // Rows that were read already would come back with their commit.
      while (job.applying !== null || job.keeping !== null) await Promise.allSettled([job.applying, job.keeping]);
      const spec = this.#parts.store.description(collection);
      job.buffer = job.buffer.map(({ count, rows }) => ({ count, rows: withoutItems(spec, rows, (id) => ids.has(id)) }));
      job.applying = this.#eraseFrom(job, ids)
        .then((count) => {
          files += count;
        })
        .finally(() => {
          job.applying = null;
        });
      await job.applying;
    }
    return files;
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
    await segments.removeHalfWritten(collection, name);
    const stored = await ingests.get(collection, name);
    const appliedRows = stored?.appliedRows ?? 0;
    const all = await segments.list(collection, name);
    // Applied, but not removed before the stop.
    await segments.remove(all.filter(({ firstRow }) => firstRow < appliedRows));
    const lost = await segments.damaged(collection, name);
    if (lost.length > 0) this.#report(collection, name, lost);
    const pending = all.filter(({ firstRow }) => firstRow >= appliedRows);
    let durableRows = appliedRows;
    for (const { firstRow, rows } of pending) {
      if (firstRow > durableRows) this.#lose({ collection, name, lost }, { firstRow: durableRows, rows: firstRow - durableRows });
      durableRows = firstRow + rows;
    }
    const isDone = stored?.state === 'done';
    return {
      ...{ collection, name, appliedRows, durableRows, pending, lost, isDone },
      ...{ isReceiving: false, buffer: [], keeping: null, applying: null },
    };
  }

  async #eraseFrom(job: Job, ids: ReadonlySet<string>): Promise<number> {
    const { store, segments } = this.#parts;
    let files = 0;
    for (const segment of job.pending) {
      const table = await this.#readOrLose(job, segment);
      if (table === null) continue;
      const left = withoutItems(store.description(job.collection), table, (id) => ids.has(id));
      if (left === table) continue;
      await segments.replace(segment, left);
      files += 1;
    }
    await segments.removeDamaged(job.collection);
    return files;
  }

  /** @returns null for a damaged file: it is set aside, named, and its rows count as lost. */
  async #readOrLose(job: Job, segment: Segment): Promise<Table | null> {
    try {
      return await this.#parts.segments.read(segment);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'model-integrity') throw error;
      await this.#parts.segments.setAside(segment);
      this.#lose(job, segment);
      return null;
    }
  }

  #lose({ collection, name, lost }: Pick<Job, 'collection' | 'name' | 'lost'>, { firstRow, rows }: LostRows): void {
    if (lost.some((one) => one.firstRow === firstRow)) return;
    lost.push({ firstRow, rows });
    this.#report(collection, name, lost);
  }

  #report(collection: string, name: string, lost: readonly LostRows[]): void {
    this.#parts.damage.note({ kind: 'ingest', name: `${collection}/${name}`, collection, reason: problemOf(lost) });
  }

  /** Write down what came. */
  async #keep(job: Job): Promise<void> {
    while (job.keeping !== null) await job.keeping.catch(() => undefined);
    const arrived = job.buffer;
    job.buffer = [];
    if (arrived.length === 0) return;
    job.keeping = this.#write(job, arrived).finally(() => {
      job.keeping = null;
    });
    await job.keeping;
  }

  async #write(job: Job, arrived: readonly Arrived[]): Promise<void> {
    const { store, segments } = this.#parts;
    const spec = store.description(job.collection);
    const count = arrived.reduce((sum, one) => sum + one.count, 0);
    const table = await lastOfEach(spec, new Table(arrived.flatMap(({ rows }) => rows.batches)));
    if (spec.quota !== null)
      await store.requireRoom(job.collection, [...(table.getChild('id') ?? [])] as string[], job.durableRows - job.appliedRows);
    const segment = await segments.write(job.collection, job.name, job.durableRows, count, table);
    // Only now: a commit may have put another list in place meanwhile.
    job.pending.push(segment);
    job.durableRows += count;
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
    const filled: Table[] = [];
    for (const segment of taken) {
      const table = await this.#readOrLose(job, segment);
      if (table !== null && table.numRows > 0) filled.push(table);
    }
    if (filled.length > 0) await store.ingest(job.collection, filled);
    const last = taken.at(-1)!;
    const appliedRows = last.firstRow + last.rows;
    await ingests.put(job.collection, job.name, { appliedRows, state: 'receiving' });
    job.appliedRows = appliedRows;
    job.pending = job.pending.slice(taken.length);
    await segments.remove(taken);
  }
}

function problemOf(lost: readonly LostRows[]): string {
  const rows = lost.map((one) => `${one.firstRow} to ${one.firstRow + one.rows - 1}`).join(', ');
  return `Rows ${rows} were damaged on the disk and are lost. Send them again, under another name.`;
}

/** @returns the table with the last row of each id; the same one when no id is there twice. */
async function lastOfEach(spec: RowSpec, table: Table): Promise<Table> {
  const known = new KnownIds();
  let twice = 0;
  for (const batch of table.batches) {
    const ids = batch.getChild('id');
    if (ids !== null) twice += known.add(ids);
    await nextTurn();
  }
  return twice === 0 ? table : itemTable(spec, [...new Map(itemsOf(spec, table).map((item) => [item.id, item])).values()]);
}

function keypointBytesOf(rows: Table): number {
  return rows.getChild(KEYPOINTS)?.data.reduce((sum, { values }) => sum + ((values as Uint8Array | undefined)?.length ?? 0), 0) ?? 0;
}

function progressOf({ name, isDone, durableRows, appliedRows, isReceiving, lost }: Job): IngestProgress {
  return {
    job: name,
    state: isDone ? 'done' : appliedRows < durableRows && !isReceiving ? 'applying' : 'receiving',
    durableRows,
    searchableRows: appliedRows,
    problem: lost.length === 0 ? null : problemOf(lost),
  };
}
