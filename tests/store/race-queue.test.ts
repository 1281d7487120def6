import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import type { RacePhoto } from '../../src/contracts/race.ts';
import { BURST_PHOTOS, BURST_WINDOW_MS, settleBurst } from '../../src/core/race/settle-burst.ts';
import { RaceQueue, type RaceQueuePlaces } from '../../src/state/race/race-queue.ts';
import { createDatabase, type Database } from '../../src/store/db.ts';
import { createRaceEventStore } from '../../src/store/race-events.ts';
import { createRacePhotoStore, type FinishedPhoto } from '../../src/store/race-photos.ts';
import { createRaceReadingStore } from '../../src/store/race-readings.ts';
import { freshDatabase } from './fixtures.ts';
import { bibAnswer, finishedPhoto, foundFile, KEEP_APART, photoSource, raceStand, sighting } from './race-fixtures.ts';

/** The file that a photo's row speaks of. */
function fileOf({ path, sizeBytes, modifiedAtMs }: RacePhoto, size = sizeBytes): File {
  return new File([new Uint8Array(size)], path, { lastModified: modifiedAtMs });
}

function readOf(photo: RacePhoto): FinishedPhoto {
  return finishedPhoto(photo.id, [sighting(`${photo.id}/0`, bibAnswer('12'))], { contentHash: photo.path });
}

async function stand(paths: readonly string[], places: Partial<RaceQueuePlaces> = {}) {
  const here = await raceStand(freshDatabase());
  const { wanted } = await here.photos.add(
    's1',
    paths.map((path) => foundFile(path)),
  );
  const read = vi.fn(places.read ?? ((photo: RacePhoto) => Promise.resolve(readOf(photo))));
  const lost = vi.fn();
  const queue = new RaceQueue({
    ...{ photos: here.photos, settle: KEEP_APART, sources: () => [['s1']] },
    ...{ open: (photo: RacePhoto) => Promise.resolve(fileOf(photo)), hash: (file: File) => Promise.resolve(file.name) },
    ...{ lost, onChange: () => {} },
    ...places,
    read,
  });
  const run = async (): Promise<void> => {
    queue.start();
    await queue.settled();
  };
  const states = async (): Promise<string[]> => (await here.photos.all('e1')).map(({ state }) => state);
  return { ...here, queue, read, lost, run, states, ids: wanted };
}

