/** @file Three servers over one store: one writes, all read, and killing any of them loses nothing and stops nobody else. */
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { objectStoreEnvironment, startObjectStore } from './object-store.ts';
import { startServer, type ServerProcess } from './server-process.ts';
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
async function finds(server: ServerProcess, n: number): Promise<boolean> {
  const answer = await call(server, 'POST', '/v1/collections/products/search', { space: SPACE, vector: unitVector(D, n + 1), k: 1 });
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
    const start = async (folder: string, ...more: string[]) => {
      const server = await startServer(['--data', folder, '--index', index, '--no-demo', '--port', '0', ...more], environment);
      running.push(server);
      return server;
    };
    let writer = await start(writerFolder);
    const readers = [await start(temporaryFolder(), '--replica'), await start(temporaryFolder(), '--replica')];
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

    writer = await start(writerFolder);
    const dead = acknowledged.length;
    await until(() => Promise.resolve(acknowledged.length >= dead + 3), 'writes go on with the writer started again');
    isWriting = false;
    await writing;
    const late = await start(temporaryFolder(), '--replica');
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

  it.runIf(place.startsWith('an object'))('refuse to start over a store that ignores conditions', async () => {
    const careless = await startObjectStore({ honoursConditions: false });
    const args = ['--data', temporaryFolder(), '--index', 's3://bucket/x', '--no-demo', '--port', '0'];
    await expect(startServer(args, objectStoreEnvironment(careless))).rejects.toThrow('If-None-Match');
    await careless.close();
  });
});
