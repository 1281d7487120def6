/** @file The embedded SQL database: opening it with full-sync durability, and its migrations. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, type Client } from '@libsql/client';
import { AppError } from '../../src/contracts/errors.ts';

/** Each entry is one version; they are only ever appended to. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE collections (
       name TEXT PRIMARY KEY, space TEXT NOT NULL, dimensions INTEGER NOT NULL, metric TEXT NOT NULL, created_at_ms INTEGER NOT NULL
     ) STRICT`,
    `CREATE TABLE write_ahead (
       sequence INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, kind TEXT NOT NULL, header TEXT NOT NULL, vectors BLOB NOT NULL
     ) STRICT`,
    `CREATE TABLE products (
       id TEXT PRIMARY KEY, source TEXT NOT NULL, has_contents INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL, body TEXT NOT NULL
     ) STRICT`,
    `CREATE TABLE product_gtins (gtin TEXT NOT NULL, product_id TEXT NOT NULL, PRIMARY KEY (gtin, product_id)) STRICT, WITHOUT ROWID`,
    `CREATE INDEX product_gtins_by_product ON product_gtins (product_id)`,
    `CREATE TABLE loads (name TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at_ms INTEGER NOT NULL) STRICT`,
  ],
];

/**
 * Open (or make) the database file and bring it to the newest version.
 * [Note: One connection] `PRAGMA synchronous` belongs to a connection, so the client is held to one, and only `execute` and `batch`
 * are used: an open `transaction()` would keep that connection from everybody else.
 * @throws AppError('invalid-input') when the file was written by a newer version.
 */
export async function openDatabase(path: string): Promise<Client> {
  mkdirSync(dirname(path), { recursive: true });
  const client = createClient({ url: pathToFileURL(path).href, concurrency: 1, timeout: 10_000 });
  try {
    await client.execute('PRAGMA journal_mode = WAL');
    await client.execute('PRAGMA synchronous = FULL');
    chmodSync(path, 0o600);
    const version = Number((await client.execute('PRAGMA user_version')).rows[0]?.['user_version'] ?? 0);
    if (version > MIGRATIONS.length)
      throw new AppError('invalid-input', `The database was written by a newer version (${version} > ${MIGRATIONS.length}).`);
    for (let next = version; next < MIGRATIONS.length; next++)
      await client.batch([...MIGRATIONS[next]!, `PRAGMA user_version = ${next + 1}`], 'write');
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
