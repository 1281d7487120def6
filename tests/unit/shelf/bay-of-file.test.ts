import { describe, expect, it } from 'vitest';
import { bayOfFile, planImport } from '../../../src/core/shelf/bay-of-file.ts';

const BAYS = ['Bay 1', 'Bay 3', 'Bay 30', 'Drinks', 'Drinks cold', '棚 7', 'ゴンドラ12'].map((name, i) => ({ id: `b${i}`, name }));

describe('a file name that speaks of a bay', () => {
  it.each([
    ['Bay 3/IMG_0001.jpg', 'Bay 3'],
    ['bay-03_1.jpg', 'Bay 3'],
    ['BAY30.JPG', 'Bay 30'],
    ['2026-11-21/bay_1/DSC0003.jpg', 'Bay 1'],
    ['drinks cold 2.jpg', 'Drinks cold'],
    ['store/Drinks/IMG_3.jpg', 'Drinks'],
    ['棚7-2.jpg', '棚 7'],
    ['棚７.jpg', '棚 7'],
    ['ゴンドラ 12 左.jpg', 'ゴンドラ12'],
    ['shelf 7.jpg', '棚 7'],
    ['C:\\photos\\Bay 1\\x.jpg', 'Bay 1'],
  ])('%s is of %s', (name, bay) => {
    expect(BAYS.find(({ id }) => id === bayOfFile(name, BAYS))?.name).toBe(bay);
  });

  it.each(['IMG_0003.jpg', 'bay 4.jpg', 'holiday.png', 'DSC30.jpg', ''])('%s speaks of none', (name) => {
    expect(bayOfFile(name, BAYS)).toBeNull();
  });

  it('is not guessed when two bays have the number', () => {
    expect(bayOfFile('gondola 3.jpg', [...BAYS, { id: 'x', name: '3 left' }])).toBeNull();
  });
});

it('plans a folder by names, as one bay, or bay by bay', () => {
  const files = ['Bay 3/a.jpg', 'Milk/b.jpg', 'c.jpg'].map((name, i) => ({ id: `p${i}`, name }));
  const nameOf = (number: number): string => `New ${number}`;
  expect(planImport(files, BAYS, { by: 'name' }, nameOf)).toEqual([
    { photoId: 'p0', bayId: 'b1', newBay: null },
    { photoId: 'p1', bayId: null, newBay: 'Milk' },
    { photoId: 'p2', bayId: null, newBay: null },
  ]);
  expect(planImport(files, BAYS, { by: 'one', bayId: 'b4' }, nameOf).map(({ bayId }) => bayId)).toEqual(['b4', 'b4', 'b4']);
  expect(planImport(files, BAYS.slice(0, 2), { by: 'order' }, nameOf)).toEqual([
    { photoId: 'p0', bayId: 'b0', newBay: null },
    { photoId: 'p1', bayId: 'b1', newBay: null },
    { photoId: 'p2', bayId: null, newBay: 'New 3' },
  ]);
});
