import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { withNews } from '../../src/core/shelf/facing-news.ts';
import { createBayPhotoStore } from '../../src/store/bay-photos.ts';
import { createVisitStore } from '../../src/store/visits.ts';
import { createWaitingStore } from '../../src/store/waiting.ts';
import { freshDatabase } from './fixtures.ts';
import { bayPhoto, facingLook, photoReading, visit } from './shelf-fixtures.ts';

const jpeg = (text: string): Blob => new Blob([text], { type: 'image/jpeg' });

function stand() {
  const database = freshDatabase();
  return { database, photos: createBayPhotoStore(database), waiting: createWaitingStore(database), visits: createVisitStore(database) };
}

const read = (photoId: string) => ({
  ...{ widthPx: 4000, heightPx: 3000, screen: jpeg('screen'), thumbnail: jpeg('small') },
  ...{ reading: photoReading(photoId), looks: [facingLook('f0', 0.25), facingLook('f1', 0.5)] },
});

/** Let writes to a store fail as a full disk does, from the n-th on. */
function fillDisk(name: string, after = 0): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to its own object below
  const original = IDBObjectStore.prototype.put;
  let writes = 0;
  const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<IDBObjectStore['put']>
  ) {
    if (this.name === name && ++writes > after) throw new DOMException('disk full', 'QuotaExceededError');
    return original.apply(this, args);
  });
  return () => spy.mockRestore();
}