/** Resolves when told to. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('the queue', () => {
  it('reads what waits, two at a time, as it was found', async () => {
    let [now, most] = [0, 0];
    const { run, states, read, queue } = await stand(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], {
      read: async (photo) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 1));
        now -= 1;
        return readOf(photo);
      },
    });
    await run();
    expect(await states()).toEqual(['read', 'read', 'read', 'read']);
    expect(read.mock.calls.map(([{ path }]) => path)).toEqual(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']);
    expect([most, queue.state, queue.running]).toEqual([2, 'idle', []]);
  });

  it('takes what somebody looks at first, and what is found while it runs', async () => {
    const { photos, queue, read, ids } = await stand(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']);
    queue.prefer([ids[3]!]);
    queue.start();
    await photos.add('s1', [foundFile('e.jpg')]);
    queue.start();
    await queue.settled();
    expect(read.mock.calls[0]![0].path).toBe('d.jpg');
    expect(read.mock.calls[0]![2].isAwaited).toBe(true);
    expect(read.mock.calls.at(-1)![0].path).toBe('e.jpg');
  });

  it('pauses and goes on; what is stopped waits as if it had not begun', async () => {
    const { opened, open } = gate();
    const { queue, photos, states, read } = await stand(['a.jpg', 'b.jpg', 'c.jpg'], {
      read: async (photo, _file, { signal }) => {
        await Promise.race([
          opened,
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
        ]);
        return readOf(photo);
      },
    });
    queue.start();
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(2));
    queue.pause();
    await queue.stop();
    await queue.settled();
    expect([queue.state, await states()]).toEqual(['paused', ['waiting', 'waiting', 'waiting']]);
    expect((await photos.all('e1')).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
    queue.start();
    expect(queue.state).toBe('paused');
    open();
    queue.resume();
    await queue.settled();
    expect(await states()).toEqual(['read', 'read', 'read']);
  });

  it('sets a photo aside that is no photo, and one that kills the tab again and again', async () => {
    const { run, states, photos, ids } = await stand(['a.jpg', 'bad.jpg', 'killer.jpg'], {
      read: (photo) =>
        photo.path === 'bad.jpg' ? Promise.reject(new AppError('decode-unsupported', 'no photo')) : Promise.resolve(readOf(photo)),
    });
    for (let death = 0; death < 3; death++) await photos.begin(ids[2]!);
    await run();
    expect(await states()).toEqual(['read', 'failed', 'failed']);
    expect((await photos.all('e1')).map(({ problem }) => problem)).toEqual([null, 'decode-unsupported', 'worker-died']);
  });

  it('reads a photo alone when it did not end before', async () => {
    const running: string[][] = [];
    const { run, photos, queue, ids } = await stand(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], {
      read: async (photo) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (photo.path < 'c') running.push([...queue.running]);
        return readOf(photo);
      },
    });
    await photos.begin(ids[0]!);
    await photos.begin(ids[1]!);
    await run();
    expect(running).toEqual([[ids[0]], [ids[1]]]);
  });

  it('tries again what is not the photo’s fault, and stops when nothing works', async () => {
    let deaths = 0;
    const flaky = await stand(['a.jpg', 'b.jpg'], {
      read: (photo) => (deaths++ === 0 ? Promise.reject(new AppError('worker-died', 'gone')) : Promise.resolve(readOf(photo))),
    });
    await flaky.run();
    expect(await flaky.states()).toEqual(['read', 'read']);
    const broken = await stand(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg', 'f.jpg'], {
      read: () => Promise.reject(new AppError('gpu-lost', 'gone')),
    });
    await broken.run();
    expect([broken.queue.state, broken.queue.error?.code]).toEqual(['broken', 'gpu-lost']);
    expect(new Set(await broken.states())).toEqual(new Set(['waiting']));
    const offline = await stand(['a.jpg'], { read: () => Promise.reject(new AppError('model-unavailable', 'no net')) });
    await offline.run();
    expect([offline.queue.state, (await offline.photos.all('e1'))[0]]).toMatchObject(['broken', { state: 'waiting', attempts: 0 }]);
  });

  it('stops when storage is full, and goes on when there is room', async () => {
    const { run, queue, states, photos } = await stand(['a.jpg', 'b.jpg']);
    const finish = vi.spyOn(photos, 'finish').mockRejectedValue(new AppError('quota-exceeded', 'full'));
    await run();
    expect([queue.state, queue.error?.code, await states()]).toEqual(['full', 'quota-exceeded', ['waiting', 'waiting']]);
    finish.mockRestore();
    await run();
    expect([queue.state, await states()]).toEqual(['idle', ['read', 'read']]);
  });

  it('notices a file that went, changed, or changes while it is read', async () => {
    let isGrown = false;
    const { run, states, photos } = await stand(['gone.jpg', 'grown.jpg', 'growing.jpg'], {
      open: (photo) =>
        Promise.resolve(
          photo.path === 'gone.jpg' ? null : fileOf(photo, photo.path === 'grown.jpg' ? 5000 : isGrown ? 6000 : photo.sizeBytes),
        ),
      read: (photo, file) => {
        if (photo.path !== 'growing.jpg' || isGrown) return Promise.resolve({ ...readOf(photo), thumbnail: new Blob([`${file.size}`]) });
        isGrown = true;
        return Promise.reject(new AppError('decode-unsupported', 'cut short'));
      },
    });
    await run();
    expect(await states()).toEqual(['gone', 'read', 'read']);
    expect((await photos.all('e1')).map(({ sizeBytes }) => sizeBytes).slice(1)).toEqual([5000, 6000]);
  });

  it('leaves the photos of a source that is out of reach alone, and reads those of others', async () => {
    const reachable = new Set(['s1', 's2']);
    const { run, photos, sources, lost, states } = await stand(['a.jpg', 'b.jpg'], {
      sources: () => [['s1', 's2'].filter((id) => reachable.has(id))],
      open: (photo) =>
        photo.sourceId === 's1' ? Promise.reject(new AppError('permission-denied', 'revoked')) : Promise.resolve(fileOf(photo)),
      lost: (id) => {
        reachable.delete(id);
        lost(id);
      },
    });
    await sources.put(photoSource('s2', { addedAtMs: 2 }));
    await photos.add('s2', [foundFile('c.jpg')]);
    await run();
    expect(lost).toHaveBeenCalledWith('s1');
    expect(await states()).toEqual(['waiting', 'waiting', 'read']);
    expect((await photos.all('e1')).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  });

  it('sets a file aside that cannot be opened while its source can', async () => {
    const { run, states, lost } = await stand(['locked.jpg', 'b.jpg'], {
      open: (photo) =>
        photo.path === 'locked.jpg' ? Promise.reject(new AppError('decode-unsupported', 'locked')) : Promise.resolve(fileOf(photo)),
    });
    await run();
    expect(await states()).toEqual(['failed', 'read']);
    expect(lost).not.toHaveBeenCalled();
  });

  it('reads the same bytes once, whatever they are called', async () => {
    const { run, states, read } = await stand(['a.jpg', 'copy of a.jpg', 'b.jpg'], {
      hash: (file) => Promise.resolve(file.name.includes('a.jpg') ? 'same' : 'other'),
      read: (photo) =>
        Promise.resolve({ ...readOf(photo), facts: { ...readOf(photo).facts, contentHash: photo.path === 'b.jpg' ? 'other' : 'same' } }),
    });
    await run();
    expect(await states()).toEqual(['read', 'skipped', 'read']);
    expect(read).toHaveBeenCalledTimes(2);
  });
});

/** A tab whose database can be taken away at any moment: what is under way is aborted, and nothing more is written or answered. */
function openTab(name: string): { readonly database: Database; kill(): void } {
  const real = createDatabase({ name });
  let isDead = false;
  const open = new Set<IDBTransaction>();
  const database: Database = {
    name,
    async connect() {
      if (isDead) return new Promise(() => {});
      const connection = await real.connect();
      return new Proxy(connection, {
        get(target, key) {
          const value = Reflect.get(target, key) as unknown;
          if (key !== 'transaction') return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
          return (...given: Parameters<typeof connection.transaction>) => {
            const transaction = target.transaction(...given);
            open.add(transaction as unknown as IDBTransaction);
            void transaction.done.catch(() => {}).finally(() => open.delete(transaction as unknown as IDBTransaction));
            return transaction;
          };
        },
      });
    },
    close: () => real.close(),
  };
  const kill = (): void => {
    isDead = true;
    for (const transaction of open) {
      try {
        transaction.abort();
      } catch {
        // It had just ended.
      }
    }
    real.close();
  };
  return { database, kill };
}

