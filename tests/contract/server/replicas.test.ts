/** @file Three servers over one store: one writes, all read, and killing any of them loses nothing and stops nobody else. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { issuedKeySchema } from '../../../src/contracts/keys-api.ts';
import { packManifestSchema, signedPackSchema } from '../../../src/contracts/pack.ts';
import { searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { isSigned } from '../../../src/core/pack-signature.ts';
import { objectStoreEnvironment, startObjectStore } from './object-store.ts';
import { adminKeyOf, readerOf, startServer, type ServerProcess } from './server-process.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 16;
const running: ServerProcess[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop('SIGKILL')));
});
afterAll(removeFolders);

async function call(server: ServerProcess, method: string, path: string, body?: object): Promise<Response> {
  return fetch(server.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}
const upsert = (server: ServerProcess, n: number) =>
  call(server, 'POST', '/v1/collections/products/items', {
    space: SPACE,
    items: [{ id: `i${n}`, productId: 'p', vector: unitVector(D, n + 1), metadata: { n } }],
  });
async function finds(server: ServerProcess, n: number, collection = 'products'): Promise<boolean> {
  const answer = await call(server, 'POST', `/v1/collections/${collection}/search`, { space: SPACE, vector: unitVector(D, n + 1), k: 1 });
  if (answer.status !== 200) return false;
  const [match] = searchResponseSchema.parse(await answer.json()).matches;
  return match?.id === `i${n}` && match.score > 0.9999;
}
async function until(test: () => Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (await test().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within 30 s: ${what}`);
}

describe.each(['a shared folder', 'an object store (stand-in for S3)'])('three servers over %s', (place) => {
  it('lose nothing that was acknowledged and go on reading', { timeout: 300_000 }, async () => {
    const store = place.startsWith('an object') ? await startObjectStore() : null;
    const index = store === null ? join(temporaryFolder(), 'shared') : 's3://bucket/shop';
    const environment = store === null ? {} : objectStoreEnvironment(store);
    const writerFolder = temporaryFolder();
    const start = async (folder: string, more: Record<string, string> = {}, port = '0') => {
      const server = await startServer(['--data', folder, '--index', index, '--no-demo', '--port', port], { ...environment, ...more });
      running.push(server);
      return server;
    };
    let writer = await start(writerFolder);
    const reader = await readerOf(writer, adminKeyOf(writer));
    const readers = [await start(temporaryFolder(), reader), await start(temporaryFolder(), reader)];
    expect(
      (await call(writer, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' })).status,
    ).toBe(201);

    await expect(start(temporaryFolder())).rejects.toThrow('writes to this index');
    expect((await upsert(writer, 0)).status).toBe(200);
    for (const reader of readers) await until(() => finds(reader, 0), 'a reader sees a new collection and its first item');
    expect((await upsert(readers[0]!, 1)).status).toBe(403);

    // One reader is killed, then the writer, both while writes come in.
    const acknowledged: number[] = [];
    let isWriting = true;
    let n = 10;
    const writing = (async () => {
      while (isWriting) {
        const id = n++;
        const answer = await upsert(writer, id).catch(() => null);
        if (answer?.status === 200) acknowledged.push(id);
        else await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await until(() => Promise.resolve(acknowledged.length >= 5), 'writes go in');
    expect((await readers[0]!.stop('SIGKILL')).signal).toBe('SIGKILL');
    const before = acknowledged.length;
    await until(() => Promise.resolve(acknowledged.length >= before + 5), 'writes go on without the reader');
    expect((await writer.stop('SIGKILL')).signal).toBe('SIGKILL');
    const last = acknowledged.at(-1)!;
    await until(() => finds(readers[1]!, last), 'the other reader has the last acknowledged write although the writer is dead');
    for (const id of acknowledged) expect(await finds(readers[1]!, id), `item ${id}`).toBe(true);

    writer = await start(writerFolder, {}, new URL(writer.url).port);
    const dead = acknowledged.length;
    await until(() => Promise.resolve(acknowledged.length >= dead + 3), 'writes go on with the writer started again');
    isWriting = false;
    await writing;
    const late = await start(temporaryFolder(), reader);
    for (const server of [writer, readers[1]!, late]) {
      await until(() => finds(server, acknowledged.at(-1)!), 'the last write is read everywhere');
      for (const id of acknowledged) expect(await finds(server, id), `item ${id}`).toBe(true);
    }

    // A writer on a fresh machine takes over once the old one has let go.
    expect((await writer.stop('SIGTERM')).code).toBe(0);
    const heir = await start(temporaryFolder());
    expect((await upsert(heir, 5)).status).toBe(200);
    await until(() => finds(late, 5), 'a reader sees what the new writer wrote');
    for (const id of acknowledged) expect(await finds(heir, id), `item ${id}`).toBe(true);
    await store?.close();
  });

  it.runIf(place === 'a shared folder')('share keys, ends and packs, also when the writer is killed', { timeout: 120_000 }, async () => {
    const index = join(temporaryFolder(), 'shared');
    const start = async (more: Record<string, string> = {}) => {
      const server = await startServer(['--data', temporaryFolder(), '--index', index, '--no-demo', '--port', '0', '--require-key'], more);
      running.push(server);
      return server;
    };
    const writer = await start();
    const admin = adminKeyOf(writer);
    const reader = await readerOf(writer, admin);
    const readers = [await start(reader), await start(reader)];
    const ask = (server: ServerProcess, key: string, method: string, path: string, body?: object) =>
      fetch(server.url + path, {
        ...{ method, headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) } },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const make = async (path: string, body: object) => {
      const answer = await ask(writer, admin, 'POST', path, body);
      expect(answer.status, path).toBeLessThan(300);
      return answer.json() as Promise<unknown>;
    };
    for (const name of ['products', 'moments']) await make('/v1/collections', { name, space: SPACE, dimensions: D, metric: 'cosine' });
    const validUntilMs = Date.now() + 12_000;
    const item = (n: number) => ({ id: `i${n}`, productId: 'p', vector: unitVector(D, n + 1), metadata: {} });
    await make('/v1/collections/products/items', { space: SPACE, items: [item(1)] });
    await make('/v1/collections/moments/items', { space: SPACE, items: [item(1), { ...item(2), validUntilMs }] });
    await make('/v1/products', { products: [{ id: 'p', name: { en: 'P' }, gtins: [], source: 's', updatedAtMs: 1 }] });
    await make('/v1/pack-builds', { id: 'shop', kind: 'shop', title: { en: 'Shop' }, collections: [{ name: 'products' }] });
    const newKey = async () => issuedKeySchema.parse(await make('/v1/keys', { name: 'till', purpose: 'test', role: 'viewer' }));
    const [till, thief] = [await newKey(), await newKey()];
    const works = async (server: ServerProcess, key: string) => (await ask(server, key, 'GET', '/v1/keys/self')).status === 200;
    for (const server of readers) {
      await until(() => works(server, till.secret), 'a key made on the writer works on a reader');
      await until(() => works(server, thief.secret), 'and the other one');
      for (const collection of ['products', 'moments']) await until(() => finds(server, 1, collection), 'and items are found');
      await until(async () => (await fetch(`${server.url}/v1/packs/shop`)).ok, 'and the pack is there');
    }
    expect((await ask(writer, admin, 'DELETE', `/v1/keys/${thief.key.id}`)).status).toBe(200);
    for (const server of readers) await until(async () => !(await works(server, thief.secret)), 'it is revoked on a reader');

    expect((await writer.stop('SIGKILL')).signal).toBe('SIGKILL');
    await until(() => Promise.resolve(Date.now() > validUntilMs), 'the end of an item');
    for (const server of readers) {
      expect([await works(server, till.secret), await works(server, thief.secret)]).toEqual([true, false]);
      expect([await finds(server, 1, 'moments'), await finds(server, 2, 'moments')]).toEqual([true, false]);
      const signed = signedPackSchema.parse(await (await fetch(`${server.url}/v1/packs/shop`)).json());
      expect(await isSigned(signed)).toBe(true);
      for (const { sha256 } of packManifestSchema.parse(JSON.parse(signed.manifest)).parts) {
        const bytes = Buffer.from(await (await fetch(`${server.url}/v1/packs/shop/parts/${sha256}`)).arrayBuffer());
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      }
    }
    expect((await readers[0]!.stop('SIGKILL')).signal).toBe('SIGKILL');
    expect(await works(readers[1]!, till.secret)).toBe(true);
  });

  it.runIf(place.startsWith('an object'))('refuse to start over a store that ignores conditions', async () => {
    const careless = await startObjectStore({ honoursConditions: false });
    const args = ['--data', temporaryFolder(), '--index', 's3://bucket/x', '--no-demo', '--port', '0'];
    await expect(startServer(args, objectStoreEnvironment(careless))).rejects.toThrow('If-None-Match');
    await careless.close();
  });
});
