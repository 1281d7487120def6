import { describe, expect, it } from 'vitest';
import type { Facing, FacingIdentity, ShelfReading } from '../../../src/contracts/shelf.ts';
import { deskAddress, deskPlace, type DeskPlace } from '../../../src/lenses/shelf/desk-path.ts';
import {
  complianceBoxes,
  groupLetter,
  isUncertain,
  productColour,
  readingBoxes,
  unknownGroups,
} from '../../../src/lenses/shelf/reading-boxes.ts';
import { spanText } from '../../../src/lenses/shelf/span-text.ts';
import { tagLines } from '../../../src/lenses/shelf/tag-lines.ts';

const box = { x: 0, y: 0, width: 0.1, height: 0.1 };
function facing(id: string, identity: Partial<FacingIdentity> | null): Facing {
  const nobody = { productId: null, probability01: 0, certainty: 'not-sure', candidates: [], groupId: null, saidBy: 'look' } as const;
  return { id, box, confidence01: 0.9, identity: identity === null ? null : { ...nobody, ...identity }, isEdited: false };
}
function reading(facings: readonly Facing[], more: Partial<ShelfReading> = {}): ShelfReading {
  return { facings, layout: { rows: [], placements: [], blocks: [], gaps: [] }, tags: [], ...more };
}
const words = { nameOf: (id: string) => `name of ${id}`, letterOf: (id: string) => id.toUpperCase(), gap: 'Gap' };

describe('addresses of the desk', () => {
  const places: readonly DeskPlace[] = [
    { page: 'visits' },
    { page: 'shops' },
    { page: 'shop', shopId: 's1' },
    { page: 'trends', shopId: 's1' },
    { page: 'visit', visitId: 'v1' },
    { page: 'report', visitId: 'v1' },
    { page: 'fixes', visitId: 'v1' },
    { page: 'bay', visitId: 'v1', bayId: 'b1', tab: 'photo' },
    { page: 'bay', visitId: 'v1', bayId: 'b1', tab: 'planogram' },
    { page: 'planogram', planogramId: 'p1' },
    { page: 'planogram-import', shopId: 's1', bayId: null },
    { page: 'planogram-import', shopId: 's1', bayId: 'b1' },
  ];
  it.each(places)('lead back to %o', (place) => {
    expect(deskPlace(deskAddress(place).replace(/^\/desk\/shelf\/?/u, ''))).toEqual(place);
  });

  it.each(['nothing', 'visits', 'visits/v/bays', 'visits/v/bays/b/kitchen', 'shops/s/else', 'visits/v/report/x', 'planograms'])(
    'end nowhere for %s',
    (path) => expect(deskPlace(path)).toBeNull(),
  );
});

describe('a reading as boxes', () => {
  it('never tells sure, likely, unknown and unread apart by colour alone', () => {
    const { boxes, styles } = readingBoxes(
      reading([
        facing('sure', { productId: 'tea', certainty: 'sure' }),
        facing('likely', { productId: 'tea', certainty: 'likely' }),
        facing('group', { groupId: 'a' }),
        facing('lost', {}),
      ]),
      words,
      { tags: false },
    );
    const looks = boxes.map(({ style }) => JSON.stringify([styles[style]!.dash, styles[style]!.sign]));
    expect(new Set(looks).size).toBe(4);
    expect(boxes.map(({ label }) => label)).toEqual(['name of tea', 'name of tea?', '? A', '?']);
  });

  it('gives a product one colour, and never shows a name that is not sure', () => {
    expect(productColour('tea')).toBe(productColour('tea'));
    const { boxes } = readingBoxes(reading([facing('a', { productId: 'tea', certainty: 'not-sure' })]), words, { tags: false });
    expect(boxes[0]!.label).toBe('?');
  });

  it('marks what a planogram says is wrong, and what stands right', () => {
    const shown = reading(
      [facing('a', { productId: 'tea', certainty: 'sure' }), facing('b', { productId: 'milk', certainty: 'sure' }), facing('c', {})],
      {
        layout: {
          ...reading([]).layout,
          gaps: [{ id: 'g', box, row: 0, position: 3, confidence01: 1, expectedProductId: 'tea', saidBy: 'net' }],
        },
      },
    );
    const difference = { id: 'd', sku: 'milk', name: '', expected: null, found: null, confidence01: 1, gapIds: [], facingIds: [] };
    const { boxes } = complianceBoxes(
      shown,
      [
        { ...difference, kind: 'foreign', facingIds: ['b'] },
        { ...difference, id: 'e', kind: 'out-of-stock', gapIds: ['g'] },
      ],
      words,
    );
    expect(boxes.map(({ id, style }) => [id, style])).toEqual([
      ['a', 'right'],
      ['b', 'foreign'],
      ['c', 'unknown'],
      ['g', 'out-of-stock'],
    ]);
  });

  it('puts the largest group of unknowns first and letters them', () => {
    const groups = unknownGroups(
      reading([
        facing('1', { groupId: 'x' }),
        facing('2', { groupId: 'y' }),
        facing('3', { groupId: 'y' }),
        facing('4', { productId: 'tea', certainty: 'sure' }),
      ]),
    );
    expect(groups.map(({ groupId, facings }) => [groupId, facings.length])).toEqual([
      ['y', 2],
      ['x', 1],
    ]);
    expect([0, 25, 26, 51, 52].map(groupLetter)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA']);
  });

  it('counts as uncertain whatever somebody should look at', () => {
    expect(isUncertain(facing('a', { productId: 'tea', certainty: 'sure' }))).toBe(false);
    expect(isUncertain(facing('a', { productId: 'tea', certainty: 'likely' }))).toBe(true);
    expect(isUncertain(facing('a', null))).toBe(true);
  });
});

describe('price tags', () => {
  it('belong to the product that most facings above them show, and say when the list has another price', () => {
    const shown = reading(
      [
        facing('1', { productId: 'tea', certainty: 'sure' }),
        facing('2', { productId: 'tea', certainty: 'sure' }),
        facing('3', { productId: 'milk', certainty: 'sure' }),
      ],
      {
        tags: [
          { id: 't', box, text: '138円', price: 138, confidence01: 1, row: 0, facingIds: ['1', '2', '3'] },
          { id: 'u', box: { ...box, y: 0.5 }, text: '??', price: null, confidence01: 0.2, row: 1, facingIds: [] },
        ],
      },
    );
    expect(tagLines(shown, (id) => (id === 'tea' ? 128 : null))).toMatchObject([
      { id: 't', productId: 'tea', listPrice: 128, isOff: true },
      { id: 'u', productId: null, listPrice: null, isOff: false },
    ]);
    expect(tagLines(shown, () => 138)[0]!.isOff).toBe(false);
  });
});

describe('the stopwatch', () => {
  it.each([
    [0, '0:00'],
    [7400, '0:07'],
    [750_000, '12:30'],
    [3_725_000, '1:02:05'],
  ])('says %i ms as %s', (ms, text) => expect(spanText(ms)).toBe(text));
});
