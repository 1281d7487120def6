/** @file From a server's pack to products that this device knows: check, fetch what is missing, switch. Thread: page. */
import { createEgress, type EgressSettings } from '../clients/egress.ts';
import { createPacksClient, type DownloadPiece, type PacksClient } from '../clients/packs-client.ts';
import { AppError, toAppError } from '../contracts/errors.ts';
import {
  PACK_FORMAT,
  PACK_FORMAT_VERSION,
  PackRefusal,
  packManifestSchema,
  type PackManifest,
  type PackPart,
  type SignedPack,
} from '../contracts/pack.ts';
import type { CallOptions } from '../contracts/task.ts';
import { checkBlobs } from '../core/pack-blobs.ts';
import { decodePhotos } from '../core/pack-photos.ts';
import { decodePlanograms } from '../core/pack-planograms.ts';
import { decodeProducts } from '../core/pack-products.ts';
import { isSigned, sha256Hex } from '../core/pack-signature.ts';
import { MODELS } from '../models/registry.ts';
import type { Database } from '../store/db.ts';
import type { Ledger } from '../store/ledger.ts';
import { bytesOf, createPackStore, type PackStore, type StagedPart } from '../store/packs.ts';
import { hasRoomFor } from '../store/quota.ts';

/** Parts fetched beside one another: hides the way there and back without filling the line. */
const LANES = 4;
/** Tries for one part in which not one byte came. */
const TRIES = 4;
const FIRST_PAUSE_MS = 500;

/** Where packs come from and go to. */
export interface PackPlaces {
  readonly store: PackStore;
  readonly client: PacksClient;
  /** Space of the device's own model. */
  readonly space: string;
  hasRoomFor(bytes: number): Promise<boolean>;
  now(): number;
  /** Wait before another try. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The places of this page. Nothing is opened or asked before the first use. */
export function createPackPlaces(page: {
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly settings: EgressSettings;
  readonly ownOrigin: string;
}): PackPlaces {
  const { settings, ownOrigin } = page;
  return {
    store: createPackStore(page.database),
    client: createPacksClient(createEgress(page), settings, ownOrigin),
    space: MODELS['product-embedding'].embeddingSpace,
    hasRoomFor: (bytes) => hasRoomFor(bytes),
    now: Date.now,
    pause: pauseFor,
  };
}

/** A version that may be taken, and what it costs. */
export interface PackOffer {
  readonly signed: SignedPack;
  readonly manifest: PackManifest;
  readonly origin: string;
  /** This version is in use already. */
  readonly isCurrent: boolean;
}

/**
 * Ask for the newest version and check everything that can be checked without its parts.
 * @throws PackRefusal with its reason; AppError('offline' | 'server-refused' | 'cancelled'); `invalid-input` when the server has no such pack.
 */
export async function checkPack(id: string, places: PackPlaces, call: CallOptions = {}): Promise<PackOffer> {
  const { client, store, space } = places;
  const origin = await client.origin();
  const signed = await client.newest(id, call);
  if (signed === null) throw new AppError('invalid-input', 'the server has no such pack', { stage: 'store' });
  // Before anything of it is read.
  const pinned = await store.pinnedKey(origin);
  if (pinned !== null && pinned !== signed.publicKey)
    throw new PackRefusal('wrong-key', 'signed with another key than this server is known by');
  if (!(await isSigned(signed))) throw new PackRefusal('tampered', 'the signature does not fit the manifest');
  const manifest = readManifest(signed.manifest);
  if (manifest.id !== id) throw new PackRefusal('tampered', 'the manifest is of another pack');
  if (manifest.expiresAtMs <= places.now()) throw new PackRefusal('expired', 'the pack has expired');
  if (manifest.space !== space) throw new PackRefusal('wrong-space', `the pack is of ${manifest.space}, the device of ${space}`);
  const installed = await store.installedVersion(id);
  if (installed !== null && manifest.version < installed) throw new PackRefusal('older', 'an older version than the one here');
  return { signed, manifest, origin, isCurrent: installed === manifest.version };
}

/**
 * Install or update: fetch the parts that are not here, check each, then switch to the new version at once. Stopped or cut off, it goes on
 * where it was when called again.
 * @returns the version that is in use now.
 * @throws PackRefusal as {@link checkPack}, `tampered` for a part that is not what the manifest says; AppError('quota-exceeded') before
 * anything is fetched, or with nothing kept of it; `offline`, `server-refused`, `cancelled` with everything kept that came.
 */
export async function takePack(id: string, places: PackPlaces, call: CallOptions = {}): Promise<PackManifest> {
  const { store } = places;
  const { signed, manifest, origin, isCurrent } = await checkPack(id, places, call);
  if (isCurrent) return manifest;
  try {
    const here = await store.begin(origin, signed, manifest);
    const missing = manifest.parts.filter(({ sha256 }) => !here.has(sha256));
    if (!(await places.hasRoomFor(bytesOf({ parts: missing }))))
      throw new AppError('quota-exceeded', 'the pack does not fit', { stage: 'store' });
    await fetchParts(manifest, missing, places, call);
    if (call.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the caller');
    // On first use, and only of a pack that is whole.
    await store.pinKey(origin, signed.publicKey);
    await store.install(id);
    return manifest;
  } catch (caught) {
    const error = toAppError(caught, 'bug', 'store');
    // A full device must be given its room back, and what was tampered with must not lie about.
    if (error.code === 'quota-exceeded' || error instanceof PackRefusal) await store.discard(id);
    throw error;
  }
}

function readManifest(text: string): PackManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PackRefusal('unreadable', 'the manifest is not JSON', { cause: error });
  }
  const parsed = packManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { format, formatVersion } = (value ?? {}) as { format?: unknown; formatVersion?: unknown };
  const isNewer = format === PACK_FORMAT && typeof formatVersion === 'number' && formatVersion > PACK_FORMAT_VERSION;
  throw new PackRefusal('unreadable', isNewer ? 'a format that this version does not know' : 'not a manifest');
}

