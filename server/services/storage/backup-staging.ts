/** @file Where a backup links table files while it copies them. What a killed backup left is an orphan once its hold has ended. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'backup-staging-';

/** @returns a folder of its own for this backup, in the data folder: links reach no other disk. */
export function stagingFolder(dataFolder: string): string {
  return join(dataFolder, `${PREFIX}${process.pid}-${Date.now()}`);
}

/** Remove every staging folder. Only while no backup holds the log. */
export async function removeStagings(dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder))
    if (name.startsWith(PREFIX)) await rm(join(dataFolder, name), { recursive: true, force: true });
}
