/** @file The real server as a process of its own, to be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A running server. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** False once it ended, by whatever. */
  readonly isRunning: () => boolean;
  readonly output: () => string;
  /** @returns exit code and signal. */
  stop(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<{ code: number | null; signal: string | null }>;
}

/** @returns the first admin key, which a first start prints. */
export function adminKeyOf({ output }: ServerProcess): string {
  const [key] = /mk_[a-z2-7]{16}_[\w-]{43}/.exec(output()) ?? [];
  if (key === undefined) throw new Error('the server printed no admin key');
  return key;
}

/** @returns settings of a server that only reads and copies from this one. */
export async function readerOf(writer: ServerProcess, admin: string): Promise<Record<string, string>> {
  const answer = await fetch(`${writer.url}/v1/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` },
    body: JSON.stringify({ name: 'reader', purpose: 'test', role: 'replica' }),
  });
  const { secret } = (await answer.json()) as { secret: string };
  return { MEKIKI_REPLICA: '1', MEKIKI_WRITER: writer.url, MEKIKI_WRITER_KEY: secret };
}

/** Start `server/main.ts` and wait until it says where it listens. @throws with its output when it ends before. */
export async function startServer(args: readonly string[], environment: Record<string, string> = {}): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', '--log-level', 'warn', ...args], {
    cwd: ROOT,
    env: { ...process.env, MEKIKI_APP: '/nonexistent', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  );
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /(https?:\/\/localhost:\d+)\//.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void ended.then(({ code, signal }) => reject(new Error(`the server ended (${code ?? signal ?? ''}): ${output}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    output: () => output,
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
