/**
 * @file Recognition of many images as a job. [Note: A job survives] Images are encrypted on the disk and the job is in the database before the
 * answer is sent; a start goes on where a stop or crash ended. An image is destroyed as soon as it has a result or its job was cancelled.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { AppError, type ErrorCode } from '../../../src/contracts/errors.ts';
import { BATCH_LIMITS, type JobResult, type RecogniseQuery, type RecognitionJob } from '../../../src/contracts/recognise-api.ts';
import type { PageQuery } from '../../../src/contracts/page-api.ts';
import { Lane } from '../../../src/core/lane.ts';
import type { RecognitionJobs, StoredJob, WaitingImage } from '../../repositories/recognition-jobs.ts';
import type { NamedImage } from './image-body.ts';
import { pageOf, placeOf } from '../http/page-cursor.ts';
import { HttpProblem } from '../http/problem.ts';
import type { RecognitionService } from './recognition-service.ts';
import type { SealedImages } from '../secrets/sealed-images.ts';

/** What jobs stand on. */
export interface RecognitionJobParts {
  readonly jobs: RecognitionJobs;
  readonly images: SealedImages;
  readonly recognition: Pick<RecognitionService, 'recognise' | 'models'>;
  /** Images at work at once. */
  readonly lanes: number;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'error'>;
  readonly now?: () => number;
}

const KEPT_MS = BATCH_LIMITS.keptHours * 3_600_000;
const SWEEP_MS = 10 * 60_000;
/** Unfinished jobs of one owner, and of all. */
const MAX_JOBS = { ofOne: 10, ofAll: 200 } as const;
/** An image whose process died may have died of another one's; twice is its own doing. */
const MAX_ATTEMPTS = 2;
/** How long to wait when the recogniser is full. */
const BUSY_PAUSE_MS = 500;

/** Who may see a job: its owner, or everybody's for an admin. */
export type JobViewer = { readonly owner: string } | 'admin';

/** Takes, runs, cancels and forgets jobs. */
export class RecognitionJobService {
  readonly #parts: RecognitionJobParts;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #running = new Map<string, { readonly jobId: string; readonly abort: AbortController }>();
  readonly #listeners: ((job: RecognitionJob, owner: string) => Promise<void>)[] = [];
  #lanes: Promise<void>[] = [];
  #idleLanes = 0;
  readonly #picking = new Lane();
  #isClosed = false;

