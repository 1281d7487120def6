/** @file Jobs of recognition: what was asked, how far it is, what was found. The images themselves lie in files; here are their wrapped keys. */
import type { Client, InStatement, Row } from '@libsql/client';
import { z } from 'zod';
import {
  batchResultSchema,
  jobResultSchema,
  recogniseQuerySchema,
  recognitionJobSchema,
  type JobResult,
  type RecognitionJob,
  type RecogniseQuery,
} from '../../src/contracts/recognise-api.ts';
import type { PagePlace } from './page-place.ts';

/** A job as it is stored. */
export interface StoredJob extends RecognitionJob {
  /** Family of the key that asked, or `local`. */
  readonly owner: string;
  readonly query: RecogniseQuery;
}

/** An image that waits. */
export interface WaitingImage {
  readonly jobId: string;
  readonly position: number;
  /** Key of its file, wrapped by the master key. */
  readonly wrapped: Uint8Array;
  readonly attempts: number;
}

type ImageState = JobResult['state'];
const stateSchema = recognitionJobSchema.shape.state;
const resultColumnSchema = batchResultSchema.pick({ recognition: true, problem: true });

const JOB = `SELECT id, owner, model, query, state, created_at_ms, finished_at_ms, expires_at_ms, count(position) AS total,
  count(*) FILTER (WHERE image_state = 'done') AS done, count(*) FILTER (WHERE image_state = 'failed') AS failed
  FROM recognition_jobs JOIN recognition_images ON job_id = id`;

