import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/contracts/errors.ts';
import type { FacingLook } from '../../src/contracts/shelf.ts';
import type { Memory } from '../../src/flow/learn.ts';
import { teachFacings, unteachFacings, type ShelfLesson } from '../../src/flow/teach-facings.ts';
import { createCorrectionStore } from '../../src/store/corrections.ts';
import { createGalleryStore } from '../../src/store/embeddings.ts';
import { createProductStore } from '../../src/store/products.ts';
import { pipelineOf, SPACE } from '../unit/flow/fake-pipeline.ts';
import { freshDatabase, product } from './fixtures.ts';
import { facing } from './shelf-fixtures.ts';

function look(facingId: string, turn: number): FacingLook {
  const vector = Float32Array.from([Math.cos(turn), Math.sin(turn), 0, 0]);
  const front = { layout: Float32Array.from([Math.cos(turn), Math.sin(turn)]), aspect: 0.5 };
  const embedding = { space: SPACE, vector, backend: 'cpu' } as const;
  return { facingId, look: { embedding, colour: Float32Array.from([1, 0]), front }, matches: [], verifications: [] };
}

function setUp() {
  const database = freshDatabase();
  const reloads: string[] = [];
  const opened: string[] = [];
  const features = {
    algorithm: 'test',
    count: 0,
    points: new Float32Array(),
    descriptors: new Uint8Array(),
    descriptorBytes: 61,
    aspect: 1,
  };
  const { vision, index } = pipelineOf({
    vision: {
      open: () => {
        opened.push('open');
        return Promise.resolve({ frameId: 'frame', widthPx: 9, heightPx: 9, originalWidthPx: 9, originalHeightPx: 9 });
      },
      close: () => {
        opened.push('close');
        return Promise.resolve();
      },
      extractFeatures: () => Promise.resolve(features),
      embed: () => Promise.reject(new Error('looks are known: nothing is embedded again')),
    },
  });
  const memory: Memory = {
    ...{ vision, gallery: createGalleryStore(database), products: createProductStore(database) },
    corrections: createCorrectionStore(database),
    index: {
      ...index,
      reload: (space) => {
        reloads.push(space);
        return Promise.resolve(0);
      },
    },
  };
  const lesson: ShelfLesson = {
    ...{ photoId: 'photo', photo: new Blob(['x']), facings: [facing('a', 0, 0), facing('b', 0, 1), facing('c', 0, 2)] },
    looks: [look('a', 0), look('b', 0.01), look('c', 0.6)],
  };
  const kept = async () => ({
    photos: (await memory.gallery.bySpace(SPACE)).length,
    products: (await memory.products.all()).length,
    corrections: (await memory.corrections.list()).length,
  });
  return { memory, lesson, reloads, opened, kept };
}

const TEA = { name: { ja: '緑茶' }, brand: 'Midori', category: 'Drinks', isOwnLabel: false, gtins: ['04901234567894'] };

describe('facings that get a name', () => {
  it('teach a new product from the photo itself, and undo leaves no trace', async () => {
    const { memory, lesson, reloads, opened, kept } = setUp();
    const teaching = await teachFacings(lesson, TEA, memory);
    expect(teaching.product).toMatchObject({ name: { ja: '緑茶' }, category: 'Drinks', source: 'user' });
    expect(await memory.products.byGtin('04901234567894')).toMatchObject({ id: teaching.product.id });
    expect(teaching.corrections.map(({ kind }) => kind)).toEqual(['added', 'corrected']);
    expect(await kept()).toEqual({ photos: 2, products: 1, corrections: 2 });
    const [photo] = await memory.gallery.byProduct(teaching.product.id);
    expect(photo!.front!.aspect).toBe(0.5);
    expect(opened).toEqual(['open', 'close']);
    // Once, however many photos were learnt.
    expect(reloads).toEqual([SPACE]);
    const change = await unteachFacings(teaching, memory);
    expect(new Set(change.removed)).toEqual(new Set(teaching.change.added.map(({ id }) => id)));
    expect(await kept()).toEqual({ photos: 0, products: 0, corrections: 0 });
    await unteachFacings(teaching, memory);
  });

  it('teach a known product without the photo, by their looks alone', async () => {
    const { memory, lesson, opened, kept } = setUp();
    await memory.products.put([product('tea')]);
    const teaching = await teachFacings({ ...lesson, photo: null }, 'tea', memory);
    expect(opened).toEqual([]);
    expect(teaching.change.added.every(({ front }) => front !== undefined)).toBe(true);
    await unteachFacings(teaching, memory);
    expect(await kept()).toEqual({ photos: 0, products: 1, corrections: 0 });
  });

  it('teach nothing when the second of two photos cannot be kept', async () => {
    const { memory, lesson, kept } = setUp();
    let calls = 0;
    const corrections: Memory['corrections'] = {
      ...memory.corrections,
      add: (...given) => (++calls === 2 ? Promise.reject(new AppError('quota-exceeded', 'full')) : memory.corrections.add(...given)),
    };
    await expect(teachFacings(lesson, TEA, { ...memory, corrections })).rejects.toMatchObject({ code: 'quota-exceeded' });
    expect(await kept()).toEqual({ photos: 0, products: 0, corrections: 0 });
  });

  it('must have been looked at, and be of a product on this device', async () => {
    const { memory, lesson } = setUp();
    await expect(teachFacings({ ...lesson, looks: [] }, TEA, memory)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(teachFacings(lesson, 'nobody', memory)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
