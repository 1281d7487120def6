/**
 * @file Packs on this device: parts that were fetched, the version in use, the keys of servers. [Note: Switch of a pack] Parts are stored under
 * their hash as they come and are used by nobody; one transaction then puts the new manifest and products in the place of the old ones. Cut
 * short at any moment, the device has the old version whole or the new one whole. Thread: page.
 */
import { AppError } from '../contracts/errors.ts';
import { PackRefusal, type PackManifest, type PackPart, type SignedPack } from '../contracts/pack.ts';
import { decodeProducts } from '../core/pack-products.ts';
import { manifestKey, storedManifest } from './active-packs.ts';
import { transact, type Database, type PackProductRow, type PackState, type Transaction, type Within } from './db.ts';
import { toProductRow } from './products.ts';

/** A pack as the device has it. */
export interface StoredPack {
  readonly id: string;
  readonly origin: string;
  readonly installed: { readonly manifest: PackManifest; readonly installedAtMs: number } | null;
  /** A version that was begun and not finished, and how much of it is here. */
  readonly pending: { readonly manifest: PackManifest; readonly missingBytes: number } | null;
}

/** What there is of one part. */
export interface StagedPart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isComplete: boolean;
}

export interface PackStore {
  list(): Promise<StoredPack[]>;
  /** The key that a server is known by; null before the first pack of it. */
  pinnedKey(origin: string): Promise<string | null>;
  /** Know a server by a key from now on. A key that is there already stays. */
  pinKey(origin: string, publicKey: string): Promise<void>;
  /** Forget a server's key. Its packs stay until they are removed; the next one that is taken brings its own key. */
  forgetKey(origin: string): Promise<void>;
  /** Version in use; null: none. */
  installedVersion(id: string): Promise<number | null>;
  /** Write down that a version is being fetched. @returns hashes of parts that are here already. */
  begin(origin: string, signed: SignedPack, manifest: PackManifest): Promise<ReadonlySet<string>>;
  part(sha256: string): Promise<StagedPart | null>;
  /** @throws AppError('quota-exceeded') */
  putPart(sha256: string, part: StagedPart): Promise<void>;
  dropPart(sha256: string): Promise<void>;
  /**
   * [Note: Switch of a pack]
   * @throws PackRefusal('tampered') when a part is missing or cannot be read; AppError('quota-exceeded'). The old version then stays.
   */
  install(id: string): Promise<void>;
  /** Throw away what was fetched of a version that was not finished. */
  discard(id: string): Promise<void>;
  /** Remove a pack. Products that the user taught photos of stay, with those photos. */
  remove(id: string): Promise<void>;
}

const ALL = ['packs', 'packManifests', 'packParts', 'packProducts'] as const;
type Writing = Within<(typeof ALL)[number], 'readwrite'>;
const partialKey = (sha256: string): string => `${sha256}.partial`;

