/**
 * @file Backs up a data folder while a server works on it, and brings it back. [Note: What a backup holds]
 * 1. The write-ahead log is held: the server goes on, and forgets no entry meanwhile.
 * 2. Each table's newest version is taken: its files never change, so links to them are a snapshot. Then they are copied.
 * 3. The database is copied in one transaction, after the tables. Whatever a table lacks is in the log of this copy, so a start on
 *    the backup ends at exactly the state of the moment of this copy, every write whole.
 * The key that unlocks thumbnails is left out unless asked for: a backup without it gives nobody their pictures.
 * [Note: An index elsewhere] The server writes down where its index is. Tables in another folder are taken from there; those of an object store
 * or a service are not, and that must be asked for: a backup that lacks them silently would be none.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, copyFile, link, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect } from '@lancedb/lancedb';
import type { Client } from '@libsql/client';
import { z } from 'zod';
import { AppError } from '../../../src/contracts/errors.ts';
import { AuditLog } from '../../repositories/audit-log.ts';
import { DatabaseFile } from '../../repositories/database-file.ts';
import { openDatabase } from '../../repositories/database.ts';
import { LOCK_FILE } from '../../repositories/folder-lock.ts';
import { Loads } from '../../repositories/loads.ts';
import { removeStagings, stagingFolder } from './backup-staging.ts';
import { MASTER_KEY_FILE } from '../secrets/master-key.ts';
import { RECOGNITIONS_FOLDER } from '../recognition/open-recognition.ts';
import { INDEX_LOCATION } from '../collections/open-index.ts';
import { DATABASE_FILE } from '../open-services.ts';
import { isStorageFull } from './storage-full.ts';

const MANIFEST_FILE = 'manifest.json';
const VECTORS_FOLDER = 'vectors';
/** A hold that its owner does not renew ends by itself: a backup that was killed must not keep the log for ever. */
const HOLD_MS = 120_000;
/** A table that is compacted meanwhile is taken again. */
const MAX_ATTEMPTS = 10;
/** Names of versions count down from here, so that the newest sorts first. */
const COUNT_DOWN = 2n ** 64n - 1n;

const manifestSchema = z.strictObject({
  format: z.literal('mekiki-backup'),
  version: z.literal(1),
  atMs: z.int(),
  /** Newest row of the audit log. */
  auditHead: z.string(),
  hasMasterKey: z.boolean(),
  /** Where the vectors are that this backup lacks; null: they are in it. */
  vectorsElsewhere: z.string().nullable().default(null),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string() })),
});
/** What a backup says of itself. */
export type BackupManifest = z.infer<typeof manifestSchema>;

/** What to back up, and where to. */
export interface BackupOptions {
  readonly dataFolder: string;
  /** Must not exist, or be empty. */
  readonly to: string;
  readonly isWithMasterKey: boolean;
  /** Leave out vectors that are in an object store or a service. */
  readonly isWithoutVectors?: boolean;
  /** A backup that was killed keeps the server's log for so long. It is renewed by a quarter of it. Default: two minutes. */
  readonly holdMs?: number;
}

/**
 * @returns the manifest, which is written last: a folder without one is no backup.
 * @throws AppError('invalid-input') when there is no data, or the target is not empty; `busy` while a bulk ingest or another backup is
 * under way.
 */
