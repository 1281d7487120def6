/**
 * @file Model and runtime files: fetched from this origin, checked, and only then kept. Thread: workers (load) and page (list, remove).
 * [Note: Verify before keeping] A dev server's HTML page, a cut or a tampered download must never enter the cache: it would stay "broken
 * for ever". So bytes are counted and hashed first. A kept file is hashed again at each load, since disks fail too.
 */
import { AppError, toAppError } from '../contracts/errors.ts';
import type { ModelFile } from '../contracts/model-spec.ts';
import type { OnProgress } from '../contracts/task.ts';

/** A file kept on this device. */
export interface StoredFile {
  readonly sha256: string;
  readonly bytes: number;
  /** What it belongs to: a model id, or a runtime id. */
  readonly label: string;
}

/** Options of {@link Weights.load}. */
export interface LoadOptions {
  /** Model or runtime id, shown with the progress and kept with the file. */
  readonly label: string;
  /** Bytes done and expected; also called for a file that is kept already (once, done). */
  readonly onProgress?: OnProgress;
  /** Where the file is, when the bundler decided; else `file.url` below the app's base. */
  readonly at?: string;
}

/** The store of model files. */
export interface Weights {
  /**
   * The whole file, checked. Concurrent calls for one hash share one download; a failed one is forgotten.
   * @throws AppError('offline') without network and copy; AppError('model-unavailable') when the server has no such file;
   *   AppError('model-integrity') when length or hash differ (nothing is kept).
   */
  load(file: ModelFile, options: LoadOptions): Promise<Uint8Array<ArrayBuffer>>;
  isStored(file: ModelFile): Promise<boolean>;
  list(): Promise<StoredFile[]>;
  remove(sha256: string): Promise<void>;
  /** Remove older files of a model. Call it after the new ones passed their self-test. */
  keepOnly(label: string, files: readonly ModelFile[]): Promise<void>;
}

/** What the store stands on; injected by tests. */
export interface WeightsPlace {
  /** Base that `ModelFile.url` is resolved against. */
  readonly baseUrl: string;
  /** Absent outside secure contexts and in some private modes: nothing is kept then. */
  readonly caches?: CacheStorage | undefined;
  readonly fetch: typeof globalThis.fetch;
  /** A checked file could not be kept; it is used all the same. `quota-exceeded` when the disk is full. */
  readonly onNotKept?: (error: AppError) => void;
}

/** Name of the Cache API's store; a new number drops everything kept. */
export const MODEL_CACHE = 'models-1';

/** The store over this browser's cache. */
export function browserWeights(baseUrl: string, onNotKept?: (error: AppError) => void): Weights {
  // Absent outside secure contexts, whatever the type says.
  const caches = (globalThis as { caches?: CacheStorage }).caches;
  return createWeights({ baseUrl, caches, fetch: (...given) => fetch(...given), ...(onNotKept === undefined ? {} : { onNotKept }) });
}

