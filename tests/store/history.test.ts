import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { createCorrectionStore } from '../../src/store/corrections.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { createHistoryStore, type HistoryPosition } from '../../src/store/history.ts';
import { createProductStore } from '../../src/store/products.ts';
import { freshDatabase, galleryItem, historyEntry, product } from './fixtures.ts';

describe('history', () => {
  it('pages newest first, each entry once, also among equal times', async () => {
    const store = createHistoryStore(freshDatabase());
    for (let i = 0; i < 23; i++) await store.add(historyEntry(`h${String(i).padStart(2, '0')}`, { atMs: 1000 + Math.floor(i / 4) }));
    const seen: string[] = [];
    let after: HistoryPosition | null = null;
    do {
      const page: Awaited<ReturnType<typeof store.list>> = await store.list({ limit: 5, after });
      seen.push(...page.entries.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(Array.from({ length: 23 }, (_, i) => `h${String(22 - i).padStart(2, '0')}`));
  });

  it('has no next page when the last one is exactly full', async () => {
    const store = createHistoryStore(freshDatabase());
    for (let i = 0; i < 4; i++) await store.add(historyEntry(`h${i}`, { atMs: i }));
    expect((await store.list({ limit: 4 })).next).toBeNull();
  });

  it('keeps photos as they were', async () => {
    const store = createHistoryStore(freshDatabase());
    await store.add(historyEntry('a'));
    const entry = await store.get('a');
    expect(await entry?.photo.text()).toBe('photo of a');
    expect(entry?.thumbnail.type).toBe('image/jpeg');
  });

  it('lists favourites and pages them', async () => {
    const store = createHistoryStore(freshDatabase());
    for (let i = 0; i < 9; i++) await store.add(historyEntry(`h${i}`, { atMs: i, isFavourite: i % 2 === 0 }));
    await store.setFavourite('h3', true);
    await store.setFavourite('h4', false);
    const first = await store.list({ favouritesOnly: true, limit: 3 });
    const second = await store.list({ favouritesOnly: true, limit: 3, after: first.next });
    expect([...first.entries, ...second.entries].map(({ id }) => id)).toEqual(['h8', 'h6', 'h3', 'h2', 'h0']);
    expect(second.next).toBeNull();
  });

  it('searches names and text read, and finds edited text', async () => {
    const store = createHistoryStore(freshDatabase());
    await store.add(historyEntry('a', { atMs: 1 }));
    await store.add(
      historyEntry('b', { atMs: 2, candidates: [], text: { text: '原材料名　小麦粉', lines: [], script: 'japanese', confidence01: 1 } }),
    );
    const ids = async (search: string): Promise<string[]> => (await store.list({ search })).entries.map(({ id }) => id);
    expect(await ids('milk')).toEqual(['a']);
    expect(await ids('小麦')).toEqual(['b']);
    await store.update('b', { editedText: 'そば粉' });
    expect(await ids('小麦')).toEqual([]);
    expect(await ids('ソバ')).toEqual(['b']);
  });

  it('refuses to update what is gone', async () => {
    const store = createHistoryStore(freshDatabase());
    await store.add(historyEntry('a'));
    await store.remove(['a']);
    await expect(store.update('a', { isFavourite: true })).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await store.count()).toBe(0);
  });
});

describe('corrections', () => {
  const setUp = async () => {
    const database = freshDatabase();
    const stores = {
      history: createHistoryStore(database),
      corrections: createCorrectionStore(database),
      gallery: createGalleryStore(database),
      products: createProductStore(database),
    };
    await stores.history.add(historyEntry('h'));
    return stores;
  };

  it('learns a photo, marks the entry, and takes both back', async () => {
    const { history, corrections, gallery } = await setUp();
    await corrections.add(
      { id: 'c1', historyId: 'h', atMs: 1, kind: 'corrected', productId: 'p2', galleryId: 'g' },
      galleryItem('g', { productId: 'p2' }),
    );
    expect((await history.get('h'))?.correctedProductId).toBe('p2');
    expect(await gallery.get('g')).not.toBeNull();
    expect((await corrections.undo('c1'))?.id).toBe('c1');
    expect((await history.get('h'))?.correctedProductId).toBeNull();
    expect(await gallery.get('g')).toBeNull();
    expect(await corrections.undo('c1')).toBeNull();
  });

  it('undoing the second correction returns to the first', async () => {
    const { history, corrections } = await setUp();
    await corrections.add({ id: 'c1', historyId: 'h', atMs: 1, kind: 'corrected', productId: 'p1', galleryId: null });
    await corrections.add({ id: 'c2', historyId: 'h', atMs: 2, kind: 'corrected', productId: 'p2', galleryId: null });
    expect((await corrections.list()).map(({ id }) => id)).toEqual(['c2', 'c1']);
    await corrections.undo('c2');
    expect((await history.get('h'))?.correctedProductId).toBe('p1');
  });

  it('outlives its history entry', async () => {
    const { history, corrections, gallery } = await setUp();
    await corrections.add({ id: 'c1', historyId: 'h', atMs: 1, kind: 'confirmed', productId: 'p1', galleryId: 'g' }, galleryItem('g'));
    await history.removeAll();
    expect(await corrections.list()).toHaveLength(1);
    await corrections.undo('c1');
    expect(await gallery.get('g')).toBeNull();
  });

  it('undoing an addition removes the product, but not one that is still used', async () => {
    const { corrections, products } = await setUp();
    await products.put([product('new')]);
    await corrections.add(
      { id: 'c1', historyId: 'h', atMs: 1, kind: 'added', productId: 'new', galleryId: 'g1' },
      galleryItem('g1', { productId: 'new' }),
    );
    await corrections.add({ id: 'c2', historyId: 'h', atMs: 2, kind: 'confirmed', productId: 'new', galleryId: null });
    await corrections.undo('c1');
    expect(await products.byId('new')).not.toBeNull();
    await corrections.undo('c2');
    await corrections.add({ id: 'c3', historyId: 'h', atMs: 3, kind: 'added', productId: 'new', galleryId: null });
    await corrections.undo('c3');
    expect(await products.byId('new')).toBeNull();
  });

  it('writes nothing when the learnt photo is malformed', async () => {
    const { corrections } = await setUp();
    const bad = galleryItem('g', { vector: Float32Array.from([Number.NaN, 0]) });
    await expect(
      corrections.add({ id: 'c', historyId: 'h', atMs: 1, kind: 'confirmed', productId: 'p1', galleryId: 'g' }, bad),
    ).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(
      corrections.add({ id: 'c', historyId: 'h', atMs: 1, kind: 'confirmed', productId: 'p1', galleryId: 'other' }, galleryItem('g')),
    ).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await corrections.list()).toEqual([]);
  });
});