describe('an import of 300 photos', () => {
  it('that is killed 20 times loses nothing and does nothing twice', { timeout: 120_000 }, async () => {
    const name = `killed-${Math.random()}`;
    await raceStand(createDatabase({ name }));
    const files = Array.from({ length: 300 }, (_, i) => foundFile(`${String(i).padStart(3, '0')}.jpg`, { sizeBytes: i + 1 }));
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const finished = new Map<string, number>();
    const readAfterwards: string[] = [];
    const settle = { windowMs: BURST_WINDOW_MS, photos: BURST_PHOTOS, settle: settleBurst };

    async function work(killAfter: number | null): Promise<void> {
      const tab = openTab(name);
      const photos = createRacePhotoStore(tab.database);
      let left = killAfter ?? Infinity;
      const died = gate();
      const maybeDie = async (): Promise<void> => {
        if (left-- > 0) return;
        // Somewhere within what is under way.
        setTimeout(() => {
          tab.kill();
          died.open();
        }, random(4));
        await new Promise(() => {});
      };
      const queue = new RaceQueue({
        photos: {
          ...photos,
          finish: async (id, read, by) => {
            const isDone = await photos.finish(id, read, by);
            if (isDone) finished.set(id, (finished.get(id) ?? 0) + 1);
            return isDone;
          },
        },
        settle,
        sources: () => [['s1']],
        open: (photo) => Promise.resolve(fileOf(photo)),
        hash: (file) => Promise.resolve(file.name),
        read: async (photo) => {
          if (finished.has(photo.id)) readAfterwards.push(photo.id);
          await maybeDie();
          await new Promise((resolve) => setTimeout(resolve, 0));
          const cameraAtMs = 1_700_000_000_000 + photo.sizeBytes * 400;
          const seen = sighting(
            `${photo.id}/0`,
            bibAnswer(String(1 + Math.floor(photo.sizeBytes / 5)), photo.sizeBytes % 5 === 0 ? 'check' : 'sure'),
          );
          return finishedPhoto(photo.id, [seen], { cameraAtMs, contentHash: photo.path });
        },
        lost: () => {},
        onChange: () => {},
      });
      const scan = async (): Promise<void> => {
        for (let at = 0; at < files.length; at += 25) {
          await photos.add('s1', files.slice(at, at + 25));
          queue.start();
        }
        await queue.settled();
      };
      await (killAfter === null ? scan() : Promise.race([scan().catch(() => new Promise(() => {})), died.opened]));
    }

    for (let death = 0; death < 20; death++) await work(2 + random(18));
    await work(null);

    const database = createDatabase({ name });
    const photos = createRacePhotoStore(database);
    const readings = createRaceReadingStore(database);
    const all = await photos.all('e1');
    expect(all.map(({ state }) => state)).toEqual(files.map(() => 'read'));
    expect(new Set(all.map(({ path }) => path)).size).toBe(300);
    expect(await readings.ofEvent('e1')).toHaveLength(300);
    expect(readAfterwards).toEqual([]);
    expect(Math.max(...finished.values())).toBe(1);
    const counts = (await createRaceEventStore(database).counts('e1')).photos;
    expect(counts).toEqual({ waiting: 0, read: 300, failed: 0, gone: 0, skipped: 0 });
    let shown = 0;
    for (const bib of await readings.bibsOf('e1')) shown += (await readings.countsOf('e1', [bib]))[0]!;
    expect(shown).toBe(300);
    for (const id of await photos.ids('e1')) expect((await photos.thumbnail(id))!.size).toBe(5);
  });
});

