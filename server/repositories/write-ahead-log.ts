/**
 * @file Writes that are promised but perhaps not yet in the vector engine. [Note: Order of a write] log (flushed) → engine → answer;
 * entries go once the engine's files are flushed too. After a crash every entry left is applied again, in order: upserts and
 * deletes by id give the same result twice.
 */
import { crc32 } from 'node:zlib';
import type { Client, InStatement, Row } from '@libsql/client';
import { z } from 'zod';
import { collectionNameSchema, itemIdSchema, metadataSchema } from '../../src/contracts/server-api.ts';
import type { AnnItem } from '../vectors/ann-index.ts';

/** Kind of an entry that was set aside. */
const DAMAGED = 'damaged';

/** One write to one collection. */
export type WriteOperation =
  | { readonly kind: 'upsert'; readonly collection: string; readonly items: readonly AnnItem[] }
  | { readonly kind: 'delete'; readonly collection: string; readonly ids: readonly string[] };

/** A logged write. */
export interface LoggedOperation {
  readonly sequence: number;
  readonly collection: string;
  /** Null: it is damaged. */
  readonly operation: WriteOperation | null;
}

const upsertHeaderSchema = z.array(z.tuple([itemIdSchema, z.string(), metadataSchema])).min(1);
const deleteHeaderSchema = z.array(itemIdSchema);
const rowSchema = z.object({
  sequence: z.int(),
  collection: collectionNameSchema,
  kind: z.enum(['upsert', 'delete']),
  header: z.string(),
  vectors: z.instanceof(ArrayBuffer),
  /** CRC-32 of header and vectors; null: written before there was one. */
  checksum: z.int().nullable(),
});

/** The log's table. */
export class WriteAheadLog {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Append all in one transaction, flushed to the disk when this resolves. @returns the sequence of each. */
  async append(operations: readonly WriteOperation[]): Promise<number[]> {
    const results = await this.#client.batch(operations.map(statementOf), 'write');
    return results.map(({ lastInsertRowid }) => Number(lastInsertRowid));
  }

  /** Entries in the order they were written; `after` pages through. */
  async read(after: number, limit: number): Promise<LoggedOperation[]> {
    const { rows } = await this.#client.execute({
      sql: `SELECT sequence, collection, kind, header, vectors, checksum FROM write_ahead
            WHERE sequence > ? AND kind <> '${DAMAGED}' ORDER BY sequence LIMIT ?`,
      args: [after, limit],
    });
    return rows.map((row) => ({
      sequence: Number(row['sequence']),
      collection: z.string().parse(row['collection']),
      operation: operationOf(row),
    }));
  }

  /**
   * Forget everything up to and including `sequence`, except what is meant for the collections `keep`. Nothing is forgotten while a backup
   * holds the log: [Note: What a backup holds].
   */
  async forget(sequence: number, keep: readonly string[]): Promise<void> {
    await this.#client.execute({
      sql: `DELETE FROM write_ahead WHERE sequence <= ? AND kind <> '${DAMAGED}' AND collection NOT IN (${keep.map(() => '?').join(', ')})
            AND NOT EXISTS (SELECT 1 FROM holds WHERE until_ms > ?)`,
      args: [sequence, ...keep, Date.now()],
    });
  }

  /** Keep a damaged entry for whoever wants to look at it; it is neither applied nor forgotten any more. */
  async setAside(sequence: number): Promise<void> {
    await this.#client.execute({ sql: 'UPDATE write_ahead SET kind = ? WHERE sequence = ?', args: [DAMAGED, sequence] });
  }

  /** Collections that damaged entries were meant for, and how many. */
  async damaged(): Promise<{ collection: string; writes: number }[]> {
    const { rows } = await this.#client.execute({
      sql: 'SELECT collection, count(*) AS writes FROM write_ahead WHERE kind = ? GROUP BY collection',
      args: [DAMAGED],
    });
    return rows.map((row) => ({ collection: z.string().parse(row['collection']), writes: Number(row['writes']) }));
  }

  /** Take back entries whose write failed and was answered as failed. */
  async withdraw(sequences: readonly number[]): Promise<void> {
    await this.#client.batch(
      sequences.map((sequence) => ({ sql: 'DELETE FROM write_ahead WHERE sequence = ?', args: [sequence] })),
      'write',
    );
  }
}

function statementOf(operation: WriteOperation): InStatement {
  const sql = 'INSERT INTO write_ahead (collection, kind, header, vectors, checksum) VALUES (?, ?, ?, ?, ?)';
  if (operation.kind === 'delete') {
    const header = JSON.stringify(operation.ids);
    const vectors = new Uint8Array(0);
    return { sql, args: [operation.collection, 'delete', header, vectors, checksumOf(header, vectors)] };
  }
  const { collection, items } = operation;
  const header = JSON.stringify(items.map(({ id, productId, metadata }) => [id, productId, metadata]));
  const dimensions = items[0]?.vector.length ?? 0;
  const vectors = new Float32Array(items.length * dimensions);
  items.forEach(({ vector }, row) => vectors.set(vector, row * dimensions));
  const bytes = new Uint8Array(vectors.buffer);
  return { sql, args: [collection, 'upsert', header, bytes, checksumOf(header, bytes)] };
}

function checksumOf(header: string, vectors: Uint8Array): number {
  // Of no bytes at all the CRC would begin again.
  return vectors.byteLength === 0 ? crc32(header) : crc32(vectors, crc32(header));
}

/** @returns null for an entry that is not as it was written. */
function operationOf(row: Row): WriteOperation | null {
  const parsed = rowSchema.safeParse({ ...row });
  if (!parsed.success) return null;
  const { header, vectors, checksum } = parsed.data;
  if (checksum !== null && checksum !== checksumOf(header, new Uint8Array(vectors))) return null;
  try {
    return decoded(parsed.data);
  } catch {
    return null;
  }
}

function decoded({ collection, kind, header, vectors }: z.infer<typeof rowSchema>): WriteOperation {
  if (kind === 'delete') return { kind, collection, ids: deleteHeaderSchema.parse(JSON.parse(header)) };
  const entries = upsertHeaderSchema.parse(JSON.parse(header));
  const floats = new Float32Array(vectors);
  const dimensions = floats.length / entries.length;
  const items = entries.map(([id, productId, metadata], row) => ({
    id,
    productId,
    metadata,
    vector: floats.slice(row * dimensions, (row + 1) * dimensions),
  }));
  return { kind, collection, items };
}
