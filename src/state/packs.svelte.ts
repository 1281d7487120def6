/** @file Packs as the packs page shows them: on this device, on the server, under way. Thread: page. */
import { toAppError, type AppError } from '../contracts/errors.ts';
import type { PackKind, PackManifest, PackSummary } from '../contracts/pack.ts';
import type { LocalisedText } from '../contracts/product.ts';
import type { Progress } from '../contracts/task.ts';
import { sizesOf } from '../core/pack-sizes.ts';
import { keyFingerprint } from '../core/pack-signature.ts';
import { bytesOf, type StoredPack } from '../store/packs.ts';
import type { PackPlaces } from '../flow/packs.ts';
import { device } from './device.ts';
import { readGalleryAgain } from './engine.ts';
import { tasks } from './tasks.svelte.ts';

/** What a pack is, wherever it is. */
export interface PackFacts {
  readonly kind: PackKind;
  readonly title: LocalisedText;
  readonly version: number;
  readonly space: string;
  readonly coverage: PackSummary['coverage'];
  readonly builtAtMs: number;
  readonly expiresAtMs: number;
  readonly sizeBytes: number;
  readonly sizes: PackSummary['sizes'];
}

/** One row of the page. At least one of `here` and `there` is known. */
export interface PackRow {
  readonly id: string;
  readonly here: PackFacts | null;
  readonly there: PackFacts | null;
  /** Bytes still missing of a version that was begun; null: none was. */
  readonly pendingBytes: number | null;
  readonly isExpired: boolean;
  /** Made for another model: cannot be used on this device. */
  readonly isOfOtherSpace: boolean;
  readonly hasUpdate: boolean;
  /** The server offers something that may be fetched now: not over, of this model, and not here already. */
  readonly canBeTaken: boolean;
}

/** A pack that is being fetched. */
export interface PackWork {
  readonly progress: Progress | null;
  readonly isStopping: boolean;
}

class Packs {
  #stored = $state.raw<readonly StoredPack[]>([]);
  #offered = $state.raw<readonly PackSummary[] | null>(null);
  #isLoaded = $state(false);
  #isAsking = $state(false);
  #listError = $state.raw<AppError | null>(null);
  #failures = $state.raw<Readonly<Record<string, AppError>>>({});
  #work = $state.raw<Readonly<Record<string, PackWork>>>({});
  #keys = $state.raw<{ readonly pinned: string | null; readonly shown: string | null }>({ pinned: null, shown: null });
  #space = $state('');
  #now = $state(Date.now());
  readonly #controllers = new Map<string, AbortController>();
  #places: Promise<PackPlaces> | null = null;

  /** False until what is on this device was read. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** The server is being asked. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Why the server's packs are not known. */
  get listError(): AppError | null {
    return this.#listError;
  }

  /** True when the server answered. */
  get isServerKnown(): boolean {
    return this.#offered !== null;
  }

  /** Fingerprint of the key that the server is known by; null before the first pack. */
  get pinnedKey(): string | null {
    return this.#keys.pinned;
  }

  /** Fingerprint of the key that the server shows now. */
  get shownKey(): string | null {
    return this.#keys.shown;
  }

  /** Today's time, as of the last look. */
  get nowMs(): number {
    return this.#now;
  }

  /** Why a pack was not taken. */
  failure(id: string): AppError | null {
    return this.#failures[id] ?? null;
  }

  work(id: string): PackWork | null {
    return this.#work[id] ?? null;
  }

