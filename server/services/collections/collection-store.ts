/**
 * @file Collections of vectors: the write-ahead log in front of the engine, in the order of [Note: Order of a write]. The store is what the
 * rest of the server calls; it makes and removes collections itself and puts the parts together: `open-collections.ts` (which there are),
 * `write-lane.ts` and `checkpoint.ts` (writes), `log-replay.ts` (a start), `collection-reads.ts`, `collection-damage.ts`, `collection-upkeep.ts`.
 */
import type { Table } from 'apache-arrow';
import type { FastifyBaseLogger } from 'fastify';
import {
  createCollectionSchema,
  type Collection,
  type CreateCollection,
  type CollectionState,
  type CreateCollectionRequest,
  type Filter,
} from '../../../src/contracts/server-api.ts';
import type { AnnEngine, AnnItem, AnnMatch, ListedItem, ScanOptions } from '../../vectors/ann-index.ts';
import type { Collections } from '../../repositories/collections.ts';
import type { WriteAheadLog } from '../../repositories/write-ahead-log.ts';
import { HttpProblem } from '../http/problem.ts';
import type { DamageReport } from '../storage/damage.ts';
import { Checkpoint } from './checkpoint.ts';
import { CollectionDamage } from './collection-damage.ts';
import { CollectionReads } from './collection-reads.ts';
import { requireRoom } from './collection-room.ts';
import { CollectionUpkeep } from './collection-upkeep.ts';
import { IndexMaintenance } from './index-maintenance.ts';
import { checkedItem, requireSpace } from './item-check.ts';
import { replayLog } from './log-replay.ts';
import { OpenCollections } from './open-collections.ts';
import { WriteLane } from './write-lane.ts';
import { WritePermit } from './write-permit.ts';

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
  readonly #permit: WritePermit;
  readonly #open: OpenCollections;
  readonly #maintenance: IndexMaintenance;
  readonly #damage: CollectionDamage;
  readonly #checkpoint: Checkpoint;
  readonly #lane: WriteLane;
  readonly #reads: CollectionReads;
  readonly #upkeep: CollectionUpkeep;

  private constructor(parts: CollectionStoreParts) {
    this.#parts = parts;
    const { writeAhead, logger } = parts;
    const permit = new WritePermit(parts.refusal);
    const open = new OpenCollections(parts.engine, parts.damage);
    const maintenance = new IndexMaintenance(logger, (name) => this.#onMaintained(name));
    const damage = new CollectionDamage({ open, permit, maintenance, damage: parts.damage, logger });
    const checkpoint = new Checkpoint({ open, damage, writeAhead, logger });
    const lane = new WriteLane({ open, permit, writeAhead, checkpoint, maintenance, damage, logger });
    this.#permit = permit;
    this.#open = open;
    this.#maintenance = maintenance;
    this.#damage = damage;
    this.#checkpoint = checkpoint;
    this.#lane = lane;
    this.#reads = new CollectionReads(open, damage);
    this.#upkeep = new CollectionUpkeep({ open, permit, lane, maintenance, logger });
  }

  /** Open every collection and apply what the log still holds. A collection that cannot be opened is set aside, not fatal. */
  static async open(parts: CollectionStoreParts): Promise<CollectionStore> {
    const store = new CollectionStore(parts);
    for (const description of await parts.collections.list()) await store.#open.add(description);
    const { writeAhead, damage, logger } = parts;
    await replayLog({ open: store.#open, checkpoint: store.#checkpoint, writeAhead, damage, logger });
    store.#upkeep.settleSoon();
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
  search(name: string, space: string, vector: readonly number[], k: number, filter?: Filter): Promise<AnnMatch[]> {
    return this.#reads.search(name, space, vector, k, filter);
  }

  /** Everything in a collection (that matches), as it is now. @throws HttpProblem 404 */
  scan(name: string, options: ScanOptions = {}): AsyncIterable<AnnItem[]> {
    return this.#reads.scan(name, options);
  }

  /** The same without vectors and keypoints. @throws HttpProblem 404 */
  listItems(name: string): AsyncIterable<ListedItem[]> {
    return this.#reads.listItems(name);
  }

  /** Keypoints of those among `ids` that have some. @throws HttpProblem 404 */
  keypoints(name: string, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#reads.keypoints(name, ids);
  }

  /** @returns the item, or null. */
  get(name: string, id: string): Promise<AnnItem | null> {
    return this.#reads.get(name, id);
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
    this.#upkeep.maintain(name);
  }

  /** Write the live rows of files with deleted rows anew: [Note: Delete is not erase]. @returns how many files. @throws HttpProblem 404 */
  rewriteDeleted(name: string): Promise<number> {
    return this.#upkeep.rewriteDeleted(name);
  }

  /** Make the indexes of a collection anew from its live rows, beside searches and writes. @returns how many. @throws HttpProblem 404 */
  rebuildIndexes(name: string): Promise<number> {
    return this.#damage.rebuildIndexes(name);
  }

  /** Remove the files of older versions of a collection now. @throws HttpProblem 404 */
  dropOldVersions(name: string): Promise<void> {
    return this.#upkeep.dropOldVersions(name);
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
    this.#upkeep.close();
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

  /** A run of maintenance wrote files, which are to be flushed; another run may have waited for it. */
  #onMaintained(name: string): void {
    if (this.#permit.isClosed) return;
    if (this.#maintenance.isWaiting) this.#lane.look();
    const entry = this.#open.get(name);
    if (entry === undefined) return;
    entry.isDirty = true;
    this.#checkpoint.soon();
  }

  async #publish(): Promise<void> {
    await this.#parts.onCollections?.([...this.#open].map(({ description }) => description));
  }
}

function isSameFields(a: CreateCollection['fields'], b: CreateCollection['fields']): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
