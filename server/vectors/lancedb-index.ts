/**
 * @file {@link AnnIndex} over LanceDB: one table per collection, on a folder, an object store or LanceDB's service. Small collections
 * are scanned exactly; larger ones get an IVF index with RaBitQ codes whose best candidates are compared by their full vectors.
 * An upsert, a delete and a search each see one version of the table.
 */
import { join } from 'node:path';
import type { Connection, Table as LanceTable } from '@lancedb/lancedb';
import type { Table } from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import type { Filter } from '../../src/contracts/server-api.ts';
import { BulkThread } from './bulk-thread.ts';
import { mergeRows, SCAN_JOIN_ROWS } from './bulk-rows.ts';
import { connectLance } from './lance-connection.ts';
import { rewriteFragments } from './lance-fragments.ts';
import { removeLeftovers } from './leftovers.ts';
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
import type { EngineLocation } from './engine-location.ts';
import { CODE_BITS, EXACT_ROWS } from './index-plan.ts';
import { floatsOf, itemColumns, itemOf, itemSchema, itemTable, KEYPOINTS, metadataOf, type ItemRow } from './item-rows.ts';
import {
  hasVectorIndex,
  indexScalars,
  indexState,
  rebuildAll,
  removeReplaced,
  SCALAR_INDEX_ROWS,
  trainVectors,
  VECTOR_INDEX,
} from './lance-indexes.ts';
import { LanceSearch } from './lance-search.ts';
import { filterPredicate, textLiteral } from './scalar-filter.ts';
import { SyncedFolder } from './synced-folder.ts';

/** Old versions stay readable for searches that started before a clean-up. */
const KEEP_VERSIONS_MS = 60_000;
/** The thread that writes bulks ends when no rows came for so long. */
const BULK_IDLE_MS = 30_000;
/** Stored vectors that search themselves after maintenance. */
const SELF_QUERIES = 64;
/**
 * Bounds of LanceDB's own caches: index cells and files' metadata. Cells of seven million codes count as 700 MB there; where they do not
 * all fit, every search reads some again, which costs half its time and, by the churn, more memory than it saves.
 */
const INDEX_CACHE_BYTES = 1024n << 20n;
/** What a row takes in a cell beside its code, about. */
const CODE_OVERHEAD_BYTES = 52;
const METADATA_CACHE_BYTES = 128n << 20n;
const SCAN_ROWS = 4_096;

/** How an engine works. */
export interface LanceEngineOptions {
  /** Collections up to this size have no trained index. */
  readonly exactRows?: number;
  /** How old a read may be at most when another process writes, in seconds; null: nobody else writes. */
  readonly readIntervalS?: number | null;
  /** Nobody else writes there, nor can come to. */
  readonly isAlone?: boolean;
}

