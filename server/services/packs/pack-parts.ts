/**
 * @file The parts of packs as files, named by the SHA-256 of what is in them: there whole or not at all, never changed. A file that is not what
 * its name says is set aside (`<name>.damaged`) and made again by the next build.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that no manifest names yet may belong to a build under way, also of another process. */
const YOUNG_MS = 3_600_000;

/** One folder of parts. */
export class PackParts {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Durable when this resolves. @returns the name. */
  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Of(bytes);
    const path = join(this.#folder, sha256);
    if ((await this.get(sha256)) !== null) {
      // Young again: a sweep leaves it alone until the manifest is there.
      const now = new Date();
      await utimes(path, now, now);
      return sha256;
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = `${path}.${randomUUID()}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await this.#syncFolder();
    return sha256;
  }

  /** @returns the bytes, checked; null when there are none, or they are damaged (they are set aside then). */
  async get(sha256: string): Promise<Buffer | null> {
    const path = join(this.#folder, sha256);
    const bytes = await readFile(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null || sha256Of(bytes) === sha256) return bytes;
    await rename(path, `${path}.damaged`);
    return null;
  }

  /** Remove a part, also one that was set aside. */
  async remove(sha256: string): Promise<void> {
    const path = join(this.#folder, sha256);
    for (const one of [path, `${path}.damaged`]) await rm(one, { force: true });
  }

  /** Remove what is not among `keep` and not young. @returns how many files went. */
  async sweep(keep: ReadonlySet<string>, nowMs = Date.now()): Promise<number> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    let gone = 0;
    for (const name of names) {
      if (keep.has(name)) continue;
      const path = join(this.#folder, name);
      const isYoung = await stat(path).then(
        ({ mtimeMs }) => nowMs - mtimeMs < YOUNG_MS,
        () => true,
      );
      if (isYoung) continue;
      await rm(path, { force: true });
      gone += 1;
    }
    return gone;
  }

  async #syncFolder(): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
