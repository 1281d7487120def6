/** @file How a server that only reads calls the one that writes. */
import { problemSchema } from '../../../src/contracts/server-api.ts';

/**
 * @param path below the writer's origin.
 * @param more what stops it besides the time.
 * @returns the answer, also a refusal.
 */
export type AskWriter = (path: string, timeoutMs: number, more?: AbortSignal) => Promise<Response>;

/** @param url origin. @param key of the role `replica`. */
export function writerLink(url: string, key: string): AskWriter {
  return (path, timeoutMs, more) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    return fetch(url + path, {
      headers: { authorization: `Bearer ${key}` },
      // Whoever answers elsewhere is not the writer, and must not get the key.
      redirect: 'error',
      signal: more === undefined ? timeout : AbortSignal.any([timeout, more]),
    });
  };
}

/** The writer knows who asks and does not serve it. */
export class WriterRefusal extends Error {}

/** @returns the answer when it is a success. @throws WriterRefusal when the writer itself refuses the key; Error otherwise. */
export async function answered(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const problem = problemSchema.safeParse(await answer.json().catch(() => null));
  // Not what a proxy in between says.
  if ((answer.status === 401 || answer.status === 403) && problem.success && problem.data.code === 'permission-denied')
    throw new WriterRefusal(problem.data.detail ?? 'It gave no reason.');
  throw new Error(`the writer answered ${answer.status}`);
}
