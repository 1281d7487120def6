/**
 * @file {@link AnnIndex} in front of another one: upserts gather in memory and reach the engine in one commit a second. A commit of
 * a few rows costs the engine tens of milliseconds and leaves a small file that every search opens, so writes one by one would starve
 * searches. Log-structured merge trees work so (O'Neil et al. 1996).
 *
 * [Note: Fresh rows] Reads see fresh rows at once: a search compares them one by one and drops what the engine holds under their ids;
 * whatever counts, scans or changes rows commits them first. They are not durable here: the write-ahead log keeps a write until
 * {@link AnnIndex.sync} has returned, and `sync` commits.
 *
 * [Note: Rows that the index lacks] What was committed since the index was trained or brought up to date lies in small files, and comparing it
 * costs the engine more than the search itself. While memory holds all of it, it is compared here and the engine leaves those files out.
 */
import type { Table } from 'apache-arrow';
import type { Filter } from '../../src/contracts/server-api.ts';
import type {
  AnnEngine,
  AnnIndex,
  AnnItem,
  AnnMatch,
  AnnSearchOptions,
  AnnSpec,
  AnnState,
  ListedItem,
  MaintenanceReport,
  ScanOptions,
} from './ann-index.ts';
import { Lane } from '../../src/core/lane.ts';
import { FreshRows } from './fresh-rows.ts';
import { normalised } from './item-rows.ts';
import { filterTest } from './scalar-filter.ts';

/** Fresh rows are committed after so long, … */
const COMMIT_AFTER_MS = 1_000;
/** … or when they hold so many numbers. */
const FRESH_NUMBERS = 1 << 19;
/** Rows that the index lacks are kept up to so many numbers (8 MB): comparing them takes two milliseconds at most. */
const UNINDEXED_NUMBERS = 1 << 21;

/** The same engine, with fresh rows. For the only process that writes. */
export function buffered(engine: AnnEngine): AnnEngine {
  return {
    open: async (spec) => {
      const index = await engine.open(spec);
      const { unindexed, trainedOn } = await index.state();
      return new BufferedIndex(index, trainedOn !== null && unindexed === 0);
    },
    drop: (name) => engine.drop(name),
    close: () => engine.close(),
  };
}

class BufferedIndex implements AnnIndex {
  readonly spec: AnnSpec;
  readonly #inner: AnnIndex;
  #fresh: FreshRows;
  /** Being committed. */
  #committing: FreshRows;
  /** Committed since the last maintenance began. */
  #unindexed: FreshRows;
  /** Committed before: the maintenance under way brings them into the index. */
  #beingIndexed: FreshRows;
  /** Memory holds every row that the index lacks. */
  #isWhole: boolean;
  /** Rows came since the last maintenance began that memory does not hold. */
  #hasMissed: boolean;
  /** Rows of all commits since then, equal ids counted each time. */
  #committedRows = 0;
  /** The engine's writes, one at a time. */
  readonly #writes = new Lane();
  #timer: NodeJS.Timeout | null = null;

  /** @param isWhole the index lacks no row. */
  constructor(inner: AnnIndex, isWhole: boolean) {
    this.spec = inner.spec;
    this.#inner = inner;
    this.#isWhole = isWhole;
    this.#hasMissed = !isWhole;
    this.#fresh = this.#empty();
    this.#committing = this.#empty();
    this.#unindexed = this.#empty();
    this.#beingIndexed = this.#empty();
  }

  get commits(): number {
    return this.#inner.commits;
  }

