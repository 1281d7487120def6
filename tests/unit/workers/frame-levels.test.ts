/** @file Halved copies: same means, only where there is room, never past a pixel. */
import { expect, it } from 'vitest';
import type { Frame } from '../../../src/contracts/media.ts';
import { resizeFrame } from '../../../src/core/resize.ts';
import { FrameLevels, halved } from '../../../workers/stages/frame-levels.ts';

function noisy(widthPx: number, heightPx: number): Frame {
  let seed = 7;
  const data = Uint8ClampedArray.from({ length: widthPx * heightPx * 4 }, () => (seed = (seed * 48271) % 2147483647) % 256);
  return { widthPx, heightPx, data };
}

it('halves as the area average does, for even and odd sizes', () => {
  for (const [widthPx, heightPx] of [
    [64, 48],
    [65, 48],
    [33, 47],
  ] as const) {
    const frame = noisy(widthPx, heightPx);
    const half = halved(frame);
    const exact = resizeFrame(frame, widthPx >> 1, heightPx >> 1);
    expect([half.widthPx, half.heightPx]).toEqual([exact.widthPx, exact.heightPx]);
    half.data.forEach((value, i) => expect(Math.abs(value - exact.data[i]!)).toBeLessThanOrEqual(1));
  }
});

it('hands out the smallest level with room, once made always the same', () => {
  const levels = new FrameLevels(noisy(1600, 1200));
  expect(levels.atLeast(400, 300)).toBe(levels.full);
  expect(levels.atLeast(64, 64).widthPx).toBe(400);
  expect(levels.atLeast(64, 64)).toBe(levels.atLeast(64, 60));
  expect(levels.atLeast(64, 64, { x: 0, y: 0, width: 0.5, height: 0.5 }).widthPx).toBe(800);
  expect(levels.atLeast(700, 500, undefined, 1).widthPx).toBe(800);
});

it('keeps small photos in full, so that figures measured on them stand', () => {
  const levels = new FrameLevels(noisy(1000, 1000));
  expect(levels.atLeast(192, 192)).toBe(levels.full);
});

it('stops at a pixel, whatever is asked', () => {
  const levels = new FrameLevels(noisy(64, 64));
  for (const box of [
    { x: 0, y: 0, width: Infinity, height: Infinity },
    { x: 0, y: 0, width: 0, height: 0 },
    { x: 0, y: 0, width: Number.NaN, height: 1 },
  ])
    expect(levels.atLeast(0, 0, box).widthPx).toBeGreaterThanOrEqual(1);
});

it('loses nothing that a stage would see', () => {
  const frame = noisy(1200, 1200);
  const direct = resizeFrame(frame, 64, 64);
  const level = new FrameLevels(frame).atLeast(64, 64);
  expect(level.widthPx).toBe(300);
  const through = resizeFrame(level, 64, 64);
  through.data.forEach((value, i) => expect(Math.abs(value - direct.data[i]!)).toBeLessThanOrEqual(6));
});
