/** @file `kill -9` in the middle of writes: nothing acknowledged is lost, no batch is half there. */
import { afterAll, describe, expect, it } from 'vitest';
import { searchResponseSchema } from '../../../src/contracts/server-api.ts';
import { startServer } from './server-process.ts';
import { removeFolders, seededRandom, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 32;
const WRITERS = 6;
/** Items that each batch of a writer replaces. */
const REPLACED = 12;
/** Items that each batch adds. */
const ADDED = 4;
const ROUNDS = 5;

afterAll(removeFolders);

/** Each version of an item has a vector that no other has. */
const seedOf = (writer: number, index: number, version: number) => 1 + writer * 1_000_003 + index * 10_007 + version * 101;

interface Writer {
  readonly id: number;
  /** Last batch that was acknowledged; -1: none. */
  acknowledged: number;
  /** Batch that was sent and not answered. */
  inFlight: number | null;
  /** Batches whose added items were deleted, and the one whose deletion was not answered. */
  readonly deleted: Set<number>;
  deleting: number | null;
}

function batchOf(writer: number, version: number) {
  const item = (id: string, index: number) => ({
    id,
    productId: `product-${writer}-${version}`,
    vector: unitVector(D, seedOf(writer, index, version)),
    metadata: { version },
  });
  return [
    ...Array.from({ length: REPLACED }, (_, index) => item(`w${writer}-r${index}`, index)),
    ...Array.from({ length: ADDED }, (_, index) => item(`w${writer}-a${version}-${index}`, REPLACED + index)),
  ];
}

async function call(url: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

/** Write until the server is gone. */
async function write(url: string, writer: Writer, random: () => number): Promise<void> {
  for (;;) {
    const version = Math.max(writer.acknowledged, writer.inFlight ?? -1) + 1;
    writer.inFlight = version;
    try {
      const answer = await call(url, 'POST', '/v1/collections/products/items', { space: SPACE, items: batchOf(writer.id, version) });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      await answer.arrayBuffer();
    } catch {
      return;
    }
    writer.acknowledged = version;
    writer.inFlight = null;
    await new Promise((resolve) => setTimeout(resolve, random() * 150));
    if (version > 2 && random() < 0.3) {
      const gone = version - 2;
      if (writer.deleted.has(gone)) continue;
      writer.deleting = gone;
      try {
        const ids = Array.from({ length: ADDED }, (_, index) => `w${writer.id}-a${gone}-${index}`);
        const answer = await call(url, 'DELETE', '/v1/collections/products/items', { ids });
        if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
        await answer.arrayBuffer();
      } catch {
        return;
      }
      writer.deleted.add(gone);
      writer.deleting = null;
    }
  }
}

/** @returns version of an item as it is stored; null: not there. Its vector, product and metadata must be of that one version. */
async function storedVersion(url: string, writer: number, index: number, id: string): Promise<number | null> {
  const answer = await call(url, 'GET', `/v1/collections/products/items/${id}`);
  if (answer.status === 404) return null;
  expect(answer.status).toBe(200);
  const { productId, metadata } = (await answer.json()) as { productId: string; metadata: { version: number } };
  expect(productId).toBe(`product-${writer}-${metadata.version}`);
  const found = await call(url, 'POST', '/v1/collections/products/search', {
    space: SPACE,
    vector: unitVector(D, seedOf(writer, index, metadata.version)),
    k: 1,
  });
  const [match] = searchResponseSchema.parse(await found.json()).matches;
  expect(match).toMatchObject({ id, productId, metadata });
  expect(match?.score).toBeCloseTo(1, 5);
  return metadata.version;
}

/** Compare what is stored with what was acknowledged, and take over what an unanswered write left. */
async function verify(url: string, writer: Writer, fromBatch: number): Promise<void> {
  const replaced = await Promise.all(
    Array.from({ length: REPLACED }, (_, index) => storedVersion(url, writer.id, index, `w${writer.id}-r${index}`)),
  );
  const [version] = replaced;
  expect(new Set(replaced).size, 'a batch is half there').toBe(1);
  const allowed = [writer.acknowledged === -1 ? null : writer.acknowledged, ...(writer.inFlight === null ? [] : [writer.inFlight])];
  expect(allowed).toContain(version);
  const last = version ?? -1;

  for (let batch = Math.max(0, fromBatch); batch <= Math.max(writer.acknowledged, writer.inFlight ?? -1); batch++) {
    const added = await Promise.all(
      Array.from({ length: ADDED }, (_, index) => storedVersion(url, writer.id, REPLACED + index, `w${writer.id}-a${batch}-${index}`)),
    );
    const isThere = added.every((one) => one === batch);
    const isGone = added.every((one) => one === null);
    expect(isThere || isGone, 'a batch is half there').toBe(true);
    if (batch === writer.deleting) {
      if (isGone) writer.deleted.add(batch);
    } else expect(isThere).toBe(batch <= last && !writer.deleted.has(batch));
  }
  writer.acknowledged = last;
  writer.inFlight = null;
  writer.deleting = null;
}

describe('kill -9 in the middle of writes', () => {
  it(`${ROUNDS} times: every acknowledged write is found, none is half written`, { timeout: 240_000 }, async () => {
    const random = seededRandom(20261121);
    const folder = temporaryFolder();
    const args = ['--data', folder, '--no-demo', '--port', '0'];
    const writers: Writer[] = Array.from({ length: WRITERS }, (_, id) => ({
      id,
      acknowledged: -1,
      inFlight: null,
      deleted: new Set(),
      deleting: null,
    }));

    let server = await startServer(args);
    expect(
      (await call(server.url, 'POST', '/v1/collections', { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' })).status,
    ).toBe(201);
    const progress: number[] = [];
    const verifiedTo = writers.map(() => 0);
    for (let round = 0; round < ROUNDS; round++) {
      const writing = Promise.all(writers.map((writer) => write(server.url, writer, random)));
      await new Promise((resolve) => setTimeout(resolve, 100 + random() * 900));
      const { signal } = await server.stop('SIGKILL');
      expect(signal).toBe('SIGKILL');
      await writing;
      progress.push(writers.reduce((sum, { acknowledged }) => sum + acknowledged + 1, 0));

      server = await startServer(args);
      // Every batch is looked at once after the kill that followed it; all of them again at the end.
      for (const writer of writers) await verify(server.url, writer, verifiedTo[writer.id]! - 3);
      for (const writer of writers) verifiedTo[writer.id] = writer.acknowledged;
    }
    // The test is worth something only if writes were acknowledged between the kills.
    expect(progress.at(-1)).toBeGreaterThan(ROUNDS * 2);
    expect(progress.every((sum, round) => round === 0 || sum >= progress[round - 1]!)).toBe(true);

    const { code } = await server.stop('SIGTERM');
    expect(code).toBe(0);
    server = await startServer(args);
    for (const writer of writers) await verify(server.url, writer, 0);
    expect((await server.stop('SIGINT')).code).toBe(0);
  });
});