  readonly rows: readonly PackRow[] = $derived.by(() => {
    const there = new Map((this.#offered ?? []).map((pack) => [pack.id, pack]));
    const here = new Map(this.#stored.map((pack) => [pack.id, pack]));
    return [...new Set([...here.keys(), ...there.keys()])].map((id): PackRow => {
      const installed = here.get(id)?.installed?.manifest ?? null;
      const pending = here.get(id)?.pending ?? null;
      const offered = there.get(id) ?? null;
      const facts = installed ?? offered ?? pending?.manifest ?? null;
      const hasUpdate = installed !== null && offered !== null && offered.version > installed.version;
      const wanted = offered ?? (installed === null ? (pending?.manifest ?? null) : null);
      const isMissing = installed === null || hasUpdate || pending !== null;
      return {
        id,
        here: installed === null ? null : factsOf(installed),
        there: offered ?? (pending === null || installed !== null ? null : factsOf(pending.manifest)),
        pendingBytes: pending?.missingBytes ?? null,
        isExpired: (facts?.expiresAtMs ?? 0) <= this.#now,
        isOfOtherSpace: facts !== null && facts.space !== this.#space,
        hasUpdate,
        canBeTaken: isMissing && wanted !== null && wanted.expiresAtMs > this.#now && wanted.space === this.#space,
      };
    });
  });

  /** Read what is here, then ask the server. */
  async load(): Promise<void> {
    await this.#read();
    await this.#ask();
  }

  /** Install, update or go on. Failures are kept for the page; `cancelled` is none. */
  async take(id: string, label: string): Promise<void> {
    if (this.#controllers.has(id)) return;
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    this.#fail(id, null);
    this.#setWork(id, { progress: null, isStopping: false });
    try {
      await tasks.run(
        label,
        async ({ signal, onProgress }) => {
          const { takePack } = await import('../flow/packs.ts');
          await takePack(id, await this.#open(), {
            signal,
            onProgress: (progress) => {
              onProgress(progress);
              this.#setWork(id, { progress, isStopping: controller.signal.aborted });
            },
          });
        },
        controller.signal,
      );
      await readGalleryAgain();
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'cancelled') this.#fail(id, error);
      // Who sees the page reads the reason there, and in better words; the tray would cover it.
      if (location.pathname === '/packs')
        for (const task of tasks.all) if (task.label === label && task.state === 'failed') tasks.dismiss(task.id);
    } finally {
      this.#controllers.delete(id);
      this.#setWork(id, null);
      await this.#read();
    }
  }

  /** Stop fetching. What came is kept. */
  stop(id: string): void {
    const work = this.#work[id];
    if (work !== undefined) this.#setWork(id, { ...work, isStopping: true });
    this.#controllers.get(id)?.abort();
  }

  /** Throw away what came of a version that was not finished. @throws AppError */
  async discard(id: string): Promise<void> {
    await (await this.#open()).store.discard(id);
    this.#fail(id, null);
    await this.#read();
  }

  /** @throws AppError */
  async remove(id: string): Promise<void> {
    await (await this.#open()).store.remove(id);
    this.#fail(id, null);
    await readGalleryAgain();
    await this.#read();
  }

  /** Know the server by the key of the next pack that is taken. @throws AppError */
  async forgetKey(): Promise<void> {
    const { store, client } = await this.#open();
    await store.forgetKey(await client.origin());
    this.#failures = {};
    await this.#read();
  }

  async #read(): Promise<void> {
    const { store, client, space } = await this.#open();
    this.#now = Date.now();
    this.#space = space;
    this.#stored = await store.list();
    const pinned = await store.pinnedKey(await client.origin());
    this.#keys = { ...this.#keys, pinned: pinned === null ? null : await keyFingerprint(pinned) };
    this.#isLoaded = true;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      const { publicKey, packs } = await (await this.#open()).client.list();
      this.#offered = packs;
      this.#keys = { ...this.#keys, shown: publicKey === '' ? null : await keyFingerprint(publicKey) };
      this.#listError = null;
    } catch (caught) {
      this.#offered = null;
      this.#listError = toAppError(caught);
    } finally {
      this.#isAsking = false;
    }
  }

  #open(): Promise<PackPlaces> {
    this.#places ??= (async () => {
      const { createPackPlaces } = await import('../flow/packs.ts');
      const { database, ledger, settings } = device();
      return createPackPlaces({ database, ledger, settings, ownOrigin: location.origin });
    })();
    return this.#places;
  }

  #setWork(id: string, work: PackWork | null): void {
    this.#work = withEntry(this.#work, id, work);
  }

  #fail(id: string, error: AppError | null): void {
    this.#failures = withEntry(this.#failures, id, error);
  }
}

function factsOf(manifest: PackManifest): PackFacts {
  return { ...manifest, sizeBytes: bytesOf(manifest), sizes: sizesOf(manifest.parts) };
}

/** @returns a copy with the entry set, or without it when `value` is null. */
function withEntry<Value>(entries: Readonly<Record<string, Value>>, key: string, value: Value | null): Readonly<Record<string, Value>> {
  const others = Object.entries(entries).filter(([name]) => name !== key);
  return Object.fromEntries(value === null ? others : [...others, [key, value]]);
}

/** The packs of this device and its server. */
export const packs = new Packs();
