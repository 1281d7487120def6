import { describe, expect, it } from 'vitest';
import type { Box } from '../../../../src/contracts/geometry.ts';
import { layoutShelf } from '../../../../src/core/shelf/layout-shelf.ts';
import { linkTags, type TagLine } from '../../../../src/core/shelf/link-tags.ts';
import { boundsOf } from '../../../../src/core/box-bounds.ts';
import { drawShelf, type DrawnColumn } from './drawn-shelf.ts';

const column = (sku: string, widthCm = 8): DrawnColumn => ({ sku, widthCm, heightCm: 15 });
const ROWS = [
  { columns: [column('a'), column('a'), column('b'), column('b')], heightCm: 20 },
  { columns: [column('c'), column('c'), column('c'), column('d')], heightCm: 20 },
];
const photo = drawShelf(ROWS, { yaw: 0.2, distanceCm: 60 });
const reading = { facings: photo.facings, layout: layoutShelf(photo.facings), tags: [] };

/** A line on the rail below a block, `down` heights of a facing below its feet. */
function lineBelow(row: number, sku: string, text: string, down = 0.08): TagLine {
  const box = boundsOf(photo.drawn.filter((drawn) => drawn.row === row && drawn.sku === sku).map(({ facing }) => facing.box));
  const at: Box = { x: box.x + box.width * 0.3, y: box.y + box.height * (1 + down), width: box.width * 0.4, height: box.height * 0.06 };
  return { text, box: at, confidence01: 0.9 };
}

describe('linkTags', () => {
  it('links each tag to the block above it', () => {
    const tags = linkTags([lineBelow(1, 'd', '¥398'), lineBelow(0, 'a', '¥98'), lineBelow(0, 'b', '128円')], reading);
    expect(tags.map(({ row, price, facingIds }) => [row, price, facingIds.length])).toEqual([
      [0, 98, 2],
      [0, 128, 2],
      [1, 398, 1],
    ]);
    expect(tags[1]?.facingIds).toEqual(['0-2-0', '0-3-0']);
  });

  it('takes the lines of one tag together', () => {
    const [tag, ...others] = linkTags([lineBelow(0, 'a', 'Green tea', 0.06), lineBelow(0, 'a', '税込 105円', 0.13)], reading);
    expect(others).toEqual([]);
    expect(tag).toMatchObject({ text: 'Green tea\n税込 105円', price: 105, tax: 'included', currency: 'JPY' });
  });

  it('leaves print on packs out, and a price that was hardly read', () => {
    expect(linkTags([lineBelow(0, 'a', '¥98', -0.5)], reading)).toEqual([]);
    expect(linkTags([{ ...lineBelow(0, 'a', '98'), confidence01: 0.5 }], reading)).toMatchObject([{ price: null, text: '98' }]);
  });
});
