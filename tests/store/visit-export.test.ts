import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { Database } from '../../src/store/db.ts';
import { createBayPhotoStore } from '../../src/store/bay-photos.ts';
import { createProductStore } from '../../src/store/products.ts';
import { createShopStore } from '../../src/store/shops.ts';
import { createVisitStore } from '../../src/store/visits.ts';
import { exportVisit, importVisit } from '../../src/store/visit-export.ts';
import { freshDatabase, product } from './fixtures.ts';
import { bay, bayPhoto, photoReading, shop, visit } from './shelf-fixtures.ts';

async function filled(): Promise<Database> {
  const database = freshDatabase();
  await createShopStore(database).put(shop('s1'));
  await createShopStore(database).putBays([bay('b1')]);
  await createVisitStore(database).put(visit('v1', { sending: 'sent', sentAtMs: 5 }));
  await createVisitStore(database).put(visit('other'));
  await createProductStore(database).put([product('a', { name: { ja: '商品' } })]);
  const photos = createBayPhotoStore(database);
  await photos.add(bayPhoto('p1'), new Blob(['full']), 1, 'tab');
  await photos.add(bayPhoto('p2', { capturedAtMs: 2000 }), new Blob(['full']), 2, 'tab');
  const pictures = { screen: new Blob(['screen']), thumbnail: new Blob(['small']) };
  await photos.finish('p1', { widthPx: 4, heightPx: 3, ...pictures, reading: photoReading('p1'), looks: [] });
  return database;
}

it('a visit comes back on another device as it was, without pictures, and not as handed in', async () => {
  const database = await filled();
  const file = await exportVisit(database, 'v1', 42);
  expect(await file.text()).not.toContain('full');
  const other = freshDatabase();
  await createProductStore(other).put([product('a', { name: { en: 'Mine' } })]);
  expect(await importVisit(other, file)).toBe('v1');
  expect(await createVisitStore(other).list()).toEqual([visit('v1')]);
  const photos = createBayPhotoStore(other);
  expect(await photos.reading('p1')).toEqual(photoReading('p1'));
  expect((await photos.ofVisit('v1')).map(({ state }) => state)).toEqual(['read', 'failed']);
  expect((await createShopStore(other).bays('s1')).map(({ id }) => id)).toEqual(['b1']);
  expect((await createProductStore(other).byId('a'))!.name).toEqual({ en: 'Mine' });
  // Again is harmless.
  expect(await importVisit(other, file)).toBe('v1');
  expect(await createVisitStore(other).list()).toHaveLength(1);
});

it.each([
  ['a text', 'hello'],
  ['another JSON', '{"format":"mekiki-backup"}'],
  ['a list', '[]'],
])('refuses %s', async (_name, text) => {
  const other = freshDatabase();
  await expect(importVisit(other, new Blob([text]))).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await createVisitStore(other).list()).toEqual([]);
});

it('writes nothing of a file with one malformed reading', async () => {
  const file = JSON.parse(await (await exportVisit(await filled(), 'v1', 42)).text());
  file.records.readings[0].current.facings[0].box.x = 'left';
  const other = freshDatabase();
  await expect(importVisit(other, new Blob([JSON.stringify(file)]))).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await createVisitStore(other).list()).toEqual([]);
});
