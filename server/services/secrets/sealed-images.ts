/**
 * @file Images of jobs while they wait: files below `data/recognitions/`, each encrypted with a key of its own. The keys, wrapped by the
 * master key, lie in the database; destroying one makes its file worthless, and the file goes right after.
 */
import { mkdir, open, readFile, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seal, unseal } from './envelope.ts';

/** The folder of waiting images. */
export class SealedImages {
  readonly #folder: string;
  readonly #masterKey: Uint8Array;

  /** @param masterKey 32 bytes. */
  constructor(folder: string, masterKey: Uint8Array) {
    this.#folder = folder;
    this.#masterKey = masterKey;
  }

  /** @returns the wrapped key; the file is on the disk when this resolves. */
  async put(jobId: string, position: number, bytes: Uint8Array): Promise<Uint8Array> {
    const { wrapped, body } = seal(this.#masterKey, nameOf(jobId, position), bytes);
    await mkdir(join(this.#folder, jobId), { recursive: true, mode: 0o700 });
    const file = await open(this.#path(jobId, position), 'wx', 0o600);
    try {
      await file.writeFile(body);
      await file.sync();
    } finally {
      await file.close();
    }
    return wrapped;
  }

  /** @returns the image, or null when its file is gone. @throws AppError('model-integrity') when it was changed. */
  async get(jobId: string, position: number, wrapped: Uint8Array): Promise<Buffer | null> {
    let body: Uint8Array;
    try {
      body = await readFile(this.#path(jobId, position));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return unseal(this.#masterKey, nameOf(jobId, position), { wrapped, body });
  }

  async destroy(jobId: string, position: number): Promise<void> {
    await rm(this.#path(jobId, position), { force: true });
    // Goes with the last of its files.
    await rmdir(join(this.#folder, jobId)).catch(() => {});
  }

  async destroyJob(jobId: string): Promise<void> {
    await rm(join(this.#folder, jobId), { recursive: true, force: true });
  }

  /** Remove everything but what waits: uploads that a crash cut short, and files whose keys went right before one. @param waiting positions by job. */
  async sweep(waiting: ReadonlyMap<string, ReadonlySet<number>>): Promise<void> {
    for (const jobId of await readdir(this.#folder).catch(() => [])) {
      const kept = waiting.get(jobId);
      if (kept === undefined) await this.destroyJob(jobId);
      else
        for (const name of await readdir(join(this.#folder, jobId)))
          if (!kept.has(Number.parseInt(name, 10))) await rm(join(this.#folder, jobId, name), { force: true });
    }
  }

  #path(jobId: string, position: number): string {
    return join(this.#folder, jobId, `${position}.sealed`);
  }
}

function nameOf(jobId: string, position: number): string {
  return `recognition\n${jobId}\n${position}`;
}
