/** @file A photo of a shelf through the flow: boxes first, names in batches, neighbours and groups at the end; failures stay where they are. */
import { expect, it } from 'vitest';
import { AppError } from '../../../src/contracts/errors.ts';
import type { VisionService } from '../../../src/contracts/client-api.ts';
import type { Look } from '../../../src/contracts/results.ts';
import type { ShelfAnalysis, ShelfDetection } from '../../../src/contracts/shelf.ts';
import { analyseShelf } from '../../../src/flow/analyse-shelf.ts';
import { axis, pipelineOf, productOf, readingOf, SPACE } from './fake-pipeline.ts';

const MEDIA = { id: 'photo', blob: new Blob(['x']) };

/** Two boards of ten facings; which product stands where is told by the column: five cola, then five that nobody knows. */
const SHELF: readonly ShelfDetection[] = [0.3, 0.8].flatMap((bottom) =>
  Array.from({ length: 10 }, (_, column) => ({
    box: { x: 0.05 + column * 0.09, y: bottom - 0.2, width: 0.08, height: 0.2 },
    confidence01: 0.9,
  })),
);

function lookOf(axisIndex: number): Look {
  const colour = new Float32Array(4);
  colour[axisIndex] = 1;
  return { embedding: { space: SPACE, vector: axis(axisIndex), backend: 'cpu' }, colour };
}

function stand(vision: Partial<VisionService> = {}) {
  return pipelineOf({
    products: [productOf('cola'), productOf('tea')],
    gallery: [
      { id: 'g-cola', productId: 'cola', vector: axis(0) },
      { id: 'g-tea', productId: 'tea', vector: axis(1) },
    ],
    vision: {
      detectShelf: () => Promise.resolve({ facings: SHELF, gaps: [] }),
      embed: (_frameId, boxes) => Promise.resolve(boxes.map(({ x }) => lookOf(x < 0.45 ? 0 : 3))),
      ...vision,
    },
  });
}

it('tells boxes and rows first, then names batch by batch, each update a new object', async () => {
  const updates: ShelfAnalysis[] = [];
  const places = stand();
  const analysis = await analyseShelf(MEDIA, places, { onUpdate: (update) => updates.push(update) });
  const first = updates.find(({ reading }) => reading !== null)!;
  expect(first.reading!.facings).toHaveLength(20);
  expect(first.reading!.facings.every(({ identity }) => identity === null)).toBe(true);
  expect(first.reading!.layout.rows).toHaveLength(2);
  const named = updates.map(({ reading }) => reading?.facings.filter(({ identity }) => identity !== null).length ?? 0);
  expect(new Set(named)).toEqual(new Set([0, 8, 16, 20]));
  expect(new Set(updates).size).toBe(updates.length);
  expect(analysis).toMatchObject({
    isComplete: true,
    stages: { decode: 'done', detect: 'done', embed: 'done', match: 'done', read: 'done' },
  });
  expect(places.closed).toEqual(['frame']);
});

it('names what the gallery holds and groups what it does not', async () => {
  const { reading, looks } = await analyseShelf(MEDIA, stand());
  expect(looks).toHaveLength(20);
  const cola = reading!.facings.filter(({ box }) => box.x < 0.45);
  const unknown = reading!.facings.filter(({ box }) => box.x > 0.45);
  expect(cola.every(({ identity }) => identity?.productId === 'cola' && identity.groupId === null)).toBe(true);
  expect(unknown.every(({ identity }) => identity?.certainty === 'not-sure')).toBe(true);
  expect(new Set(unknown.map(({ identity }) => identity?.groupId)).size).toBe(1);
  expect(reading!.layout.blocks.filter(({ productId }) => productId === 'cola')).toHaveLength(2);
});

it('gives the same ids to the same photo, in reading order, whatever order the net has', async () => {
  const again = await analyseShelf(MEDIA, stand({ detectShelf: () => Promise.resolve({ facings: [...SHELF].reverse(), gaps: [] }) }));
  const { reading } = await analyseShelf(MEDIA, stand());
  expect(again.reading!.facings).toEqual(reading!.facings);
  expect(reading!.facings[0]).toMatchObject({ id: 'photo/0', box: SHELF[0]!.box });
});

it('says of a photo without a shelf that there is none, and skips the rest', async () => {
  const none = stand({ detectShelf: () => Promise.resolve({ facings: [], gaps: [] }) });
  expect(await analyseShelf(MEDIA, none)).toMatchObject({
    isComplete: true,
    reading: { facings: [] },
    stages: { detect: 'done', embed: 'skipped', match: 'skipped', read: 'skipped' },
  });
});

it('keeps boxes and rows when looking fails, and names the error', async () => {
  const analysis = await analyseShelf(MEDIA, stand({ embed: () => Promise.reject(new AppError('out-of-memory', 'full')) }));
  expect(analysis.reading!.facings).toHaveLength(20);
  expect(analysis.reading!.layout.rows).toHaveLength(2);
  expect(analysis.errors.embed).toMatchObject({ code: 'out-of-memory' });
  expect(analysis.isComplete).toBe(true);
});

it('stops when it is cancelled, and closes its frame', async () => {
  const places = stand({ detectShelf: () => Promise.reject(new AppError('cancelled', 'by the user')) });
  await expect(analyseShelf(MEDIA, places)).rejects.toMatchObject({ code: 'cancelled' });
  expect(places.closed).toEqual(['frame']);
});

it('works in the background when told to', async () => {
  const seen: unknown[] = [];
  const places = stand({
    detectShelf: (_frameId, options) => {
      seen.push(options?.priority);
      return Promise.resolve({ facings: SHELF, gaps: [] });
    },
  });
  await analyseShelf(MEDIA, places, { priority: 'batch', keepFrame: true });
  expect(seen).toEqual(['batch']);
  expect(places.closed).toEqual([]);
});

it('reads price tags along the boards only, and not at all when told so', async () => {
  const regions: number[] = [];
  const readText: VisionService['readText'] = (_frameId, { region }) => {
    regions.push(region!.height);
    const reading = readingOf('198円');
    const box = { x: region!.x + 0.01, y: 0.31, width: 0.04, height: 0.02 };
    return Promise.resolve({ ...reading, lines: reading.lines.map((line) => ({ ...line, box })) });
  };
  const { reading, tagsRead01 } = await analyseShelf(MEDIA, stand({ readText }));
  expect(regions.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...regions)).toBeLessThan(0.25);
  expect(reading!.tags.map(({ price, row }) => [price, row])).toContainEqual([198, 0]);
  expect(tagsRead01).toBe(1);
  const without = await analyseShelf(MEDIA, stand({ readText }), { hasTags: false });
  expect(without.stages.read).toBe('skipped');
});
