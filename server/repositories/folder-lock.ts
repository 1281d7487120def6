/**
 * @file One server per data folder. [Note: Folder lock] An open write transaction on a SQLite file of its own: the system lets go of it with
 * the process, however that ends, so it is never left over. Nobody else may open that file in this process: [Note: Never close].
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, type Client, type Transaction } from '@libsql/client';
import { AppError } from '../../src/contracts/errors.ts';

/** Name of the file in the data folder. It holds nothing but the number of the process that took it last. */
export const LOCK_FILE = 'server.lock';

/** The right to serve a data folder. Take it with {@link FolderLock.take}. */
export class FolderLock {
  readonly #client: Client;
  readonly #held: Transaction;

  private constructor(client: Client, held: Transaction) {
    this.#client = client;
    this.#held = held;
  }

  /** @throws AppError('busy') when another server has it, of this process or another one. */
  static async take(folder: string): Promise<FolderLock> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const client = createClient({ url: pathToFileURL(join(folder, LOCK_FILE)).href, concurrency: 1, timeout: 0 });
    try {
      const first = await client.transaction('write');
      try {
        await first.execute(`PRAGMA user_version = ${process.pid}`);
        await first.commit();
      } catch {
        // The number is only for the message below; on a full disk there is none.
        await first.rollback();
      }
      return new FolderLock(client, await client.transaction('write'));
    } catch (error) {
      const isTaken = (error as { code?: unknown }).code === 'SQLITE_BUSY';
      const holder = isTaken ? await holderOf(client) : null;
      client.close();
      if (!isTaken) throw error;
      throw new AppError(
        'busy',
        `Another server${holder === null ? '' : ` (process ${holder})`} is using the data folder "${folder}". Stop it, or give this one another folder with --data.`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#held.close();
    this.#client.close();
  }
}

async function holderOf(client: Client): Promise<number | null> {
  try {
    const { rows } = await client.execute('PRAGMA user_version');
    return Number(rows[0]?.['user_version'] ?? 0) || null;
  } catch {
    // It is being written at this very moment.
    return null;
  }
}
