/**
 * @file What is done to the files of a collection besides writing and reading it: maintenance on request, files with deleted rows written
 * anew, old versions removed, and what a start leaves for later.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { AnnIndex } from '../../vectors/ann-index.ts';
import type { IndexMaintenance } from './index-maintenance.ts';
import type { OpenCollections } from './open-collections.ts';
import type { WriteLane } from './write-lane.ts';
import type { WritePermit } from './write-permit.ts';

/** After a start, when the first searches have been answered. */
const SETTLE_AFTER_MS = 2_000;

/** What it stands on. */
export interface CollectionUpkeepParts {
  readonly open: OpenCollections;
  readonly permit: WritePermit;
  readonly lane: WriteLane;
  readonly maintenance: IndexMaintenance;
  readonly logger: FastifyBaseLogger;
}

/** Looks after the files. */
export class CollectionUpkeep {
  readonly #parts: CollectionUpkeepParts;
  #settleTimer: NodeJS.Timeout | null = null;

  constructor(parts: CollectionUpkeepParts) {
    this.#parts = parts;
  }

  /** Maintain a collection soon, e.g. when a bulk ingest has ended. */
  maintain(name: string): void {
    this.#parts.maintenance.request(name);
    this.#parts.lane.look();
  }

  /** Write the live rows of files with deleted rows anew: [Note: Delete is not erase]. @returns how many files. @throws HttpProblem 404 */
  async rewriteDeleted(name: string): Promise<number> {
    const target = this.#parts.open.require(name);
    let rewritten = 0;
    await this.#parts.lane.alone(async () => {
      target.isDirty = true;
      rewritten = await target.index.rewriteDeleted();
    });
    return rewritten;
  }

  /** Remove the files of older versions of a collection now. @throws HttpProblem 404 */
  async dropOldVersions(name: string): Promise<void> {
    const { open, lane, maintenance } = this.#parts;
    const target = open.require(name);
    await maintenance.exclusively(name, () =>
      lane.alone(async () => {
        target.isDirty = true;
        await target.index.dropOldVersions();
      }),
    );
  }

  /** The store has just started: see to what that leaves for later, soon. */
  settleSoon(): void {
    this.#settleTimer = setTimeout(() => void this.#settle(), SETTLE_AFTER_MS).unref();
  }

  /** Begin nothing more by itself. */
  close(): void {
    if (this.#settleTimer !== null) clearTimeout(this.#settleTimer);
  }

  /** Files that a kill left half-written, a training that it cut short, indexes that lie on the disk only. */
  async #settle(): Promise<void> {
    const { open, permit, maintenance, logger } = this.#parts;
    for (const { description, index } of [...open]) {
      if (permit.isClosed) return;
      const { name: collection } = description;
      if (index === null) continue;
      try {
        await maintenance.exclusively(collection, async () => {
          const bytes = await index.removeLeftovers();
          if (bytes > 0) logger.info({ collection, bytes }, 'what a killed process had left half-written was removed');
        });
        await this.#resumeTraining(collection, index);
        await index.warm();
      } catch (error) {
        // A search or write that finds the same says so.
        logger.warn({ collection, err: error }, 'a collection could not be looked after');
      }
    }
  }

  /** A training that a stop cut short, or that never began; and rows that the index lacks, which memory held before the stop. */
  async #resumeTraining(name: string, index: AnnIndex): Promise<void> {
    const { unindexed, trainedOn, isTrainingDue } = await index.state();
    if (isTrainingDue || (trainedOn !== null && unindexed > 0)) this.maintain(name);
  }
}
