/** @file A photo of a bay through a visit: read and kept, named across the visit and taken back, summed up against its planogram. */
import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import type { VisionService } from '../../../src/contracts/client-api.ts';
import type { Box } from '../../../src/contracts/geometry.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Look } from '../../../src/contracts/results.ts';
import type { PlanogramRow, ShelfDetection } from '../../../src/contracts/shelf.ts';
import { nameFacings, removeParts } from '../../../src/core/shelf/edit-reading.ts';
import { withEdit } from '../../../src/core/shelf/edit-history.ts';
import { lookAgain, nameOnShelf, namedByLooks, unnameOnShelf, type NamingPlaces } from '../../../src/flow/name-on-shelf.ts';
import { readBayPhoto } from '../../../src/flow/read-bay-photo.ts';
import { summariseBay } from '../../../src/flow/summarise-bay.ts';
import { createBayPhotoStore } from '../../../src/store/bay-photos.ts';
import { createBayReportStore } from '../../../src/store/bay-reports.ts';
import { createCorrectionStore } from '../../../src/store/corrections.ts';
import { createGalleryStore } from '../../../src/store/embeddings.ts';
import { exportData, importData } from '../../../src/store/export-data.ts';
import { createLedger } from '../../../src/store/ledger.ts';
import { createPlanogramStore } from '../../../src/store/planograms.ts';
import { createProductStore } from '../../../src/store/products.ts';
import { createShopStore } from '../../../src/store/shops.ts';
import { createWaitingStore } from '../../../src/store/waiting.ts';
import { freshDatabase, product } from '../../store/fixtures.ts';
import { bay, bayPhoto } from '../../store/shelf-fixtures.ts';
import { axis, pipelineOf, productOf, SPACE } from './fake-pipeline.ts';

/** Two boards of six facings: three cola, three that nobody knows. */
const SHELF: readonly ShelfDetection[] = [0.3, 0.8].flatMap((bottom) =>
  Array.from({ length: 6 }, (_, column) => ({
    box: { x: 0.05 + column * 0.1, y: bottom - 0.2, width: 0.09, height: 0.2 },
    confidence01: 0.9,
  })),
);

function lookOf(axisIndex: number): Look {
  const colour = new Float32Array(4);
  colour[axisIndex] = 1;
  return { embedding: { space: SPACE, vector: axis(axisIndex), backend: 'cpu' }, colour };
}

async function stand(more: Partial<VisionService> = {}, hasGallery = true) {
  const database = freshDatabase();
  const features = {
    ...{ algorithm: 'orb', count: 1, descriptorBytes: 1, aspect: 1 },
    ...{ points: Float32Array.from([0.5, 0.5]), descriptors: Uint8Array.from([1]) },
  };
  const places = pipelineOf({
    products: [productOf('cola')],
    gallery: hasGallery ? [{ id: 'g-cola', productId: 'cola', vector: axis(0) }] : [],
    vision: {
      detectShelf: () => Promise.resolve({ facings: SHELF, gaps: [] }),
      embed: (_frameId, boxes) => Promise.resolve(boxes.map(({ x }) => lookOf(x < 0.3 ? 0 : 3))),
      cropImage: (_frameId, { maxSidePx, type }) =>
        Promise.resolve({ blob: new Blob([`${maxSidePx}`], { type }), widthPx: maxSidePx, heightPx: maxSidePx, faceCount: 0 }),
      extractFeatures: () => Promise.resolve(features),
      ...more,
    },
  });
  const bayPhotos = createBayPhotoStore(database);
  const products = createProductStore(database);
  await products.put([product('cola', { name: { en: 'Cola' }, brand: 'Fizz', gtins: ['04900000000001'] })]);
  const memory: NamingPlaces = {
    ...{ vision: places.vision, index: places.index, products, bayPhotos, heightsOf: () => null },
    ...{ gallery: createGalleryStore(database), corrections: createCorrectionStore(database) },
  };
  const kept = {
    ...{ bayPhotos, products, shops: createShopStore(database), planograms: createPlanogramStore(database) },
    bayReports: createBayReportStore(database),
  };
  const read = async (id: string) => {
    const photo = bayPhoto(id);
    await bayPhotos.add(photo, new Blob(['full']), 1, 'tab');
    return readBayPhoto(photo, new Blob(['full']), places, bayPhotos);
  };
  return { database, places, bayPhotos, memory, kept, read, waiting: createWaitingStore(database) };
}

