/**
 * @file Erases what was deleted from a LanceDB table: [Note: Delete is not erase]. LanceDB's compaction rewrites a file only when more than a
 * tenth of it is deleted and there is no setting for it here, but an update writes the rows that it changes into a new file: updating
 * every row of a file to what it was rewrites it. A row's id holds its file's number in the upper 32 bits.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Table as LanceTable } from '@lancedb/lancedb';

/**
 * Write the live rows of every file with deleted rows into new files. The old files go with their versions.
 * @param folder of the table; null: it lies in an object store, whose files are not listed: every row is written anew.
 * @returns how many files were written anew.
 */
export async function rewriteFragments(table: LanceTable, folder: string | null): Promise<number> {
  const unchanged = { id: 'id' };
  if (folder === null) {
    await table.update({ valuesSql: unchanged });
    return 1;
  }
  let rewritten = 0;
  for (const fragment of await fragmentsWithDeletions(folder)) {
    const where = `_rowid >= ${fragment << 32n} AND _rowid < ${(fragment + 1n) << 32n}`;
    // Files of older versions are listed too; they hold no live row.
    if ((await table.countRows(where)) === 0) continue;
    await table.update({ where, valuesSql: unchanged });
    rewritten += 1;
  }
  return rewritten;
}

/** Numbers of files that have, or had, deleted rows: their deletion files are named `<number>-<version>-<random>`. */
async function fragmentsWithDeletions(folder: string): Promise<bigint[]> {
  let names: string[];
  try {
    names = await readdir(join(folder, '_deletions'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return [...new Set(names.flatMap((name) => /^(\d+)-/.exec(name)?.[1] ?? []))].map(BigInt);
}
