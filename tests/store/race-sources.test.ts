import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RacePhoto } from '../../src/contracts/race.ts';
import { device } from '../../src/state/device.ts';
import { RaceSources } from '../../src/state/race/race-sources.ts';
import { RaceWatching } from '../../src/state/race/race-watching.ts';
import { photoSource, raceEvent } from './race-fixtures.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A memory card: files by name, which may be locked; it may be pulled out, and its permission may go. */
function memoryCard(...names: string[]) {
  const files = new Map<string, 'free' | 'locked'>(names.map((name) => [name, 'free']));
  const card = { files, isIn: true, permission: 'granted' as PermissionState };
  const check = (): void => {
    if (card.permission !== 'granted') throw new DOMException('not allowed', 'NotAllowedError');
    if (!card.isIn) throw new DOMException('pulled out', 'NotFoundError');
  };
  const fileHandle = (name: string) => ({
    ...{ kind: 'file', name },
    getFile: () => {
      check();
      if (files.get(name) === 'locked') return Promise.reject(new DOMException('locked', 'NotAllowedError'));
      return Promise.resolve(new File(['jpeg'], name, { lastModified: 1 }));
    },
  });
  const handle = {
    ...{ kind: 'directory', name: 'card' },
    async *values() {
      check();
      for (const name of files.keys()) yield await Promise.resolve(fileHandle(name));
    },
    async *keys() {
      check();
      yield* await Promise.resolve([...files.keys()]);
    },
    getFileHandle: (name: string) =>
      Promise.resolve().then(() => {
        check();
        if (!files.has(name)) throw new DOMException('not there', 'NotFoundError');
        return fileHandle(name);
      }),
    queryPermission: () => Promise.resolve(card.permission),
    requestPermission: () => Promise.resolve(card.permission),
  };
  return { card, handle: handle as unknown as FileSystemDirectoryHandle };
}

const photo = (path: string): RacePhoto => ({ sourceId: 's1', path }) as RacePhoto;

/** One race with one folder, as a page has it. */
async function page(handle: FileSystemDirectoryHandle) {
  await device().raceEvents.put(raceEvent());
  await device().photoSources.put(photoSource());
  // The database of tests cannot hold what has functions.
  vi.spyOn(device().photoSources, 'handle').mockResolvedValue(handle);
  const found: string[] = [];
  const started = vi.fn();
  const sources: RaceSources = new RaceSources({
    watch: (id, folder) => watching.watch(id, folder),
    unwatch: (id) => watching.unwatch(id),
    look: (id) => watching.look(id),
    start: started,
    touch: () => {},
  });
  const watching: RaceWatching = new RaceWatching({
    found: (_id, files) => Promise.resolve(void found.push(...files.map(({ path }) => path))),
    lost: (id) => sources.lose(id),
    failed: (error) => expect.unreachable(error.message),
  });
  await sources.open('e1');
  return { sources, watching, found, started };
}

it('a folder of an earlier visit opens without asking, and gives each file once, also those that come later', async () => {
  const { card, handle } = memoryCard('1.jpg', '2.jpg');
  const { sources, watching, found } = await page(handle);
  expect([sources.reachOf('s1'), sources.ofEvent('e1'), sources.openOnes()]).toEqual(['open', ['s1'], [['s1']]]);
  await Promise.all([watching.look('s1'), watching.look('s1')]);
  expect(found).toEqual(['1.jpg', '2.jpg']);
  card.files.set('3.jpg', 'free');
  await vi.advanceTimersByTimeAsync(15_000);
  await expect.poll(() => found).toEqual(['1.jpg', '2.jpg', '3.jpg']);
  sources.remove(photoSource());
  card.files.set('4.jpg', 'free');
  await watching.look('s1');
  expect([found.length, sources.reachOf('s1'), sources.ofEvent('e1')]).toEqual([3, 'absent', []]);
});

it('a card that is pulled out is waited for, and read on when it is back', async () => {
  const { card, handle } = memoryCard('1.jpg');
  const { sources, watching, found, started } = await page(handle);
  await watching.look('s1');
  card.isIn = false;
  await expect(sources.file(photo('1.jpg'))).rejects.toMatchObject({ code: 'permission-denied' });
  await watching.look('s1');
  await expect.poll(() => sources.reachOf('s1')).toBe('absent');
  expect(started).not.toHaveBeenCalled();
  card.isIn = true;
  card.files.set('2.jpg', 'free');
  await vi.advanceTimersByTimeAsync(15_000);
  await expect.poll(() => started.mock.calls.length).toBe(1);
  expect([sources.reachOf('s1'), found.includes('2.jpg')]).toEqual(['open', true]);
});

it('a permission that went is asked for again; nothing opens before it is given', async () => {
  const { card, handle } = memoryCard('1.jpg');
  const { sources, watching } = await page(handle);
  card.permission = 'prompt';
  await watching.look('s1');
  await expect.poll(() => sources.reachOf('s1')).toBe('asks');
  await vi.advanceTimersByTimeAsync(60_000);
  expect([sources.reachOf('s1'), await sources.ask('s1')]).toEqual(['asks', false]);
  card.permission = 'granted';
  expect([await sources.ask('s1'), sources.reachOf('s1')]).toEqual([true, 'open']);
  expect((await sources.file(photo('1.jpg')))?.name).toBe('1.jpg');
});

it('a file that is gone or locked is that file’s affair alone', async () => {
  const { card, handle } = memoryCard('1.jpg', '2.jpg');
  const { sources } = await page(handle);
  card.files.delete('1.jpg');
  card.files.set('2.jpg', 'locked');
  expect(await sources.file(photo('1.jpg'))).toBeNull();
  await expect(sources.file(photo('2.jpg'))).rejects.toMatchObject({ code: 'decode-unsupported' });
  expect(sources.reachOf('s1')).toBe('open');
});