const stamp = { id: 'e', atMs: 1 };

it('is read and kept: names, looks, a photo for the screen and a small one; the photo as it came is given up', async () => {
  const { bayPhotos, read, waiting, places } = await stand();
  expect(await read('p1')).toMatchObject({ state: 'read', widthPx: 100, heightPx: 100 });
  const reading = (await bayPhotos.reading('p1'))!;
  expect(
    reading.current.facings.filter(({ identity }) => identity?.productId === 'cola' && identity.certainty !== 'not-sure'),
  ).toHaveLength(6);
  expect(reading.current.layout.rows).toHaveLength(2);
  expect(reading.durationsMs['detect']).toBeGreaterThanOrEqual(0);
  expect(await bayPhotos.looks('p1')).toHaveLength(12);
  expect(await (await bayPhotos.picture('p1', 'screen'))!.text()).toBe('2560');
  expect(await (await bayPhotos.picture('p1', 'thumbnail'))!.text()).toBe('256');
  expect(await waiting.count('shelf')).toBe(0);
  expect(places.closed).toEqual(['frame']);
});

it.each([
  [
    'nothing was detected for lack of the net',
    { detectShelf: () => Promise.reject(new AppError('model-unavailable', 'gone')) },
    'model-unavailable',
  ],
  ['its worker died half-way', { embed: () => Promise.reject(new AppError('worker-died', 'died')) }, 'worker-died'],
])('still waits when %s', async (_name, vision, code) => {
  const { bayPhotos, read, places } = await stand(vision);
  await expect(read('p1')).rejects.toMatchObject({ code });
  expect(await bayPhotos.get('p1')).toMatchObject({ state: 'waiting' });
  expect(await (await bayPhotos.picture('p1', 'screen'))!.text()).toBe('full');
  expect(places.closed).toEqual(['frame']);
});

it('keeps what the user changed when it is read again', async () => {
  const { bayPhotos, read, places } = await stand();
  const photo = await read('p1');
  const reading = (await bayPhotos.reading('p1'))!;
  const [first, second] = reading.current.facings;
  let edited = withEdit(reading, removeParts(reading.current, [first!.id], [], stamp), null);
  edited = withEdit(edited, nameFacings(edited.current, [second!.id], 'tea', stamp), null);
  await bayPhotos.put([edited]);
  await readBayPhoto(photo, new Blob(['screen']), places, bayPhotos);
  const again = (await bayPhotos.reading('p1'))!;
  expect(again.found.facings).toHaveLength(12);
  expect(again.current.facings).toHaveLength(11);
  expect(again.current.facings.find(({ id }) => id === second!.id)?.identity).toMatchObject({ productId: 'tea', saidBy: 'user' });
  expect(again.edits).toHaveLength(2);
});

