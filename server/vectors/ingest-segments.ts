/**
 * @file Rows of a bulk ingest that are promised but not yet in the engine: Arrow IPC files, flushed to the disk, one folder a job.
 * They are what the write-ahead log is to single writes; millions of vectors would be too many for SQL. Each ends with eight bytes: `MKS1`
 * and the CRC-32 of everything before them, so that a damaged one is never taken for whole.
 */
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { RecordBatchStreamWriter, tableFromIPC, type Table } from 'apache-arrow';
import { AppError } from '../../src/contracts/errors.ts';
import { ArrowChunks } from './arrow-chunks.ts';

/** One file. Its table may have fewer rows than `rows`: of equal ids the last is kept. */
export interface Segment {
  /** Number of rows of the job before this file. */
  readonly firstRow: number;
  /** Rows of the job that it stands for. */
  readonly rows: number;
  readonly path: string;
}

const NAME = /^(\d{12})-(\d+)\.arrow$/;
const DAMAGED = /^(\d{12})-(\d+)\.arrow\.damaged$/;
/** `MKS1` */
const MAGIC = 0x31_53_4b_4d;
const END_BYTES = 8;
/** A checksum of so many takes a millisecond or two. */
const CHECKED_BYTES = 4 << 20;

/** Rows of a job that are lost: their file was damaged. */
export type LostRows = Pick<Segment, 'firstRow' | 'rows'>;

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

  /** Files of a job that were set aside, in order. */
  async damaged(collection: string, job: string): Promise<LostRows[]> {
    const names = await namesIn(this.#folderOf(collection, job));
    const lost = names.flatMap((name) => {
      const [, firstRow, rows] = DAMAGED.exec(name) ?? [];
      return firstRow === undefined ? [] : [{ firstRow: Number(firstRow), rows: Number(rows) }];
    });
    return lost.sort((a, b) => a.firstRow - b.firstRow);
  }

  /** Remove the files of a collection that were set aside: nobody can say whose rows are in them. */
  async removeDamaged(collection: string): Promise<void> {
    for (const job of await namesIn(join(this.#folder, collection)))
      for (const name of await namesIn(this.#folderOf(collection, job)))
        if (DAMAGED.test(name)) await rm(join(this.#folderOf(collection, job), name), { force: true });
  }

  /** Resolves when the rows survive a power loss. */
  async write(collection: string, job: string, firstRow: number, rows: number, table: Table): Promise<Segment> {
    const folder = this.#folderOf(collection, job);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const segment = { firstRow, rows, path: join(folder, `${String(firstRow).padStart(12, '0')}-${rows}.arrow`) };
    await this.replace(segment, table);
    for (const above of [dirname(folder), this.#folder]) await flushFolder(above);
    return segment;
  }

  /** Put other rows into a file, e.g. those that are left after an erasure: the old ones or the new ones are there, never a mixture. */
  async replace({ path }: Segment, table: Table): Promise<void> {
    const chunks = new ArrowChunks();
    const writer = new RecordBatchStreamWriter().reset(chunks, table.schema);
    const temporary = `${path}.part`;
    const file = await open(temporary, 'w', 0o600);
    try {
      let checksum = 0;
      // Batch by batch, as they lie there: the whole as one block would be a copy, and its checksum a pause of the event loop.
      const put = async () => {
        const written = chunks.take();
        for (const chunk of written) checksum = crc32(chunk, checksum);
        await file.writev(written);
      };
      for (const batch of table.batches) {
        writer.write(batch);
        await put();
      }
      writer.finish();
      await put();
      const end = Buffer.alloc(END_BYTES);
      end.writeUInt32LE(MAGIC, 0);
      end.writeUInt32LE(checksum, 4);
      await file.writeFile(end);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await flushFolder(dirname(path));
  }

  /** @throws AppError('model-integrity') when the file is damaged or gone. */
  async read({ path }: Segment): Promise<Table> {
    const bytes = await readFile(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const at = bytes.length - END_BYTES;
    const isWhole = at >= 0 && bytes.readUInt32LE(at) === MAGIC && bytes.readUInt32LE(at + 4) === (await checksumOf(bytes.subarray(0, at)));
    if (!isWhole) throw new AppError('model-integrity', 'A file of a bulk ingest is damaged.');
    return tableFromIPC(bytes.subarray(0, at));
  }

  /** Put a damaged file out of the way; it is kept for whoever wants to look at it. */
  async setAside({ path }: Segment): Promise<void> {
    await rename(path, `${path}.damaged`).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  }

  /** Remove what a kill left half-written. */
  async removeHalfWritten(collection: string, job: string): Promise<void> {
    const folder = this.#folderOf(collection, job);
    for (const name of await namesIn(folder)) if (name.endsWith('.part')) await rm(join(folder, name), { force: true });
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

/** @returns the CRC-32, without a pause of the event loop. */
async function checksumOf(bytes: Uint8Array): Promise<number> {
  let checksum = 0;
  for (let start = 0; start < bytes.length; start += CHECKED_BYTES) {
    checksum = crc32(bytes.subarray(start, start + CHECKED_BYTES), checksum);
    await nextTurn();
  }
  return checksum;
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
