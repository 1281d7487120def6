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
import type { WriteAheadLog, WriteOperation } from '../../repositories/write-ahead-log.ts';
import type { DamageReport } from '../storage/damage.ts';
import { IndexMaintenance } from './index-maintenance.ts';
import { checkedItem, checkedVector, requireSpace } from './item-check.ts';
import { OpenCollections, type ServedCollection } from './open-collections.ts';
import { WritePermit } from './write-permit.ts';
import { HttpProblem } from '../http/problem.ts';
import { Checkpoint } from './checkpoint.ts';
import { CollectionDamage, isOurs } from './collection-damage.ts';
import { requireRoom } from './collection-room.ts';

/** Writes that are logged in one transaction. */
const GROUP_OPERATIONS = 64;
/** Items of one group; bounds memory. */
const GROUP_ITEMS = 8_000;
/** Writes waiting beyond this are refused as `busy`. */
const MAX_WAITING = 256;
/** After a start, when the first searches have been answered. */
const SETTLE_AFTER_MS = 2_000;
/** Log entries applied at a time at start. */
const REPLAY_PAGE = 16;

interface Waiting {
  readonly operation: WriteOperation;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

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
  #waiting: Waiting[] = [];
  /** What runs alone in the lane, e.g. a bulk commit. */
  readonly #jobs: (() => Promise<void>)[] = [];
  #lane: Promise<void> | null = null;
  #settleTimer: NodeJS.Timeout | null = null;

  private constructor(parts: CollectionStoreParts) {
    this.#parts = parts;
    this.#permit = new WritePermit(parts.refusal);
    this.#open = new OpenCollections(parts.engine, parts.damage);
    this.#maintenance = new IndexMaintenance(parts.logger, (name) => {
      if (this.#permit.isClosed) return;
      if (this.#maintenance.isWaiting) this.#look();
      const entry = this.#open.get(name);
      if (entry === undefined) return;
      entry.isDirty = true;
      this.#checkpoint.soon();
    });
    const { damage, writeAhead, logger } = parts;
    this.#damage = new CollectionDamage({ open: this.#open, permit: this.#permit, maintenance: this.#maintenance, damage, logger });
    this.#checkpoint = new Checkpoint({ open: this.#open, damage: this.#damage, writeAhead, logger });
  }

  /** Open every collection and apply what the log still holds. A collection that cannot be opened is set aside, not fatal. */
  static async open(parts: CollectionStoreParts): Promise<CollectionStore> {
    const store = new CollectionStore(parts);
    for (const description of await parts.collections.list()) await store.#open.add(description);
    await store.#replay();
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
    await this.#lane;
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
    return this.#write({ kind: 'upsert', collection: name, items: checked });
  }

  /** Durable when this resolves. @returns how many were there. */
  async delete(name: string, ids: readonly string[]): Promise<number> {
    this.#open.require(name);
    return this.#write({ kind: 'delete', collection: name, ids: [...new Set(ids)] });
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
    await this.#alone(async () => {
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
    this.#look();
  }

