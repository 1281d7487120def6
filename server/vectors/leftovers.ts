/**
 * @file Files of rows that a killed process wrote and never committed: LanceDB keeps them for a week, since another process might still commit
 * them. [Note: Leftovers] Where only this process writes, no commit can name a file that is older than its start and that no version names.
 * A version's manifest holds the names of its files as plain text (Lance table format, message `DataFile`).
 */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Remove them. Nothing is removed when a manifest does not say what is expected of it.
 * @param folder of the table. @param beforeMs younger files stay. @param files that the newest version consists of, at least.
 * @returns bytes.
 */
export async function removeLeftovers(folder: string, beforeMs: number, files: number): Promise<number> {
  // The files first: what is committed meanwhile is in the manifests then.
  const present = await namesIn(join(folder, 'data'), '.lance');
  const manifests = await Promise.all((await namesIn(join(folder, '_versions'), '.manifest')).map((name) => readFile(join(folder, '_versions', name)))); // prettier-ignore
  const unnamed = present.filter((name) => !manifests.some((manifest) => manifest.includes(name)));
  if (manifests.length === 0 || present.length - unnamed.length < files) return 0;
  let bytes = 0;
  for (const name of unnamed) {
    const path = join(folder, 'data', name);
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs >= beforeMs) continue;
    await rm(path, { force: true });
    bytes += size;
  }
  return bytes;
}

async function namesIn(folder: string, ending: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(ending));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