  async upsert(items: readonly AnnItem[]): Promise<void> {
    const most = Math.floor(FRESH_NUMBERS / this.spec.dimensions);
    // Keypoints are fifty times as large as a vector: nothing to keep in memory.
    if (items.length > most / 2 || items.some(({ keypoints }) => keypoints !== undefined)) {
      await this.#write(() => this.#inner.upsert(items), true);
      return;
    }
    if (this.#fresh.size + items.length > most) await this.#commit();
    this.#fresh.add(items);
    this.#timer ??= setTimeout(() => {
      // The rows stay, and the next commit or checkpoint says what is wrong.
      this.#commit().catch(() => {});
    }, COMMIT_AFTER_MS).unref();
  }

  ingest(tables: readonly Table[]): Promise<void> {
    return this.#write(() => this.#inner.ingest(tables), true);
  }

  delete(ids: readonly string[]): Promise<number> {
    return this.#write(async () => {
      const deleted = await this.#inner.delete(ids);
      for (const layer of [this.#unindexed, this.#beingIndexed]) layer.remove(ids);
      return deleted;
    });
  }

  async search(vector: Float32Array, k: number, options: AnnSearchOptions = {}): Promise<AnnMatch[]> {
    // Before the engine is asked: rows that move to another layer meanwhile are in neither otherwise.
    const isIndexOnly = this.#isWhole;
    const layers = [this.#fresh, this.#committing, ...(isIndexOnly ? [this.#unindexed, this.#beingIndexed] : [])].filter(
      ({ size }) => size > 0,
    );
    const inner = { ...options, isIndexOnly };
    if (layers.length === 0) return this.#inner.search(vector, k, inner);
    const unit = normalised(vector, this.spec.dimensions);
    const isHere = ({ id }: Pick<AnnMatch, 'id'>) => layers.some((layer) => layer.has(id));
    // Rows whose place others took are dropped; should too few remain, the engine is asked for more.
    for (let asked = k; ; asked *= 2) {
      const stored = await this.#inner.search(vector, asked, inner);
      const kept = stored.filter((match) => !isHere(match));
      if (kept.length < k && stored.length === asked) continue;
      const own = layers.flatMap((layer, n) =>
        layer.nearest(unit, k, options.filter, (id) => layers.slice(0, n).some((later) => later.has(id))),
      );
      return [...kept, ...own].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, k);
    }
  }

  async get(ids: readonly string[]): Promise<AnnItem[]> {
    const fresh = new Map(
      ids.flatMap((id) => {
        const row = this.#fresh.get(id) ?? this.#committing.get(id);
        return row === undefined ? [] : [[id, row] as const];
      }),
    );
    const stored = await this.#inner.get(ids.filter((id) => !fresh.has(id)));
    return [...stored, ...fresh.values()];
  }

  async keypoints(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    await this.#commit();
    return this.#inner.keypoints(ids);
  }

  async *scan(options: ScanOptions = {}): AsyncGenerator<AnnItem[]> {
    const fresh = await this.#commitForRead();
    for await (const items of this.#inner.scan(options)) yield fresh.size === 0 ? items : items.filter(({ id }) => !fresh.has(id));
    if (fresh.size > 0) yield fresh.all(options.filter).map((item) => ({ ...item, vector: item.vector.slice() }));
  }

  async *list(): AsyncGenerator<ListedItem[]> {
    await this.#commit();
    yield* this.#inner.list();
  }

  async count(filter?: Filter): Promise<number> {
    const fresh = await this.#commitForRead();
    const count = await this.#inner.count(filter);
    if (fresh.size === 0) return count;
    const isMatching = filter === undefined ? () => true : filterTest(filter);
    const replaced = (await this.#inner.get(fresh.all().map(({ id }) => id))).filter(({ metadata }) => isMatching(metadata));
    return count - replaced.length + fresh.all(filter).length;
  }

  async state(): Promise<AnnState> {
    const fresh = await this.#commitForRead();
    const state = await this.#inner.state();
    return fresh.size === 0 ? state : { ...state, count: await this.count() };
  }

  verify(): Promise<void> {
    return this.#inner.verify();
  }

  warm(): Promise<void> {
    return this.#inner.warm();
  }

  async sync(): Promise<void> {
    await this.#commit();
    await this.#inner.sync();
  }

  async maintain(): Promise<MaintenanceReport> {
    await this.#writes.run(() => {
      this.#beingIndexed.absorb(this.#unindexed);
      this.#unindexed = this.#empty();
      this.#hasMissed = false;
      this.#committedRows = 0;
      return Promise.resolve();
    });
    await this.#commit();
    try {
      const report = await this.#inner.maintain();
      // Commits made meanwhile may or may not be in the count.
      this.#isWhole = !this.#hasMissed && report.unindexed !== null && report.unindexed <= this.#committedRows;
      this.#beingIndexed = this.#empty();
      return report;
    } catch (error) {
      this.#beingIndexed.absorb(this.#unindexed);
      this.#unindexed = this.#beingIndexed;
      this.#beingIndexed = this.#empty();
      throw error;
    }
  }

  rewriteDeleted(): Promise<number> {
    return this.#write(() => this.#inner.rewriteDeleted(), true);
  }

  async rebuildIndexes(): Promise<number> {
    await this.#commit();
    return this.#inner.rebuildIndexes();
  }

  removeReplacedIndexes(): Promise<number> {
    return this.#inner.removeReplacedIndexes();
  }

  removeLeftovers(): Promise<number> {
    return this.#inner.removeLeftovers();
  }

  dropOldVersions(): Promise<void> {
    return this.#write(() => this.#inner.dropOldVersions());
  }

  async close(): Promise<void> {
    await this.#commit().catch(() => {
      // The write-ahead log still has them.
    });
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#inner.close();
  }

  /** A write of the engine's own, after what is fresh now. @param isUnseen it may leave rows outside the index that memory does not hold. */
  async #write<Result>(task: () => Promise<Result>, isUnseen = false): Promise<Result> {
    await this.#commit();
    return this.#writes.run(() => {
      if (isUnseen) this.#forgetUnindexed();
      return task();
    });
  }

  /** Commit what is fresh now. @throws what the engine throws; the rows are fresh again then. */
  #commit(): Promise<void> {
    return this.#writes.run(async () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      if (this.#fresh.size === 0) return;
      this.#committing = this.#fresh;
      this.#fresh = this.#empty();
      try {
        await this.#inner.upsert(this.#committing.all());
        const rows = this.#unindexed.size + this.#beingIndexed.size + this.#committing.size;
        if (rows * this.spec.dimensions > UNINDEXED_NUMBERS) this.#forgetUnindexed();
        else this.#unindexed.absorb(this.#committing);
        this.#committedRows += this.#committing.size;
      } catch (error) {
        this.#committing.absorb(this.#fresh);
        this.#fresh = this.#committing;
        throw error;
      } finally {
        this.#committing = this.#empty();
      }
    });
  }

  /** From here on, and until a maintenance has ended that began later, the engine looks outside its index. */
  #forgetUnindexed(): void {
    this.#isWhole = false;
    this.#hasMissed = true;
    this.#unindexed = this.#empty();
    this.#beingIndexed = this.#empty();
  }

  #empty(): FreshRows {
    return new FreshRows(this.spec);
  }

  /** @returns what cannot be committed: [Note: Reads on a full disk] go on, with the rows that only the log and memory hold. */
  async #commitForRead(): Promise<FreshRows> {
    try {
      await this.#commit();
      return this.#empty();
    } catch {
      return this.#fresh;
    }
  }
}