/** @param location where the tables live; a folder is made when absent. */
export async function openLanceEngine(
  location: EngineLocation,
  { exactRows = EXACT_ROWS, readIntervalS = null, isAlone = false }: LanceEngineOptions = {},
): Promise<AnnEngine> {
  const connection = await connectLance(location, { index: INDEX_CACHE_BYTES, metadata: METADATA_CACHE_BYTES }, readIntervalS);
  const aloneSinceMs = isAlone ? Date.now() : null;
  const names = async () => new Set(await connection.tableNames());
  return {
    open: async (spec) => {
      const table = (await names()).has(spec.name)
        ? await connection.openTable(spec.name)
        : await connection.createEmptyTable(spec.name, itemSchema(spec));
      await addKeypoints(table, readIntervalS !== null);
      await requireSchema(table, spec);
      return new LanceIndex(spec, table, { connection, location, exactRows, aloneSinceMs });
    },
    drop: async (name) => {
      if ((await names()).has(name)) await connection.dropTable(name);
    },
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** Tables of before there were keypoints get an empty column of them; a reader leaves that to the writer. */
async function addKeypoints(table: LanceTable, isReader: boolean): Promise<void> {
  if (isReader || (await table.schema()).fields.some(({ name }) => name === KEYPOINTS)) return;
  await table.addColumns([{ name: KEYPOINTS, valueSql: 'CAST(NULL AS BINARY)' }]);
}

async function requireSchema(table: LanceTable, spec: AnnSpec): Promise<void> {
  const stored = (await table.schema()).fields;
  const wanted = itemSchema(spec).fields.filter(({ name }) => name !== KEYPOINTS || stored.some((field) => field.name === KEYPOINTS));
  const isSame =
    stored.length === wanted.length &&
    wanted.every(({ name, type }) => stored.some((field) => field.name === name && String(field.type) === String(type)));
  if (!isSame)
    throw new AppError(
      'invalid-input',
      `The stored table "${spec.name}" does not hold vectors of ${spec.dimensions} dimensions with these fields.`,
    );
}

/** Where an index is and how it is kept. */
interface IndexPlace {
  readonly connection: Connection;
  readonly location: EngineLocation;
  readonly exactRows: number;
  /** Only this process has written since; null: others may write. */
  readonly aloneSinceMs: number | null;
}

class LanceIndex implements AnnIndex {
  readonly spec: AnnSpec;
  readonly #table: LanceTable;
  readonly #connection: Connection;
  readonly #location: EngineLocation;
  #commits = 0;
  readonly #exactRows: number;
  readonly #aloneSinceMs: number | null;
  readonly #search: LanceSearch;
  /** The table's folder; null: it lies in no folder of this machine. */
  readonly #folder: string | null;
  readonly #synced: SyncedFolder | null;
  /** Writes all rows while a bulk comes in; else null. */
  #bulk: BulkThread | null = null;
  #bulkEnd: NodeJS.Timeout | null = null;

  constructor(spec: AnnSpec, table: LanceTable, { connection, location, exactRows, aloneSinceMs }: IndexPlace) {
    this.spec = spec;
    this.#table = table;
    this.#connection = connection;
    this.#location = location;
    this.#exactRows = exactRows;
    this.#aloneSinceMs = aloneSinceMs;
    this.#search = new LanceSearch(spec, { exactRows, isService: location.kind === 'service' });
    this.#folder = location.kind === 'folder' ? join(location.uri, `${spec.name}.lance`) : null;
    this.#synced = this.#folder === null ? null : new SyncedFolder(this.#folder);
  }

  get commits(): number {
    return this.#commits;
  }

  async upsert(items: readonly AnnItem[]): Promise<void> {
    if (items.length > 0) await this.ingest([itemTable(this.spec, items)]);
  }

  async ingest(tables: readonly Table[]): Promise<void> {
    if (tables.length === 0) return;
    if (this.#bulk?.hasEnded === true) this.#bulk = null;
    const rows = tables.reduce((sum, { numRows }) => sum + numRows, 0);
    if (this.#bulk === null && rows < SCAN_JOIN_ROWS) await mergeRows(this.#table, tables);
    else {
      if (this.#bulkEnd !== null) clearTimeout(this.#bulkEnd);
      this.#bulk ??= new BulkThread({ location: this.#location, spec: this.spec });
      await this.#bulk.write(tables);
      await this.#table.checkoutLatest();
      this.#bulkEnd = setTimeout(() => void this.#endBulk(), BULK_IDLE_MS).unref();
    }
    this.#commits += 1;
  }

  /** After the write under way. */
  async #endBulk(): Promise<void> {
    const bulk = this.#bulk;
    this.#bulk = null;
    if (this.#bulkEnd !== null) clearTimeout(this.#bulkEnd);
    await bulk?.close();
  }

  async delete(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const { numDeletedRows } = await this.#table.delete(idPredicate(ids));
    this.#commits += 1;
    return numDeletedRows;
  }

  async search(vector: Float32Array, k: number, options: AnnSearchOptions = {}): Promise<AnnMatch[]> {
    return this.#search.search(this.#table, vector, k, options);
  }

  async get(ids: readonly string[]): Promise<AnnItem[]> {
    if (ids.length === 0) return [];
    const query = this.#table
      .query()
      .where(idPredicate(ids))
      .select([...itemColumns(this.spec), 'vector']);
    const rows = (await query.toArray()) as ItemRow[];
    return rows.map((row) => itemOf(this.spec, row));
  }

  async keypoints(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    if (ids.length === 0 || !(await this.#hasKeypoints())) return new Map();
    const query = this.#table
      .query()
      .where(`${idPredicate(ids)} AND ${KEYPOINTS} IS NOT NULL`)
      .select(['id', KEYPOINTS]);
    const rows = (await query.toArray()) as ItemRow[];
    return new Map(rows.map((row) => [row.id, Uint8Array.from(row.keypoints ?? [])]));
  }

  async *scan({ filter, hasKeypoints = false }: ScanOptions = {}): AsyncGenerator<AnnItem[]> {
    const keypoints = hasKeypoints && (await this.#hasKeypoints()) ? [KEYPOINTS] : [];
    for await (const rows of this.#rows([...itemColumns(this.spec), ...keypoints, 'vector'], filter))
      yield rows.map((row) => itemOf(this.spec, row));
  }

  async *list(): AsyncGenerator<ListedItem[]> {
    for await (const rows of this.#rows(itemColumns(this.spec)))
      yield rows.map((row) => ({ id: row.id, productId: row.productId, metadata: metadataOf(this.spec, row) }));
  }

  async *#rows(columns: string[], filter?: Filter): AsyncGenerator<ItemRow[]> {
    const query = this.#table.query().select(columns);
    const predicate = filter === undefined ? null : filterPredicate(this.spec.fields, filter);
    if (predicate !== null) query.where(predicate);
    for await (const batch of query)
      for (let start = 0; start < batch.numRows; start += SCAN_ROWS)
        yield batch.slice(start, start + SCAN_ROWS).toArray() as unknown as ItemRow[];
  }

  /** False for a reader of a table that its writer has not brought up to date yet. */
  async #hasKeypoints(): Promise<boolean> {
    return (await this.#table.schema()).fields.some(({ name }) => name === KEYPOINTS);
  }

  async count(filter?: Filter): Promise<number> {
    return this.#table.countRows(filter === undefined ? undefined : (filterPredicate(this.spec.fields, filter) ?? undefined));
  }

  async state(): Promise<AnnState> {
    return indexState(this.#table, this.#exactRows);
  }

  async verify(): Promise<void> {
    // A handle of its own: this one may have kept what it read before.
    const table = await this.#connection.openTable(this.spec.name);
    try {
      let rows = 0;
      for await (const batch of table.query()) rows += batch.numRows;
      const count = await table.countRows();
      if (rows !== count) throw new Error(`${rows} of ${count} rows can be read`);
    } finally {
      table.close();
    }
  }

  warm(): Promise<void> {
    return this.#warm(this.#table);
  }

  async #warm(table: LanceTable): Promise<void> {
    const rows = await table.countRows();
    if (rows <= this.#exactRows || this.#location.kind === 'service' || !(await hasVectorIndex(table))) return;
    if (rows * (this.spec.dimensions * (CODE_BITS / 8) + CODE_OVERHEAD_BYTES) < Number(INDEX_CACHE_BYTES))
      await table.prewarmIndex(VECTOR_INDEX);
    await this.#search.sample(table, rows);
  }

  /** [Note: LanceDB and power loss] An object store answers when it has stored. */
  async sync(): Promise<void> {
    await this.#synced?.sync();
  }

  /** On a handle of its own: a handle that optimises keeps its other callers waiting. */
  async maintain(): Promise<MaintenanceReport> {
    await this.#endBulk();
    const table = await this.#connection.openTable(this.spec.name);
    try {
      const { count, isTrainingDue: isTrained } = await indexState(table, this.#exactRows);
      if (count === 0) return { isTrained: false, selfFound01: null, unindexed: null };
      if (this.#location.kind !== 'service') {
        if (count >= SCALAR_INDEX_ROWS) await indexScalars(table, this.spec.fields);
        // Before training: merging files afterwards would have to rewrite the index.
        await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
      }
      if (isTrained) await trainVectors(table, count);
      // It was written anew: else the searches that come first would read all of it.
      await this.#warm(table);
      await this.#table.checkoutLatest();
      this.#search.forgetIndexes();
      const unindexed = (await table.indexStats(VECTOR_INDEX))?.numUnindexedRows ?? null;
      return { isTrained, selfFound01: await this.#selfFound(table), unindexed };
    } finally {
      table.close();
    }
  }

  async rewriteDeleted(): Promise<number> {
    return rewriteFragments(this.#table, this.#folder);
  }

  async rebuildIndexes(): Promise<number> {
    if (this.#location.kind === 'service') return 0;
    const table = await this.#connection.openTable(this.spec.name);
    try {
      const rebuilt = await rebuildAll(table, this.spec.fields, this.#exactRows);
      await this.#table.checkoutLatest();
      this.#search.forgetIndexes();
      return rebuilt;
    } finally {
      table.close();
    }
  }

  async removeReplacedIndexes(): Promise<number> {
    if (this.#folder === null) return 0;
    const newest = await this.#connection.openTable(this.spec.name);
    try {
      return await removeReplaced([this.#table, newest], this.#folder);
    } finally {
      newest.close();
    }
  }

  async removeLeftovers(): Promise<number> {
    if (this.#folder === null || this.#aloneSinceMs === null) return 0;
    const { fragmentStats } = await this.#table.stats();
    const bytes = await removeLeftovers(this.#folder, this.#aloneSinceMs, fragmentStats.numFragments);
    await this.removeReplacedIndexes();
    return bytes;
  }

  async dropOldVersions(): Promise<void> {
    const table = await this.#connection.openTable(this.spec.name);
    try {
      // Merged first, and searched from then on: what is removed next is no longer what searches read.
      await table.optimize({ cleanupOlderThan: new Date(0) });
      await this.#table.checkoutLatest();
      await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: true });
      await this.#table.checkoutLatest();
    } finally {
      table.close();
    }
  }

  async close(): Promise<void> {
    await this.#endBulk();
    this.#table.close();
  }

  /** Stored vectors must find themselves, or one that is equal. Checked on the version that maintenance made. */
  async #selfFound(table: LanceTable): Promise<number | null> {
    const rows = await table.countRows();
    if (rows === 0) return null;
    const offsets = Array.from({ length: Math.min(SELF_QUERIES, rows) }, () => Math.floor(Math.random() * rows));
    const sample = (await table
      .takeOffsets([...new Set(offsets)])
      .select(['id', 'vector'])
      .toArray()) as ItemRow[];
    let found = 0;
    for (const { vector, id } of sample) {
      const [best] = await this.#search.search(table, floatsOf(vector), 1);
      if (best !== undefined && (best.id === id || best.score > 0.99999)) found += 1;
    }
    return sample.length === 0 ? null : found / sample.length;
  }
}

function idPredicate(ids: readonly string[]): string {
  return `id IN (${ids.map(textLiteral).join(', ')})`;
}
