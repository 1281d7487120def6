/**
 * @file Writes rows to a LanceDB table: rows whose ids are new are appended, which costs the same however large the table is; others are
 * joined with the table.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Table as LanceTable } from '@lancedb/lancedb';
import { Table, type RecordBatch } from 'apache-arrow';
import { KnownIds } from './known-ids.ts';

/** Batches from this size on are joined by a scan of all ids, smaller ones through the index of ids. */
export const SCAN_JOIN_ROWS = 5_000;

/** Insert or replace by id. @param tables ids unique within each; of equal ids the last table has its way. */
export async function mergeRows(table: LanceTable, tables: readonly Table[]): Promise<void> {
  // The engine would insert both of two new rows with one id.
  if (tables.length > 1 && haveTwins(tables)) for (const one of tables) await merge(table, one);
  else await merge(table, joined(tables));
}

/** {@link mergeRows} of many rows again and again. It remembers every id: only it may insert rows meanwhile. */
export class BulkRows {
  readonly #table: LanceTable;
  #known: KnownIds | null = null;

  constructor(table: LanceTable) {
    this.#table = table;
  }

  async write(tables: readonly Table[]): Promise<void> {
    if (await this.#areNew(tables)) await this.#table.add(joined(tables));
    else await mergeRows(this.#table, tables);
  }

  /** @returns true when no id of the tables is in the table or twice in them. */
  async #areNew(tables: readonly Table[]): Promise<boolean> {
    if (this.#known === null) {
      const known = new KnownIds();
      for await (const batch of this.#table.query().select(['id'])) addIds(known, batch);
      this.#known = known;
    }
    let found = 0;
    for (const { batches } of tables) {
      for (const batch of batches) found += addIds(this.#known, batch);
      await nextTurn();
    }
    return found === 0;
  }
}

async function merge(table: LanceTable, rows: Table): Promise<void> {
  await table
    .mergeInsert('id')
    .whenMatchedUpdateAll()
    .whenNotMatchedInsertAll()
    .useIndex(rows.numRows < SCAN_JOIN_ROWS)
    .execute(rows);
}

function joined(tables: readonly Table[]): Table {
  return tables.length === 1 ? tables[0]! : new Table(tables.flatMap(({ batches }) => batches));
}

/** @returns true when two of the tables have a row of one id. */
function haveTwins(tables: readonly Table[]): boolean {
  const known = new KnownIds();
  return tables.some((table) => addIds(known, table) > 0);
}

/** @param rows a table or batch with the column `id`. @returns how many were known before. */
function addIds(known: KnownIds, rows: Table | RecordBatch): number {
  const ids = rows.getChild('id');
  return ids === null ? 0 : known.add(ids);
}
