/**
 * @file {@link AnnIndex} over LanceDB: one table per collection, on a folder, an object store or LanceDB's service. Small collections
 * are scanned exactly; larger ones get an IVF index with RaBitQ codes whose best candidates are compared by their full vectors.
 * An upsert, a delete and a search each see one version of the table.
 */
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Index, type Connection, type Table as LanceTable } from '@lancedb/lancedb';
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
import { FieldSample, SAMPLE_ROWS } from './field-sample.ts';
import {
  candidatesFor,
  CODE_BITS,
  codeFilter,
  codesFor,
  effortOf,
  EXACT_ROWS,
  isNarrow,
  isTrainingDue,
  partitionsOf,
} from './index-plan.ts';
import { fieldsOf, itemColumns, itemOf, itemSchema, itemTable, KEYPOINTS, metadataOf, normalised, type ItemRow } from './item-rows.ts';
import { ROW_ID, RowIdSet, rowIdsOf } from './row-ids.ts';
import { columnOf, filterPredicate, filterTest, textLiteral } from './scalar-filter.ts';

/** Old versions stay readable for searches that started before a clean-up. */
const KEEP_VERSIONS_MS = 60_000;
/** What LanceDB calls the column with the distance of a match. */
const DISTANCE = '_distance';
/** What LanceDB calls an index of a column. */
const VECTOR_INDEX = 'vector_idx';
/** Key of the vector column's metadata. An index of other codes counts as none and is trained anew. */
const TRAINED_ON = `mekiki.trainedOn.${CODE_BITS}bits`;
/** From so many rows on, ids and fields are indexed; below, a scan is as quick. */
const SCALAR_INDEX_ROWS = 5_000;
/** The thread that writes bulks ends when no rows came for so long. */
const BULK_IDLE_MS = 30_000;
/** Stored vectors that search themselves after maintenance. */
const SELF_QUERIES = 64;
/** Filters whose matching rows are kept for the next search with the same one. */
const KEPT_FILTERS = 16;
/** Of what is drawn less often than this the sample does not tell how often it is there. */
const RARE_DRAWN = 32;
/** A search that writes came between is tried again so often. */
const TRIES = 3;
/**
 * Bounds of LanceDB's own caches: index cells and files' metadata. Cells of seven million codes count as 700 MB there; where they do not
 * all fit, every search reads some again, which costs half its time and, by the churn, more memory than it saves.
 */
const INDEX_CACHE_BYTES = 1024n << 20n;
/** What a row takes in a cell beside its code, about. */
const CODE_OVERHEAD_BYTES = 52;
const METADATA_CACHE_BYTES = 128n << 20n;
const SCAN_ROWS = 4_096;

interface MatchRow extends ItemRow {
  readonly [DISTANCE]: number;
}

