/** @file Which packs may be answered from. Thread: page or index worker. */
import { packManifestSchema, type PackManifest, type PackPartKind, type SignedPack } from '../contracts/pack.ts';
import { decodeBlobs, isInBucket, type BlobKind } from '../core/pack-blobs.ts';
import { transact, type Database, type PackRow } from './db.ts';

/** Installed and not expired. */
export function isActive({ installed }: Pick<PackRow, 'installed'>, nowMs = Date.now()): boolean {
  return installed !== null && installed.expiresAtMs > nowMs;
}

/** Key of a manifest in its store. */
export const manifestKey = (id: string, state: 'installed' | 'pending'): string => `${id}/${state}`;

/** Manifests that were read last, by signature: one of a large pack takes some time to parse, and every look asks for it. */
const parsed = new Map<string, PackManifest>();
const KEPT_MANIFESTS = 8;

/** A manifest that was checked when it was stored. @returns null for one that this version can no longer read. */
export function storedManifest(signed: SignedPack | undefined): PackManifest | null {
  if (signed === undefined) return null;
  const known = parsed.get(signed.signature);
  if (known !== undefined) return known;
  try {
    const manifest = packManifestSchema.parse(JSON.parse(signed.manifest));
    parsed.set(signed.signature, manifest);
    if (parsed.size > KEPT_MANIFESTS) parsed.delete(parsed.keys().next().value!);
    return manifest;
  } catch {
    return null;
  }
}

/** A part of an active pack. */
interface ActivePart {
  readonly packId: string;
  /** Of its bytes in the store of parts. */
  readonly key: string;
  readonly bucket: string;
}

/** @returns the parts of one kind of every active pack (of a space, if one is given). */
export function packParts(database: Database, kind: PackPartKind, space?: string): Promise<ActivePart[]> {
  return transact(database, ['packs', 'packManifests'], 'readonly', async (transaction) => {
    const packs = await transaction.objectStore('packs').getAll();
    const found: ActivePart[] = [];
    for (const pack of packs) {
      if (!isActive(pack) || (space !== undefined && pack.installed?.space !== space)) continue;
      const manifest = storedManifest((await transaction.objectStore('packManifests').get(manifestKey(pack.id, 'installed')))?.signed);
      for (const part of manifest?.parts ?? [])
        if (part.kind === kind) found.push({ packId: pack.id, key: part.sha256, bucket: part.bucket });
    }
    return found;
  });
}

/** @returns what active packs hold for some ids, of the first pack that holds any; ids without are absent. Only their parts are read. */
export async function packBlobs(database: Database, kind: BlobKind, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  if (ids.length === 0) return found;
  for (const { key, bucket } of await packParts(database, kind)) {
    const wanted = new Set(ids.filter((id) => !found.has(id) && isInBucket(id, bucket)));
    if (wanted.size === 0) continue;
    const row = await transact(database, ['packParts'], 'readonly', (transaction) => transaction.objectStore('packParts').get(key));
    // Removed meanwhile.
    if (row === undefined) continue;
    for (const { id, bytes } of decodeBlobs(kind, row.bytes)) if (wanted.has(id)) found.set(id, bytes);
  }
  return found;
}
