/**
 * @file What becomes of a collection when the engine fails on it: its rows are looked through; those that cannot be read have it set aside,
 * a damaged index is made again from them.
 */
import type { FastifyBaseLogger } from 'fastify';
import { AppError } from '../../../src/contracts/errors.ts';
import { HttpProblem } from '../http/problem.ts';
import type { DamageReport } from '../storage/damage.ts';
import { isStorageFull } from '../storage/storage-full.ts';
import type { IndexMaintenance } from './index-maintenance.ts';
import type { OpenCollections, ServedCollection } from './open-collections.ts';
import type { WritePermit } from './write-permit.ts';

/** What the engine says of files that are missing, cut short or make no sense; not of commits that got in each other's way. */
const DAMAGE =
  /not found|no such file|corrupt|invalid|unexpected|eof|out of (range|bounds)|decod|decompress|parse|magic|overflow|panick|LanceError\(IO\)|rows can be read/i;
/** A collection that fails is looked through at most this often. */
const EXAMINE_MS = 60_000;

/** What it stands on. */
export interface CollectionDamageParts {
  readonly open: OpenCollections;
  readonly permit: WritePermit;
  readonly maintenance: IndexMaintenance;
  readonly damage: DamageReport;
  readonly logger: FastifyBaseLogger;
}

/** Explains failures of the engine. */
export class CollectionDamage {
  readonly #parts: CollectionDamageParts;
  /** When a collection was looked through, and the look that is under way. */
  readonly #examined = new Map<string, { readonly atMs: number; readonly end: Promise<void> }>();

  constructor(parts: CollectionDamageParts) {
    this.#parts = parts;
  }

  /**
   * The engine failed: find out why. When rows cannot be read, the collection is set aside.
   * @param isIndexUsed when all rows can be read, its indexes are made anew.
   * @returns what to throw.
   */
  async explain(name: string, error: unknown, isIndexUsed = false): Promise<unknown> {
    const target = this.#parts.open.get(name);
    if (isOurs(error) || !DAMAGE.test(String(error)) || target === undefined || target.index === null) return error;
    await this.#examine(target as ServedCollection, error, isIndexUsed);
    return this.#parts.open.get(name)?.index === null
      ? new HttpProblem(503, 'server-refused', `Collection "${name}" is damaged and was set aside.`)
      : error;
  }

  /** The same batches; a failure between them is explained. */
  async *explained<Batch>(name: string, batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    try {
      yield* batches;
    } catch (error) {
      throw await this.explain(name, error);
    }
  }

  /**
   * A file of a collection is not what was written. Indexes are made anew from the rows; when it holds rows, the collection is set aside,
   * because which of them are wrong cannot be told.
   */
  reportChanged(name: string, file: string, isIndex: boolean): void {
    const target = this.#parts.open.get(name);
    if (target === undefined || target.index === null) return;
    const cause = new Error(`the file ${file} is not what was written`);
    if (isIndex) this.mendIndexes(name, cause);
    else this.#parts.open.setAside(target, cause);
  }

  /** Make the indexes of a collection again, in the background. */
  mendIndexes(name: string, cause: unknown): void {
    const { permit, damage, logger } = this.#parts;
    if (permit.isClosed || permit.refusal !== null || damage.has('collection', name)) return;
    const reason = `An index of collection "${name}" is damaged. It is being made again from the rows, which are searched one by one meanwhile.`;
    damage.note({ kind: 'collection', name, collection: name, reason }, cause);
    this.rebuildIndexes(name).then(
      () => damage.clear('collection', name),
      (error: unknown) => logger.error({ collection: name, err: error }, 'a damaged index could not be made again'),
    );
  }

  /** Make the indexes of a collection anew from its live rows, beside searches and writes. @returns how many. @throws HttpProblem 404 */
  async rebuildIndexes(name: string): Promise<number> {
    const { index } = this.#parts.open.require(name);
    let rebuilt = 0;
    await this.#parts.maintenance.exclusively(name, async () => {
      rebuilt = await index.rebuildIndexes();
    });
    return rebuilt;
  }

  async #examine(target: ServedCollection, cause: unknown, isIndexUsed: boolean): Promise<void> {
    const { name } = target.description;
    const before = this.#examined.get(name);
    if (before !== undefined && Date.now() - before.atMs < EXAMINE_MS) return before.end;
    const end = (async () => {
      try {
        await target.index.verify();
        if (isIndexUsed) this.mendIndexes(name, cause);
      } catch (error) {
        if (this.#parts.open.get(name) === target) this.#parts.open.setAside(target, error);
      }
    })();
    this.#examined.set(name, { atMs: Date.now(), end });
    await end;
  }
}

/** @returns true for a refusal or a full disk: nothing is damaged. */
export function isOurs(error: unknown): boolean {
  return error instanceof HttpProblem || error instanceof AppError || isStorageFull(error);
}
