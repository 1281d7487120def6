/** @file Names of a shelf that get better after its report: packs are read where looks do not decide, the server is asked for unknowns. */
import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import type { VisionService } from '../../../src/contracts/client-api.ts';
import { AppError } from '../../../src/contracts/errors.ts';
import type { Look } from '../../../src/contracts/results.ts';
import type { SearchResponse } from '../../../src/contracts/server-api.ts';
import type { FacingNews, ShelfDetection } from '../../../src/contracts/shelf.ts';
import { analyseShelf } from '../../../src/flow/analyse-shelf.ts';
import { askUnknowns, type GroupNews } from '../../../src/flow/ask-unknowns.ts';
import { takeNews } from '../../../src/flow/name-on-shelf.ts';
import type { ProductServer } from '../../../src/flow/pipeline.ts';
import { readBayPhoto } from '../../../src/flow/read-bay-photo.ts';
import { readPackWords } from '../../../src/flow/read-pack-words.ts';
import { isWorthReading, refineNames } from '../../../src/flow/refine-names.ts';
import { createBayPhotoStore } from '../../../src/store/bay-photos.ts';
import { createProductStore } from '../../../src/store/products.ts';
import { freshDatabase } from '../../store/fixtures.ts';
import { bayPhoto } from '../../store/shelf-fixtures.ts';
import { axis, pipelineOf, productOf, readingOf, SPACE } from './fake-pipeline.ts';

/** One board: three mild curries, three hot ones in packs that look the same, four of something that nobody knows. */
const SHELF: readonly ShelfDetection[] = Array.from({ length: 10 }, (_, column) => ({
  box: { x: 0.02 + column * 0.09, y: 0.3, width: 0.08, height: 0.2 },
  confidence01: 0.9,
}));
const FRAME = { frameId: 'frame', widthPx: 1000, heightPx: 1000, originalWidthPx: 1000, originalHeightPx: 1000 };
const MEDIA = { id: 'photo', blob: new Blob(['x']) };
const CURRIES = [productOf('mild', { packWords: ['mild'] }), productOf('spicy', { packWords: ['spicy'] })];

function lookOf(axisIndex: number): Look {
  const colour = new Float32Array(4);
  colour[axisIndex] = 1;
  return { embedding: { space: SPACE, vector: axis(axisIndex), backend: 'cpu' }, colour };
}

/** @param asked regions that were read, in order. */
function stand(asked: number[] = [], server?: ProductServer, vision: Partial<VisionService> = {}) {
  return pipelineOf({
    products: CURRIES,
    gallery: [
      { id: 'g-mild', productId: 'mild', vector: axis(0) },
      { id: 'g-spicy', productId: 'spicy', vector: axis(0) },
    ],
    ...(server === undefined ? {} : { server }),
    vision: {
      open: () => Promise.resolve(FRAME),
      detectShelf: () => Promise.resolve({ facings: SHELF, gaps: [] }),
      embed: (_frameId, boxes) => Promise.resolve(boxes.map(({ x }) => lookOf(x < 0.5 ? 0 : 3))),
      cropImage: () => Promise.resolve({ blob: new Blob(['jpeg']), widthPx: 10, heightPx: 10, faceCount: 0 }),
      readText: (_frameId, { region }) => {
        asked.push(region!.x);
        return Promise.resolve(readingOf(region!.x < 0.28 ? 'MILD curry' : 'SPICY curry'));
      },
      ...vision,
    },
  });
}

async function shelfOf(places: ReturnType<typeof stand>) {
  const { reading, looks } = await analyseShelf(MEDIA, places, { hasTags: false });
  return { picture: MEDIA.blob, reading: reading!, looks };
}

const FAR = productOf('far', { source: 'server' });

/** Answers like the app's server; what it was asked is in `asked`. */
function serverOf(asked: { lensId: string; vector: number[] }[], answer: Partial<SearchResponse> | null = {}): ProductServer {
  const match = (id: string, productId: string, score: number) => ({ id, productId, score, metadata: {} });
  return {
    search: (lensId, { vector }) => {
      asked.push({ lensId, vector: [...vector] });
      const matches = [match('far-1', 'far', 0.97), match('else-1', 'else', 0.3)];
      return Promise.resolve(answer === null ? null : { space: SPACE, matches, products: [FAR, productOf('else')], ...answer });
    },
    lookup: () => Promise.reject(new Error('shelves have no codes')),
  };
}

it('reads the packs between which looks do not decide, and nothing else', async () => {
  const regions: number[] = [];
  const places = stand(regions);
  const { reading, looks } = await shelfOf(places);
  const news: FacingNews[] = [];
  const counts = await readPackWords(FRAME, reading, looks, places, { limitMs: 60_000, onNews: (some) => void news.push(...some) });
  expect(counts).toEqual({ read: 6, total: 6 });
  expect(Math.max(...regions)).toBeLessThan(0.5);
  const said = new Map(news.map(({ facingId, words }) => [facingId, words]));
  for (const { id, box } of reading.facings.filter(({ box: { x } }) => x < 0.5))
    expect(said.get(id)).toEqual([{ productId: box.x < 0.28 ? 'mild' : 'spicy', named01: 1, shown01: 0 }]);
});

