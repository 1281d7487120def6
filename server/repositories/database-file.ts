/** @file The database file itself: physical clean-up, reading its bytes, and holds that keep its log while a backup is made. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Client } from '@libsql/client';

/** Housekeeping of the file. */
export class DatabaseFile {
  readonly #client: Client;
  readonly #path: string;
  readonly #handles: { readonly path: string; readonly inode: number; readonly handle: FileHandle }[] = [];

  constructor(client: Client, path: string) {
    this.#client = client;
    this.#path = path;
  }

  /**
   * Handles to read the bytes of the database and its log by, by path. [Note: Never close] POSIX drops every lock that a process has on a
   * file as soon as that process closes any handle of it. Without its locks SQLite's log is deleted under it by the next command that
   * opens and closes the database, and what is written from then on is lost. So whoever reads these files does it by these
   * handles, which stay open as long as the database.
   */
  async handles(): Promise<ReadonlyMap<string, FileHandle>> {
    const found = new Map<string, FileHandle>();
    for (const path of [this.#path, `${this.#path}-wal`, `${this.#path}-shm`]) {
      const inode = await stat(path).then(
        ({ ino }) => ino,
        () => null,
      );
      if (inode === null) continue;
      let known = this.#handles.find((one) => one.path === path && one.inode === inode);
      if (known === undefined) {
        known = { path, inode, handle: await open(path, 'r') };
        this.#handles.push(known);
      }
      found.set(path, known.handle);
    }
    return found;
  }

  /** Only after the database was closed. */
  async closeHandles(): Promise<void> {
    for (const { handle } of this.#handles.splice(0)) await handle.close();
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