/** Packs over the device's database. @param now ms since 1970, for tests. */
export function createPackStore(database: Database, now: () => number = Date.now): PackStore {
  const write = <Result>(body: (transaction: Transaction<(typeof ALL)[number], 'readwrite'>) => Promise<Result>): Promise<Result> =>
    transact(database, ALL, 'readwrite', body, { durability: 'strict' });
  return {
    list: () =>
      transact(database, ['packs', 'packManifests', 'packParts'], 'readonly', async (transaction) => {
        const here = new Set(await transaction.objectStore('packParts').getAllKeys());
        const found: StoredPack[] = [];
        for (const { id, origin, installed } of await transaction.objectStore('packs').getAll()) {
          const manifests = transaction.objectStore('packManifests');
          const current = storedManifest((await manifests.get(manifestKey(id, 'installed')))?.signed);
          const pending = storedManifest((await manifests.get(manifestKey(id, 'pending')))?.signed);
          found.push({
            ...{ id, origin },
            installed: installed === null || current === null ? null : { manifest: current, installedAtMs: installed.installedAtMs },
            pending: pending === null ? null : { manifest: pending, missingBytes: bytesOf(pending, (sha256) => !here.has(sha256)) },
          });
        }
        return found;
      }),
    pinnedKey: (origin) =>
      transact(
        database,
        ['packKeys'],
        'readonly',
        async (transaction) => (await transaction.objectStore('packKeys').get(origin))?.publicKey ?? null,
      ),
    pinKey: (origin, publicKey) =>
      transact(
        database,
        ['packKeys'],
        'readwrite',
        async (transaction) => {
          const store = transaction.objectStore('packKeys');
          if ((await store.get(origin)) === undefined) await store.put({ origin, publicKey, pinnedAtMs: now() });
        },
        { durability: 'strict' },
      ),
    forgetKey: (origin) =>
      transact(database, ['packKeys'], 'readwrite', (transaction) => transaction.objectStore('packKeys').delete(origin)),
    installedVersion: (id) =>
      transact(
        database,
        ['packs'],
        'readonly',
        async (transaction) => (await transaction.objectStore('packs').get(id))?.installed?.version ?? null,
      ),
    begin: (origin, signed, { id }) =>
      write(async (transaction) => {
        const packs = transaction.objectStore('packs');
        const known = await packs.get(id);
        if (known !== undefined && known.origin !== origin)
          throw new PackRefusal('wrong-key', 'a pack of this name came from another server');
        await packs.put({ id, origin, installed: known?.installed ?? null, isPending: true });
        await transaction.objectStore('packManifests').put({ key: manifestKey(id, 'pending'), signed });
        // Parts of a version that was begun before and is no longer wanted.
        await sweep(transaction);
        return new Set(await transaction.objectStore('packParts').getAllKeys());
      }),
    part: (sha256) =>
      transact(database, ['packParts'], 'readonly', async (transaction) => {
        const store = transaction.objectStore('packParts');
        const whole = await store.get(sha256);
        if (whole !== undefined) return { bytes: whole.bytes, isComplete: true };
        const partial = await store.get(partialKey(sha256));
        return partial === undefined ? null : { bytes: partial.bytes, isComplete: false };
      }),
    putPart: (sha256, { bytes, isComplete }) =>
      transact(database, ['packParts'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('packParts');
        // A view would be stored with all of the buffer behind it.
        await store.put({ key: isComplete ? sha256 : partialKey(sha256), bytes: bytes.slice() });
        if (isComplete) await store.delete(partialKey(sha256));
      }),
    dropPart: (sha256) =>
      transact(database, ['packParts'], 'readwrite', async (transaction) => {
        await transaction.objectStore('packParts').delete(sha256);
        await transaction.objectStore('packParts').delete(partialKey(sha256));
      }),
    async install(id) {
      const { signed, manifest, current } = await transact(database, ['packManifests'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('packManifests').get(manifestKey(id, 'pending'));
        const pending = storedManifest(row?.signed);
        if (row === undefined || pending === null)
          throw new AppError('invalid-input', 'no version of this pack was fetched', { stage: 'store' });
        const old = storedManifest((await transaction.objectStore('packManifests').get(manifestKey(id, 'installed')))?.signed);
        return { signed: row.signed, manifest: pending, current: old };
      });
      const kept = new Set(current?.parts.map(({ sha256 }) => sha256));
      const rows: PackProductRow[] = [];
      for (const { kind, sha256 } of manifest.parts) {
        if (kind !== 'products' || kept.has(sha256)) continue;
        const part = await transact(database, ['packParts'], 'readonly', (transaction) => transaction.objectStore('packParts').get(sha256));
        if (part === undefined) throw new PackRefusal('tampered', 'a part of the pack is missing');
        rows.push(...decodeProducts(part.bytes).map((product) => packProductRow(id, sha256, product)));
      }
      const wanted = new Set(manifest.parts.map(({ sha256 }) => sha256));
      const gone = (current?.parts ?? []).filter(({ kind, sha256 }) => kind === 'products' && !wanted.has(sha256));
      await transact(
        database,
        [...ALL, 'products', 'gallery'],
        'readwrite',
        async (transaction) => {
          const here = new Set(await transaction.objectStore('packParts').getAllKeys());
          for (const sha256 of wanted) if (!here.has(sha256)) throw new PackRefusal('tampered', 'a part of the pack is missing');
          const pack = await transaction.objectStore('packs').get(id);
          if (pack === undefined) throw new AppError('invalid-input', 'the pack was removed meanwhile', { stage: 'store' });
          const fresh = new Set(rows.map((row) => row.id));
          await removeProducts(
            transaction,
            id,
            gone.map(({ sha256 }) => sha256),
            fresh,
          );
          const products = transaction.objectStore('packProducts');
          await Promise.all(rows.map((row) => products.put(row)));
          const manifests = transaction.objectStore('packManifests');
          await manifests.put({ key: manifestKey(id, 'installed'), signed });
          await manifests.delete(manifestKey(id, 'pending'));
          const { version, space, expiresAtMs } = manifest;
          const installed: PackState = { version, space, expiresAtMs, installedAtMs: now() };
          await transaction.objectStore('packs').put({ ...pack, installed, isPending: false });
          await sweep(transaction);
        },
        { durability: 'strict' },
      );
    },
    discard: (id) =>
      write(async (transaction) => {
        const packs = transaction.objectStore('packs');
        const pack = await packs.get(id);
        await transaction.objectStore('packManifests').delete(manifestKey(id, 'pending'));
        if (pack !== undefined)
          if (pack.installed === null) await packs.delete(id);
          else await packs.put({ ...pack, isPending: false });
        await sweep(transaction);
      }),
    remove: (id) =>
      transact(
        database,
        [...ALL, 'products', 'gallery'],
        'readwrite',
        async (transaction) => {
          await removeProducts(transaction, id, null, new Set());
          for (const state of ['installed', 'pending'] as const)
            await transaction.objectStore('packManifests').delete(manifestKey(id, state));
          await transaction.objectStore('packs').delete(id);
          await sweep(transaction);
        },
        { durability: 'strict' },
      ),
  };
}