export async function backUp({
  dataFolder,
  to,
  isWithMasterKey,
  isWithoutVectors = false,
  holdMs = HOLD_MS,
}: BackupOptions): Promise<BackupManifest> {
  if (!(await exists(join(dataFolder, DATABASE_FILE)))) throw new AppError('invalid-input', 'There is no data in that folder.');
  await requireEmpty(to);
  const client = await openDatabase(join(dataFolder, DATABASE_FILE));
  const database = new DatabaseFile(client, join(dataFolder, DATABASE_FILE));
  const name = `backup-${process.pid}-${Date.now()}`;
  const staging = stagingFolder(dataFolder);
  let renewal: NodeJS.Timeout | null = null;
  try {
    const { folder: vectors, elsewhere } = await vectorsOf(client, dataFolder, isWithoutVectors);
    if (await database.isHeld(Date.now())) throw new AppError('busy', 'Another backup is being made. Try again when it has ended.');
    await removeStagings(dataFolder);
    await database.hold(name, Date.now() + holdMs);
    renewal = setInterval(() => void database.hold(name, Date.now() + holdMs).catch(() => {}), holdMs / 4);
    if (vectors !== null) await stageTables(vectors, staging);
    await requireNoIngest(client);
    await database.copyTo(join(to, DATABASE_FILE));
    const auditHead = await settleCopy(join(to, DATABASE_FILE));

    const files: BackupManifest['files'] = [await describeFile(to, DATABASE_FILE)];
    if (vectors !== null)
      for (const path of await filesBelow(staging)) files.push(await copyHashed(staging, join(to, VECTORS_FOLDER), path, to));
    for (const path of await otherFiles(dataFolder, isWithMasterKey)) files.push(await copyHashed(dataFolder, to, path, to));
    const hasMasterKey = files.some(({ path }) => path === MASTER_KEY_FILE);
    const manifest: BackupManifest = {
      format: 'mekiki-backup',
      version: 1,
      atMs: Date.now(),
      auditHead,
      hasMasterKey,
      vectorsElsewhere: elsewhere,
      files,
    };
    await writeFlushed(join(to, MANIFEST_FILE), JSON.stringify(manifest, null, 1));
    return manifest;
  } catch (error) {
    if (!isStorageFull(error)) throw error;
    throw new AppError(
      'storage-full',
      'There is no space left for the backup. What it wrote has no manifest and is no backup: delete it.',
      {
        cause: error,
      },
    );
  } finally {
    if (renewal !== null) clearInterval(renewal);
    await rm(staging, { recursive: true, force: true });
    // Last: without a hold a staging folder is an orphan.
    await database.release(name).catch(() => {});
    client.close();
  }
}

/**
 * Put a backup into a new data folder. Every file is checked before and after it is copied; the folder appears when all of it is there.
 * @param dataFolder must not exist, or be empty.
 * @throws AppError('invalid-input') for what is no backup, or a target with data; `model-integrity` for a file that was changed.
 */
export async function restore(from: string, dataFolder: string): Promise<BackupManifest> {
  const manifest = await readManifest(from);
  await requireEmpty(dataFolder, false);
  for (const { path, bytes, sha256 } of manifest.files) {
    if (!isInside(path)) throw new AppError('model-integrity', `The backup names a file outside of itself.`);
    const found = await describeFile(from, path).catch(() => null);
    if (found?.sha256 !== sha256 || found.bytes !== bytes)
      throw new AppError('model-integrity', `The file "${path}" of the backup is missing or was changed.`);
  }
  const fresh = `${dataFolder}.restoring`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  for (const { path, sha256 } of manifest.files) {
    const copied = await copyHashed(from, fresh, path, fresh);
    if (copied.sha256 !== sha256) throw new AppError('model-integrity', `The file "${path}" changed while it was copied.`);
  }
  await rm(dataFolder, { recursive: true, force: true });
  await rename(fresh, dataFolder);
  return manifest;
}

/** [Note: An index elsewhere] @throws AppError('invalid-input') for vectors that cannot be taken, unless they may be left out. */
async function vectorsOf(
  client: Client,
  dataFolder: string,
  isWithoutVectors: boolean,
): Promise<{ folder: string | null; elsewhere: string | null }> {
  const uri = z
    .string()
    .nullable()
    .parse(await new Loads(client).get(INDEX_LOCATION));
  if (uri === null) return { folder: join(dataFolder, VECTORS_FOLDER), elsewhere: null };
  if (!/^[a-z0-9+.-]+:\/\//i.test(uri)) return { folder: uri, elsewhere: null };
  if (!isWithoutVectors)
    throw new AppError(
      'invalid-input',
      `The vectors are at ${uri}, not in the data folder: this backup would lack them. Copy each collection with "npm run export" (or the store by ` +
        'its own means), then back up the rest with --without-vectors.',
    );
  return { folder: null, elsewhere: uri };
}

async function readManifest(from: string): Promise<BackupManifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(from, MANIFEST_FILE), 'utf8')));
  } catch (error) {
    throw new AppError('invalid-input', 'That folder holds no complete backup.', { cause: error });
  }
}

/** Link (or copy) the newest version of every table into a folder. */
async function stageTables(vectors: string, staging: string): Promise<void> {
  await mkdir(staging, { recursive: true, mode: 0o700 });
  const names = (await exists(vectors)) ? (await readdir(vectors)).filter((name) => name.endsWith('.lance')) : [];
  for (const name of names) {
    for (let attempt = 1; !(await stageTable(join(vectors, name), join(staging, name))); attempt++) {
      await rm(join(staging, name), { recursive: true, force: true });
      // Removed meanwhile, with its collection.
      if (!(await exists(join(vectors, name)))) break;
      if (attempt === MAX_ATTEMPTS) throw new AppError('busy', 'A table is being rewritten all the time. Try again later.');
    }
  }
}

