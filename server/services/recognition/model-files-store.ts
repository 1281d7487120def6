/** @file Files of models that were added: `data/models/<sha256>.onnx`, checked while they arrive, there whole or not at all. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HttpProblem } from '../http/problem.ts';

const INCOMING = 'incoming-';
const SUFFIX = '.onnx';

/** The folder of model files. */
export class ModelFilesStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Absolute path of a file, there or not. */
  pathOf(sha256: string): string {
    return join(this.#folder, `${sha256}${SUFFIX}`);
  }

  /** @returns its size, or null when it is not there. */
  async sizeOf(sha256: string): Promise<number | null> {
    const found = await stat(this.pathOf(sha256)).catch(() => null);
    return found?.size ?? null;
  }

  /** Take a file in. @throws HttpProblem 400 when it is not the one that was announced; 413 beyond `maxBytes`. */
  async put(sha256: string, chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<number> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const incoming = join(this.#folder, `${INCOMING}${randomUUID()}`);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const file = await open(incoming, 'wx', 0o600);
      try {
        for await (const chunk of chunks) {
          bytes += chunk.byteLength;
          if (bytes > maxBytes) throw new HttpProblem(413, 'invalid-input', `A model’s file has at most ${maxBytes} bytes.`);
          hash.update(chunk);
          await file.write(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      if (bytes === 0 || hash.digest('hex') !== sha256)
        throw new HttpProblem(400, 'model-integrity', 'The bytes that arrived are not those of that SHA-256.');
      await rename(incoming, this.pathOf(sha256));
      return bytes;
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  /** At a start: remove what no model names, and uploads that a crash cut short. */
  async sweep(named: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => []))
      if (!named.has(name.replace(SUFFIX, ''))) await rm(join(this.#folder, name), { force: true });
  }
}