/** The tables of jobs. */
export class RecognitionJobs {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Add a job with its images, in one flushed transaction. */
  async add(
    { id, owner, model, query, createdAtMs }: Pick<StoredJob, 'id' | 'owner' | 'model' | 'query' | 'createdAtMs'>,
    images: readonly { readonly name: string | null; readonly wrapped: Uint8Array }[],
  ): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: `INSERT INTO recognition_jobs (id, owner, model, query, state, created_at_ms) VALUES (?, ?, ?, ?, 'queued', ?)`,
          args: [id, owner, model, JSON.stringify(query), createdAtMs],
        },
        ...images.map(({ name, wrapped }, position) => ({
          sql: `INSERT INTO recognition_images (job_id, position, name, wrapped, image_state, attempts) VALUES (?, ?, ?, ?, 'waiting', 0)`,
          args: [id, position, name, wrapped],
        })),
      ],
      'write',
    );
  }

  async get(id: string): Promise<StoredJob | null> {
    const { rows } = await this.#client.execute({ sql: `${JOB} WHERE id = ? GROUP BY id`, args: [id] });
    return rows[0] === undefined ? null : jobOf(rows[0]);
  }

  /** Newest first. @param owner null: everybody's. */
  async list(owner: string | null, after: PagePlace | null, limit: number): Promise<StoredJob[]> {
    const { rows } = await this.#client.execute({
      sql: `${JOB} WHERE (?1 IS NULL OR owner = ?1) AND (?2 IS NULL OR (created_at_ms, id) < (?2, ?3))
            GROUP BY id ORDER BY created_at_ms DESC, id DESC LIMIT ?4`,
      args: [owner, after?.[0] ?? null, after?.[1] ?? null, limit],
    });
    return rows.map(jobOf);
  }

  /** In order. */
  async results(id: string, afterPosition: number, limit: number): Promise<JobResult[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT position, name, image_state, result FROM recognition_images WHERE job_id = ? AND position > ? ORDER BY position LIMIT ?`,
      args: [id, afterPosition, limit],
    });
    return rows.map((row) => {
      const result = row['result'];
      const { recognition, problem } = resultColumnSchema.parse(
        result === null ? { recognition: null, problem: null } : JSON.parse(z.string().parse(result)),
      );
      return jobResultSchema.parse({ position: row['position'], name: row['name'], state: row['image_state'], recognition, problem });
    });
  }

  /** [Note: Turns] First images of all jobs come before second ones: a long job does not keep a short one waiting. */
  async nextWaiting(): Promise<WaitingImage | null> {
    const { rows } = await this.#client.execute(
      `SELECT job_id, position, wrapped, attempts FROM recognition_images JOIN recognition_jobs ON id = job_id
       WHERE image_state = 'waiting' AND state IN ('queued', 'running') ORDER BY position, created_at_ms, id LIMIT 1`,
    );
    const [row] = rows;
    if (row === undefined) return null;
    return {
      jobId: z.string().parse(row['job_id']),
      position: z.int().parse(row['position']),
      wrapped: new Uint8Array(z.instanceof(ArrayBuffer).parse(row['wrapped'])),
      attempts: z.int().parse(row['attempts']),
    };
  }

  /** An image is being worked on, for the `attempts + 1`st time. */
  async begin({ jobId, position }: Pick<WaitingImage, 'jobId' | 'position'>): Promise<void> {
    await this.#client.batch(
      [
        {
          sql: `UPDATE recognition_images SET image_state = 'running', attempts = attempts + 1 WHERE job_id = ? AND position = ?`,
          args: [jobId, position],
        },
        { sql: `UPDATE recognition_jobs SET state = 'running' WHERE id = ? AND state = 'queued'`, args: [jobId] },
      ],
      'write',
    );
  }

  /** Put an image back. @param attempts that count: not those that ended for another's sake. */
  async putBack({ jobId, position }: Pick<WaitingImage, 'jobId' | 'position'>, attempts: number): Promise<void> {
    await this.#client.execute({
      sql: `UPDATE recognition_images SET image_state = 'waiting', attempts = ? WHERE job_id = ? AND position = ? AND image_state = 'running'`,
      args: [attempts, jobId, position],
    });
  }

  /** End an image: its result, its key gone. @returns true when the job is over with it. */
  async finish(
    { jobId, position }: Pick<WaitingImage, 'jobId' | 'position'>,
    state: Extract<ImageState, 'done' | 'failed'>,
    result: Pick<JobResult, 'recognition' | 'problem'>,
    end: { readonly atMs: number; readonly expiresAtMs: number },
  ): Promise<boolean> {
    const [, ended] = await this.#client.batch(
      [
        {
          sql: `UPDATE recognition_images SET image_state = ?, result = ?, wrapped = NULL
                WHERE job_id = ? AND position = ? AND image_state = 'running'`,
          args: [state, JSON.stringify(result), jobId, position],
        },
        {
          sql: `UPDATE recognition_jobs SET state = 'done', finished_at_ms = ?, expires_at_ms = ? WHERE id = ? AND state = 'running'
                AND NOT EXISTS (SELECT 1 FROM recognition_images WHERE job_id = ? AND image_state IN ('waiting', 'running'))`,
          args: [end.atMs, end.expiresAtMs, jobId, jobId],
        },
      ],
      'write',
    );
    return ended?.rowsAffected === 1;
  }

  /** @returns false when the job was over already. */
  async cancel(id: string, end: { readonly atMs: number; readonly expiresAtMs: number }): Promise<boolean> {
    const [changed] = await this.#client.batch(
      [
        {
          sql: `UPDATE recognition_jobs SET state = 'cancelled', finished_at_ms = ?, expires_at_ms = ? WHERE id = ? AND state IN ('queued', 'running')`,
          args: [end.atMs, end.expiresAtMs, id],
        },
        {
          sql: `UPDATE recognition_images SET image_state = 'cancelled', wrapped = NULL WHERE job_id = ? AND image_state IN ('waiting', 'running')
                AND (SELECT state FROM recognition_jobs WHERE id = ?) = 'cancelled'`,
          args: [id, id],
        },
      ],
      'write',
    );
    return changed?.rowsAffected === 1;
  }

  /** After a start: what a stop cut short waits again. */
  async recover(): Promise<void> {
    await this.#client.execute(`UPDATE recognition_images SET image_state = 'waiting' WHERE image_state = 'running'`);
  }

  async remove(id: string): Promise<void> {
    await this.#client.batch(removal(id), 'write');
  }

  /** Remove what is over since before a time. @returns ids. */
  async removeExpired(nowMs: number): Promise<string[]> {
    const { rows } = await this.#client.execute({ sql: 'SELECT id FROM recognition_jobs WHERE expires_at_ms <= ?', args: [nowMs] });
    const ids = rows.map(({ id }) => z.string().parse(id));
    for (const id of ids) await this.remove(id);
    return ids;
  }

  /** Positions by job of images that are still needed. */
  async keptImages(): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    const { rows } = await this.#client.execute('SELECT job_id, position FROM recognition_images WHERE wrapped IS NOT NULL');
    const kept = new Map<string, Set<number>>();
    for (const row of rows) {
      const jobId = z.string().parse(row['job_id']);
      kept.set(jobId, (kept.get(jobId) ?? new Set()).add(z.int().parse(row['position'])));
    }
    return kept;
  }

  /** Jobs that are not over. */
  async unfinished(): Promise<{ readonly id: string; readonly owner: string }[]> {
    const { rows } = await this.#client.execute(`SELECT id, owner FROM recognition_jobs WHERE state IN ('queued', 'running')`);
    return rows.map(({ id, owner }) => ({ id: z.string().parse(id), owner: z.string().parse(owner) }));
  }
}

function removal(id: string): InStatement[] {
  return [
    { sql: 'DELETE FROM recognition_images WHERE job_id = ?', args: [id] },
    { sql: 'DELETE FROM recognition_jobs WHERE id = ?', args: [id] },
  ];
}

function jobOf(row: Row): StoredJob {
  const job = recognitionJobSchema.parse({
    ...{ id: row['id'], model: row['model'], state: stateSchema.parse(row['state']), total: row['total'], done: row['done'] },
    ...{ failed: row['failed'], createdAtMs: row['created_at_ms'], finishedAtMs: row['finished_at_ms'], expiresAtMs: row['expires_at_ms'] },
  });
  const query = recogniseQuerySchema.parse(JSON.parse(z.string().parse(row['query'])));
  return { ...job, owner: z.string().parse(row['owner']), query };
}
