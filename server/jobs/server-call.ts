/** @file Calls of the commands to a running server. */
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../src/contracts/errors.ts';
import { problemSchema } from '../../src/contracts/server-api.ts';

/** Longer waits are a day's quota that is used up. */
const MAX_WAIT_S = 120;

/** Where the server is and who calls. */
export interface ServerAccess {
  readonly url: string;
  /** Null: as a program on the server's machine. */
  readonly key: string | null;
}

/** One call. */
export interface ServerCall {
  readonly method?: string;
  readonly type?: string;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** 404 is an answer too. */
  readonly mayBeAbsent?: boolean;
}

/** Options that every such command has; the key comes from the environment, where others do not see it. */
export function serverAccess(url: string | undefined, environment: Readonly<Record<string, string | undefined>>): ServerAccess {
  return {
    url: (url ?? environment['MEKIKI_SERVER'] ?? 'http://localhost:8787').replace(/\/+$/, ''),
    key: environment['MEKIKI_KEY'] || null,
  };
}

/**
 * A server that asks to wait a minute is waited for. @returns the answer, when it is a good one.
 * @throws AppError('offline') when nobody answers; 'invalid-input' | 'permission-denied' | 'server-refused' with the server's reason.
 */
export async function callServer({ url, key }: ServerAccess, path: string, init: ServerCall = {}): Promise<Response> {
  const { method = 'GET', type, body, signal, mayBeAbsent = false } = init;
  let answer: Response;
  try {
    answer = await fetch(`${url}/v1${path}`, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw new AppError('cancelled', 'Stopped.', { cause: error });
    throw new AppError('offline', `No server answers at ${url}. Is it running?`, { cause: error });
  }
  if (answer.ok || (mayBeAbsent && answer.status === 404)) return answer;
  const waitS = Number(answer.headers.get('retry-after') ?? Number.NaN);
  if (answer.status === 429 && waitS <= MAX_WAIT_S) {
    await answer.body?.cancel();
    await pause(waitS * 1000, undefined, signal === undefined ? {} : { signal });
    return callServer({ url, key }, path, init);
  }
  const problem = problemSchema.safeParse(await answer.json().catch(() => null));
  const reason = problem.data?.detail ?? problem.data?.title ?? `The server answered ${answer.status}.`;
  const isForbidden = answer.status === 401 || answer.status === 403;
  throw new AppError(isForbidden ? 'permission-denied' : answer.status < 500 ? 'invalid-input' : 'server-refused', reason);
}
