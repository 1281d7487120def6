/** @file Which packs may be answered from. Thread: page or index worker. */
import { packManifestSchema, type PackManifest, type SignedPack } from '../contracts/pack.ts';
import { transact, type Database, type PackRow } from './db.ts';

/** Installed and not expired. */
export function isActive({ installed }: Pick<PackRow, 'installed'>, nowMs = Date.now()): boolean {
  return installed !== null && installed.expiresAtMs > nowMs;
}

/** Key of a manifest in its store. */
export const manifestKey = (id: string, state: 'installed' | 'pending'): string => `${id}/${state}`;

/** A manifest that was checked when it was stored. @returns null for one that this version can no longer read. */
export function storedManifest(signed: SignedPack | undefined): PackManifest | null {
  if (signed === undefined) return null;
  try {
    return packManifestSchema.parse(JSON.parse(signed.manifest));
  } catch {
    return null;
  }
}

/** @returns keys of the photo parts of every active pack of a space. */
export function packPhotoParts(database: Database, space: string): Promise<{ packId: string; key: string }[]> {
  return transact(database, ['packs', 'packManifests'], 'readonly', async (transaction) => {
    const packs = (await transaction.objectStore('packs').getAll()).filter((pack) => isActive(pack) && pack.installed?.space === space);
    const found: { packId: string; key: string }[] = [];
    for (const { id } of packs) {
      const manifest = storedManifest((await transaction.objectStore('packManifests').get(manifestKey(id, 'installed')))?.signed);
      for (const { kind, sha256 } of manifest?.parts ?? []) if (kind === 'photos') found.push({ packId: id, key: sha256 });
    }
    return found;
  });
}
