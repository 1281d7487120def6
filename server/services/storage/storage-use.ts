/** @file What the data folder holds and how much room is left. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageReport } from '../../../src/contracts/operations-api.ts';
import type { CollectionStore } from '../collections/collection-store.ts';
import { DATABASE_FILE, PACKS_FOLDER, VECTORS_FOLDER } from '../open-services.ts';

type Part = StorageReport['folder'][number]['part'];

/** A look at thousands of files is not taken more often than this. */
const KEPT_MS = 10_000;
const PARTS: Readonly<Record<string, Part>> = { [VECTORS_FOLDER]: 'vectors', [PACKS_FOLDER]: 'packs', ingest: 'ingest' };

/** Looks at the disk. */
export class StorageUse {
  readonly #store: CollectionStore;
  readonly #dataFolder: string;
  #last: { readonly atMs: number; readonly look: Promise<StorageReport> } | null = null;

  constructor(store: CollectionStore, dataFolder: string) {
    this.#store = store;
    this.#dataFolder = dataFolder;
  }

  /** @returns what there is, at most ten seconds old. */
  look(): Promise<StorageReport> {
    const now = Date.now();
    if (this.#last === null || now - this.#last.atMs > KEPT_MS) {
      const look = this.#measure(now);
      this.#last = { atMs: now, look };
      look.catch(() => {
        this.#last = null;
      });
    }
    return this.#last.look;
  }

  async #measure(atMs: number): Promise<StorageReport> {
    const parts = new Map<Part, number>();
    for (const entry of await readdir(this.#dataFolder, { withFileTypes: true })) {
      const part = partOf(entry.name);
      const bytes = await sizeOf(join(this.#dataFolder, entry.name), entry.isDirectory());
      parts.set(part, (parts.get(part) ?? 0) + bytes);
    }
    const collections: StorageReport['collections'] = [];
    for (const { name } of await this.#store.list()) {
      const { count, index } = await this.#store.state(name);
      collections.push({ name, items: count, sizeBytes: index.sizeBytes });
    }
    return {
      atMs,
      collections,
      folder: [...parts].map(([part, sizeBytes]) => ({ part, sizeBytes })).sort((a, b) => b.sizeBytes - a.sizeBytes),
      disk: await statfs(this.#dataFolder).then(
        ({ bsize, bavail, blocks }) => ({ freeBytes: bsize * bavail, totalBytes: bsize * blocks }),
        () => null,
      ),
    };
  }
}

function partOf(name: string): Part {
  // The database has its log beside it.
  return name.startsWith(DATABASE_FILE) ? 'database' : (PARTS[name] ?? 'other');
}

/** Files come and go meanwhile: what is gone counts nothing. */
async function sizeOf(path: string, isFolder: boolean): Promise<number> {
  if (!isFolder)
    return stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) bytes += await sizeOf(join(path, entry.name), entry.isDirectory());
  return bytes;
}
