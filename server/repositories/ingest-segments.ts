/**
 * @file Rows of a bulk ingest that are promised but not yet in the engine: Arrow IPC files, flushed to the disk, one folder a job.
 * They are what the write-ahead log is to single writes; millions of vectors would be too many for SQL.
 */
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tableFromIPC, tableToIPC, type Table } from 'apache-arrow';

/** One file. Its table may have fewer rows than `rows`: of equal ids the last is kept. */
export interface Segment {
  /** Number of rows of the job before this file. */
  readonly firstRow: number;
  /** Rows of the job that it stands for. */
  readonly rows: number;
  readonly path: string;
}

const NAME = /^(\d{12})-(\d+)\.arrow$/;

/** The folder of all jobs. */
export class IngestSegments {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Jobs that left rows behind. */
  async jobs(): Promise<{ collection: string; job: string }[]> {
    const found: { collection: string; job: string }[] = [];
    for (const collection of await namesIn(this.#folder))
      for (const job of await namesIn(join(this.#folder, collection))) found.push({ collection, job });
    return found;
  }

  /** A job's files, in order. Half-written ones are no part of it. */
  async list(collection: string, job: string): Promise<Segment[]> {
    const folder = this.#folderOf(collection, job);
    const segments = (await namesIn(folder)).flatMap((name) => {
      const [, firstRow, rows] = NAME.exec(name) ?? [];
      return firstRow === undefined ? [] : [{ firstRow: Number(firstRow), rows: Number(rows), path: join(folder, name) }];
    });
    return segments.sort((a, b) => a.firstRow - b.firstRow);
  }

  /** Resolves when the rows survive a power loss. */
  async write(collection: string, job: string, firstRow: number, rows: number, table: Table): Promise<Segment> {
    const folder = this.#folderOf(collection, job);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${String(firstRow).padStart(12, '0')}-${rows}.arrow`);
    const temporary = `${path}.part`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(tableToIPC(table, 'stream'));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    for (const above of [folder, dirname(folder), this.#folder]) await flushFolder(above);
    return { firstRow, rows, path };
  }

  /** @throws when the file is damaged. */
  async read({ path }: Segment): Promise<Table> {
    return tableFromIPC(await readFile(path));
  }

  async remove(segments: readonly Segment[]): Promise<void> {
    for (const { path } of segments) await rm(path, { force: true });
  }

  /** Forget a job's files, or all of a collection. */
  async removeAll(collection: string, job?: string): Promise<void> {
    await rm(job === undefined ? join(this.#folder, collection) : this.#folderOf(collection, job), { recursive: true, force: true });
  }

  #folderOf(collection: string, job: string): string {
    return join(this.#folder, collection, job);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    // Windows opens no folders; NTFS keeps its folder entries in a journal of its own.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
  }
}
