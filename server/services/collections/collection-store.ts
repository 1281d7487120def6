/**
 * @file Collections of vectors: the write-ahead log in front of the engine, in the order of [Note: Order of a write].
 * All writes go through one lane, group by group; searches run beside it.
 */
import type { FastifyBaseLogger } from 'fastify';
import {
  createCollectionSchema,
  type Collection,
  type CreateCollection,
  type CollectionState,
  type CreateCollectionRequest,
  type Filter,
} from '../../../src/contracts/server-api.ts';
import type { Table } from 'apache-arrow';
import type { AnnEngine, AnnIndex, AnnItem, AnnMatch, ListedItem, ScanOptions } from '../../repositories/ann-index.ts';
import type { Collections } from '../../repositories/collections.ts';
import type { WriteAheadLog } from '../../repositories/write-ahead-log.ts';
import type { DamageReport } from '../storage/damage.ts';
import { IndexMaintenance } from './index-maintenance.ts';
import { checkedItem, checkedVector, requireSpace } from './item-check.ts';
import { replayLog } from './log-replay.ts';
import { OpenCollections } from './open-collections.ts';
import { WriteLane } from './write-lane.ts';
import { WritePermit } from './write-permit.ts';
import { HttpProblem } from '../http/problem.ts';
import { Checkpoint } from './checkpoint.ts';
import { CollectionDamage, isOurs } from './collection-damage.ts';
import { requireRoom } from './collection-room.ts';

/** After a start, when the first searches have been answered. */
const SETTLE_AFTER_MS = 2_000;
/** Everything the store stands on. */
export interface CollectionStoreParts {
  readonly engine: AnnEngine;
  readonly collections: Collections;
  readonly writeAhead: WriteAheadLog;
  readonly damage: DamageReport;
  readonly logger: FastifyBaseLogger;
  /** Why this server may not write now; null: it may. */
  readonly refusal?: () => string | null;
  /** Called with all collections when one was made or removed, before that is answered. */
  readonly onCollections?: (all: readonly CreateCollection[]) => Promise<void>;
}

/** Opens, searches and writes collections. Make one with {@link CollectionStore.open}. */
export class CollectionStore {
  readonly #parts: CollectionStoreParts;
  readonly #open: OpenCollections;
  readonly #permit: WritePermit;
  readonly #maintenance: IndexMaintenance;
  readonly #damage: CollectionDamage;
  readonly #checkpoint: Checkpoint;
  readonly #lane: WriteLane;
  #settleTimer: NodeJS.Timeout | null = null;

