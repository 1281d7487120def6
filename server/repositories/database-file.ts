/** @file The database file itself: physical clean-up, and holds that keep its log while a backup is made. */
import type { Client } from '@libsql/client';

/** Housekeeping of the file. */
export class DatabaseFile {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Write everything into the file and empty SQLite's own log, which holds old pages. @returns false while a reader keeps it. */
  async truncateLog(): Promise<boolean> {
    const { rows } = await this.#client.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    return Number(rows[0]?.['busy'] ?? 1) === 0;
  }

  /** Write the file anew: nothing that was deleted remains in it. Takes as long as copying it, and holds everybody meanwhile. */
  async vacuum(): Promise<void> {
    await this.#client.execute('VACUUM');
  }

  /** Keep the write-ahead log until then, or until it is released. */
  async hold(name: string, untilMs: number): Promise<void> {
    await this.#client.execute({
      sql: 'INSERT INTO holds (name, until_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until_ms = excluded.until_ms',
      args: [name, untilMs],
    });
  }

  async release(name: string): Promise<void> {
    await this.#client.execute({ sql: 'DELETE FROM holds WHERE name = ?', args: [name] });
  }

  async isHeld(atMs: number): Promise<boolean> {
    const { rows } = await this.#client.execute({ sql: 'SELECT 1 FROM holds WHERE until_ms > ? LIMIT 1', args: [atMs] });
    return rows.length > 0;
  }

  /** Write a consistent copy to a file that does not exist. */
  async copyTo(path: string): Promise<void> {
    await this.#client.execute({ sql: 'VACUUM INTO ?', args: [path] });
  }
}
