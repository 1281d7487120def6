/** @file The embedded SQL database: opening it with full-sync durability, and its migrations. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client } from '@libsql/client';
import { AppError } from '../../src/contracts/errors.ts';
import { ThreadedClient } from './threaded-client.ts';

/** Databases up to this size are looked through at each start: a fraction of a second. */
const CHECKED_BYTES = 256 << 20;

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
  [
    `ALTER TABLE collections ADD COLUMN fields TEXT NOT NULL DEFAULT '{}'`,
    `ALTER TABLE collections ADD COLUMN retention TEXT NOT NULL DEFAULT 'null'`,
    `ALTER TABLE collections ADD COLUMN quota TEXT NOT NULL DEFAULT 'null'`,
    `CREATE TABLE ingests (
       collection TEXT NOT NULL, job TEXT NOT NULL, applied_rows INTEGER NOT NULL, state TEXT NOT NULL, updated_at_ms INTEGER NOT NULL,
       PRIMARY KEY (collection, job)
     ) STRICT, WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE api_keys (
       id TEXT PRIMARY KEY, family TEXT NOT NULL, replaces TEXT, secret_hash BLOB NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL,
       role TEXT NOT NULL, collections TEXT, requests_per_minute INTEGER, requests_per_day INTEGER, created_at_ms INTEGER NOT NULL,
       created_by TEXT NOT NULL, expires_at_ms INTEGER, revoked_at_ms INTEGER, last_used_at_ms INTEGER
     ) STRICT`,
    `CREATE INDEX api_keys_by_time ON api_keys (created_at_ms, id)`,
    `CREATE TABLE key_requests (
       id TEXT PRIMARY KEY, claim_hash BLOB NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL, role TEXT NOT NULL, collections TEXT,
       state TEXT NOT NULL, created_at_ms INTEGER NOT NULL, decided_at_ms INTEGER, decided_by TEXT, granted TEXT
     ) STRICT`,
    `CREATE INDEX key_requests_by_time ON key_requests (created_at_ms, id)`,
    `CREATE TABLE key_usage (family TEXT NOT NULL, day INTEGER NOT NULL, requests INTEGER NOT NULL, PRIMARY KEY (family, day)) STRICT, WITHOUT ROWID`,
    `CREATE TABLE audit_log (
       sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, operation TEXT NOT NULL, collection TEXT,
       subject TEXT, count INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL
     ) STRICT`,
    `CREATE TRIGGER audit_log_keeps BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
    `CREATE TRIGGER audit_log_holds BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
    `CREATE TABLE arrivals (
       sequence INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, device TEXT NOT NULL, route TEXT NOT NULL,
       type TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, status INTEGER NOT NULL
     ) STRICT`,
    `CREATE INDEX arrivals_by_hash ON arrivals (sha256)`,
    `CREATE INDEX arrivals_by_time ON arrivals (at_ms)`,
    `CREATE TABLE idempotent_answers (
       actor TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER, body TEXT, created_at_ms INTEGER NOT NULL,
       PRIMARY KEY (actor, token)
     ) STRICT, WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE collection_rules (collection TEXT PRIMARY KEY, body TEXT NOT NULL, set_by TEXT NOT NULL, set_at_ms INTEGER NOT NULL) STRICT`,
    `CREATE TABLE records (
       collection TEXT NOT NULL, item_id TEXT NOT NULL, person_id TEXT, consent TEXT, written_at_ms INTEGER NOT NULL, valid_until_ms INTEGER,
       PRIMARY KEY (collection, item_id)
     ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX records_by_end ON records (valid_until_ms) WHERE valid_until_ms IS NOT NULL`,
    `CREATE INDEX records_by_person ON records (person_id) WHERE person_id IS NOT NULL`,
    `CREATE INDEX records_by_age ON records (collection, written_at_ms)`,
    `CREATE TABLE thumbnail_keys (
       collection TEXT NOT NULL, item_id TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (collection, item_id)
     ) STRICT`,
    `CREATE TABLE thumbnails (
       collection TEXT NOT NULL, item_id TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (collection, item_id)
     ) STRICT`,
    `CREATE TABLE erasures (
       id TEXT PRIMARY KEY, reason TEXT NOT NULL, state TEXT NOT NULL, requested_by TEXT NOT NULL, requested_at_ms INTEGER NOT NULL,
       salt TEXT NOT NULL, subject TEXT NOT NULL, targets TEXT NOT NULL, counts TEXT NOT NULL, items INTEGER NOT NULL,
       rewritten INTEGER NOT NULL, failures INTEGER NOT NULL, receipt TEXT
     ) STRICT`,
    `CREATE INDEX erasures_by_time ON erasures (requested_at_ms, id)`,
    `CREATE TABLE holds (name TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT`,
  ],
  [
    `CREATE TABLE packs (
       id TEXT NOT NULL, version INTEGER NOT NULL, manifest TEXT NOT NULL, public_key TEXT NOT NULL, signature TEXT NOT NULL,
       PRIMARY KEY (id, version)
     ) STRICT`,
    `CREATE TABLE pack_heads (id TEXT PRIMARY KEY, version INTEGER NOT NULL, is_withdrawn INTEGER NOT NULL) STRICT`,
    `CREATE TABLE pack_builds (
       id TEXT PRIMARY KEY, pack_id TEXT NOT NULL, rule TEXT NOT NULL, state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,
       version INTEGER, problem TEXT, requested_at_ms INTEGER NOT NULL, finished_at_ms INTEGER
     ) STRICT`,
    `CREATE INDEX products_by_source ON products (source, id)`,
  ],
  [
    `CREATE TABLE recognition_jobs (
       id TEXT PRIMARY KEY, owner TEXT NOT NULL, model TEXT NOT NULL, query TEXT NOT NULL, state TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
       finished_at_ms INTEGER, expires_at_ms INTEGER
     ) STRICT`,
    `CREATE INDEX recognition_jobs_by_time ON recognition_jobs (created_at_ms, id)`,
    `CREATE TABLE recognition_images (
       job_id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT, wrapped BLOB, image_state TEXT NOT NULL, attempts INTEGER NOT NULL, result TEXT,
       PRIMARY KEY (job_id, position)
     ) STRICT`,
    `CREATE INDEX recognition_images_waiting ON recognition_images (position) WHERE image_state = 'waiting'`,
    `CREATE TABLE webhooks (
       id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL, description TEXT NOT NULL, created_at_ms INTEGER NOT NULL,
       wrapped BLOB NOT NULL, body BLOB NOT NULL, failures INTEGER NOT NULL, disabled_reason TEXT, disabled_at_ms INTEGER
     ) STRICT`,
    `CREATE TABLE webhook_deliveries (
       id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, event TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL, attempts TEXT NOT NULL,
       created_at_ms INTEGER NOT NULL, next_attempt_at_ms INTEGER
     ) STRICT`,
    `CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at_ms) WHERE state = 'waiting'`,
    `CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, created_at_ms, id)`,
    `CREATE TABLE added_models (
       id TEXT PRIMARY KEY, manifest TEXT NOT NULL, added_at_ms INTEGER NOT NULL, added_by TEXT NOT NULL, wrapped BLOB, body BLOB
     ) STRICT`,
  ],
  [`ALTER TABLE write_ahead ADD COLUMN checksum INTEGER`],
  [
    `CREATE TABLE file_sums (
       path TEXT PRIMARY KEY, identity TEXT NOT NULL, checksum INTEGER NOT NULL, checked_at_ms INTEGER NOT NULL, is_damaged INTEGER NOT NULL
     ) STRICT`,
  ],
  [
    `CREATE TABLE shelf_visits (
       id TEXT PRIMARY KEY, shop_id TEXT NOT NULL, at_ms INTEGER NOT NULL, received_at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
       summary TEXT NOT NULL, report TEXT NOT NULL
     ) STRICT`,
    `CREATE INDEX shelf_visits_by_time ON shelf_visits (at_ms, id)`,
    `CREATE INDEX shelf_visits_by_shop ON shelf_visits (shop_id, at_ms, id)`,
    `CREATE INDEX shelf_visits_by_age ON shelf_visits (received_at_ms, bytes)`,
    `CREATE TABLE shelf_visit_bays (visit_id TEXT NOT NULL, bay_id TEXT NOT NULL, PRIMARY KEY (bay_id, visit_id)) STRICT, WITHOUT ROWID`,
    `CREATE INDEX shelf_visit_bays_of ON shelf_visit_bays (visit_id)`,
  ],
  [
    `CREATE TABLE race_galleries (
       id TEXT PRIMARY KEY, owner TEXT NOT NULL, token_hash TEXT NOT NULL, changed_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
       taken_down_at_ms INTEGER, wrapped BLOB, body BLOB
     ) STRICT`,
    `CREATE UNIQUE INDEX race_galleries_by_token ON race_galleries (token_hash)`,
    `CREATE INDEX race_galleries_by_end ON race_galleries (expires_at_ms)`,
    `CREATE INDEX race_galleries_taken_down ON race_galleries (owner, taken_down_at_ms) WHERE taken_down_at_ms IS NOT NULL`,
    `CREATE TABLE race_gallery_photos (
       gallery_id TEXT NOT NULL, photo_id TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (gallery_id, photo_id)
     ) STRICT, WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE shared_versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    `INSERT INTO shared_versions (part, version) VALUES ('keys', 1), ('rules', 1), ('packs', 1), ('records', 1)`,
    ...counted('keys', 'api_keys', 'role, collections, requests_per_minute, requests_per_day, expires_at_ms, revoked_at_ms'),
    ...counted('rules', 'collection_rules', 'body'),
    ...counted('rules', 'collections', 'name'),
    ...counted('packs', 'packs', 'signature'),
    ...counted('packs', 'pack_heads', 'version, is_withdrawn'),
    `ALTER TABLE records ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0`,
    `ALTER TABLE records ADD COLUMN erasure_id TEXT`,
    `UPDATE records SET sequence = 1 WHERE valid_until_ms IS NOT NULL`,
    `CREATE INDEX records_by_sequence ON records (sequence, collection, item_id)`,
    `CREATE INDEX erasures_open ON erasures (id) WHERE state <> 'done'`,
  ],
];

/**
 * Triggers that count the changes of a table, whoever makes them: servers that only read ask for what changed (`shared-state.ts`).
 * @param columns whose change counts.
 */
function counted(part: string, table: string, columns: string): string[] {
  const count = `BEGIN UPDATE shared_versions SET version = version + 1 WHERE part = '${part}'; END`;
  return ['INSERT', 'DELETE', `UPDATE OF ${columns}`].map(
    (event) => `CREATE TRIGGER ${table}_counts_${event.slice(0, 6).toLowerCase()} AFTER ${event} ON ${table} ${count}`,
  );
}

/**
 * Open (or make) the database file and bring it to the newest version.
 * [Note: One connection] `PRAGMA synchronous` belongs to a connection, so the client is held to one, and only `execute` and `batch`
 * are used: an open `transaction()` would keep that connection from everybody else.
 * @throws AppError('invalid-input') when the file was written by a newer version; 'model-integrity' when it is damaged.
 */
export async function openDatabase(path: string): Promise<Client> {
  mkdirSync(dirname(path), { recursive: true });
  const client = new ThreadedClient(pathToFileURL(path).href, 10_000);
  try {
    await client.execute('PRAGMA journal_mode = WAL');
    await client.execute('PRAGMA synchronous = FULL');
    // Deleted rows are overwritten with zeros: what was erased must not be found in the file.
    await client.execute('PRAGMA secure_delete = ON');
    chmodSync(path, 0o600);
    await requireWhole(client, path);
    const version = Number((await client.execute('PRAGMA user_version')).rows[0]?.['user_version'] ?? 0);
    if (version > MIGRATIONS.length)
      throw new AppError('invalid-input', `The database was written by a newer version (${version} > ${MIGRATIONS.length}).`);
    for (let next = version; next < MIGRATIONS.length; next++)
      await client.batch([...MIGRATIONS[next]!, `PRAGMA user_version = ${next + 1}`], 'write');
    return client;
  } catch (error) {
    client.close();
    throw isDatabaseDamaged(error) ? damaged(path, error) : error;
  }
}

/** @returns true for what SQLite says of a file that is none of its own or makes no sense. */
export function isDatabaseDamaged(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}

/** A larger file would keep a start waiting; SQLite notices a cut-off end by itself, and other damage where it reads. */
async function requireWhole(client: Client, path: string): Promise<void> {
  if (statSync(path).size > CHECKED_BYTES) return;
  const { rows } = await client.execute('PRAGMA quick_check(1)');
  const answer: unknown = Object.values(rows[0] ?? {})[0];
  if (answer !== 'ok') throw damaged(path, new Error(String(answer)));
}

function damaged(path: string, cause: unknown): AppError {
  return new AppError(
    'model-integrity',
    `The database "${path}" is damaged. Nothing was changed. Restore a backup into another folder (npm run restore) and start with that.`,
    { cause },
  );
}