/** @returns a store; it holds no bytes itself. */
export function createWeights(place: WeightsPlace): Weights {
  const loading = new Map<string, { readonly promise: Promise<Uint8Array<ArrayBuffer>>; readonly listeners: Set<OnProgress> }>();

  const open = async (): Promise<Cache | null> => {
    try {
      return (await place.caches?.open(MODEL_CACHE)) ?? null;
    } catch {
      return null; // Blocked by the user or the mode; the app works, it only fetches more often.
    }
  };
  const keyOf = (sha256: string): string => new URL(`kept-models/${sha256}`, place.baseUrl).href;

  async function fromCache(file: ModelFile): Promise<Uint8Array<ArrayBuffer> | null> {
    const cache = await open();
    const response = await cache?.match(keyOf(file.sha256));
    if (cache === null || response === undefined) return null;
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.byteLength === file.bytes && (await sha256Of(bytes)) === file.sha256) return bytes;
    await cache.delete(keyOf(file.sha256));
    return null;
  }

  async function keep(file: ModelFile, bytes: Uint8Array<ArrayBuffer>, label: string): Promise<void> {
    try {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bytes.byteLength), 'x-label': label };
      await (await open())?.put(keyOf(file.sha256), new Response(bytes, { headers }));
    } catch (error) {
      place.onNotKept?.(toAppError(error, 'quota-exceeded', 'model'));
    }
  }

  async function loadOnce(file: ModelFile, label: string, at: string | undefined, report: OnProgress): Promise<Uint8Array<ArrayBuffer>> {
    const kept = await fromCache(file);
    const progress = (done: number): void => report({ stage: 'model', done, total: file.bytes, unit: 'bytes', label });
    if (kept !== null) {
      progress(file.bytes);
      return kept;
    }
    const bytes = await download(new URL(at ?? file.url, place.baseUrl).href, file, place.fetch, progress);
    await keep(file, bytes, label);
    return bytes;
  }

  return {
    async load(file, { label, onProgress, at }) {
      let shared = loading.get(file.sha256);
      if (shared === undefined) {
        const listeners = new Set<OnProgress>();
        const promise = loadOnce(file, label, at, (progress) => {
          for (const listener of listeners) listener(progress);
        }).finally(() => loading.delete(file.sha256));
        shared = { promise, listeners };
        loading.set(file.sha256, shared);
      }
      if (onProgress !== undefined) shared.listeners.add(onProgress);
      return shared.promise;
    },
    async isStored(file) {
      return (await (await open())?.match(keyOf(file.sha256))) !== undefined;
    },
    async list() {
      const cache = await open();
      const files: StoredFile[] = [];
      for (const request of (await cache?.keys()) ?? []) {
        const response = await cache?.match(request);
        const sha256 = request.url.split('/').at(-1) ?? '';
        const bytes = Number(response?.headers.get('content-length') ?? 0);
        files.push({ sha256, bytes, label: response?.headers.get('x-label') ?? '' });
      }
      return files;
    },
    async remove(sha256) {
      await (await open())?.delete(keyOf(sha256));
    },
    async keepOnly(label, files) {
      for (const stored of await this.list())
        if (stored.label === label && files.every(({ sha256 }) => sha256 !== stored.sha256)) await this.remove(stored.sha256);
    },
  };
}

/** Stream a file, counting; hash it. */
async function download(
  url: string,
  file: ModelFile,
  fetcher: typeof globalThis.fetch,
  progress: (done: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Not through the browser's own cache: it would keep a second copy, and a broken one.
  const response = await fetcher(url, { credentials: 'same-origin', cache: 'no-store' }).catch((error: unknown) => {
    throw new AppError('offline', `${file.url} could not be fetched`, { cause: error, stage: 'model' });
  });
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || type.includes('text/html') || response.body === null) {
    await response.body?.cancel();
    throw new AppError('model-unavailable', `${file.url}: status ${response.status}, type ${type}`, { stage: 'model' });
  }
  const broken = (message: string, retryable: boolean): AppError =>
    new AppError('model-integrity', `${file.url}: ${message}`, { stage: 'model', retryable });
  const bytes = new Uint8Array(file.bytes);
  let done = 0;
  progress(0);
  const reader = response.body.getReader();
  while (true) {
    const chunk = await reader.read().catch((error: unknown) => {
      throw new AppError('model-integrity', `${file.url}: cut after ${done} of ${file.bytes} bytes`, {
        cause: error,
        stage: 'model',
        retryable: true,
      });
    });
    if (chunk.done) break;
    if (done + chunk.value.byteLength > file.bytes) {
      await reader.cancel();
      throw broken(`more than ${file.bytes} bytes`, false);
    }
    bytes.set(chunk.value, done);
    done += chunk.value.byteLength;
    if (done < file.bytes) progress(done);
  }
  if (done !== file.bytes) throw broken(`cut after ${done} of ${file.bytes} bytes`, true);
  if ((await sha256Of(bytes)) !== file.sha256) throw broken('sha256 differs from the registry', false);
  progress(file.bytes);
  return bytes;
}

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = (globalThis.crypto as { subtle?: SubtleCrypto }).subtle;
  if (subtle === undefined)
    throw new AppError('model-unavailable', 'Files cannot be checked on an insecure page; open the app over HTTPS', {
      stage: 'model',
      retryable: false,
    });
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
