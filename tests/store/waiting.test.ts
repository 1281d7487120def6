import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { createWaitingStore, type WaitingPhoto } from '../../src/store/waiting.ts';
import { freshDatabase } from './fixtures.ts';

function photo(id: string, order: number): WaitingPhoto {
  return { id, lensId: 'product', blob: new Blob([id]), name: `${id}.jpg`, source: 'file', capturedAtMs: 5, order };
}

it('hands what a tab that is gone left behind to the next one, in order, once', async () => {
  const store = createWaitingStore(freshDatabase());
  await store.add([photo('b', 2), photo('a', 1)], 'first');
  expect(await store.claim('first', new Set(), 'looks')).toEqual([]);
  const left = await store.claim('second', new Set(['second']), 'looks');
  expect(left.map(({ id, attempts }) => [id, attempts])).toEqual([
    ['a', 0],
    ['b', 0],
  ]);
  expect(await left[0]!.blob.text()).toBe('a');
  // Now they are the second tab's, and it lives.
  expect(await store.claim('third', new Set(['second', 'third']), 'looks')).toEqual([]);
});

it('leaves alone what another open tab waits for', async () => {
  const store = createWaitingStore(freshDatabase());
  await store.add([photo('a', 1)], 'open');
  expect(await store.claim('new', new Set(['open']), 'looks')).toEqual([]);
  expect(await store.count('looks')).toBe(1);
});

it('counts how often a look began, and forgets what was answered', async () => {
  const store = createWaitingStore(freshDatabase());
  await store.add([photo('a', 1), photo('b', 2)], 'first');
  await store.begin('a');
  await store.begin('a');
  await store.begin('gone');
  await store.remove(['b', 'gone']);
  expect((await store.claim('second', new Set(), 'looks')).map(({ id, attempts }) => [id, attempts])).toEqual([['a', 2]]);
});
