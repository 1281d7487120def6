/** @file A server process that is killed and started again over one data folder, and how to call it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startServer, type ServerProcess } from '../server-process.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** Smaller collections are searched exactly; larger ones are trained, as those above 100,000 rows are outside of tests. */
export const EXACT_ROWS = 600;
const ENVIRONMENT = { MEKIKI_EXACT_ROWS: String(EXACT_ROWS), MEKIKI_ERASE_PAUSE_MS: '100', MEKIKI_RATE_LIMIT: '1000000' };

/** The server has gone: what was asked may have been done or not. */
export class ServerGone extends Error {}

/** One data folder and the process that serves it, if any. */
export class ServerUnderTorture {
  readonly folder: string;
  #process: ServerProcess | null = null;
  #key: string;

  /** @param key of an admin; the first start tells it. */
  constructor(folder: string, key = '') {
    this.folder = folder;
    this.#key = key;
  }

  get key(): string {
    return this.#key;
  }

  async start(): Promise<void> {
    this.#process = await startServer(this.#args(), ENVIRONMENT);
    const key = /mk_[\w-]+/.exec(this.#process.output())?.[0];
    if (key !== undefined) this.#key = key;
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const running = this.#process;
    this.#process = null;
    return (await running?.stop(signal))?.code ?? null;
  }

  /** Start it and kill it so long afterwards, whether it listens by then or not. */
  async killWhileStarting(afterMs: number): Promise<void> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts', '--log-level', 'silent', ...this.#args()], {
      cwd: ROOT,
      env: { ...process.env, MEKIKI_APP: '/nonexistent', ...ENVIRONMENT },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    await ended;
  }

  output(): string {
    return this.#process?.output() ?? '';
  }

  /** @throws ServerGone when no whole answer came; an error when the server is there and gives none, or ended by itself. */
  async call(
    method: string,
    path: string,
    body?: object | string | Uint8Array<ArrayBuffer>,
    type = 'application/json',
    isAgain = false,
  ): Promise<Answer> {
    const running = this.#process;
    if (running === null) throw new ServerGone();
    try {
      const answer = await fetch(`${running.url}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#key}`, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      });
      return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
    } catch (error) {
      // A kept connection may close at the moment of its next request: reading again does no harm.
      const isRead = method === 'GET' || path.endsWith('/search');
      if (isRead && !isAgain && this.#process === running && running.isRunning()) return this.call(method, path, body, type, true);
      throw new ServerGone(`no answer; the server ${running.isRunning() ? 'runs' : 'has ended'}: ${running.output()}`, { cause: error });
    }
  }

  /** Call, and take nothing but these statuses for an answer. @returns the parsed body. */
  async ask(expected: readonly number[], method: string, path: string, body?: object): Promise<unknown> {
    const { status, bytes } = await this.call(method, path, body);
    if (!expected.includes(status)) throw new Error(`${method} ${path} answered ${status}: ${bytes.toString().slice(0, 500)}`);
    return bytes.length === 0 ? null : (JSON.parse(bytes.toString()) as unknown);
  }

  #args(): string[] {
    return ['--data', this.folder, '--no-demo', '--port', '0'];
  }
}

/** A whole answer. */
interface Answer {
  readonly status: number;
  readonly bytes: Buffer<ArrayBuffer>;
}
