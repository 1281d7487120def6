/**
 * @file Searches of one collection in a LanceDB table: exact where rows are few, by the trained index where they are many, and under a filter by
 * whichever way finds enough of what matches.
 */
import type { Table as LanceTable } from '@lancedb/lancedb';
import type { Filter } from '../../src/contracts/server-api.ts';
import type { AnnMatch, AnnSearchOptions, AnnSpec } from './ann-index.ts';
import { FieldSample, SAMPLE_ROWS } from './field-sample.ts';
import { candidatesFor, codeFilter, codesFor, effortOf, isNarrow } from './index-plan.ts';
import { fieldsOf, floatsOf, itemColumns, metadataOf, normalised, type ItemRow } from './item-rows.ts';
import { hasVectorIndex } from './lance-indexes.ts';
import { ROW_ID, RowIdSet, rowIdsOf } from './row-ids.ts';
import { columnOf, filterPredicate, filterTest } from './scalar-filter.ts';

/** What LanceDB calls the column with the distance of a match. */
const DISTANCE = '_distance';
/** Filters whose matching rows are kept for the next search with the same one. */
const KEPT_FILTERS = 16;
/** Of what is drawn less often than this the sample does not tell how often it is there. */
const RARE_DRAWN = 32;
/** A search that writes came between is tried again so often. */
const TRIES = 3;
/** Whether there is an index is asked again so long after it was told that there is none. */
const ASK_AGAIN_MS = 1_000;

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

/** How a collection is searched. */
interface LanceSearchOptions {
  /** Collections up to this size are searched exactly. */
  readonly exactRows: number;
  /** LanceDB's service, which gives no row ids. */
  readonly isService: boolean;
}

/** Searches tables of one collection, and keeps what the next search can use again. */
export class LanceSearch {
  readonly #spec: AnnSpec;
  readonly #exactRows: number;
  readonly #isService: boolean;
  /** Rows that match a predicate in a version of the table. */
  readonly #matching = new Map<string, { readonly version: number; readonly rows: Promise<RowIdSet> }>();
  #sample: Promise<FieldSample> | null = null;
  #hasVectorIndex: boolean | null = null;
  #hasIndexAtMs = 0;

  constructor(spec: AnnSpec, { exactRows, isService }: LanceSearchOptions) {
    this.#spec = spec;
    this.#exactRows = exactRows;
    this.#isService = isService;
  }

  /** The table's indexes changed. */
  forgetIndexes(): void {
    this.#hasVectorIndex = null;
  }

  /** Draw the sample that filters are judged by. @param rows of the table. */
  async sample(table: LanceTable, rows: number): Promise<void> {
    await this.#sampleOf(table, rows);
  }

  /** As {@link AnnIndex.search}. @param table any version of the collection. */
  async search(
    table: LanceTable,
    vector: Float32Array,
    k: number,
    { filter, effort = 'auto', isIndexOnly = false }: AnnSearchOptions = {},
  ): Promise<AnnMatch[]> {
    const unit = normalised(vector, this.#spec.dimensions);
    const predicate = filter === undefined ? null : filterPredicate(this.#spec.fields, filter);
    const rows = effort === 'exact' || !(await this.#isIndexed(table)) ? 0 : await table.countRows();
    if (rows <= this.#exactRows) return this.#ask(table, unit, k, predicate, null, false);
    if (filter === undefined || predicate === null) return this.#ask(table, unit, k, null, effortOf(k, rows, 1), isIndexOnly);
    if (this.#isService) {
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
    const candidates = await this.#rowsAt(table, matching.subarray(0, candidatesFor(k)), [...itemColumns(this.#spec), 'vector']);
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
    const matching = new Set(rows.filter((row) => isMatching(fieldsOf(this.#spec, row))).map((row) => Number(row[ROW_ID])));
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
    const columns = Object.keys(this.#spec.fields).map(columnOf);
    if (columns.length === 0) return new FieldSample([], rows);
    const offsets = Array.from({ length: SAMPLE_ROWS }, () => Math.floor(Math.random() * rows));
    const drawn = (await table.takeOffsets(offsets).select(columns).toArray()) as ItemRow[];
    return new FieldSample(
      drawn.map((row) => fieldsOf(this.#spec, row)),
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
      .select([...itemColumns(this.#spec), DISTANCE])
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
    return { id: row.id, productId: row.productId, metadata: metadataOf(this.#spec, row), score: Math.max(-1, Math.min(1, score)) };
  }

  async #isIndexed(table: LanceTable): Promise<boolean> {
    const isFresh = this.#hasVectorIndex === true || performance.now() - this.#hasIndexAtMs < ASK_AGAIN_MS;
    if (this.#hasVectorIndex === null || !isFresh) {
      this.#hasVectorIndex = await hasVectorIndex(table);
      this.#hasIndexAtMs = performance.now();
    }
    return this.#hasVectorIndex;
  }
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
