/** @file The order of a write, with an engine that fails where it is told to. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnnEngine, AnnIndex } from '../../../server/vectors/ann-index.ts';
import { buffered } from '../../../server/vectors/buffered-index.ts';
import { Collections } from '../../../server/repositories/collections.ts';
import { openDatabase } from '../../../server/repositories/database.ts';
import { engineLocation } from '../../../server/vectors/engine-location.ts';
import { openLanceEngine } from '../../../server/vectors/lancedb-index.ts';
import { WriteAheadLog } from '../../../server/repositories/write-ahead-log.ts';
import { CollectionStore } from '../../../server/services/collections/collection-store.ts';
import { DamageReport } from '../../../server/services/storage/damage.ts';
import { removeFolders, temporaryFolder, unitVector } from './test-server.ts';

const SPACE = 'test-embedding@1';
const D = 8;
const DESCRIPTION = { name: 'products', space: SPACE, dimensions: D, metric: 'cosine' } as const;
const logger = fastify({ logger: false }).log;
const item = (id: string, seed: number) => ({ id, productId: `p-${id}`, metadata: { seed }, vector: unitVector(D, seed) });

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterAll(removeFolders);

interface Faults {
  upsert?: (() => Promise<void>) | undefined;
  isUnopenable?: (name: string) => boolean;
}

/** The real engine, but for the faults. */
function faulty(engine: AnnEngine, faults: Faults): AnnEngine {
  return {
    close: () => engine.close(),
    drop: (name) => engine.drop(name),
    open: async (spec) => {
      if (faults.isUnopenable?.(spec.name) === true) throw new Error('damaged');
      const index = await engine.open(spec);
      return new Proxy(index, {
        get(target, name: keyof AnnIndex) {
          if (name === 'upsert')
            return async (items: Parameters<AnnIndex['upsert']>[0]) => {
              await faults.upsert?.();
              await target.upsert(items);
            };
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
}

async function openStore(faults: Faults = {}) {
  const client = await openDatabase(join(folder, 'mekiki.db'));
  const writeAhead = new WriteAheadLog(client);
  const engine = faulty(buffered(await openLanceEngine(engineLocation(join(folder, 'vectors')))), faults);
  const store = await CollectionStore.open({
    ...{ engine, writeAhead, logger },
    collections: new Collections(client),
    damage: new DamageReport(logger),
  });
  return {
    store,
    writeAhead,
    close: async () => {
      await store.close();
      client.close();
    },
    /** As a dying process leaves it: nothing flushed, nothing finished. */
    abandon: () => client.close(),
  };
}

const find = async (store: CollectionStore, seed: number) => (await store.search('products', SPACE, unitVector(D, seed), 1))[0];

describe('a write', () => {
  it('that was logged but did not reach the engine is there after the next start', async () => {
    const first = await openStore();
    await first.store.create(DESCRIPTION);
    await first.close();

    const client = await openDatabase(join(folder, 'mekiki.db'));
    const vector = Float32Array.from(unitVector(D, 1));
    await new WriteAheadLog(client).append([
      {
        kind: 'upsert',
        collection: 'products',
        items: [
          { ...item('a', 1), vector },
          { ...item('b', 2), vector: Float32Array.from(unitVector(D, 2)) },
        ],
      },
      { kind: 'upsert', collection: 'products', items: [{ ...item('a', 3), vector: Float32Array.from(unitVector(D, 3)) }] },
      { kind: 'delete', collection: 'products', ids: ['b'] },
    ]);
    client.close();

    const second = await openStore();
    expect(await find(second.store, 3)).toMatchObject({ id: 'a', productId: 'p-a', metadata: { seed: 3 } });
    expect(await second.store.get('products', 'b')).toBeNull();
    expect((await second.store.list())[0]?.count).toBe(1);
    expect(await second.writeAhead.read(0, 10)).toEqual([]);
    await second.close();
  });

  it('survives the loss of every engine file that was not flushed', async () => {
    const first = await openStore();
    await first.store.create(DESCRIPTION);
    await first.store.upsert('products', SPACE, [item('old', 1)]);
    await first.close();
    cpSync(join(folder, 'vectors'), join(folder, 'flushed'), { recursive: true });

    const second = await openStore();
    await second.store.upsert('products', SPACE, [item('new', 2), item('old', 3)]);
    await second.store.delete('products', ['never']);
    second.abandon();
    rmSync(join(folder, 'vectors'), { recursive: true });
    cpSync(join(folder, 'flushed'), join(folder, 'vectors'), { recursive: true });

    const third = await openStore();
    expect(await find(third.store, 2)).toMatchObject({ id: 'new' });
    expect(await find(third.store, 3)).toMatchObject({ id: 'old', metadata: { seed: 3 } });
    await third.close();
  });

  it('that the engine refuses is answered as failed and forgotten', async () => {
    const faults: Faults = {};
    const first = await openStore(faults);
    await first.store.create(DESCRIPTION);
    faults.upsert = () => Promise.reject(new Error('no space left on device'));
    await expect(first.store.upsert('products', SPACE, [item('a', 1)])).rejects.toThrow('no space left');
    expect(await first.writeAhead.read(0, 10)).toEqual([]);
    faults.upsert = undefined;
    await first.store.upsert('products', SPACE, [item('b', 2)]);
    await first.close();
    const second = await openStore();
    expect(await second.store.get('products', 'a')).toBeNull();
    expect(await second.store.get('products', 'b')).toMatchObject({ id: 'b' });
    await second.close();
  });

  it('does not keep searches waiting', async () => {
    const faults: Faults = {};
    const { store, close } = await openStore(faults);
    await store.create(DESCRIPTION);
    await store.upsert('products', SPACE, [item('a', 1)]);
    let release = () => {};
    faults.upsert = () => new Promise((resolve) => (release = resolve));
    let isWritten = false;
    const write = store.upsert('products', SPACE, [item('b', 2)]).then(() => (isWritten = true));
    expect((await find(store, 1))?.id).toBe('a');
    expect((await find(store, 2))?.id).toBe('a');
    expect(isWritten).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    await write;
    expect((await find(store, 2))?.id).toBe('b');
    await close();
  });

  it('is refused as busy when too many wait, and those that were taken finish', async () => {
    const faults: Faults = {};
    const { store, close } = await openStore(faults);
    await store.create(DESCRIPTION);
    let release = () => {};
    faults.upsert = () => new Promise((resolve) => (release = resolve));
    const first = store.upsert('products', SPACE, [item('first', 1)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const results = Array.from({ length: 300 }, (_, index) =>
      store.upsert('products', SPACE, [item(`w${index}`, index + 2)]).then(
        () => 'ok',
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    faults.upsert = undefined;
    release();
    await first;
    const ends = await Promise.all(results);
    expect(ends.filter((end) => end === 'busy')).toHaveLength(44);
    expect((await store.list())[0]?.count).toBe(1 + 256);
    await close();
  });
});

describe('a damaged collection', () => {
  it('is set aside; the rest is served and its log is kept until it opens again', async () => {
    const first = await openStore();
    await first.store.create(DESCRIPTION);
    await first.store.create({ ...DESCRIPTION, name: 'faces' });
    await first.close();
    const client = await openDatabase(join(folder, 'mekiki.db'));
    await new WriteAheadLog(client).append([
      { kind: 'upsert', collection: 'faces', items: [{ ...item('f', 1), vector: Float32Array.from(unitVector(D, 1)) }] },
    ]);
    client.close();

    const second = await openStore({ isUnopenable: (name) => name === 'faces' });
    expect(second.store.isDegraded).toBe(true);
    await expect(second.store.search('faces', SPACE, unitVector(D, 1), 1)).rejects.toMatchObject({ status: 503, code: 'server-refused' });
    await second.store.upsert('products', SPACE, [item('a', 2)]);
    await second.close();

    const third = await openStore();
    expect(third.store.isDegraded).toBe(false);
    expect(await third.store.get('faces', 'f')).toMatchObject({ id: 'f' });
    expect(await third.store.get('products', 'a')).toMatchObject({ id: 'a' });
    await third.close();
  });

  it('does not open under another dimension', async () => {
    const engine = await openLanceEngine(engineLocation(join(folder, 'vectors')));
    await engine.open({ name: 'x', dimensions: 4, metric: 'cosine', fields: {} });
    await expect(engine.open({ name: 'x', dimensions: 5, metric: 'cosine', fields: {} })).rejects.toMatchObject({ code: 'invalid-input' });
    await engine.close();
  });
});

describe('many small writes', () => {
  it('are compacted while searches go on, and every item stays', async () => {
    const { store, close } = await openStore();
    await store.create(DESCRIPTION);
    let isWriting = true;
    const searches = (async () => {
      let count = 0;
      while (isWriting) {
        const match = await store.search('products', SPACE, unitVector(D, 1), 3);
        expect(match.length).toBeLessThanOrEqual(3);
        count += 1;
      }
      return count;
    })();
    for (let index = 0; index < 80; index++) {
      await store.upsert('products', SPACE, [item(`i${index}`, index)]);
      // A commit of its own.
      await store.flush();
    }
    isWriting = false;
    expect(await searches).toBeGreaterThan(10);
    expect((await store.list())[0]?.count).toBe(80);
    for (const seed of [0, 63, 64, 65, 79]) expect((await find(store, seed))?.id).toBe(`i${seed}`);
    await close();
  });
});