  constructor(parts: RecognitionJobParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#idleLanes = parts.lanes;
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** Hear of jobs that are over. */
  onFinished(listener: (job: RecognitionJob, owner: string) => Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** Go on after a start. */
  async resume(): Promise<void> {
    await this.#parts.jobs.recover();
    await this.sweep();
    await this.#parts.images.sweep(await this.#parts.jobs.keptImages());
    this.#wake();
  }

  /**
   * Take a job. It and its images are on the disk when this resolves.
   * @throws HttpProblem 429 | 503 when too many jobs are not over.
   */
  async add(owner: string, model: string, query: RecogniseQuery, images: readonly NamedImage[]): Promise<StoredJob> {
    if (this.#isClosed) throw new HttpProblem(503, 'busy', 'The server is stopping.');
    const unfinished = await this.#parts.jobs.unfinished();
    if (unfinished.filter((job) => job.owner === owner).length >= MAX_JOBS.ofOne)
      throw new HttpProblem(429, 'busy', `You have ${MAX_JOBS.ofOne} jobs that are not over. Wait for one, or cancel it.`);
    if (unfinished.length >= MAX_JOBS.ofAll) throw new HttpProblem(503, 'busy', 'Too many jobs wait. Try again later.');
    const id = randomUUID();
    try {
      const stored: { name: string | null; wrapped: Uint8Array }[] = [];
      for (const [position, { name, bytes }] of images.entries())
        stored.push({ name, wrapped: await this.#parts.images.put(id, position, bytes) });
      await this.#parts.jobs.add({ id, owner, model, query, createdAtMs: this.#now() }, stored);
    } catch (error) {
      await this.#parts.images.destroyJob(id);
      throw error;
    }
    this.#wake();
    return this.#require(id);
  }

  /** @throws HttpProblem 404 also for somebody else's job. */
  async get(id: string, viewer: JobViewer): Promise<StoredJob> {
    const job = await this.#require(id);
    if (viewer !== 'admin' && viewer.owner !== job.owner) throw missing();
    return job;
  }

  /** Newest first. */
  async list(viewer: JobViewer, { limit, cursor }: PageQuery): Promise<{ items: StoredJob[]; nextCursor: string | null }> {
    const rows = await this.#parts.jobs.list(viewer === 'admin' ? null : viewer.owner, placeOf(cursor), limit + 1);
    return pageOf(rows, limit, ({ createdAtMs, id }) => [createdAtMs, id]);
  }

  /** In order. @throws HttpProblem 404 */
  async results(id: string, viewer: JobViewer, { limit, cursor }: PageQuery): Promise<{ items: JobResult[]; nextCursor: string | null }> {
    await this.get(id, viewer);
    const rows = await this.#parts.jobs.results(id, placeOf(cursor)?.[0] ?? -1, limit + 1);
    return pageOf(rows, limit, ({ position }) => [position, '']);
  }

  /** Cancel a job that is not over; of one that is, erase everything. @returns it as it was last. @throws HttpProblem 404 */
  async cancel(id: string, viewer: JobViewer): Promise<StoredJob> {
    const job = await this.get(id, viewer);
    const atMs = this.#now();
    if (await this.#parts.jobs.cancel(id, { atMs, expiresAtMs: atMs + KEPT_MS })) {
      for (const { jobId, abort } of this.#running.values()) if (jobId === id) abort.abort();
      await this.#parts.images.destroyJob(id);
      const cancelled = await this.#require(id);
      await this.#tell(cancelled);
      return cancelled;
    }
    await this.#parts.jobs.remove(id);
    await this.#parts.images.destroyJob(id);
    return job;
  }

  /** Forget what is over since long. Never throws. */
  async sweep(): Promise<void> {
    try {
      for (const id of await this.#parts.jobs.removeExpired(this.#now())) await this.#parts.images.destroyJob(id);
    } catch (error) {
      this.#parts.logger.error({ err: error }, 'old recognition jobs were not removed');
    }
  }

  /** Resolves when nothing waits and nothing runs. */
  async settled(): Promise<void> {
    while (this.#lanes.length > 0) await Promise.all(this.#lanes);
  }

  /** Stop; jobs go on at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { abort } of this.#running.values()) abort.abort();
    await this.settled();
  }

  #wake(): void {
    while (this.#idleLanes > 0 && !this.#isClosed) {
      this.#idleLanes -= 1;
      const lane: Promise<void> = this.#work()
        .catch((error: unknown) =>
          this.#parts.logger.error({ err: error }, 'recognition jobs stopped; they go on at the next one or start'),
        )
        .finally(() => {
          this.#idleLanes += 1;
          this.#lanes = this.#lanes.filter((other) => other !== lane);
        });
      this.#lanes.push(lane);
    }
  }

  /** One lane: image after image until none waits. */
  async #work(): Promise<void> {
    for (;;) {
      const image = await this.#pick();
      if (image === null) return;
      await this.#recognise(image);
    }
  }

  /** The next image, marked; one lane at a time. */
  #pick(): Promise<WaitingImage | null> {
    return this.#picking.run(async () => {
      if (this.#isClosed) return null;
      const image = await this.#parts.jobs.nextWaiting();
      if (image !== null) await this.#parts.jobs.begin(image);
      return image;
    });
  }

  async #recognise(image: WaitingImage): Promise<void> {
    const { jobs, images, recognition } = this.#parts;
    const { jobId, position, wrapped, attempts } = image;
    const abort = new AbortController();
    const key = `${jobId}/${position}`;
    this.#running.set(key, { jobId, abort });
    try {
      const job = await this.#require(jobId);
      const bytes = await images.get(jobId, position, wrapped);
      if (bytes === null) throw new HttpProblem(404, 'model-integrity', 'The image is no longer there.');
      const model = await recognition.models.find(job.model);
      const found = await recognition.recognise(bytes, model, job.query, { priority: 'batch', signal: abort.signal, actor: job.owner });
      await this.#finish(image, 'done', { recognition: found, problem: null });
    } catch (error) {
      const code = codeOf(error);
      if (code === 'busy' || (code === 'cancelled' && this.#isClosed) || (code === 'worker-died' && attempts + 1 < MAX_ATTEMPTS)) {
        await jobs.putBack(image, code === 'worker-died' ? attempts + 1 : attempts);
        if (code === 'busy' && !this.#isClosed) await new Promise((resolve) => void setTimeout(resolve, BUSY_PAUSE_MS));
        return;
      }
      // Its row says so already.
      if (code === 'cancelled') return;
      if (code === 'bug') this.#parts.logger.error({ err: error }, 'an image of a job failed');
      const isOurs = error instanceof HttpProblem || (error instanceof AppError && code !== 'bug');
      const detail = isOurs ? error.message : 'It failed inside the server.';
      await this.#finish(image, 'failed', { recognition: null, problem: { code, detail } });
    } finally {
      this.#running.delete(key);
    }
  }

  async #finish(image: WaitingImage, state: 'done' | 'failed', result: Pick<JobResult, 'recognition' | 'problem'>): Promise<void> {
    const atMs = this.#now();
    const isOver = await this.#parts.jobs.finish(image, state, result, { atMs, expiresAtMs: atMs + KEPT_MS });
    await this.#parts.images.destroy(image.jobId, image.position);
    if (isOver) await this.#tell(await this.#require(image.jobId));
  }

  async #tell(job: StoredJob): Promise<void> {
    for (const listener of this.#listeners)
      await listener(job, job.owner).catch((error: unknown) => this.#parts.logger.error({ err: error }, 'the end of a job was not told'));
  }

  async #require(id: string): Promise<StoredJob> {
    const job = await this.#parts.jobs.get(id);
    if (job === null) throw missing();
    return job;
  }
}

function missing(): HttpProblem {
  return new HttpProblem(404, 'invalid-input', 'There is no such job.');
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof AppError || error instanceof HttpProblem ? error.code : 'bug';
}
