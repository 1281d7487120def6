/**
 * @file Looks for files of the engine that are not what was written: a bit that flipped on the disk is served without a word otherwise, since
 * the engine's files have no checksums. A file is summed once it has rested, and compared with that from then on, quietly in the background.
 * What changes between the writing of a file and its first sum is not noticed.
 */
import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { FastifyBaseLogger } from 'fastify';
import type { FileSum, FileSums } from '../../repositories/file-sums.ts';

/** After a start, when its first rush is over; then every hour. */
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;
/** A file is compared again after a day. */
const CHECK_AGAIN_MS = 24 * 3_600_000;
/** Bytes read at a time, and the pause behind each: 50 MB/s at most. */
const STEP_BYTES = 1 << 20;
const STEP_PAUSE_MS = 20;
/** A file that was changed later than this may still be written. */
const RESTED_MS = 60_000;
/** Folders of a table whose files are written once. */
const WRITTEN_ONCE = ['data', '_deletions', '_indices', '_versions'];
const TABLE = '.lance';

/** What it stands on. */
export interface ScrubParts {
  /** The engine's folder. */
  readonly folder: string;
  readonly sums: FileSums;
  readonly logger: Pick<FastifyBaseLogger, 'warn'>;
  /** Told of each file that is not what it was, also again after a start. @param isIndex it can be made again from the rows. */
  readonly onChanged: (collection: string, file: string, isIndex: boolean) => void;
}

/** How thorough a run is. */
export interface ScrubRun {
  /** Look at files however new they are, and however short ago they were looked at, without pauses. */
  readonly isUrgent?: boolean;
}

/** Runs by itself from {@link Scrub.start} to {@link Scrub.close}. */
export class Scrub {
  readonly #parts: ScrubParts;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(parts: ScrubParts) {
    this.#parts = parts;
  }

  /** Tells of files that were found changed before, and looks at all from time to time. */
  async start(): Promise<void> {
    for (const sum of await this.#parts.sums.list()) {
      if (!sum.isDamaged) continue;
      if ((await this.#storedIdentity(sum.path)) === sum.identity) this.#tell(sum.path);
      else await this.#parts.sums.remove([sum.path]);
    }
    this.#next(FIRST_MS);
  }

  /** Look at all files now. */
  async run({ isUrgent = false }: ScrubRun = {}): Promise<void> {
    const { folder, sums } = this.#parts;
    const known = new Map((await sums.list()).map((sum) => [sum.path, sum]));
    const paths = new Set(await filesOf(folder));
    await sums.remove([...known.keys()].filter((path) => !paths.has(path)));
    for (const path of paths) {
      if (this.#stop.signal.aborted) return;
      await this.#look(path, known.get(path) ?? null, isUrgent);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #next(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.run()
        .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'the files could not be looked through'))
        .finally(() => {
          this.#running = null;
          if (!this.#stop.signal.aborted) this.#next(EVERY_MS);
        });
    }, afterMs).unref();
  }

  async #look(path: string, before: FileSum | null, isUrgent: boolean): Promise<void> {
    const nowMs = Date.now();
    try {
      const found = await stat(join(this.#parts.folder, path));
      const identity = identityOf(found);
      const known = before?.identity === identity ? before : null;
      const isDue = known === null ? nowMs - found.mtimeMs > RESTED_MS : nowMs - known.checkedAtMs > CHECK_AGAIN_MS;
      if (!isDue && !isUrgent) return;
      const checksum = await this.#checksumOf(path, isUrgent);
      if (checksum === null) return;
      const isDamaged = known !== null && known.checksum !== checksum;
      await this.#parts.sums.put({ path, identity, checksum: known?.checksum ?? checksum, checkedAtMs: nowMs, isDamaged });
      if (isDamaged) this.#tell(path);
    } catch (error) {
      // Replaced by a newer version meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #tell(path: string): void {
    const [table = '', part = ''] = path.split(sep);
    this.#parts.onChanged(table.slice(0, -TABLE.length), path, part === '_indices');
  }

  /** Null: it is gone. */
  async #storedIdentity(path: string): Promise<string | null> {
    try {
      return identityOf(await stat(join(this.#parts.folder, path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Null: the server stops. */
  async #checksumOf(path: string, isUrgent: boolean): Promise<number | null> {
    const file = await open(join(this.#parts.folder, path));
    try {
      const step = Buffer.allocUnsafe(STEP_BYTES);
      let checksum = 0;
      for (;;) {
        const { bytesRead } = await file.read(step, 0, STEP_BYTES, null);
        if (bytesRead === 0) return checksum;
        checksum = crc32(step.subarray(0, bytesRead), checksum);
        if (!isUrgent) await sleep(STEP_PAUSE_MS);
        if (this.#stop.signal.aborted) return null;
      }
    } finally {
      await file.close();
    }
  }
}

/** Tells a file from another of the same name. */
function identityOf({ ino, birthtimeMs }: Stats): string {
  return `${ino}-${Math.round(birthtimeMs)}`;
}

/** @returns paths below the folder. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    // Before the first collection there is none.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  return entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    const [table = '', part = ''] = path.split(sep);
    return entry.isFile() && table.endsWith(TABLE) && WRITTEN_ONCE.includes(part) && !/hint/.test(entry.name) ? [path] : [];
  });
}
