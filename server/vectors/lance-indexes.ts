/** @file The indexes of a LanceDB table: of vectors, trained when the rows are many enough, and of ids and declared fields. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Index, type Table as LanceTable } from '@lancedb/lancedb';
import type { Fields } from '../../src/contracts/server-api.ts';
import type { AnnState } from './ann-index.ts';
import { CODE_BITS, isTrainingDue, partitionsOf } from './index-plan.ts';
import { columnOf } from './scalar-filter.ts';

/** What LanceDB calls the index of vectors. */
export const VECTOR_INDEX = 'vector_idx';
/** Key of the vector column's metadata. An index of other codes counts as none and is trained anew. */
const TRAINED_ON = `mekiki.trainedOn.${CODE_BITS}bits`;
/** From so many rows on, ids and fields are indexed; below, a scan is as quick. */
export const SCALAR_INDEX_ROWS = 5_000;

export async function hasVectorIndex(table: LanceTable): Promise<boolean> {
  return (await table.listIndices()).some(({ name }) => name === VECTOR_INDEX);
}

/** Indexes of ids and of each declared field, where there is none. */
export async function indexScalars(table: LanceTable, fields: Fields): Promise<void> {
  const present = new Set((await table.listIndices()).flatMap(({ columns }) => columns));
  for (const column of ['id', ...Object.keys(fields).map(columnOf)])
    if (!present.has(column)) await table.createIndex(column, { config: scalarIndex(column, fields) });
}

function scalarIndex(column: string, fields: Fields): Index {
  const isBool = Object.entries(fields).some(([field, type]) => columnOf(field) === column && type === 'bool');
  return isBool ? Index.bitmap() : Index.btree();
}

/** Train the index of vectors, anew if there is one. @param rows of the table. */
export async function trainVectors(table: LanceTable, rows: number): Promise<void> {
  await table.createIndex('vector', {
    config: Index.ivfRq({ numPartitions: partitionsOf(rows), numBits: CODE_BITS, distanceType: 'cosine' }),
    replace: true,
  });
  await table.updateFieldMetadata([{ path: 'vector', metadata: { [TRAINED_ON]: String(rows) } }]);
}

/** Make every index anew from the live rows. @param exactRows up to here vectors have none. @returns how many there were. */
export async function rebuildAll(table: LanceTable, fields: Fields, exactRows: number): Promise<number> {
  const [indices, count] = await Promise.all([table.listIndices(), table.countRows()]);
  for (const { name, columns } of indices) {
    const [column = ''] = columns;
    if (count === 0) await table.dropIndex(name);
    else if (name !== VECTOR_INDEX) await table.createIndex(column, { config: scalarIndex(column, fields), replace: true });
  }
  // One all of whose rows were written anew is listed no longer.
  if (count >= SCALAR_INDEX_ROWS) await indexScalars(table, fields);
  const isTrained = indices.some(({ name }) => name === VECTOR_INDEX);
  if (count > 0 && (isTrained || isTrainingDue(count, null, exactRows))) await trainVectors(table, count);
  return indices.length;
}

/** @param exactRows up to here vectors have no index. */
export async function indexState(table: LanceTable, exactRows: number): Promise<AnnState> {
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
    isTrainingDue: isTrainingDue(count, known, exactRows),
    sizeBytes: totalBytes,
  };
}

/**
 * Each `optimize` writes the vector index anew, even with nothing to add, and leaves the one before for the next. Versions that refer to
 * it are older than any reader by now: half a gigabyte at seven million.
 * @param tables what searches use and what the newest version has: the same, but for a write between. @param folder of the table.
 * @returns how many were removed.
 */
export async function removeReplaced(tables: readonly LanceTable[], folder: string): Promise<number> {
  // Parts beyond the first are not named here.
  const all = (await Promise.all(tables.map((table) => table.listIndices()))).flat();
  if (all.some(({ numSegments, indexUuid }) => numSegments !== 1 || indexUuid === undefined)) return 0;
  const used = new Set(all.map(({ indexUuid }) => indexUuid));
  const indices = join(folder, '_indices');
  const present = await readdir(indices).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const replaced = present.filter((name) => !used.has(name));
  for (const name of replaced) await rm(join(indices, name), { recursive: true, force: true });
  return replaced.length;
}