function packProductRow(packId: string, part: string, given: Parameters<typeof toProductRow>[0]): PackProductRow {
  const { id, product, gtins, searchKey } = toProductRow(given);
  return { packId, id, part, product: { ...product, source: `pack:${packId}` }, gtins, searchKey };
}

/**
 * Remove the products of some parts (null: of all). Those that the user taught photos of are kept as the device's own, unless they are
 * among `staying`.
 */
async function removeProducts(
  transaction: Within<'packProducts' | 'gallery' | 'products', 'readwrite'>,
  packId: string,
  parts: readonly string[] | null,
  staying: ReadonlySet<string>,
): Promise<void> {
  const store = transaction.objectStore('packProducts');
  const ranges =
    parts === null
      ? [await store.getAllKeys(IDBKeyRange.bound([packId], [packId, []]))]
      : await Promise.all(parts.map((part) => store.index('byPart').getAllKeys([packId, part])));
  const keys = ranges.flat();
  const leaving = new Set(keys.map(([, id]) => id).filter((id) => !staying.has(id)));
  // Few photos are the user's own; a pack may have 50,000 products.
  let taught = await transaction.objectStore('gallery').index('byProduct').openKeyCursor(null, 'nextunique');
  while (taught !== null) {
    const id = taught.key;
    if (leaving.has(id) && (await transaction.objectStore('products').get(id)) === undefined) {
      const row = await store.get([packId, id]);
      if (row !== undefined) await transaction.objectStore('products').put(toProductRow(row.product));
    }
    taught = await taught.continue();
  }
  await Promise.all(keys.map((key) => store.delete(key)));
}

/** Delete parts that no manifest on this device names. */
async function sweep(transaction: Writing): Promise<void> {
  const named = new Set<string>();
  for (const { signed } of await transaction.objectStore('packManifests').getAll())
    for (const { sha256 } of storedManifest(signed)?.parts ?? []) named.add(sha256).add(partialKey(sha256));
  const parts = transaction.objectStore('packParts');
  const gone = (await parts.getAllKeys()).filter((key) => !named.has(key));
  await Promise.all(gone.map((key) => parts.delete(key)));
}

/** @returns bytes of the parts that `isWanted` says yes to. */
export function bytesOf(
  { parts }: { readonly parts: readonly Pick<PackPart, 'sha256' | 'sizeBytes'>[] },
  isWanted: (sha256: string) => boolean = () => true,
): number {
  return parts.reduce((sum, { sha256, sizeBytes }) => sum + (isWanted(sha256) ? sizeBytes : 0), 0);
}
