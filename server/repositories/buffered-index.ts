/**
 * @file {@link AnnIndex} in front of another one: upserts gather in memory and reach the engine in one commit a second. A commit of
 * a few rows costs the engine tens of milliseconds and leaves a small file that every search opens, so writes one by one would starve
 * searches. Log-structured merge trees work so (O'Neil et al. 1996).
 *
 * [Note: Fresh rows] Reads see fresh rows at once: a search compares them one by one and drops what the engine still holds under their
 * ids; whatever counts, scans or changes rows commits them first. They are not durable here: the write-ahead log keeps a write until
 * {@link AnnIndex.sync} has returned, and `sync` commits.
 */
import type { Table } from 'apache-arrow';
import type { Filter } from '../../src/contracts/server-api.ts';
import type { AnnEngine, AnnIndex, AnnItem, AnnMatch, AnnSearchOptions, AnnSpec, AnnState, MaintenanceReport } from './ann-index.ts';
import { FreshRows } from './fresh-rows.ts';
import { normalised } from './item-rows.ts';

/** Fresh rows are committed after so long. */
const COMMIT_AFTER_MS = 1_000;
/** … or when they hold so many numbers: comparing them takes about half a millisecond. */
const MAXIMUM_NUMBERS = 1 << 19;

/** The same engine, with fresh rows. For the process that writes. */
export function buffered(engine: AnnEngine): AnnEngine {
  return {
    open: async (spec) => new BufferedIndex(await engine.open(spec)),
    drop: (name) => engine.drop(name),
    close: () => engine.close(),
  };
}

class BufferedIndex implements AnnIndex {
  readonly spec: AnnSpec;
  readonly #inner: AnnIndex;
  #fresh: FreshRows;
  /** Being committed; searches still compare them. */
  #committing: FreshRows;
  /** The engine's writes, one at a time. */
  #writes: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  constructor(inner: AnnIndex) {
    this.spec = inner.spec;
    this.#inner = inner;
    this.#fresh = new FreshRows(inner.spec);
    this.#committing = new FreshRows(inner.spec);
  }

  get commits(): number {
    return this.#inner.commits;
  }

  async upsert(items: readonly AnnItem[]): Promise<void> {
    const most = Math.floor(MAXIMUM_NUMBERS / this.spec.dimensions);
    if (items.length > most / 2) return this.#write(() => this.#inner.upsert(items));
    if (this.#fresh.size + items.length > most) await this.#commit();
    this.#fresh.add(items);
    this.#timer ??= setTimeout(() => {
      // The rows stay, and the next commit or checkpoint says what is wrong.
      this.#commit().catch(() => {});
    }, COMMIT_AFTER_MS).unref();
  }

  ingest(tables: readonly Table[]): Promise<void> {
    return this.#write(() => this.#inner.ingest(tables));
  }

  delete(ids: readonly string[]): Promise<number> {
    return this.#write(() => this.#inner.delete(ids));
  }

  async search(vector: Float32Array, k: number, options: AnnSearchOptions = {}): Promise<AnnMatch[]> {
    // Before the engine is asked: rows that are committed meanwhile are in neither otherwise.
    const layers = [this.#fresh, this.#committing].filter(({ size }) => size > 0);
    if (layers.length === 0) return this.#inner.search(vector, k, options);
    const unit = normalised(vector, this.spec.dimensions);
    const [newest, older] = layers as [FreshRows, FreshRows?];
    const isReplaced = ({ id }: AnnMatch) => layers.some((layer) => layer.has(id));
    // Rows whose place fresh ones took are dropped; should too few remain, the engine is asked for more.
    for (let asked = k; ; asked *= 2) {
      const stored = await this.#inner.search(vector, asked, options);
      const kept = stored.filter((match) => !isReplaced(match));
      if (kept.length < k && stored.length === asked) continue;
      const olderRows = (older?.compare(unit, options.filter) ?? []).filter(({ id }) => !newest.has(id));
      const fresh = [...newest.compare(unit, options.filter), ...olderRows];
      return [...kept, ...fresh].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, k);
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

  async *scan(options: { readonly filter?: Filter } = {}): AsyncGenerator<AnnItem[]> {
    await this.#commit();
    yield* this.#inner.scan(options);
  }

  async count(filter?: Filter): Promise<number> {
    await this.#commit();
    return this.#inner.count(filter);
  }

  async state(): Promise<AnnState> {
    await this.#commit();
    return this.#inner.state();
  }

  async sync(): Promise<void> {
    await this.#commit();
    await this.#inner.sync();
  }

  async maintain(): Promise<MaintenanceReport> {
    await this.#commit();
    return this.#inner.maintain();
  }

  rewriteDeleted(): Promise<number> {
    return this.#write(() => this.#inner.rewriteDeleted());
  }

  async dropOldVersions(): Promise<void> {
    await this.#commit();
    await this.#inner.dropOldVersions();
  }

  async close(): Promise<void> {
    await this.#commit().catch(() => {
      // The write-ahead log still has them.
    });
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#inner.close();
  }

  /** A write of the engine's own, after what is fresh now. */
  async #write<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.#commit();
    return this.#alone(task);
  }

  /** Commit what is fresh now. @throws what the engine throws; the rows are fresh again then. */
  #commit(): Promise<void> {
    return this.#alone(async () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      if (this.#fresh.size === 0) return;
      this.#committing = this.#fresh;
      this.#fresh = new FreshRows(this.spec);
      try {
        await this.#inner.upsert(this.#committing.all());
      } catch (error) {
        this.#fresh = new FreshRows(this.spec, [...this.#committing.all(), ...this.#fresh.all()]);
        throw error;
      } finally {
        this.#committing = new FreshRows(this.spec);
      }
    });
  }

  #alone<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#writes.then(task);
    this.#writes = result.catch(() => {});
    return result;
  }
}
