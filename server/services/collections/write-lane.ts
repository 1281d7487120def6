/**
 * @file The lane that every write of the store goes through, in the order of [Note: Order of a write]: writes that wait are logged together
 * as a group, then applied one after the other. Between groups jobs run alone and maintenance is begun; searches run beside all of it.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { WriteAheadLog, WriteOperation } from '../../repositories/write-ahead-log.ts';
import { HttpProblem } from '../http/problem.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CollectionDamage } from './collection-damage.ts';
import { requireRoom } from './collection-room.ts';
import type { IndexMaintenance } from './index-maintenance.ts';
import type { OpenCollections, ServedCollection } from './open-collections.ts';
import type { WritePermit } from './write-permit.ts';

/** Writes that are logged in one transaction. */
const GROUP_OPERATIONS = 64;
/** Items of one group; bounds memory. */
const GROUP_ITEMS = 8_000;
/** Writes waiting beyond this are refused as `busy`. */
const MAX_WAITING = 256;

interface Waiting {
  readonly operation: WriteOperation;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

/** What it stands on. */
export interface WriteLaneParts {
  readonly open: OpenCollections;
  readonly permit: WritePermit;
  readonly writeAhead: WriteAheadLog;
  readonly checkpoint: Checkpoint;
  readonly maintenance: IndexMaintenance;
  readonly damage: CollectionDamage;
  readonly logger: FastifyBaseLogger;
}

/** Runs while something waits. */
export class WriteLane {
  readonly #parts: WriteLaneParts;
  readonly #waiting: Waiting[] = [];
  /** What runs alone in the lane, e.g. a bulk commit. */
  readonly #jobs: (() => Promise<void>)[] = [];
  #underWay: Promise<void> | null = null;

  constructor(parts: WriteLaneParts) {
    this.#parts = parts;
  }

  /** Resolves when nothing waits any more; null: nothing does. */
  get underWay(): Promise<void> | null {
    return this.#underWay;
  }

  /**
   * Log and apply a write. Durable and visible when this resolves.
   * @returns how many items were written, or were there to be deleted.
   * @throws at once, HttpProblem 503 | 403, when writes are not taken now.
   */
  write(operation: WriteOperation): Promise<number> {
    this.#parts.permit.require();
    if (this.#waiting.length >= MAX_WAITING) throw new HttpProblem(503, 'busy', 'Too many writes are waiting. Try again in a moment.');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      this.#start();
    });
  }

  /** Run a task in the lane: no write is under way meanwhile. @throws HttpProblem 503 | 403 */
  alone(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.permit.require();
      this.#jobs.push(() => task().then(resolve, reject));
      this.#start();
    });
  }

  /** Look for maintenance that is due. */
  look(): void {
    void this.alone(() => Promise.resolve()).catch(() => {
      // Refused by a stop or the end of a term: whoever writes next sees to it.
    });
  }

  #start(): void {
    this.#underWay ??= this.#drain().finally(() => {
      this.#underWay = null;
    });
  }

  async #drain(): Promise<void> {
    const { writeAhead, checkpoint } = this.#parts;
    // Let writes that arrive in the same turn join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#jobs.length > 0) {
      await this.#jobs.shift()?.();
      const group = this.#takeGroup();
      if (group.length === 0) {
        await this.#maintainWhereDue();
        continue;
      }
      try {
        const sequences = await writeAhead.append(group.map(({ operation }) => operation));
        await this.#applyGroup(group, sequences);
        checkpoint.applied(sequences);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      if (checkpoint.isDue) await checkpoint.run();
      await this.#maintainWhereDue();
    }
    checkpoint.soon();
  }

  #takeGroup(): Waiting[] {
    let items = 0;
    let end = 0;
    for (const { operation } of this.#waiting) {
      items += operation.kind === 'upsert' ? operation.items.length : operation.ids.length;
      if (end > 0 && (end >= GROUP_OPERATIONS || items > GROUP_ITEMS)) break;
      end += 1;
    }
    return this.#waiting.splice(0, end);
  }

  /** Apply in order; neighbouring upserts into one collection become one commit. Each write is settled here. */
  async #applyGroup(group: readonly Waiting[], sequences: readonly number[]): Promise<void> {
    const { open, writeAhead, damage, logger } = this.#parts;
    for (let start = 0; start < group.length;) {
      let end = start + 1;
      const first = group[start]!.operation;
      // With a quota each write is judged by itself.
      const isJoining = first.kind === 'upsert' && (open.get(first.collection)?.description.quota ?? null) === null;
      while (isJoining && end < group.length && canJoin(first, group[end]!.operation)) end += 1;
      const run = group.slice(start, end);
      try {
        const target = open.require(first.collection);
        if (first.kind === 'upsert')
          await requireRoom(
            target,
            first.items.map(({ id }) => id),
          );
        const count = await applyWrite(target, joined(run.map(({ operation }) => operation)));
        for (const { operation, resolve } of run) resolve(operation.kind === 'upsert' ? operation.items.length : count);
      } catch (error) {
        // Answered as failed: take it out of the log. Should that fail as well, a later start may apply it, which a failed write permits.
        await writeAhead.withdraw(sequences.slice(start, end)).catch((withdrawError: unknown) => {
          logger.error({ err: withdrawError }, 'failed writes stay in the log');
        });
        const reason = await damage.explain(first.collection, error);
        for (const { reject } of run) reject(reason);
      }
      start = end;
    }
  }

  async #maintainWhereDue(): Promise<void> {
    const { open, permit, maintenance } = this.#parts;
    if (permit.refusal !== null) return;
    for (const { description, index } of open)
      if (index !== null) await maintenance.consider({ name: description.name, index }, this.#waiting.length === 0);
  }
}

/** Bring a logged write into the engine. Nothing else may write meanwhile. @returns how many items were written, or were there to be deleted. */
export async function applyWrite(target: ServedCollection, operation: WriteOperation): Promise<number> {
  // Before the commit: a checkpoint that begins meanwhile must not miss it.
  target.isDirty = true;
  try {
    if (operation.kind === 'delete') return await target.index.delete(operation.ids);
    const unique = new Map(operation.items.map((item) => [item.id, item]));
    await target.index.upsert([...unique.values()]);
    return operation.items.length;
  } finally {
    target.isDirty = true;
  }
}

function canJoin(first: WriteOperation, next: WriteOperation): boolean {
  return next.kind === 'upsert' && next.collection === first.collection;
}

function joined(operations: readonly WriteOperation[]): WriteOperation {
  const [first] = operations;
  if (first?.kind !== 'upsert') return first!;
  return { ...first, items: operations.flatMap((operation) => (operation.kind === 'upsert' ? operation.items : [])) };
}
