/**
 * @file {@link AnnIndex} over embedded LanceDB: one folder, one table per collection. Searches scan exactly, which is what small
 * collections want; an upsert, a delete and a search each see one version of the table.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Connection, type Table as LanceTable } from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, RecordBatch, Schema, Struct, Table, Utf8, makeData, vectorFromArray } from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import { metadataSchema } from '../../src/contracts/server-api.ts';
import type { AnnEngine, AnnIndex, AnnItem, AnnMatch, AnnSpec, ItemMetadata } from './ann-index.ts';

/** Old versions stay readable for searches that started before a clean-up. */
const KEEP_VERSIONS_MS = 60_000;
/** What LanceDB calls the column with the distance of a match. */
const DISTANCE = '_distance';

interface LanceRow {
  readonly id: string;
  readonly productId: string;
  readonly metadata: string;
  readonly vector?: Iterable<number>;
  readonly [DISTANCE]?: number;
}

/** @param folder where the tables live; made when absent. */
export async function openLanceEngine(folder: string): Promise<AnnEngine> {
  const connection = await connect(folder);
  const names = new Set(await connection.tableNames());
  return {
    open: async (spec) => {
      const table = names.has(spec.name) ? await connection.openTable(spec.name) : await createTable(connection, spec);
      names.add(spec.name);
      await requireDimensions(table, spec);
      return new LanceIndex(spec, table, join(folder, `${spec.name}.lance`));
    },
    drop: async (name) => {
      if (names.delete(name)) await connection.dropTable(name);
    },
    close: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

function schemaOf(dimensions: number): Schema {
  return new Schema([
    new Field('id', new Utf8(), false),
    new Field('productId', new Utf8(), false),
    new Field('metadata', new Utf8(), false),
    new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false),
  ]);
}

async function createTable(connection: Connection, spec: AnnSpec): Promise<LanceTable> {
  return connection.createEmptyTable(spec.name, schemaOf(spec.dimensions));
}

async function requireDimensions(table: LanceTable, spec: AnnSpec): Promise<void> {
  const field = (await table.schema()).fields.find(({ name }) => name === 'vector');
  const type = field?.type as unknown as { listSize?: number } | undefined;
  if (type?.listSize !== spec.dimensions)
    throw new AppError('invalid-input', `The stored table "${spec.name}" does not hold vectors of ${spec.dimensions} dimensions.`);
}

class LanceIndex implements AnnIndex {
  readonly spec: AnnSpec;
  readonly #table: LanceTable;
  readonly #folder: string;
  readonly #synced = new Set<string>();

  constructor(spec: AnnSpec, table: LanceTable, folder: string) {
    this.spec = spec;
    this.#table = table;
    this.#folder = folder;
  }

  async upsert(items: readonly AnnItem[]): Promise<void> {
    if (items.length === 0) return;
    await this.#table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(this.#arrowOf(items));
  }

  async delete(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const { numDeletedRows } = await this.#table.delete(idPredicate(ids));
    return numDeletedRows;
  }

  async search(vector: Float32Array, k: number): Promise<AnnMatch[]> {
    const rows = (await this.#table
      .vectorSearch(normalised(vector, this.spec.dimensions))
      .column('vector')
      .distanceType('cosine')
      .bypassVectorIndex()
      .select(['id', 'productId', 'metadata', DISTANCE])
      .limit(k)
      .toArray()) as LanceRow[];
    return rows
      .map((row) => ({
        id: row.id,
        productId: row.productId,
        metadata: parseMetadata(row.metadata),
        score: Math.max(-1, Math.min(1, 1 - (row[DISTANCE] ?? 2))),
      }))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  async get(ids: readonly string[]): Promise<AnnItem[]> {
    if (ids.length === 0) return [];
    const rows = (await this.#table.query().where(idPredicate(ids)).toArray()) as LanceRow[];
    return rows.map((row) => ({
      id: row.id,
      productId: row.productId,
      metadata: parseMetadata(row.metadata),
      vector: Float32Array.from(row.vector ?? []),
    }));
  }

  async count(): Promise<number> {
    return this.#table.countRows();
  }

  /**
   * [Note: LanceDB and power loss] LanceDB renames complete files into place, so a killed process leaves whole versions, but it does
   * not flush them to the disk. Its files are written once and never changed: flushing those not flushed before, then their folders,
   * makes everything so far durable.
   */
  async sync(): Promise<void> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    const present = new Set<string>();
    const folders = new Set<string>([this.#folder]);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile()) continue;
      present.add(path);
      if (this.#synced.has(path)) continue;
      await flush(path);
      folders.add(entry.parentPath);
    }
    for (const folder of folders) await flush(folder);
    this.#synced.clear();
    for (const path of present) this.#synced.add(path);
  }

  async maintain(): Promise<void> {
    await this.#table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
  }

  close(): Promise<void> {
    this.#table.close();
    return Promise.resolve();
  }

  /** One record batch; the vectors go in as one block of `items × dimensions` floats. */
  #arrowOf(items: readonly AnnItem[]): Table {
    const { dimensions } = this.spec;
    const schema = schemaOf(dimensions);
    const flat = new Float32Array(items.length * dimensions);
    items.forEach(({ vector }, row) => flat.set(normalised(vector, dimensions), row * dimensions));
    const text = (values: string[]) => vectorFromArray(values, new Utf8()).data[0]!;
    const children = [
      text(items.map(({ id }) => id)),
      text(items.map(({ productId }) => productId)),
      text(items.map(({ metadata }) => JSON.stringify(metadata))),
      makeData({
        type: new FixedSizeList(dimensions, new Field('item', new Float32(), true)),
        length: items.length,
        nullCount: 0,
        child: makeData({ type: new Float32(), length: flat.length, nullCount: 0, data: flat }),
      }),
    ];
    const batch = makeData({ type: new Struct(schema.fields), length: items.length, nullCount: 0, children });
    return new Table(schema, new RecordBatch(schema, batch));
  }
}

/** @returns a unit copy. @throws AppError('invalid-input') for a wrong length, a value that is not finite, or length 0. */
function normalised(vector: Float32Array, dimensions: number): Float32Array {
  if (vector.length !== dimensions) throw new AppError('invalid-input', `Expected ${dimensions} dimensions, got ${vector.length}.`);
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length < 1e-12) throw new AppError('invalid-input', 'A vector must be finite and not zero.');
  return vector.map((value) => value / length);
}

function idPredicate(ids: readonly string[]): string {
  return `id IN (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`;
}

function parseMetadata(text: string): ItemMetadata {
  return metadataSchema.parse(JSON.parse(text));
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
