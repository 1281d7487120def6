/** @file The checkpoint: the engine's files are flushed, then the log forgets what they hold. Last step of [Note: Order of a write]. */
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import type { WriteAheadLog } from '../../repositories/write-ahead-log.ts';
import type { CollectionDamage } from './collection-damage.ts';
import type { OpenCollections } from './open-collections.ts';

/** Due after so many writes, … */
const OPERATIONS = 256;
/** … or so long after the last one. */
const IDLE_MS = 1_000;

/** What it stands on. */
export interface CheckpointParts {
  readonly open: OpenCollections;
  readonly damage: CollectionDamage;
  readonly writeAhead: WriteAheadLog;
  readonly logger: FastifyBaseLogger;
}

/** One at a time, beside writes. */
export class Checkpoint {
  readonly #parts: CheckpointParts;
  #underWay: Promise<boolean> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** The last log entry that the engine holds, or that it need not hold. */
  #appliedSequence = 0;
  /** Writes applied since the last checkpoint began. */
  #uncheckedOperations = 0;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  /** The one under way: it may have begun before the last write. Null: there is none. */
  get underWay(): Promise<boolean> | null {
    return this.#underWay;
  }

  /** So many writes were applied that the next one should not wait. */
  get isDue(): boolean {
    return this.#uncheckedOperations >= OPERATIONS;
  }

  /** The engine took these log entries, or they were answered as failed: the next checkpoint may forget them. */
  applied(sequences: readonly number[]): void {
    this.#appliedSequence = Math.max(this.#appliedSequence, ...sequences);
    this.#uncheckedOperations += sequences.length;
  }

  /** Run within a second. */
  soon(): void {
    this.#timer ??= setTimeout(() => void this.run(), IDLE_MS).unref();
  }

  /** Run now, or join the one under way. Entries logged after it began are not touched. @returns whether it worked. */
  run(): Promise<boolean> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#underWay ??= this.#flushAndForget()
      .then(
        () => true,
        (error: unknown) => {
          // Nothing is lost: the log keeps the entries, and the next checkpoint tries again.
          this.#parts.logger.error({ err: error }, 'checkpoint failed');
          return false;
        },
      )
      .finally(() => {
        this.#underWay = null;
      });
    return this.#underWay;
  }

  async #flushAndForget(): Promise<void> {
    const { open, damage, writeAhead } = this.#parts;
    const upTo = this.#appliedSequence;
    this.#uncheckedOperations = 0;
    let problem: unknown = null;
    const unflushed: string[] = [];
    for (const entry of [...open]) {
      if (!entry.isDirty || entry.index === null) continue;
      entry.isDirty = false;
      try {
        await entry.index.sync();
      } catch (error) {
        // One that cannot be flushed must not keep the log of the others.
        entry.isDirty = true;
        const { name } = entry.description;
        unflushed.push(name);
        problem = await damage.explain(name, error);
      }
    }
    const setAside = [...open].filter(({ index }) => index === null).map(({ description }) => description.name);
    if (upTo > 0) await writeAhead.forget(upTo, [...unflushed, ...setAside]);
    if (problem !== null) throw new AppError('busy', 'A collection could not be flushed.', { cause: problem });
  }
}
