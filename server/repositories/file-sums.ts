/** @file What the engine's files were when they had been written: a file of a table never changes, it is replaced by another one. */
import type { Client } from '@libsql/client';
import { z } from 'zod';

/** One file as it was. */
export interface FileSum {
  /** Below the engine's folder. */
  readonly path: string;
  /** Tells a file from a later one of the same name. */
  readonly identity: string;
  /** CRC-32. */
  readonly checksum: number;
  readonly checkedAtMs: number;
  readonly isDamaged: boolean;
}

const rowSchema = z
  .object({ path: z.string(), identity: z.string(), checksum: z.int(), checked_at_ms: z.int(), is_damaged: z.int() })
  .transform(({ path, identity, checksum, checked_at_ms, is_damaged }): FileSum => ({
    ...{ path, identity, checksum },
    checkedAtMs: checked_at_ms,
    isDamaged: is_damaged === 1,
  }));

/** The table of them. */
export class FileSums {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async list(): Promise<FileSum[]> {
    const { rows } = await this.#client.execute('SELECT path, identity, checksum, checked_at_ms, is_damaged FROM file_sums');
    return rows.map((row) => rowSchema.parse(row));
  }

  async put({ path, identity, checksum, checkedAtMs, isDamaged }: FileSum): Promise<void> {
    await this.#client.execute({
      sql: 'INSERT OR REPLACE INTO file_sums (path, identity, checksum, checked_at_ms, is_damaged) VALUES (?, ?, ?, ?, ?)',
      args: [path, identity, checksum, checkedAtMs, isDamaged ? 1 : 0],
    });
  }

  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length > 0) await this.#client.batch(paths.map((path) => ({ sql: 'DELETE FROM file_sums WHERE path = ?', args: [path] })));
  }
}