it('begins no further pack when its time is up, and stops when it is cancelled', async () => {
  const regions: number[] = [];
  const places = stand(regions);
  const { reading, looks } = await shelfOf(places);
  expect(await readPackWords(FRAME, reading, looks, places, { limitMs: -1, onNews: () => {} })).toEqual({ read: 0, total: 6 });
  expect(regions).toEqual([]);
  const cancelled = stand([], undefined, { readText: () => Promise.reject(new AppError('cancelled', 'by the user')) });
  const refined = refineNames({ ...(await shelfOf(cancelled)) }, cancelled, {
    limitMs: 9e9,
    mayAsk: false,
    onNews: () => Promise.resolve(),
  });
  await expect(refined).rejects.toMatchObject({ code: 'cancelled' });
  expect(cancelled.closed.at(-1)).toBe('frame');
});

it('names what was read, keeps it with the looks, and does not read it again', async () => {
  const places = stand();
  const database = freshDatabase();
  const bayPhotos = createBayPhotoStore(database);
  const products = createProductStore(database);
  await products.put(CURRIES);
  const photo = bayPhoto('photo');
  await bayPhotos.add(photo, MEDIA.blob, 1, 'tab');
  await readBayPhoto(photo, MEDIA.blob, places, bayPhotos);
  const { current } = (await bayPhotos.reading('photo'))!;
  const curries = (facings: typeof current.facings) => facings.filter(({ box }) => box.x < 0.5);
  expect(new Set(curries(current.facings).map(({ identity }) => identity?.certainty))).toEqual(new Set(['not-sure']));
  const onNews = async ({ news }: GroupNews): Promise<void> => {
    await takeNews('photo', news, { bayPhotos, products, heightsOf: () => null });
  };
  const shelf = { picture: MEDIA.blob, reading: current, looks: await bayPhotos.looks('photo') };
  await refineNames(shelf, places, { limitMs: 60_000, mayAsk: false, onNews });
  const refined = (await bayPhotos.reading('photo'))!;
  for (const { box, identity } of curries(refined.current.facings))
    expect(identity).toMatchObject({ productId: box.x < 0.28 ? 'mild' : 'spicy', certainty: 'likely', saidBy: 'words' });
  expect(refined.current.layout.blocks.map(({ productId }) => productId)).toEqual(['mild', 'spicy', null]);
  expect(refined.edits).toEqual([]);
  expect(isWorthReading({ reading: refined.current, looks: await bayPhotos.looks('photo') })).toBe(false);
  expect(places.closed).toHaveLength(2);
});

it('asks the server once for a group of unknowns, by one vector, and names the group by the answer', async () => {
  const asked: { lensId: string; vector: number[] }[] = [];
  const places = stand([], serverOf(asked));
  const { reading, looks } = await shelfOf(places);
  const answers: GroupNews[] = [];
  await askUnknowns(reading.facings, looks, places.server, { onNews: (answer) => void answers.push(answer) });
  // The curries are not sure either, and may be something that only the server knows.
  const groups = new Set(reading.facings.flatMap(({ identity }) => identity?.groupId ?? []));
  expect(asked).toHaveLength(groups.size);
  expect(asked[0]).toEqual({ lensId: 'shelf', vector: [...axis(0)] });
  const ofUnknowns = answers.at(-1)!;
  expect(ofUnknowns.products).toEqual([FAR]);
  expect(ofUnknowns.news).toHaveLength(4);
  for (const { serverMatches } of ofUnknowns.news)
    expect(serverMatches).toEqual([{ galleryId: 'far-1', productId: 'far', cosine: 0.97, colour: null, computedOn: 'server' }]);
});

it('asks nothing further where it is not allowed, and nobody where there is no server; a server that fails costs only its answer', async () => {
  const asked: { lensId: string; vector: number[] }[] = [];
  const places = stand([], serverOf(asked, null));
  const { reading, looks } = await shelfOf(places);
  const onNews = vi.fn();
  expect(await askUnknowns(reading.facings, looks, places.server, { onNews })).toBe(0);
  expect(asked).toHaveLength(1);
  expect(await askUnknowns(reading.facings, looks, null, { onNews })).toBe(0);
  const failing: ProductServer = { ...serverOf([]), search: () => Promise.reject(new AppError('offline', 'no network')) };
  expect(await askUnknowns(reading.facings, looks, failing, { onNews })).toBe(0);
  const told: GroupNews[] = [];
  await refineNames(
    { picture: MEDIA.blob, reading, looks },
    { ...places, server: failing },
    {
      ...{ limitMs: 60_000, mayAsk: true },
      onNews: (news) => Promise.resolve(void told.push(news)),
    },
  );
  expect(onNews).not.toHaveBeenCalled();
  expect(told).toHaveLength(6);
});
