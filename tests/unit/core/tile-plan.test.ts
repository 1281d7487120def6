/** @file Tiles cover the picture, overlap as asked and are no larger than asked. */
import { expect, it } from 'vitest';
import { planTiles } from '../../../src/core/tile-plan.ts';

it('leaves a small picture whole', () => {
  expect(planTiles(800, 600, 1024, 200)).toEqual([{ x: 0, y: 0, width: 800, height: 600 }]);
});

it.each([
  [3072, 2304, 1024, 160],
  [1025, 400, 1024, 300],
  [4096, 1200, 1024, 512],
])('covers %i × %i in tiles of %i with %i px of overlap', (width, height, tile, overlap) => {
  const tiles = planTiles(width, height, tile, overlap);
  const columns = [...new Set(tiles.map(({ x }) => x))];
  const rows = [...new Set(tiles.map(({ y }) => y))];
  expect(tiles).toHaveLength(columns.length * rows.length);
  for (const [starts, side, length] of [
    [columns, Math.min(tile, width), width],
    [rows, Math.min(tile, height), height],
  ] as const) {
    expect(starts[0]).toBe(0);
    expect(starts.at(-1)! + side).toBe(length);
    for (let i = 1; i < starts.length; i++) expect(starts[i - 1]! + side - starts[i]!).toBeGreaterThanOrEqual(overlap);
  }
  for (const { width: w, height: h } of tiles) expect(Math.max(w, h)).toBeLessThanOrEqual(tile);
});