  private constructor(parts: CollectionStoreParts) {
    this.#parts = parts;
    this.#permit = new WritePermit(parts.refusal);
    this.#open = new OpenCollections(parts.engine, parts.damage);
    this.#maintenance = new IndexMaintenance(parts.logger, (name) => {
      if (this.#permit.isClosed) return;
      if (this.#maintenance.isWaiting) this.#lane.look();
      const entry = this.#open.get(name);
      if (entry === undefined) return;
      entry.isDirty = true;
      this.#checkpoint.soon();
    });
    const { damage, writeAhead, logger } = parts;
    this.#damage = new CollectionDamage({ open: this.#open, permit: this.#permit, maintenance: this.#maintenance, damage, logger });
    this.#checkpoint = new Checkpoint({ open: this.#open, damage: this.#damage, writeAhead, logger });
    this.#lane = new WriteLane({
      open: this.#open,
      permit: this.#permit,
      checkpoint: this.#checkpoint,
      maintenance: this.#maintenance,
      damage: this.#damage,
      writeAhead,
      logger,
    });
  }

  /** Open every collection and apply what the log still holds. A collection that cannot be opened is set aside, not fatal. */
  static async open(parts: CollectionStoreParts): Promise<CollectionStore> {
    const store = new CollectionStore(parts);
    for (const description of await parts.collections.list()) await store.#open.add(description);
    const { writeAhead, damage, logger } = parts;
    await replayLog({ open: store.#open, checkpoint: store.#checkpoint, writeAhead, damage, logger });
    store.#settleTimer = setTimeout(() => void store.#settle(), SETTLE_AFTER_MS).unref();
    return store;
  }

  /** A store that only reads what another server writes; {@link adopt} tells it which collections there are. */
  static openReplica(parts: CollectionStoreParts): CollectionStore {
    return new CollectionStore(parts);
  }

  /** Serve exactly these collections. Those that are served already go on. */
  adopt(descriptions: readonly CreateCollection[]): Promise<void> {
    return this.#open.adopt(descriptions);
  }

  /** True when a collection was set aside, or stored vectors were not found at the last check. */
  get isDegraded(): boolean {
    return this.#maintenance.isAlarmed || [...this.#open].some(({ index }) => index === null);
  }

  /** Collections that are served, with their sizes. */
  async list(): Promise<Collection[]> {
    const described = await Promise.all([...this.#open].map(({ description }) => this.describe(description.name)));
    return described.flatMap((collection) => collection ?? []);
  }

  /** True for a collection that exists and is damaged. */
  isSetAside(name: string): boolean {
    return this.#open.get(name)?.index === null;
  }

  /** Create a collection. Asking again for the same one is not an error. @throws HttpProblem 409 when the name means another space or dimension. */
  async create(request: CreateCollectionRequest): Promise<{ collection: Collection; isNew: boolean }> {
    const wanted = createCollectionSchema.parse(request);
    const known = this.#open.get(wanted.name);
    if (known === undefined) this.#permit.require();
    const isNew = await this.#parts.collections.add(wanted);
    if (isNew) {
      // Left behind by a removal that was cut short.
      await this.#parts.engine.drop(wanted.name);
      await this.#open.add(wanted);
      await this.#publish();
    }
    const { description, index } = this.#open.require(wanted.name);
    if (description.space !== wanted.space || description.dimensions !== wanted.dimensions)
      throw new HttpProblem(
        409,
        'invalid-input',
        `Collection "${wanted.name}" exists with ${description.space}, ${description.dimensions} dimensions.`,
      );
    // A request that says nothing of fields is about the collection that exists, whatever its fields.
    if (request.fields !== undefined && !isSameFields(description.fields, wanted.fields))
      throw new HttpProblem(409, 'invalid-input', `Collection "${wanted.name}" exists with other fields.`);
    return { collection: { ...description, count: await index.count() }, isNew };
  }

  /** Remove a collection with everything in it, also one that was set aside. Writes that were taken before finish first. @throws HttpProblem 404 */
  async drop(name: string): Promise<void> {
    const { index } = this.#open.known(name);
    this.#permit.require();
    this.#open.remove(name);
    this.#parts.damage.clear('collection', name);
    await this.#maintenance.forget(name);
    await this.#lane.underWay;
    await this.#checkpoint.underWay;
    // The name first: from here on a crash leaves files that the next creation clears, never a collection without files.
    await this.#parts.collections.remove(name);
    await this.#publish();
    await index?.close();
    await this.#parts.engine.drop(name);
  }

  /** @returns the collection with its size, or null. */
  async describe(name: string): Promise<Collection | null> {
    const found = this.#open.get(name);
    if (found === undefined || found.index === null) return null;
    try {
      return { ...found.description, count: await found.index.count() };
    } catch (error) {
      // Removed meanwhile, or damaged: then it is set aside by this.
      await this.#damage.explain(name, error).catch(() => undefined);
      return null;
    }
  }

  /** @returns a collection with its size and the state of its index. @throws HttpProblem 404 */
  async state(name: string): Promise<CollectionState> {
    const { description, index } = this.#open.require(name);
    const { count, indexed, unindexed, trainedOn, sizeBytes } = await index.state();
    return {
      ...description,
      count,
      index: {
        search: trainedOn === null ? 'exact' : 'approximate',
        indexed,
        unindexed,
        trainedOn,
        isMaintaining: this.#maintenance.isRunning(name),
        selfFound01: this.#maintenance.selfFound01(name),
        sizeBytes,
      },
    };
  }

  /**
   * Best `k` of a collection (that match a filter).
   * @throws HttpProblem 400 for another space or dimension, or a vector without a direction.
   * @throws AppError('invalid-input') for a filter on what is not a declared field.
   */
  async search(name: string, space: string, vector: readonly number[], k: number, filter?: Filter): Promise<AnnMatch[]> {
    const { description, index } = this.#open.require(name);
    const checked = checkedVector(description, space, vector);
    try {
      return await twice(() => index.search(checked, k, { filter }));
    } catch (error) {
      if (isOurs(error)) throw error;
      try {
        // A damaged index is made again from the rows, which are searched one by one meanwhile.
        const matches = await index.search(checked, k, { filter, effort: 'exact' });
        this.#damage.mendIndexes(name, error);
        return matches;
      } catch (second) {
        throw await this.#damage.explain(name, second, true);
      }
    }
  }

  /** Everything in a collection (that matches), as it is now. @throws HttpProblem 404 */
  scan(name: string, options: ScanOptions = {}): AsyncIterable<AnnItem[]> {
    return this.#damage.explained(name, this.#open.require(name).index.scan(options));
  }

  /** The same without vectors and keypoints. @throws HttpProblem 404 */
  listItems(name: string): AsyncIterable<ListedItem[]> {
    return this.#damage.explained(name, this.#open.require(name).index.list());
  }

  /** Keypoints of those among `ids` that have some. @throws HttpProblem 404 */
  async keypoints(name: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const { index } = this.#open.require(name);
    try {
      return await twice(() => index.keypoints(ids));
    } catch (error) {
      throw await this.#damage.explain(name, error, true);
    }
  }

  /** @returns the item, or null. */
  async get(name: string, id: string): Promise<AnnItem | null> {
    const { index } = this.#open.require(name);
    try {
      const [item] = await twice(() => index.get([id]));
      return item ?? null;
    } catch (error) {
      throw await this.#damage.explain(name, error, true);
    }
  }

  /** Insert or replace by id; the last of two equal ids wins. Durable and visible when this resolves. @returns how many items. */
  async upsert(
    name: string,
    space: string,
    items: readonly (Omit<AnnItem, 'vector'> & { readonly vector: readonly number[] | Float32Array })[],
  ): Promise<number> {
    const { description } = this.#open.require(name);
    const checked = items.map((item) => checkedItem(description, space, item));
    return this.#lane.write({ kind: 'upsert', collection: name, items: checked });
  }

  /** Durable when this resolves. @returns how many were there. */
  async delete(name: string, ids: readonly string[]): Promise<number> {
    this.#open.require(name);
    return this.#lane.write({ kind: 'delete', collection: name, ids: [...new Set(ids)] });
  }

  /** @returns the item with a checked vector. @throws HttpProblem 400 | AppError('invalid-input') */
  check(name: string, space: string, item: AnnItem): AnnItem {
    return checkedItem(this.#open.require(name).description, space, item);
  }

  /** What a collection was made with. @throws HttpProblem 404 */
  description(name: string): CreateCollection {
    return this.#open.require(name).description;
  }

  /** @throws HttpProblem 400 when a collection holds vectors of another space; 404 */
  requireSpace(name: string, space: string): void {
    requireSpace(this.#open.require(name).description, space);
  }

  /** @throws HttpProblem 507 when these ids and `pending` others would not fit into the collection's quota. */
  async requireRoom(name: string, ids: readonly string[], pending = 0): Promise<void> {
    await requireRoom(this.#open.require(name), ids, pending);
  }

  /**
   * A bulk commit: insert or replace the rows, alone in the lane. Searchable and flushed when this resolves, and no write that came
   * before it can come back over it. It is not in the log: the caller keeps the rows until then.
   */
  async ingest(name: string, tables: readonly Table[]): Promise<void> {
    const target = this.#open.require(name);
    await this.#lane.alone(async () => {
      target.isDirty = true;
      await target.index.ingest(tables);
    });
    // A checkpoint under way may have begun before the commit.
    await this.#checkpoint.underWay;
    target.isDirty = true;
    if (!(await this.#checkpoint.run())) throw new HttpProblem(503, 'busy', 'The rows could not be flushed. Try again in a moment.');
  }

  /** Maintain a collection soon, e.g. when a bulk ingest has ended. */
  maintain(name: string): void {
    this.#maintenance.request(name);
    this.#lane.look();
  }

  /** Write the live rows of files with deleted rows anew: [Note: Delete is not erase]. @returns how many files. @throws HttpProblem 404 */
  async rewriteDeleted(name: string): Promise<number> {
    const target = this.#open.require(name);
    let rewritten = 0;
    await this.#lane.alone(async () => {
      target.isDirty = true;
      rewritten = await target.index.rewriteDeleted();
    });
    return rewritten;
  }

  /** Make the indexes of a collection anew from its live rows, beside searches and writes. @returns how many. @throws HttpProblem 404 */
  rebuildIndexes(name: string): Promise<number> {
    return this.#damage.rebuildIndexes(name);
  }

  /** Remove the files of older versions of a collection now. @throws HttpProblem 404 */
  async dropOldVersions(name: string): Promise<void> {
    const target = this.#open.require(name);
    await this.#maintenance.exclusively(name, () =>
      this.#lane.alone(async () => {
        target.isDirty = true;
        await target.index.dropOldVersions();
      }),
    );
  }

  /** Flush the engine's files and shorten the log now. @returns whether it worked; else it is tried again by itself. */
  async flush(): Promise<boolean> {
    await this.#lane.underWay;
    // One under way may have begun before the last write.
    await this.#checkpoint.underWay;
    return this.#checkpoint.run();
  }

  /** Finish the writes that wait, flush and close. */
  async close(): Promise<void> {
    this.#permit.close();
    if (this.#settleTimer !== null) clearTimeout(this.#settleTimer);
    await this.#lane.underWay;
    await this.#maintenance.close();
    await this.#checkpoint.run();
    for (const { index } of this.#open) await index?.close();
    await this.#parts.engine.close();
  }

  /**
   * A file of a collection is not what was written. Indexes are made anew from the rows; when it holds rows, the collection is set aside,
   * because which of them are wrong cannot be told.
   */
  reportChanged(name: string, file: string, isIndex: boolean): void {
    this.#damage.reportChanged(name, file, isIndex);
  }

  /** A training that a stop cut short, or that never began; and rows that the index lacks, which memory held before the stop. */
  async #resumeTraining(name: string, index: AnnIndex): Promise<void> {
    const { unindexed, trainedOn, isTrainingDue } = await index.state();
    if (isTrainingDue || (trainedOn !== null && unindexed > 0)) this.maintain(name);
  }

  /** What a start leaves for later: files that a kill left half-written, a training that it cut short, indexes that lie on the disk only. */
  async #settle(): Promise<void> {
    for (const { description, index } of [...this.#open]) {
      if (this.#permit.isClosed) return;
      const { name: collection } = description;
      if (index === null) continue;
      try {
        await this.#maintenance.exclusively(collection, async () => {
          const bytes = await index.removeLeftovers();
          if (bytes > 0) this.#parts.logger.info({ collection, bytes }, 'what a killed process had left half-written was removed');
        });
        await this.#resumeTraining(collection, index);
        await index.warm();
      } catch (error) {
        // A search or write that finds the same says so.
        this.#parts.logger.warn({ collection, err: error }, 'a collection could not be looked after');
      }
    }
  }

  async #publish(): Promise<void> {
    await this.#parts.onCollections?.([...this.#open].map(({ description }) => description));
  }
}

/** A file that a clean-up took away from under a read is there in the newest version. */
async function twice<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (isOurs(error)) throw error;
    return read();
  }
}

function isSameFields(a: CreateCollection['fields'], b: CreateCollection['fields']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
