/** @file Keys and files that do not fit: the server says which, and changes nothing. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from './server-process.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
let folder: string;
let args: string[];

beforeAll(async () => {
  folder = temporaryFolder();
  args = ['--data', folder, '--no-demo', '--port', '0'];
  const server = await startServer(args);
  const post = (path: string, body: object) =>
    fetch(server.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect((await post('/v1/collections', { name: 'things', space: SPACE, dimensions: 4, metric: 'cosine' })).status).toBe(201);
  const items = [{ id: 'kept', productId: 'p', vector: unitVector(4, 1) }];
  expect((await post('/v1/collections/things/items', { space: SPACE, items })).status).toBe(200);
  expect((await server.stop('SIGTERM')).code).toBe(0);
});
afterAll(removeFolders);

/** Names and hashes of every file. */
function snapshot(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('server.lock'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
    .sort();
}

/** Start, and expect a refusal that leaves every file as it is. */
async function expectRefusal(says: RegExp, code: number, environment: Record<string, string> = {}): Promise<void> {
  const before = snapshot();
  const output = await startServer(args, environment).then(
    async (server) => {
      await server.stop('SIGKILL');
      return 'it started';
    },
    (error: unknown) => String(error),
  );
  expect(output).toMatch(says);
  expect(output).toContain(`the server ended (${code})`);
  expect(output).not.toMatch(/\n\s+at /);
  expect(snapshot()).toEqual(before);
}

async function expectStart(more: readonly string[] = []): Promise<void> {
  const server = await startServer([...args, ...more]);
  expect((await fetch(`${server.url}/v1/collections/things/items/kept`)).status).toBe(200);
  expect((await server.stop('SIGTERM')).code).toBe(0);
}

/** Put a file away while something is tried. */
async function without(name: string, attempt: (path: string) => Promise<void>): Promise<void> {
  const path = join(folder, name);
  copyFileSync(path, `${folder}.kept`);
  try {
    await attempt(path);
  } finally {
    copyFileSync(`${folder}.kept`, path);
    rmSync(`${folder}.kept`);
  }
  await expectStart();
}

describe('the master key', { timeout: 180_000 }, () => {
  it('that is another one is refused', async () => {
    await expectRefusal(/not the master key that the data was written with/, 2, { MEKIKI_MASTER_KEY: randomBytes(32).toString('base64') });
    await expectRefusal(/does not hold base64 of 32 bytes/, 2, { MEKIKI_MASTER_KEY: 'short' });
    await expectStart();
  });

  it('that is missing or cut short is refused, and none is made', () =>
    without('master.key', async (path) => {
      rmSync(path);
      await expectRefusal(/master key is missing/, 2);
      expect(existsSync(path)).toBe(false);
      writeFileSync(path, '');
      await expectRefusal(/does not hold base64/, 2);
    }));
});

describe('the signing key', { timeout: 180_000 }, () => {
  it('that is another one, or none, is refused', () =>
    without('signing-key.pem', async (path) => {
      rmSync(path);
      await expectRefusal(/signing key is missing/, 2);
      expect(existsSync(path)).toBe(false);
      writeFileSync(path, 'no key');
      await expectRefusal(/holds no private key/, 2);
      writeFileSync(path, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await expectRefusal(/not the signing key of this data.*--new-signing-key/, 2);
    }));

  it('is replaced only when that is asked for, and then for good', async () => {
    writeFileSync(join(folder, 'signing-key.pem'), generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expectStart(['--new-signing-key']);
    await expectStart();
  });
});

describe('the database', { timeout: 180_000 }, () => {
  it('that is cut short, overwritten, empty or gone is refused by name', () =>
    without('mekiki.db', async (path) => {
      const { length } = readFileSync(path);
      truncateSync(path, Math.floor(length / 2));
      await expectRefusal(/database ".*mekiki\.db" is damaged/, 1);
      writeFileSync(path, randomBytes(length));
      await expectRefusal(/database ".*mekiki\.db" is damaged/, 1);
      writeFileSync(path, '');
      await expectRefusal(/missing or empty, but there are vectors/, 1);
      rmSync(path);
      await expectRefusal(/missing or empty, but there are vectors/, 1);
    }));
});
