/**
 * @file A full disk: writes are refused as `storage-full`, searches go on, nothing acknowledged is lost, and with room again all is well. The
 * system's limit on the size of files stands in for a full disk, since everybody may set it; a small disk of its own needs root.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collectionSchema, healthSchema, problemSchema, searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 64;
const BATCH = 20;

afterAll(removeFolders);

/** One server, and batches that it answered for. */
class Filled {
  #server: ServerProcess | null = null;
  readonly #folder: string;
  #key = '';
  readonly acknowledged: number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  async start(): Promise<void> {
    this.#server = await startServer(['--data', this.#folder, '--no-demo', '--port', '0']);
    this.#key = /mk_[\w-]+/.exec(this.#server.output())?.[0] ?? this.#key;
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.#server?.stop(signal);
  }

  call(method: string, path: string, body?: object | string, type = 'application/json'): Promise<Response> {
    return fetch(`${this.#server?.url ?? ''}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** @returns the status; a batch that was answered for is remembered. */
  async write(batch: number): Promise<number> {
    const items = Array.from({ length: BATCH }, (_, n) => ({ id: `b${batch}-${n}`, productId: 'p', vector: vectorOf(batch, n) }));
    const answer = await this.call('POST', '/collections/things/items', { space: SPACE, items });
    if (answer.status === 200) this.acknowledged.push(batch);
    else if (answer.status === 507) await expectFull(answer);
    await answer.arrayBuffer().catch(() => undefined);
    return answer.status;
  }

  /** Every batch that was answered for is found, by id and by vector. */
  async expectAll(): Promise<void> {
    for (const batch of this.acknowledged) {
      expect((await this.call('GET', `/collections/things/items/b${batch}-0`)).status, `batch ${batch}`).toBe(200);
      const found = await this.call('POST', '/collections/things/search', { space: SPACE, vector: vectorOf(batch, 1), k: 1 });
      expect(searchResponseSchema.parse(await found.json()).matches[0]?.id).toBe(`b${batch}-1`);
    }
  }

  /** What only reads goes on. */
  async expectReads(): Promise<void> {
    await this.expectAll();
    const health = await this.call('GET', '/health');
    expect(health.status).toBe(200);
    expect(healthSchema.parse(await health.json()).damaged).toEqual([]);
    const [things] = collectionSchema.array().parse(await (await this.call('GET', '/collections')).json());
    expect(things?.count).toBeGreaterThanOrEqual(this.acknowledged.length * BATCH);
  }

  /** What writes says that it cannot. */
  async expectRefusals(): Promise<void> {
    expect(await this.write(9_000)).toBe(507);
    await expectFull(await this.call('DELETE', '/collections/things/items', { ids: ['b0-0'] }));
    await expectFull(await this.call('POST', '/keys', { name: 'n', purpose: 'p', role: 'viewer' }));
    await expectFull(
      await this.call('POST', '/pack-builds', { id: 'full', kind: 'shop', title: { en: 'x' }, collections: [{ name: 'things' }] }),
    );
    await expectFull(await this.call('POST', '/collections', { name: 'others', space: SPACE, dimensions: D, metric: 'cosine' }));
    // Reading everything is written down before it is answered; where that cannot be, it is not answered.
    await expectFull(await this.call('GET', '/collections/things/export'));
    const rows = Array.from({ length: 50 }, (_, n) => `${JSON.stringify({ id: `row-${n}`, vector: vectorOf(1_000, n) })}\n`).join('');
    const ingest = await this.call('POST', `/collections/things/ingest?job=full&space=${SPACE}`, rows, 'application/x-ndjson');
    expect(await ingest.text()).toMatch(/no space left/);
  }
}

async function expectFull(answer: Response): Promise<void> {
  const text = await answer.text();
  expect(`${answer.status} ${text}`).toContain('507 ');
  expect(problemSchema.parse(JSON.parse(text))).toMatchObject({ status: 507, code: 'storage-full', title: 'Storage full' });
}

function vectorOf(batch: number, n: number): number[] {
  return unitVector(D, 1 + batch * 1_000 + n);
}

async function survives(folder: string, fill: (server: Filled) => Promise<void> | void, free: (server: Filled) => void): Promise<void> {
  const server = new Filled(folder);
  await server.start();
  expect((await server.call('POST', '/collections', { name: 'things', space: SPACE, dimensions: D, metric: 'cosine' })).status).toBe(201);
  for (let batch = 0; batch < 5; batch++) expect(await server.write(batch)).toBe(200);
  await fill(server);
  await server.expectRefusals();
  await server.expectReads();
  free(server);
  await expect.poll(() => server.write(5), { timeout: 30_000 }).toBe(200);
  await server.expectAll();
  // Full again, and killed: what was answered for is in the log.
  for (let batch = 6; batch < 9; batch++) expect(await server.write(batch)).toBe(200);
  await fill(server);
  await server.write(10);
  await server.stop('SIGKILL');
  free(server);
  await server.start();
  await server.expectReads();
  expect(await server.write(11)).toBe(200);
  const check = (await (await server.call('GET', '/audit/check')).json()) as { isIntact: boolean };
  expect(check.isIntact).toBe(true);
  await server.stop('SIGTERM');
}

describe('a full disk', { timeout: 240_000 }, () => {
  it.skipIf(!hasPrlimit())('as the limit of the size of files', async () => {
    const limit = ({ pid }: Filled, bytes: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    await survives(
      temporaryFolder(),
      (server) => void limit(server, '0'),
      (server) => {
        if (isAlive(server.pid)) limit(server, 'unlimited');
      },
    );
  });

  it.skipIf(!mayMount())('of its own', async () => {
    const folder = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'mekiki-test', folder]);
    try {
      const ballast = join(folder, 'ballast');
      await survives(
        folder,
        () => {
          // To the last page: what is left after that is none of SQLite's, nor of the engine's.
          const { bavail, bsize } = statfsSync(folder);
          writeFileSync(ballast, Buffer.alloc(bavail * bsize));
        },
        () => rmSync(ballast, { force: true }),
      );
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  });
});

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

/** A part of util-linux, which nearly every Linux has. */
function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function mayMount(): boolean {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'mekiki-test', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
