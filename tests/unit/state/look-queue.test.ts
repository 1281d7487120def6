/** @file The queue of photos: who goes first, what is kept on disk and when it is forgotten, pausing, cancelling, trying again. */
import { expect, it } from 'vitest';
import type { LensSpec } from '../../../src/contracts/lens.ts';
import type { Priority } from '../../../src/contracts/task.ts';
import { LookQueue, type LookQueuePlaces, type Outcome, type QueuedPhoto } from '../../../src/state/look-queue.ts';

const LENS = { id: 'product' } as LensSpec;

function photoOf(id: string, priority: Priority = 'batch'): QueuedPhoto {
  return { media: { id, blob: new Blob([id]), name: id, source: 'file', capturedAtMs: 1 }, lens: LENS, label: id, priority };
}

/** A queue whose looks end when the test says so. */
function stand(more: Partial<LookQueuePlaces<QueuedPhoto>> = {}) {
  const begun: string[] = [];
  const disk = new Map<string, number>();
  const ends = new Map<string, (outcome: Outcome) => void>();
  const queue = new LookQueue<QueuedPhoto>({
    run: ({ media }) => {
      begun.push(media.id);
      return new Promise((resolve) => ends.set(media.id, resolve));
    },
    stop: (id) => ends.get(id)?.('done'),
    keep: async ({ media }, order) => void disk.set(media.id, order),
    begin: async () => {},
    forget: async (ids) => ids.forEach((id) => disk.delete(id)),
    onChange: () => {},
    ...more,
  });
  const end = async (id: string, outcome: Outcome = 'done'): Promise<void> => {
    ends.get(id)!(outcome);
    await settled();
  };
  return { queue, begun, disk, end };
}

const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));

it('looks at a batch one by one, and forgets each photo on disk when it is answered', async () => {
  const { queue, begun, disk, end } = stand();
  queue.add([photoOf('a'), photoOf('b'), photoOf('c')]);
  await settled();
  expect(begun).toEqual(['a']);
  expect([...disk.keys()]).toEqual(['a', 'b', 'c']);
  await end('a');
  expect(begun).toEqual(['a', 'b']);
  expect([...disk.keys()]).toEqual(['b', 'c']);
  expect(queue.waiting).toBe(1);
});

it('lets a photo that somebody waits for overtake the batch, beside the one that runs', async () => {
  const { queue, begun, end } = stand();
  queue.add([photoOf('a'), photoOf('b')]);
  queue.add([photoOf('now', 'interactive')]);
  expect(begun).toEqual(['a', 'now']);
  await end('a');
  // The next of the batch waits until nobody does.
  expect(begun).toEqual(['a', 'now']);
  await end('now');
  expect(begun).toEqual(['a', 'now', 'b']);
});

it('begins nothing of the batch while paused, but what somebody waits for', async () => {
  const { queue, begun, end } = stand();
  queue.add([photoOf('a'), photoOf('b')]);
  queue.pause();
  await end('a');
  queue.add([photoOf('now', 'interactive')]);
  expect(begun).toEqual(['a', 'now']);
  await end('now');
  expect(queue.isPaused).toBe(true);
  queue.resume();
  expect(begun).toEqual(['a', 'now', 'b']);
});

it('puts aside what may work later, keeps it on disk, and tries it again', async () => {
  const { queue, begun, disk, end } = stand();
  queue.add([photoOf('a'), photoOf('b')]);
  await end('a', 'later');
  await end('b');
  expect([queue.waiting, queue.later]).toEqual([0, 1]);
  expect([...disk.keys()]).toEqual(['a']);
  queue.tryAgain();
  expect(begun).toEqual(['a', 'b', 'a']);
  await end('a');
  expect(queue.later).toBe(0);
  expect(disk.size).toBe(0);
});

it('stops the batch when nothing would work now', async () => {
  const { queue, begun, disk, end } = stand();
  queue.add([photoOf('a'), photoOf('b')]);
  await end('a', 'stuck');
  expect(begun).toEqual(['a']);
  expect([queue.isPaused, queue.waiting, queue.later, disk.size]).toEqual([true, 1, 1, 2]);
});

it('cancels one photo or the whole batch, and leaves what somebody waits for alone', async () => {
  const { queue, begun, disk, end } = stand();
  queue.add([photoOf('a'), photoOf('b'), photoOf('c')]);
  queue.add([photoOf('now', 'interactive')]);
  queue.cancel('b');
  expect(queue.find('b')).toBeNull();
  queue.cancelAll();
  await settled();
  expect(queue.waiting).toBe(0);
  await end('now');
  expect(begun).toEqual(['a', 'now']);
  expect(disk.size).toBe(0);
});

it('says so when photos cannot be kept, and looks at them all the same', async () => {
  const { queue, begun, end } = stand({ keep: () => Promise.reject(new Error('full')) });
  queue.add([photoOf('a'), photoOf('b')]);
  await settled();
  expect(queue.isKept).toBe(false);
  await end('a');
  expect(begun).toEqual(['a', 'b']);
});

it('does not write a photo that was answered before its turn to be written came', async () => {
  let release = (): void => {};
  const written: string[] = [];
  const { queue, end } = stand({
    keep: async ({ media }) => {
      written.push(media.id);
      if (media.id === 'a') await new Promise<void>((resolve) => (release = resolve));
    },
  });
  queue.add([photoOf('a'), photoOf('b')]);
  await settled();
  await end('a');
  await end('b');
  release();
  await settled();
  expect(written).toEqual(['a']);
});

it('takes over what is on disk already without writing it again', async () => {
  const { queue, begun, disk } = stand();
  queue.add([photoOf('a')], true);
  queue.addForLater([photoOf('b')]);
  await settled();
  expect(begun).toEqual(['a']);
  expect(queue.later).toBe(1);
  expect(disk.size).toBe(0);
});