/** What a search through the codes goes by. */
interface CodeSearch {
  readonly filter: Filter;
  /** Of the collection. */
  readonly rows: number;
  /** Of rows that match it. */
  readonly share01: number;
  readonly isIn: RowIdSet | null;
  readonly isIndexOnly: boolean;
}

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
  readonly #synced = new Set<string>();
  /** Rows that match a predicate in a version of the table. */
  readonly #matching = new Map<string, { readonly version: number; readonly rows: Promise<RowIdSet> }>();
  #sample: Promise<FieldSample> | null = null;
  #hasVectorIndex: boolean | null = null;
  #hasIndexAtMs = 0;
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
    return this.#searchIn(this.#table, vector, k, options);
  }

  async #searchIn(
    table: LanceTable,
    vector: Float32Array,
    k: number,
    { filter, effort = 'auto', isIndexOnly = false }: AnnSearchOptions,
  ): Promise<AnnMatch[]> {
    const unit = normalised(vector, this.spec.dimensions);
    const predicate = filter === undefined ? null : filterPredicate(this.spec.fields, filter);
    const rows = effort === 'exact' || !(await this.#isIndexed()) ? 0 : await table.countRows();
    if (rows <= this.#exactRows) return this.#ask(table, unit, k, predicate, null, false);
    if (filter === undefined || predicate === null) return this.#ask(table, unit, k, null, effortOf(k, rows, 1), isIndexOnly);
    if (this.#location.kind === 'service') {
      const matching = await table.countRows(predicate);
      return this.#ask(table, unit, k, predicate, isNarrow(matching) ? null : effortOf(k, rows, matching / rows), isIndexOnly);
    }
    let share01 = (await this.#sampleOf(table, rows)).share01(filter);
    for (let tries = 0; tries < TRIES; tries++) {
      const version = await table.version();
      try {
        let way = codeFilter(k, share01 * rows, share01);
        // A sample says little of what is rare.
        const isRare = share01 * SAMPLE_ROWS < RARE_DRAWN;
        let isIn: RowIdSet | null = null;
        if (way === 'by-row-ids' || isRare) {
          isIn = await this.#matchingRows(table, predicate, version);
          if (isNarrow(isIn.size)) return await this.#ask(table, unit, k, predicate, null, false);
          share01 = isIn.size / rows;
          way = codeFilter(k, isIn.size, share01);
        }
        if (way === null) break;
        const found = await this.#searchCodes(table, unit, k, { filter, rows, share01, isIn, isIndexOnly });
        // Rows move when files are merged: what was listed before says nothing of where they are now.
        if ((await table.version()) !== version) continue;
        if (found.length >= k) return found;
        break;
      } catch (error) {
        if ((await table.version()) === version) throw error;
      }
    }
    return this.#ask(table, unit, k, predicate, effortOf(k, rows, share01), isIndexOnly);
  }

  /** [Note: Filter by code]. @param isIn rows that match; null: their fields are read. */
  async #searchCodes(
    table: LanceTable,
    unit: Float32Array,
    k: number,
    { filter, rows, share01, isIn, isIndexOnly }: CodeSearch,
  ): Promise<AnnMatch[]> {
    const query = table
      .vectorSearch(unit)
      .column('vector')
      .distanceType('cosine')
      .select([DISTANCE])
      .withRowId()
      .limit(codesFor(k, share01))
      .nprobes(effortOf(k, rows, share01).probes);
    if (isIndexOnly) query.fastSearch();
    const nearest = rowIdsOf(await query.toArrow());
    const matching = isIn === null ? await this.#whereFieldsMatch(table, nearest, filter) : nearest.filter((id) => isIn.has(id));
    const candidates = await this.#rowsAt(table, matching.subarray(0, candidatesFor(k)), [...itemColumns(this.spec), 'vector']);
    return candidates
      .map((row) => this.#matchOf(row, dot(unit, floatsOf(row.vector))))
      .sort(byScore)
      .slice(0, k);
  }

  /** @returns those of the rows whose fields match, in their order. */
  async #whereFieldsMatch(table: LanceTable, ids: Float64Array, filter: Filter): Promise<Float64Array> {
    const fields = [...Object.keys(filter.eq ?? {}), ...Object.keys(filter.in ?? {}), ...Object.keys(filter.range ?? {})];
    const rows = await this.#rowsAt(table, ids, [...new Set(fields.map(columnOf))]);
    const isMatching = filterTest(filter);
    const matching = new Set(rows.filter((row) => isMatching(fieldsOf(this.spec, row))).map((row) => Number(row[ROW_ID])));
    return ids.filter((id) => matching.has(id));
  }

  /** In no particular order. */
  async #rowsAt(table: LanceTable, ids: Float64Array, columns: string[]): Promise<ItemRow[]> {
    if (ids.length === 0) return [];
    return (await table
      .takeRowIds([...ids])
      .select(columns)
      .withRowId()
      .toArray()) as ItemRow[];
  }

  async #matchingRows(table: LanceTable, predicate: string, version: number): Promise<RowIdSet> {
    const kept = this.#matching.get(predicate);
    if (kept?.version === version) return kept.rows;
    const rows = (async () => {
      const found = await table.query().where(predicate).select([ROW_ID]).withRowId().toArrow();
      return new RowIdSet(rowIdsOf(found));
    })();
    this.#matching.delete(predicate);
    this.#matching.set(predicate, { version, rows });
    rows.catch(() => this.#matching.delete(predicate));
    if (this.#matching.size > KEPT_FILTERS) this.#matching.delete(this.#matching.keys().next().value!);
    return rows;
  }

  async #sampleOf(table: LanceTable, rows: number): Promise<FieldSample> {
    const known = await this.#sample;
    if (known?.isOf(rows) === true) return known;
    const drawing = this.#drawSample(table, rows);
    this.#sample = drawing;
    drawing.catch(() => {
      this.#sample = null;
    });
    return drawing;
  }

  async #drawSample(table: LanceTable, rows: number): Promise<FieldSample> {
    const columns = Object.keys(this.spec.fields).map(columnOf);
    if (columns.length === 0) return new FieldSample([], rows);
    const offsets = Array.from({ length: SAMPLE_ROWS }, () => Math.floor(Math.random() * rows));
    const drawn = (await table.takeOffsets(offsets).select(columns).toArray()) as ItemRow[];
    return new FieldSample(
      drawn.map((row) => fieldsOf(this.spec, row)),
      rows,
    );
  }

  /** One question to the engine. @param effort null: compare every row (that matches). */
  async #ask(
    table: LanceTable,
    unit: Float32Array,
    k: number,
    predicate: string | null,
    effort: { readonly probes: number; readonly refine: number } | null,
    isIndexOnly: boolean,
  ): Promise<AnnMatch[]> {
    const query = table
      .vectorSearch(unit)
      .column('vector')
      .distanceType('cosine')
      .select([...itemColumns(this.spec), DISTANCE])
      .limit(k);
    if (predicate !== null) query.where(predicate);
    if (effort === null) query.bypassVectorIndex();
    else {
      query.nprobes(effort.probes).refineFactor(effort.refine);
      if (isIndexOnly) query.fastSearch();
    }
    const rows = (await query.toArray()) as MatchRow[];
    return rows.map((row) => this.#matchOf(row, 1 - row[DISTANCE])).sort(byScore);
  }

  #matchOf(row: ItemRow, score: number): AnnMatch {
    return { id: row.id, productId: row.productId, metadata: metadataOf(this.spec, row), score: Math.max(-1, Math.min(1, score)) };
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
    return this.#stateOf(this.#table);
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
    await this.#sampleOf(table, rows);
  }

  /**
   * [Note: LanceDB and power loss] LanceDB renames complete files into place, so a killed process leaves whole versions, but it does
   * not flush them to the disk. Its files are written once and never changed: flushing those not flushed before, then their folders,
   * makes everything so far durable. An object store answers when it has stored.
   */
  async sync(): Promise<void> {
    if (this.#location.kind !== 'folder') return;
    const folder = join(this.#location.uri, `${this.spec.name}.lance`);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const present = new Set<string>();
    const folders = new Set<string>([folder]);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile()) continue;
      present.add(path);
      if (this.#synced.has(path)) continue;
      await flush(path);
      folders.add(entry.parentPath);
    }
    for (const one of folders) await flush(one);
    this.#synced.clear();
    for (const path of present) this.#synced.add(path);
  }

  /** On a handle of its own: a handle that optimises keeps its other callers waiting. */
  async maintain(): Promise<MaintenanceReport> {
    await this.#endBulk();
    const table = await this.#connection.openTable(this.spec.name);
    try {
      const { count, isTrainingDue: isTrained } = await this.#stateOf(table);
      if (count === 0) return { isTrained: false, selfFound01: null, unindexed: null };
      if (this.#location.kind !== 'service') {
        if (count >= SCALAR_INDEX_ROWS) await this.#indexScalars(table);
        // Before training: merging files afterwards would have to rewrite the index.
        await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
      }
      if (isTrained) await this.#train(table, count);
      // It was written anew: else the searches that come first would read all of it.
      await this.#warm(table);
      await this.#table.checkoutLatest();
      this.#hasVectorIndex = null;
      const unindexed = (await table.indexStats(VECTOR_INDEX))?.numUnindexedRows ?? null;
      return { isTrained, selfFound01: await this.#selfFound(table), unindexed };
    } finally {
      table.close();
    }
  }

  async rewriteDeleted(): Promise<number> {
    const isFolder = this.#location.kind === 'folder';
    return rewriteFragments(this.#table, isFolder ? join(this.#location.uri, `${this.spec.name}.lance`) : null);
  }

  async rebuildIndexes(): Promise<number> {
    if (this.#location.kind === 'service') return 0;
    const table = await this.#connection.openTable(this.spec.name);
    try {
      const [indices, count] = await Promise.all([table.listIndices(), table.countRows()]);
      for (const { name, columns } of indices) {
        const [column = ''] = columns;
        if (count === 0) await table.dropIndex(name);
        else if (name !== VECTOR_INDEX) await table.createIndex(column, { config: this.#scalarIndex(column), replace: true });
      }
      // One all of whose rows were written anew is listed no longer.
      if (count >= SCALAR_INDEX_ROWS) await this.#indexScalars(table);
      const isTrained = indices.some(({ name }) => name === VECTOR_INDEX);
      if (count > 0 && (isTrained || isTrainingDue(count, null, this.#exactRows))) await this.#train(table, count);
      await this.#table.checkoutLatest();
      this.#hasVectorIndex = null;
      return indices.length;
    } finally {
      table.close();
    }
  }

  /**
   * Each `optimize` writes the vector index anew, even with nothing to add, and leaves the one before for the next. Versions that refer to
   * it are older than any reader by now: half a gigabyte at seven million.
   */
  async removeReplacedIndexes(): Promise<number> {
    if (this.#location.kind !== 'folder') return 0;
    // What searches use and what the newest version has: the same, but for a write between.
    const newest = await this.#connection.openTable(this.spec.name);
    const indices = await Promise.all([this.#table.listIndices(), newest.listIndices()]).finally(() => newest.close());
    // Parts beyond the first are not named here.
    const all = indices.flat();
    if (all.some(({ numSegments, indexUuid }) => numSegments !== 1 || indexUuid === undefined)) return 0;
    const used = new Set(all.map(({ indexUuid }) => indexUuid));
    const folder = join(this.#location.uri, `${this.spec.name}.lance`, '_indices');
    const present = await readdir(folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const replaced = present.filter((name) => !used.has(name));
    for (const name of replaced) await rm(join(folder, name), { recursive: true, force: true });
    return replaced.length;
  }

  async removeLeftovers(): Promise<number> {
    if (this.#location.kind !== 'folder' || this.#aloneSinceMs === null) return 0;
    const { fragmentStats } = await this.#table.stats();
    const bytes = await removeLeftovers(
      join(this.#location.uri, `${this.spec.name}.lance`),
      this.#aloneSinceMs,
      fragmentStats.numFragments,
    );
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

  async #isIndexed(): Promise<boolean> {
    const isFresh = this.#hasVectorIndex === true || performance.now() - this.#hasIndexAtMs < 1000;
    if (this.#hasVectorIndex === null || !isFresh) {
      this.#hasVectorIndex = await hasVectorIndex(this.#table);
      this.#hasIndexAtMs = performance.now();
    }
    return this.#hasVectorIndex;
  }

  async #indexScalars(table: LanceTable): Promise<void> {
    const present = new Set((await table.listIndices()).flatMap(({ columns }) => columns));
    for (const column of ['id', ...Object.keys(this.spec.fields).map(columnOf)])
      if (!present.has(column)) await table.createIndex(column, { config: this.#scalarIndex(column) });
  }

  #scalarIndex(column: string): Index {
    const isBool = Object.entries(this.spec.fields).some(([field, type]) => columnOf(field) === column && type === 'bool');
    return isBool ? Index.bitmap() : Index.btree();
  }

  async #train(table: LanceTable, rows: number): Promise<void> {
    await table.createIndex('vector', {
      config: Index.ivfRq({ numPartitions: partitionsOf(rows), numBits: CODE_BITS, distanceType: 'cosine' }),
      replace: true,
    });
    await table.updateFieldMetadata([{ path: 'vector', metadata: { [TRAINED_ON]: String(rows) } }]);
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
      const [best] = await this.#searchIn(table, floatsOf(vector), 1, {});
      if (best !== undefined && (best.id === id || best.score > 0.99999)) found += 1;
    }
    return sample.length === 0 ? null : found / sample.length;
  }

  async #stateOf(table: LanceTable): Promise<AnnState> {
    const [count, indices, schema, { totalBytes }] = await Promise.all([
      table.countRows(),
      table.listIndices(),
      table.schema(),
      table.stats(),
    ]);
    const isTrained = indices.some(({ name }) => name === VECTOR_INDEX);
    const stats = isTrained ? await table.indexStats(VECTOR_INDEX) : undefined;
    const trainedOn = Number(schema.fields.find(({ name }) => name === 'vector')?.metadata.get(TRAINED_ON) ?? 0);
    const known = isTrained ? trainedOn : null;
    return {
      count,
      indexed: stats?.numIndexedRows ?? 0,
      unindexed: stats?.numUnindexedRows ?? count,
      trainedOn: known,
      isTrainingDue: isTrainingDue(count, known, this.#exactRows),
      sizeBytes: totalBytes,
    };
  }
}

async function hasVectorIndex(table: LanceTable): Promise<boolean> {
  return (await table.listIndices()).some(({ name }) => name === VECTOR_INDEX);
}

function byScore(a: AnnMatch, b: AnnMatch): number {
  return b.score - a.score || (a.id < b.id ? -1 : 1);
}

/** @returns the scalar product of vectors of one length. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

/** A copy: the row's memory belongs to the engine's batch. */
function floatsOf(vector: ItemRow['vector']): Float32Array {
  return Float32Array.from(vector?.toArray() ?? []);
}

function idPredicate(ids: readonly string[]): string {
  return `id IN (${ids.map(textLiteral).join(', ')})`;
}

/** Flush a file or a folder entry. One that a clean-up removed meanwhile needs no flushing. */
async function flush(path: string): Promise<void> {
  let handle;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Windows opens no folders and flushes no read-only handles; NTFS keeps its folder entries in a journal of its own.
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'EPERM') throw error;
  } finally {
    await handle?.close();
  }
}
