/**
 * @file Files that are written once and never changed, made to survive a power loss.
 *
 * [Note: LanceDB and power loss] LanceDB renames complete files into place, so a killed process leaves whole versions, but it does not flush them
 * to the disk. Flushing those not flushed before, then their folders, makes everything so far durable.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder, and which of its files were flushed. */
export class SyncedFolder {
  readonly #path: string;
  #flushed = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when all that is in the folder would survive a power loss. */
  async sync(): Promise<void> {
    const entries = await readdir(this.#path, { recursive: true, withFileTypes: true });
    const present = new Set<string>();
    const folders = new Set<string>([this.#path]);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile()) continue;
      present.add(path);
      if (this.#flushed.has(path)) continue;
      await flush(path);
      folders.add(entry.parentPath);
    }
    for (const folder of folders) await flush(folder);
    this.#flushed = present;
  }
}

/** Flush a file or a folder entry. One that a clean-up removed meanwhile needs no flushing. */
async function flush(path: string): Promise<void> {
  let handle;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Windows opens no folders and flushes no read-only handles; NTFS keeps its folder entries in a journal of its own.
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'EPERM') throw error;
  } finally {
    await handle?.close();
  }
}