describe('one photo', () => {
  it('costs as many operations of the database among 10,000 as among 1,000', { timeout: 180_000 }, async () => {
    const costs: Record<string, number>[] = [];
    for (const size of [1000, 10_000]) {
      const here = await raceStand(freshDatabase());
      const files = Array.from({ length: size }, (_, i) => foundFile(`${String(i).padStart(5, '0')}.jpg`, { sizeBytes: i + 1 }));
      for (let at = 0; at < size; at += 500) await here.photos.add('s1', files.slice(at, at + 500));
      const settle = { windowMs: BURST_WINDOW_MS, photos: BURST_PHOTOS, settle: settleBurst };
      const readNext = async (count: number): Promise<void> => {
        for (const photo of await here.photos.next(['s1'], count)) {
          await here.photos.begin(photo.id);
          await here.photos.sameFile('e1', photo.path);
          const facts = { cameraAtMs: 1_700_000_000_000 + photo.sizeBytes * 500, contentHash: photo.path };
          await here.photos.finish(photo.id, finishedPhoto(photo.id, [sighting(`${photo.id}/0`, bibAnswer('5'))], facts), settle);
        }
      };
      await readNext(40);
      const counting = countOperations();
      await readNext(5);
      costs.push(counting.stop());
    }
    expect(costs[1]).toEqual(costs[0]);
    expect(Object.values(costs[0]!).reduce((sum, count) => sum + count, 0) / 5).toBeLessThan(250);
  });
});

/** Counts requests to object stores and indexes; steps of cursors are bounded where they are made. */
function countOperations(): { stop(): Record<string, number> } {
  const counts: Record<string, number> = {};
  const restores: (() => void)[] = [];
  for (const [prototype, names] of [
    [IDBObjectStore.prototype, ['get', 'getAll', 'getKey', 'getAllKeys', 'put', 'add', 'delete', 'openCursor', 'count']],
    [IDBIndex.prototype, ['get', 'getAll', 'getKey', 'getAllKeys', 'openCursor', 'openKeyCursor', 'count']],
  ] as const) {
    for (const name of names) {
      const methods = prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
      const original = methods[name]!;
      methods[name] = function (this: unknown, ...given: unknown[]) {
        counts[name] = (counts[name] ?? 0) + 1;
        return original.apply(this, given);
      };
      restores.push(() => (methods[name] = original));
    }
  }
  return {
    stop: () => {
      for (const restore of restores) restore();
      return counts;
    },
  };
}