it('is named for the whole visit at once, without embedding anything again, and taken back whole', async () => {
  const { bayPhotos, read, memory, places } = await stand();
  await read('p1');
  await read('p2');
  const before = (await bayPhotos.reading('p1'))!;
  const otherBefore = (await bayPhotos.reading('p2'))!;
  const unknown = before.current.facings.filter(({ box }) => box.x > 0.3).map(({ id }) => id);
  const embed = vi.spyOn(places.vision, 'embed');
  const target = { name: { en: 'Tea' }, gtins: [] };
  const { product: tea, changed } = await nameOnShelf({ reading: before, facingIds: unknown, target, stamp }, memory);
  expect(embed).not.toHaveBeenCalled();
  expect(changed.map(({ photoId }) => photoId)).toEqual(['p1', 'p2']);
  const named = (await bayPhotos.reading('p1'))!;
  expect(named.current.facings.filter(({ identity }) => identity?.productId === tea.id && identity.saidBy === 'user')).toHaveLength(6);
  expect(named.edits).toHaveLength(1);
  // Seen on the other photo too, by its look.
  const other = (await bayPhotos.reading('p2'))!;
  expect(other.current.facings.filter(({ identity }) => identity?.productId === tea.id && identity.certainty !== 'not-sure')).toHaveLength(
    6,
  );
  expect(other.edits).toEqual([]);

  await unnameOnShelf(named, memory);
  const back = (await bayPhotos.reading('p1'))!;
  expect(back.current.facings).toEqual(before.current.facings);
  expect((await bayPhotos.reading('p2'))!.current.facings).toEqual(otherBefore.current.facings);
  expect(await memory.products.byId(tea.id)).toBeNull();
  expect(await memory.corrections.list()).toEqual([]);
  expect(back.undone).toHaveLength(1);
});

it('takes names and takes them back on another device, out of a backup, without looking at anything again', async () => {
  const { database, bayPhotos, read } = await stand();
  await read('p1');
  const before = (await bayPhotos.reading('p1'))!;
  const zip = await exportData(database, createLedger(database));
  const other = await stand({ embed: () => Promise.reject(new Error('looks are in the backup')) });
  await importData(other.database, zip);
  const restored = (await other.bayPhotos.reading('p1'))!;
  expect(restored).toEqual(before);
  const facingIds = before.current.facings.filter(({ box }) => box.x > 0.3 && box.y < 0.3).map(({ id }) => id);
  const target = { name: { en: 'Tea' }, gtins: [] };
  const { product: tea } = await nameOnShelf({ reading: restored, facingIds, target, stamp }, other.memory);
  const named = (await other.bayPhotos.reading('p1'))!;
  // The other board's are known by their looks.
  expect(named.current.facings.filter(({ identity }) => identity?.productId === tea.id && identity.certainty !== 'not-sure')).toHaveLength(
    6,
  );
  await unnameOnShelf(named, other.memory);
  expect((await other.bayPhotos.reading('p1'))!.current.facings).toEqual(before.current.facings);
});

it('learns nothing when the names cannot be kept', async () => {
  const { bayPhotos, read, memory } = await stand();
  await read('p1');
  const reading = (await bayPhotos.reading('p1'))!;
  vi.spyOn(bayPhotos, 'put').mockRejectedValue(new AppError('quota-exceeded', 'full'));
  const naming = { reading, facingIds: [reading.current.facings[4]!.id], target: { name: { en: 'Tea' }, gtins: [] }, stamp };
  await expect(nameOnShelf(naming, memory)).rejects.toMatchObject({ code: 'quota-exceeded' });
  expect(await memory.corrections.list()).toEqual([]);
  expect((await memory.products.all()).map(({ id }) => id)).toEqual(['cola']);
});

it('looks at what the user drew, and names it like any other', async () => {
  const { bayPhotos, read, memory } = await stand();
  await read('p1');
  const reading = (await bayPhotos.reading('p1'))!;
  const drawn = { id: 'mine', box: { x: 0.06, y: 0.1, width: 0.08, height: 0.2 }, confidence01: 1, identity: null, isEdited: true };
  const edit = { ...stamp, kind: 'add' as const, removed: { facings: [], gaps: [] }, added: { facings: [drawn], gaps: [] } };
  const withDrawn = withEdit(reading, edit, null);
  const looks = await lookAgain('p1', [drawn], memory);
  expect(looks).toHaveLength(13);
  const named = await namedByLooks(withDrawn, looks, memory);
  expect(named.current.facings.find(({ id }) => id === 'mine')?.identity?.productId).toBe('cola');
});