/** Fetch, check and keep parts, some beside one another. The first failure stops all. */
async function fetchParts(manifest: PackManifest, missing: readonly PackPart[], places: PackPlaces, call: CallOptions): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  call.signal?.addEventListener('abort', stop, { once: true });
  if (call.signal?.aborted === true) stop();
  const total = bytesOf({ parts: missing });
  let done = 0;
  const onBytes = (count: number): void => {
    done += count;
    call.onProgress?.({ stage: 'store', done, total, unit: 'bytes' });
  };
  const waiting = [...missing];
  let failure: unknown = null;
  const lane = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined && failure === null; part = waiting.shift()) {
      try {
        await fetchPart(manifest, part, places, controller.signal, onBytes);
      } catch (error) {
        // The others are told to stop by this one's failure; theirs say nothing new.
        failure ??= error;
        stop();
      }
    }
  };
  try {
    // All of them: nothing is written behind the back of what comes next.
    await Promise.all(Array.from({ length: LANES }, lane));
    if (failure !== null && call.signal?.aborted === true) throw new AppError('cancelled', 'cancelled by the caller', { cause: failure });
    if (failure !== null) throw toAppError(failure, 'bug', 'store');
  } finally {
    call.signal?.removeEventListener('abort', stop);
  }
}

async function fetchPart(
  manifest: PackManifest,
  part: PackPart,
  places: PackPlaces,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<void> {
  const { store } = places;
  const before = await store.part(part.sha256);
  if (before?.isComplete === true) {
    onBytes(part.sizeBytes);
    return;
  }
  const buffer = new PartBuffer(part.sizeBytes, before, onBytes);
  try {
    await receive(manifest.id, part, buffer, places, signal);
  } catch (error) {
    // The way on is kept, unless there is no room to keep it.
    if (buffer.length > 0) await store.putPart(part.sha256, { bytes: buffer.bytes(), isComplete: false }).catch(() => {});
    throw error;
  }
  let bytes = buffer.bytes();
  if ((await sha256Hex(bytes)) !== part.sha256 && before !== null) {
    // What was kept from before may be at fault: once more, from the start.
    await store.dropPart(part.sha256);
    buffer.clear();
    await receive(manifest.id, part, buffer, places, signal);
    bytes = buffer.bytes();
  }
  if ((await sha256Hex(bytes)) !== part.sha256) throw new PackRefusal('tampered', 'a part has another hash than the manifest says');
  requireFitting(manifest, part, bytes);
  await store.putPart(part.sha256, { bytes, isComplete: true });
}

/** Until the part is whole. A cut line is taken up where it broke, as long as something comes. */
async function receive(packId: string, part: PackPart, buffer: PartBuffer, places: PackPlaces, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (buffer.length < part.sizeBytes) {
    const lengthBefore = buffer.length;
    try {
      for await (const piece of places.client.part(packId, part, buffer.length, { signal })) buffer.add(piece);
      if (buffer.length < part.sizeBytes) throw new AppError('offline', 'the line was cut', { stage: 'store' });
    } catch (caught) {
      const error = toAppError(caught, 'offline', 'store');
      if (!error.retryable || signal.aborted) throw error;
      failures = buffer.length > lengthBefore ? 1 : failures + 1;
      if (failures >= TRIES) throw error;
      await places.pause(FIRST_PAUSE_MS * 2 ** (failures - 1), signal);
    }
  }
}

/** A part that has the right hash and the wrong contents was signed by mistake: it must not reach the index. */
function requireFitting(manifest: PackManifest, part: PackPart, bytes: Uint8Array<ArrayBuffer>): void {
  if (part.kind === 'photos') {
    const photos = decodePhotos(bytes);
    if (photos.length !== part.items || photos.some(({ vector }) => vector.length !== manifest.dimensions))
      throw new PackRefusal('tampered', 'a part holds other photos than the manifest says');
  } else if (countOf(part.kind, bytes) !== part.items)
    throw new PackRefusal('tampered', `a part holds other ${part.kind} than the manifest says`);
}

/** @throws PackRefusal('tampered') for what cannot be read. */
function countOf(kind: Exclude<PackPart['kind'], 'photos'>, bytes: Uint8Array<ArrayBuffer>): number {
  if (kind === 'products') return decodeProducts(bytes).length;
  return kind === 'planograms' ? decodePlanograms(bytes).length : checkBlobs(kind, bytes);
}

/** The bytes of one part as they come. */
class PartBuffer {
  readonly #whole: Uint8Array<ArrayBuffer>;
  readonly #onBytes: (count: number) => void;
  #length = 0;

  constructor(sizeBytes: number, before: StagedPart | null, onBytes: (count: number) => void) {
    this.#whole = new Uint8Array(sizeBytes);
    this.#onBytes = onBytes;
    if (before !== null && before.bytes.length <= sizeBytes) this.add({ offset: 0, bytes: before.bytes });
  }

  get length(): number {
    return this.#length;
  }

  add({ offset, bytes }: DownloadPiece): void {
    // The server began again at the start.
    if (offset < this.#length) this.#shrink(offset);
    this.#whole.set(bytes, offset);
    this.#length = offset + bytes.length;
    this.#onBytes(bytes.length);
  }

  clear(): void {
    this.#shrink(0);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#whole.slice(0, this.#length);
  }

  #shrink(length: number): void {
    this.#onBytes(length - this.#length);
    this.#length = length;
  }
}

function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
