/** @file Bulk ingests in parts: rows that were reported as durable are there, each once, and an ingest goes on where it was. */
import { expect } from 'vitest';
import { collectionSchema, ingestProgressSchema, searchResponseSchema, type IngestProgress } from '../../../../src/contracts/server-api.ts';
import { unitVector } from '../test-server.ts';
import { until, type Actor, type Random } from './actor.ts';
import type { ServerUnderTorture } from './server-under-torture.ts';
import { D, SPACE } from './upserts.ts';

const ROWS = 240;
const PARTS = 3;

interface Job {
  readonly number: number;
  durable: number;
  isDone: boolean;
}

/** Rows of one ingest after the other, all into one collection. */
export class Ingests implements Actor {
  readonly kind = 'ingest';
  readonly spanMs = 250;
  readonly #jobs: Job[] = [];
  /** Ids that were erased, or were to be when the server was killed. */
  readonly #gone = new Set<string>();

  async act(server: ServerUnderTorture, _random: Random, sent: () => void): Promise<void> {
    let job = this.#jobs.at(-1);
    if (job === undefined || job.isDone) {
      job = { number: this.#jobs.length, durable: 0, isDone: false };
      this.#jobs.push(job);
    }
    while (!job.isDone) {
      const from = job.durable;
      const to = Math.min(ROWS, from + ROWS / PARTS);
      const isLast = to === ROWS;
      const body = Array.from({ length: to - from }, (_, row) => `${JSON.stringify(rowOf(job.number, from + row))}\n`).join('');
      const answer = server.call('POST', `${path(job)}&from=${from}&last=${isLast}`, body, 'application/x-ndjson');
      sent();
      const { status, bytes } = await answer;
      const last = bytes.toString().trim().split('\n').at(-1) ?? '';
      expect(status, last).toBe(200);
      const progress = ingestProgressSchema.parse(JSON.parse(last));
      expect(progress.problem).toBeNull();
      job.durable = progress.durableRows;
      job.isDone = progress.state === 'done';
    }
  }

  async verify(server: ServerUnderTorture): Promise<void> {
    for (const job of this.#jobs.slice(-3)) {
      const progress = await this.#progress(server, job);
      expect(progress.problem).toBeNull();
      expect(progress.durableRows, 'rows that were durable').toBeGreaterThanOrEqual(job.durable);
      if (job.isDone) expect(progress.state).toBe('done');
      // What waits is brought into the engine by itself.
      const settled = await until(
        'rows of an ingest',
        () => this.#progress(server, job),
        (now) => now.searchableRows === now.durableRows,
      );
      job.durable = settled.durableRows;
      job.isDone = settled.state === 'done';
      for (let row = job.number % 17; row < job.durable; row += 17) await this.#expectRow(server, job, row);
    }
    const rows = this.#jobs.reduce((sum, { durable }) => sum + durable, 0);
    const all = collectionSchema.array().parse(await server.ask([200], 'GET', '/collections'));
    const count = all.find(({ name }) => name === 'many')?.count ?? -1;
    expect(count, 'a row is lost').toBeGreaterThanOrEqual(rows - this.#gone.size);
    expect(count, 'a row is there twice').toBeLessThanOrEqual(rows);
  }

  /** Let an erasure have some rows. @returns their ids, and a seed of the vector of each. */
  give(random: Random): { readonly id: string; readonly seed: number }[] {
    const done = this.#jobs.filter(({ isDone }) => isDone);
    if (done.length === 0) return [];
    const job = done[Math.floor(random() * done.length)]!;
    const rows = Array.from({ length: 3 }, () => Math.floor(random() * ROWS));
    const given = [...new Set(rows)].map((row) => ({ id: rowOf(job.number, row).id, seed: seedOf(job.number, row) }));
    const fresh = given.filter(({ id }) => !this.#gone.has(id));
    for (const { id } of fresh) this.#gone.add(id);
    return fresh;
  }

  async #progress(server: ServerUnderTorture, job: Job): Promise<IngestProgress> {
    return ingestProgressSchema.parse(await server.ask([200], 'GET', `/collections/many/ingest/job-${job.number}`));
  }

  async #expectRow(server: ServerUnderTorture, job: Job, row: number): Promise<void> {
    const { id, vector } = rowOf(job.number, row);
    if (this.#gone.has(id)) return;
    const { matches } = searchResponseSchema.parse(
      await server.ask([200], 'POST', '/collections/many/search', { space: SPACE, vector, k: 2 }),
    );
    expect(matches[0]).toMatchObject({ id, metadata: { row } });
    expect(matches[1]?.id).not.toBe(id);
  }
}

function path(job: Job): string {
  return `/collections/many/ingest?job=job-${job.number}&space=${SPACE}`;
}

function seedOf(job: number, row: number): number {
  return 50_000_000 + job * 10_000 + row;
}

function rowOf(job: number, row: number) {
  return { id: `j${job}-r${row}`, vector: unitVector(D, seedOf(job, row)), metadata: { row } };
}