it('is summed up against the planogram of its bay, whose SKUs may be barcode numbers', async () => {
  const { read, kept } = await stand();
  const nameOf = ({ name }: { name: { en?: string | undefined } }): string => name.en ?? '?';
  const visit = { id: 'v1', shopId: 's1' };
  expect(await summariseBay(visit, 'b1', kept, nameOf)).toBeNull();
  await read('p1');
  await kept.shops.putBays([bay('b1', { name: 'Drinks' })]);
  const row = (shelf: number): PlanogramRow => ({
    ...{
      store: null,
      bay: 'Drinks',
      shelf,
      position: 0,
      sku: '4900000000001',
      name: 'Cola',
      facingsWide: 3,
      facingsHigh: 1,
      xCm: null,
      yCm: null,
    },
    ...{ widthCm: null, heightCm: null, brand: null, category: 'drinks', price: 100, isOwnLabel: false },
  });
  const rows = [row(0), row(1), { ...row(1), bay: 'Snacks', position: 3, sku: 'crisps' }];
  const planogram = { id: 'pg', name: 'All', rows, source: 'csv' as const, updatedAtMs: 1 };
  await kept.planograms.put({ id: 'pg', shopId: 's1', bayId: null, planogram, updatedAtMs: 1 });
  const summary = (await summariseBay(visit, 'b1', kept, nameOf))!;
  expect(summary.compliance).toMatchObject({ expectedFacings: 6, rightFacings: 6 });
  expect(summary.report).toMatchObject({ bayName: 'Drinks', facings: 12, unknown: 6, products: 1 });
  expect(summary.report.blocks[0]).toMatchObject({ name: 'Cola', brand: 'Fizz', category: 'drinks', listPrice: 100, isOwnLabel: false });
  expect(await kept.bayReports.get('v1', 'b1')).toEqual(summary.report);
  expect(await kept.bayReports.ofShop('s1')).toHaveLength(1);
});

it('counts nothing twice in photos that overlap, and each by itself in photos that do not', async () => {
  const nameOf = ({ name }: { name: { en?: string | undefined } }): string => name.en ?? '?';
  // Eight products side by side on two boards, each with a look of its own; the second photo begins two columns further.
  const photoFrom = (first: number) => ({
    detectShelf: () =>
      Promise.resolve({
        facings: [0.3, 0.8].flatMap((bottom) =>
          Array.from({ length: 6 }, (_, column) => ({
            box: { x: 0.05 + column * 0.15, y: bottom - 0.2, width: 0.13, height: 0.2 },
            confidence01: 0.9,
          })),
        ),
        gaps: [],
      }),
    embed: (_frameId: string, boxes: readonly Box[]) =>
      Promise.resolve(
        boxes.map(({ x, y }) => {
          const vector = new Float32Array(64);
          vector[first + Math.round((x - 0.05) / 0.15) + (y > 0.5 ? 12 : 0)] = 1;
          return { embedding: { space: SPACE, vector, backend: 'cpu' as const }, colour: vector };
        }),
      ),
  });
  const { read, kept, places } = await stand(photoFrom(0), false);
  await read('p1');
  Object.assign(places.vision, photoFrom(2));
  await read('p2');
  const overlapping = (await summariseBay({ id: 'v1', shopId: 's1' }, 'b1', kept, nameOf))!;
  expect(overlapping).toMatchObject({ isMerged: true, report: { photos: 2, facings: 16, rows: 2 } });
  Object.assign(places.vision, photoFrom(30));
  await read('p3');
  const apart = (await summariseBay({ id: 'v1', shopId: 's1' }, 'b1', kept, nameOf))!;
  expect(apart).toMatchObject({ isMerged: false, report: { photos: 3, facings: 36 } });
});
