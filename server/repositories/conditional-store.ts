/**
 * @file Small shared files beside the vectors, with the one primitive that several servers can agree by: create a file only if it is
 * not there. On a folder the file system gives it, on an object store `If-None-Match: *`.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { AppError } from '../../src/contracts/errors.ts';
import type { EngineLocation } from '../vectors/engine-location.ts';

/** Folder of our own files, apart from the engine's tables. */
const OWN = '_mekiki';
const TIMEOUT_MS = 10_000;

/** Files by key. Keys are of our own making: letters, digits, `.`, `-` and `/`. */
export interface ConditionalStore {
  /** @returns false when the key is taken, by whomever; then nothing was written. */
  create(key: string, text: string): Promise<boolean>;
  /** Write whether it is there or not. */
  put(key: string, text: string): Promise<void>;
  /** @returns null when it is not there. */
  read(key: string): Promise<string | null>;
  /** Keys that begin with `prefix` (a folder, with its slash), in order. */
  list(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
}

/** @returns the store beside an engine's tables; null for a service, which coordinates by itself. */
export function conditionalStore(location: EngineLocation): ConditionalStore | null {
  if (location.kind === 'folder') return folderStore(join(location.uri, OWN));
  return location.kind === 'object-store' ? objectStore(location) : null;
}

/**
 * Object stores that ignore `If-None-Match` lose commits without a word: of two writers at once, one is overwritten.
 * @throws AppError('server-refused') for such a store; 'permission-denied' or 'offline' when it cannot be written at all.
 */
export async function requireConditionalWrites(store: ConditionalStore): Promise<void> {
  const key = `probe/${randomUUID()}`;
  try {
    const isNew = await store.create(key, 'first');
    const isAgain = await store.create(key, 'second');
    if (!isNew || isAgain || (await store.read(key)) !== 'first')
      throw new AppError(
        'server-refused',
        'This object store does not honour "If-None-Match: *": a file that was there was overwritten. Commits would be lost without ' +
          'a word. Use a store with conditional writes, or a folder.',
      );
  } finally {
    await store.remove(key).catch(() => {
      // A probe of a few bytes may stay.
    });
  }
}

function folderStore(folder: string): ConditionalStore {
  const write = async (path: string, text: string, flags: 'w' | 'wx') => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, flags, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  return {
    create: async (key, text) => {
      try {
        await write(join(folder, key), text, 'wx');
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    },
    put: async (key, text) => {
      const path = join(folder, key);
      const temporary = `${path}.${randomUUID()}.part`;
      await write(temporary, text, 'w');
      await rename(temporary, path);
    },
    read: (key) => orNull(() => readFile(join(folder, key), 'utf8')),
    list: async (prefix) => ((await orNull(() => readdir(join(folder, prefix)))) ?? []).map((name) => prefix + name).sort(),
    remove: (key) => rm(join(folder, key), { force: true }),
  };
}

async function orNull<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function objectStore({ bucket, prefix, access }: EngineLocation & { readonly kind: 'object-store' }): ConditionalStore {
  const { endpoint, region, accessKeyId, secretAccessKey, sessionToken } = access;
  const client = new AwsClient({
    ...{ accessKeyId, secretAccessKey, region, service: 's3' },
    ...(sessionToken === null ? {} : { sessionToken }),
  });
  const base = `${endpoint ?? `https://s3.${region}.amazonaws.com`}/${bucket}`;
  const below = `${prefix === '' ? '' : `${prefix}/`}${OWN}/`;
  const send = async (path: string, init: RequestInit, accepted: readonly number[]): Promise<Response> => {
    let answer: Response;
    try {
      answer = await client.fetch(`${base}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      throw new AppError('offline', 'The object store does not answer.', { cause: error });
    }
    if (answer.ok || accepted.includes(answer.status)) return answer;
    await answer.body?.cancel();
    const isForbidden = answer.status === 401 || answer.status === 403;
    throw new AppError(isForbidden ? 'permission-denied' : 'offline', `The object store answered ${answer.status}.`);
  };
  return {
    create: async (key, body) => {
      const answer = await send(`/${below}${key}`, { method: 'PUT', body, headers: { 'if-none-match': '*' } }, [409, 412]);
      await answer.body?.cancel();
      return answer.ok;
    },
    put: async (key, body) => {
      await (await send(`/${below}${key}`, { method: 'PUT', body }, [])).body?.cancel();
    },
    read: async (key) => {
      const answer = await send(`/${below}${key}`, { method: 'GET' }, [404]);
      const text = await answer.text();
      return answer.ok ? text : null;
    },
    list: async (folder) => {
      const answer = await send(`?list-type=2&prefix=${encodeURIComponent(below + folder)}`, { method: 'GET' }, []);
      // Our keys hold nothing that XML escapes.
      const keys = [...(await answer.text()).matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key.slice(below.length));
      return keys.sort();
    },
    remove: async (key) => {
      await (await send(`/${below}${key}`, { method: 'DELETE' }, [404])).body?.cancel();
    },
  };
}