  /** Let the lane look for maintenance that is due. */
  #look(): void {
    void this.#alone(() => Promise.resolve()).catch(() => {
      // Refused by a stop or the end of a term: whoever writes next sees to it.
    });
  }

  /** Write the live rows of files with deleted rows anew: [Note: Delete is not erase]. @returns how many files. @throws HttpProblem 404 */
  async rewriteDeleted(name: string): Promise<number> {
    const target = this.#open.require(name);
    let rewritten = 0;
    await this.#alone(async () => {
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
      this.#alone(async () => {
        target.isDirty = true;
        await target.index.dropOldVersions();
      }),
    );
  }

  /** Flush the engine's files and shorten the log now. @returns whether it worked; else it is tried again by itself. */
  async flush(): Promise<boolean> {
    await this.#lane;
    // One under way may have begun before the last write.
    await this.#checkpoint.underWay;
    return this.#checkpoint.run();
  }

  /** Finish the writes that wait, flush and close. */
  async close(): Promise<void> {
    this.#permit.close();
    if (this.#settleTimer !== null) clearTimeout(this.#settleTimer);
    await this.#lane;
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

  async #replay(): Promise<void> {
    let applied = 0;
    let last = 0;
    for (;;) {
      const page = await this.#parts.writeAhead.read(last, REPLAY_PAGE);
      if (page.length === 0) break;
      for (const { sequence, collection, operation } of page) {
        const target = this.#open.get(collection);
        if (operation === null) await this.#parts.writeAhead.setAside(sequence);
        else if (target !== undefined && target.index !== null) {
          try {
            await applyOne(target as ServedCollection, operation);
            applied += 1;
          } catch (error) {
            this.#open.setAside(target, error);
          }
        }
        this.#checkpoint.applied([sequence]);
        last = sequence;
      }
    }
    for (const { collection, writes } of await this.#parts.writeAhead.damaged()) {
      const reason = `${writes} writes to collection "${collection}" were damaged in the log and are lost. Send again what was sent last.`;
      this.#parts.damage.note({ kind: 'database', name: `log of ${collection}`, collection, reason });
    }
    if (applied > 0) this.#parts.logger.info({ writes: applied }, 'writes from before the last stop were applied');
    await this.#checkpoint.run();
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

  #write(operation: WriteOperation): Promise<number> {
    this.#permit.require();
    if (this.#waiting.length >= MAX_WAITING) throw new HttpProblem(503, 'busy', 'Too many writes are waiting. Try again in a moment.');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      this.#startLane();
    });
  }

  /** Run a task in the lane: no write is under way meanwhile. */
  #alone(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#permit.require();
      this.#jobs.push(() => task().then(resolve, reject));
      this.#startLane();
    });
  }

  #startLane(): void {
    this.#lane ??= this.#drain().finally(() => {
      this.#lane = null;
    });
  }

  async #drain(): Promise<void> {
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
        const sequences = await this.#parts.writeAhead.append(group.map(({ operation }) => operation));
        await this.#applyGroup(group, sequences);
        this.#checkpoint.applied(sequences);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      if (this.#checkpoint.isDue) await this.#checkpoint.run();
      await this.#maintainWhereDue();
    }
    this.#checkpoint.soon();
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
    for (let start = 0; start < group.length;) {
      let end = start + 1;
      const first = group[start]!.operation;
      // With a quota each write is judged by itself.
      const isJoining = first.kind === 'upsert' && (this.#open.get(first.collection)?.description.quota ?? null) === null;
      while (isJoining && end < group.length && canJoin(first, group[end]!.operation)) end += 1;
      const run = group.slice(start, end);
      try {
        const target = this.#open.require(first.collection);
        if (first.kind === 'upsert')
          await requireRoom(
            target,
            first.items.map(({ id }) => id),
          );
        const count = await applyOne(target, joined(run.map(({ operation }) => operation)));
        for (const { operation, resolve } of run) resolve(operation.kind === 'upsert' ? operation.items.length : count);
      } catch (error) {
        // Answered as failed: take it out of the log. Should that fail as well, a later start may apply it, which a failed write permits.
        await this.#parts.writeAhead.withdraw(sequences.slice(start, end)).catch((withdrawError: unknown) => {
          this.#parts.logger.error({ err: withdrawError }, 'failed writes stay in the log');
        });
        const reason = await this.#damage.explain(first.collection, error);
        for (const { reject } of run) reject(reason);
      }
      start = end;
    }
  }

  async #maintainWhereDue(): Promise<void> {
    if (this.#permit.refusal !== null) return;
    for (const { description, index } of this.#open)
      if (index !== null) await this.#maintenance.consider({ name: description.name, index }, this.#waiting.length === 0);
  }
}

async function applyOne(target: ServedCollection, operation: WriteOperation): Promise<number> {
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

function canJoin(first: WriteOperation, next: WriteOperation): boolean {
  return next.kind === 'upsert' && next.collection === first.collection;
}

function joined(operations: readonly WriteOperation[]): WriteOperation {
  const [first] = operations;
  if (first?.kind !== 'upsert') return first!;
  return { ...first, items: operations.flatMap((operation) => (operation.kind === 'upsert' ? operation.items : [])) };
}