describe('a photo of a bay', () => {
  it('waits as it came until it was read, then is kept smaller, with what was read and what its facings look like', async () => {
    const { photos, waiting } = stand();
    await photos.add(bayPhoto('p1'), jpeg('full'), 1, 'tab');
    expect(await (await photos.picture('p1', 'screen'))!.text()).toBe('full');
    expect(await photos.finish('p1', read('p1'))).toMatchObject({ state: 'read', widthPx: 4000, readAtMs: 5000 });
    expect(await waiting.count('shelf')).toBe(0);
    expect(await (await photos.picture('p1', 'screen'))!.text()).toBe('screen');
    expect(await (await photos.picture('p1', 'thumbnail'))!.text()).toBe('small');
    expect(await photos.sizeOf('v1')).toBe('screen'.length + 'small'.length);
    expect(await photos.reading('p1')).toEqual(photoReading('p1'));
    expect(await photos.looks('p1')).toEqual([facingLook('f0', 0.25), facingLook('f1', 0.5)]);
    expect([...(await photos.looksOf('v1')).keys()]).toEqual(['p1']);
  });

  it('is not acknowledged when storage is full, and what was acknowledged before stays', async () => {
    const { photos, waiting } = stand();
    await photos.add(bayPhoto('p1'), jpeg('full'), 1, 'tab');
    const empty = fillDisk('waiting');
    try {
      await expect(photos.add(bayPhoto('p2'), jpeg('more'), 2, 'tab')).rejects.toMatchObject({ code: 'quota-exceeded' });
    } finally {
      empty();
    }
    expect((await photos.ofVisit('v1')).map(({ id }) => id)).toEqual(['p1']);
    expect(await waiting.count('shelf')).toBe(1);
  });

  it('still waits when what was read in it does not fit any more', async () => {
    const { photos } = stand();
    await photos.add(bayPhoto('p1'), jpeg('full'), 1, 'tab');
    const empty = fillDisk('shelfLooks');
    try {
      await expect(photos.finish('p1', read('p1'))).rejects.toMatchObject({ code: 'quota-exceeded' });
    } finally {
      empty();
    }
    expect(await photos.get('p1')).toMatchObject({ state: 'waiting' });
    expect(await (await photos.picture('p1', 'screen'))!.text()).toBe('full');
    expect(await photos.reading('p1')).toBeNull();
  });

  it('is taken over by the next tab, apart from the photos of looks', async () => {
    const { photos, waiting } = stand();
    await photos.add(bayPhoto('p2', { capturedAtMs: 1 }), jpeg('2'), 2, 'gone');
    await photos.add(bayPhoto('p1', { capturedAtMs: 2 }), jpeg('1'), 1, 'gone');
    await waiting.add([{ id: 'look', lensId: 'product', blob: jpeg('x'), name: 'x', source: 'file', capturedAtMs: 1, order: 0 }], 'gone');
    expect((await waiting.claim('new', new Set(['new']), 'shelf')).map(({ id }) => id)).toEqual(['p1', 'p2']);
    expect((await waiting.claim('new', new Set(['new']), 'looks')).map(({ id }) => id)).toEqual(['look']);
  });

  it('keeps what was found out about a facing, also when its looks were compared anew meanwhile', async () => {
    const { photos } = stand();
    await photos.add(bayPhoto('p1'), jpeg('full'), 1, 'tab');
    await photos.finish('p1', read('p1'));
    const earlier = await photos.looks('p1');
    const news = [
      { facingId: 'f0', words: [{ productId: 'a', named01: 0.5, shown01: 0 }] },
      { facingId: 'f1', serverMatches: [{ galleryId: 'far', productId: 'b', cosine: 0.75, colour: null, computedOn: 'server' as const }] },
      { facingId: 'gone', words: [] },
    ];
    const amended = await photos.amendLooks('p1', (looks) => withNews(looks, news));
    expect(amended.map(({ words, matches }) => [words?.length, matches.length])).toEqual([
      [1, 1],
      [undefined, 2],
    ]);
    // Written by somebody who had read them before; the second facing was drawn anew, so what was known of it is not of it.
    await photos.put([photoReading('p1')], new Map([['p1', [earlier[0]!, facingLook('f1', 0.75)]]]));
    expect(await photos.looks('p1')).toEqual([amended[0], facingLook('f1', 0.75)]);
    expect(await photos.amendLooks('none', (looks) => looks)).toEqual([]);
  });

  it('belongs to another bay after it was moved, and is listed in the order of capture', async () => {
    const { photos } = stand();
    await photos.add(bayPhoto('p1', { capturedAtMs: 20 }), jpeg('1'), 1, 'tab');
    await photos.add(bayPhoto('p2', { capturedAtMs: 10 }), jpeg('2'), 2, 'tab');
    await photos.finish('p1', read('p1'));
    expect((await photos.ofVisit('v1', 'b1')).map(({ id }) => id)).toEqual(['p2', 'p1']);
    await photos.move('p1', 'b2');
    expect((await photos.ofBay('b1')).map(({ id }) => id)).toEqual(['p2']);
    expect((await photos.reading('p1'))?.bayId).toBe('b2');
    expect(await photos.readingsOf('v1', 'b1')).toEqual([]);
    expect((await photos.readingsOf('v1', 'b2')).map(({ photoId }) => photoId)).toEqual(['p1']);
    expect(await photos.readingsOf('v1')).toHaveLength(1);
  });

  it('goes with its visit', async () => {
    const { photos, visits, waiting } = stand();
    await visits.put(visit('v1'));
    await visits.put(visit('v2'));
    await photos.add(bayPhoto('p1'), jpeg('1'), 1, 'tab');
    await photos.add(bayPhoto('p2'), jpeg('2'), 2, 'tab');
    await photos.add(bayPhoto('other', { visitId: 'v2' }), jpeg('3'), 3, 'tab');
    await photos.finish('p1', read('p1'));
    await visits.remove('v1');
    expect(await photos.ofVisit('v1')).toEqual([]);
    expect(await photos.picture('p1', 'screen')).toBeNull();
    expect(await photos.looks('p1')).toEqual([]);
    expect(await photos.readingsOf('v1')).toEqual([]);
    expect(await waiting.count('shelf')).toBe(1);
    expect(await photos.get('other')).not.toBeNull();
  });
});
