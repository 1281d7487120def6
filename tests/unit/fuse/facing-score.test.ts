/** @file Fronts of packs: where colours lie, how they are scored, and that they survive the ways in which they are kept. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import type { GalleryItem } from '../../../src/contracts/product.ts';
import type { Match } from '../../../src/contracts/results.ts';
import { COLOUR_SIDE_PX } from '../../../src/core/colour-histogram.ts';
import { colourLayout, LAYOUT_DIMENSIONS } from '../../../src/core/colour-layout.ts';
import { facingScore, facingWeights } from '../../../src/core/fuse/facing-score.ts';
import { fromGalleryMetadata, toGalleryMetadata } from '../../../src/core/gallery-metadata.ts';
import { decodePhotos, encodePhotos } from '../../../src/core/pack-photos.ts';
import { dot, norm } from '../../../src/core/vector.ts';
import { createNearest } from '../../../workers/stages/nearest.ts';

const SPACE = 'product-embedding@3';

/** A pack of one colour with a band across at a height. */
function pack(ground: readonly number[], band: readonly number[], bandAt: number, light = 1): Frame {
  const data = new Uint8ClampedArray(COLOUR_SIDE_PX ** 2 * 4);
  for (let i = 0; i < COLOUR_SIDE_PX ** 2; i++) {
    const isBand = Math.abs(Math.floor(i / COLOUR_SIDE_PX) / COLOUR_SIDE_PX - bandAt) < 0.12;
    data.set([...(isBand ? band : ground).map((value) => value * light), 255], i * 4);
  }
  return { widthPx: COLOUR_SIDE_PX, heightPx: COLOUR_SIDE_PX, data };
}

const RED = [200, 30, 30];
const BLUE = [30, 40, 180];

it('tells packs of the same colours apart by where the colours lie, in other light too', () => {
  const shot = colourLayout(pack(RED, BLUE, 0.3));
  expect(shot).toHaveLength(LAYOUT_DIMENSIONS);
  expect(norm(shot)).toBeCloseTo(1);
  const darker = dot(shot, colourLayout(pack(RED, BLUE, 0.3, 0.6)));
  const other = dot(shot, colourLayout(pack(RED, BLUE, 0.7)));
  expect(darker).toBeGreaterThan(0.9);
  expect(other).toBeLessThan(0.6);
  // One grey has no layout: it is like nothing, and no number is lost.
  expect(norm(colourLayout(pack([0, 0, 0], [0, 0, 0], 0.5)))).toBe(0);
});

it('prefers the layout and the shape that fit, and is not lost without them', () => {
  const weights = facingWeights(SPACE);
  const match = (more: Partial<Match>): Match => ({
    galleryId: 'g',
    productId: 'p',
    cosine: 0.8,
    colour: 0.8,
    computedOn: 'device',
    ...more,
  });
  const fits = facingScore(match({ front: { likeness: 0.9, aspect: 0.5 } }), 0.52, weights);
  const otherShape = facingScore(match({ front: { likeness: 0.9, aspect: 1.5 } }), 0.52, weights);
  const otherLayout = facingScore(match({ front: { likeness: 0.2, aspect: 0.5 } }), 0.52, weights);
  const unknown = facingScore(match({}), 0.52, weights);
  expect(fits).toBeGreaterThan(otherShape);
  expect(unknown).toBeGreaterThan(otherLayout);
  expect(fits).toBeGreaterThan(unknown);
});

function photo(id: string, axis: number, front?: GalleryItem['front']): GalleryItem {
  const vector = new Float32Array(4);
  vector[0] = 1;
  const colour = new Float32Array(4);
  colour[axis] = 1;
  return {
    ...{ id, productId: id, space: SPACE, vector, colour, features: null, source: 'test' },
    ...(front === undefined ? {} : { front }),
  };
}

it('ranks by the front when the probe has one', () => {
  const nearest = createNearest();
  const upper = { layout: colourLayout(pack(RED, BLUE, 0.3)), aspect: 0.5 };
  const lower = { layout: colourLayout(pack(RED, BLUE, 0.7)), aspect: 0.5 };
  nearest.replace([photo('lower', 0, lower), photo('upper', 0, upper), photo('plain', 1)]);
  const { vector, colour } = photo('', 0);
  const embedding = { space: SPACE, vector, backend: 'cpu' } as const;
  const found = nearest.search({ embedding, colour, front: upper }, 3);
  expect(found[0]).toMatchObject({ productId: 'upper' });
  expect(found[0]!.front!.likeness).toBeCloseTo(1, 1);
  expect(found.find(({ productId }) => productId === 'plain')!.front).toBeUndefined();
  expect(nearest.search({ embedding, colour }, 3)[0]!.front).toBeUndefined();
});

it('survives a pack and the metadata of the server', () => {
  const front = { layout: colourLayout(pack(RED, BLUE, 0.3)), aspect: 0.512345 };
  const photos = [photo('a', 0), photo('b', 1, front)];
  const bytes = encodePhotos(photos, 'int8');
  const [a, b] = decodePhotos(bytes);
  expect(a!.front).toBeUndefined();
  expect(b!.front!.aspect).toBe(0.5123);
  expect(dot(b!.front!.layout, front.layout)).toBeGreaterThan(0.999);
  expect(encodePhotos([...photos].reverse(), 'int8')).toEqual(bytes);
  const kept = fromGalleryMetadata(toGalleryMetadata(photos[1]!));
  expect(dot(kept.front!.layout, front.layout)).toBeGreaterThan(0.999);
  expect(fromGalleryMetadata({ front: 'nonsense' }).front).toBeUndefined();
  expect(toGalleryMetadata(photos[0]!)).not.toHaveProperty('front');
});