/** @returns false when the version that was taken went meanwhile. */
async function stageTable(from: string, to: string): Promise<boolean> {
  const manifest = await newestManifest(from);
  if (manifest === null) return false;
  try {
    await linkOrCopy(join(from, manifest), join(to, manifest));
    for (const path of await filesBelow(from)) if (!path.startsWith(`_versions${sep}`)) await linkOrCopy(join(from, path), join(to, path));
    if (!(await exists(join(from, manifest)))) return false;
    // Reads every file of the version: one that is missing fails here, not at the restore.
    const connection = await connect(dirname(to));
    const table = await connection.openTable(relative(dirname(to), to).slice(0, -'.lance'.length));
    await table.countRows('id IS NOT NULL');
    table.close();
    connection.close();
    return true;
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (isStorageFull(error)) throw error;
    return false;
  }
}

/** @returns path of the newest version's manifest below a table's folder; null when there is none. */
async function newestManifest(table: string): Promise<string | null> {
  const names = await readdir(join(table, '_versions')).catch(() => []);
  const versions = names.flatMap((name) => {
    const digits = /^(\d+)\.manifest$/.exec(name)?.[1];
    if (digits === undefined) return [];
    const number = BigInt(digits);
    return [{ name, version: digits.length === 20 ? COUNT_DOWN - number : number }];
  });
  const [newest] = versions.sort((a, b) => (a.version > b.version ? -1 : 1));
  return newest === undefined ? null : join('_versions', newest.name);
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // File systems without links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EXDEV' && code !== 'EMLINK') throw error;
    await copyFile(from, to);
  }
}

async function requireNoIngest(client: Awaited<ReturnType<typeof openDatabase>>): Promise<void> {
  const { rows } = await client.execute("SELECT 1 FROM ingests WHERE state IN ('receiving', 'applying') LIMIT 1");
  if (rows.length > 0) throw new AppError('busy', 'A bulk ingest is under way. Back up when it has ended.');
}

/** The copy holds no log for a backup any more, and is flushed. @returns the head of its audit log. */
async function settleCopy(path: string): Promise<string> {
  const client = await openDatabase(path);
  try {
    await client.execute('DELETE FROM holds');
    const { head } = await new AuditLog(client).verify();
    await new DatabaseFile(client, path).truncateLog();
    return head;
  } finally {
    client.close();
  }
}

/** Files of the data folder beside the database and the tables: keys, certificates, packs. */
async function otherFiles(dataFolder: string, isWithMasterKey: boolean): Promise<string[]> {
  const names = (await readdir(dataFolder, { withFileTypes: true })).filter(
    // Images of jobs are kept until they are done, and not longer in a copy.
    ({ name }) =>
      name !== VECTORS_FOLDER &&
      name !== RECOGNITIONS_FOLDER &&
      !name.startsWith(LOCK_FILE) &&
      !name.startsWith(DATABASE_FILE) &&
      !name.startsWith('backup-') &&
      !name.endsWith('.new'),
  );
  const paths = await Promise.all(names.map(async (entry) => (entry.isFile() ? [entry.name] : below(dataFolder, entry.name))));
  return paths.flat().filter((path) => isWithMasterKey || path !== MASTER_KEY_FILE);
}

async function requireEmpty(folder: string, isMade = true): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length > 0) throw new AppError('invalid-input', `The folder is not empty: nothing is ever overwritten. Choose another one.`);
  if (isMade) await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Copy a file, flushed to the disk. @returns its description, with its path below `root`. */
async function copyHashed(from: string, to: string, path: string, root: string): Promise<BackupManifest['files'][number]> {
  const target = join(to, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(join(from, path)), counting, createWriteStream(target, { mode: 0o600, flush: true }));
  return { path: relative(root, target).split(sep).join('/'), bytes, sha256: hash.digest('hex') };
}

async function describeFile(root: string, path: string): Promise<BackupManifest['files'][number]> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(root, path))) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).byteLength;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Paths of all files below a folder, relative to it. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function below(folder: string, name: string): Promise<string[]> {
  return (await filesBelow(join(folder, name))).map((path) => join(name, path));
}

function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !/^[a-z]:/i.test(path) && !path.split(/[/\\]/).includes('..');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
