import { describe, expect, it } from 'vitest';
import type { GreyImage } from '../../../src/contracts/runtime.ts';
import { CELL_ASPECT, layCellsInLine, settleCell } from '../../../src/core/text/cell-line.ts';
import { findCells, findPitch } from '../../../src/core/text/column-cells.ts';
import { eraseSideRules, measureColumn } from '../../../src/core/text/column-ink.ts';
import type { ReadCharacter } from '../../../src/core/text/ctc-decoding.ts';
import { mergeSideways, turnedLeft } from '../../../src/core/text/sideways-runs.ts';

const WIDTH = 60;
const EM = 48;

function blank(heightPx: number): GreyImage & { data: Uint8Array } {
  return { widthPx: WIDTH, heightPx, data: new Uint8Array(WIDTH * heightPx).fill(245) };
}
function fill({ widthPx, data }: GreyImage, x0: number, y0: number, x1: number, y1: number): void {
  for (let y = Math.round(y0); y < y1; y++) data.fill(20, y * widthPx + Math.round(x0), y * widthPx + Math.round(x1));
}
/** Something like 目: a frame and a bar, so that ink is met within a character and none between. */
function character(image: GreyImage, top: number, height = EM * 0.88): void {
  const [left, right] = [WIDTH / 2 - EM * 0.42, WIDTH / 2 + EM * 0.42];
  const y = top + (EM - EM * 0.88) / 2;
  fill(image, left, y, right, y + 4);
  fill(image, left, y + height / 2 - 2, right, y + height / 2 + 2);
  fill(image, left, y + height - 4, right, y + height);
  fill(image, left, y, left + 5, y + height);
  fill(image, right - 5, y, right, y + height);
}
/** 二: blank rows within a character. */
function twoBars(image: GreyImage, top: number): void {
  fill(image, WIDTH / 2 - 14, top + 12, WIDTH / 2 + 14, top + 17);
  fill(image, WIDTH / 2 - 20, top + 36, WIDTH / 2 + 20, top + 41);
}

describe('findPitch and findCells', () => {
  it('find cells at one pitch, whole characters with blank rows among them', () => {
    const column = blank(20 + EM * 12);
    for (let i = 0; i < 12; i++) (i % 3 === 1 ? twoBars : character)(column, 10 + i * EM);
    const guess = findPitch([column])!;
    expect(guess.isEven).toBe(true);
    expect(guess.even.perWidth * WIDTH).toBeCloseTo(EM, -0.5);
    const cells = findCells(column, guess.even);
    expect(cells).toHaveLength(12);
    for (const [i, { topPx }] of cells.entries()) expect(Math.abs(topPx - (10 + i * EM))).toBeLessThan(6);
  });

  it('keep the cells after figures that lie on their side', () => {
    const column = blank(20 + EM * 12);
    for (let i = 0; i < 5; i++) character(column, 10 + i * EM);
    // A run 1.6 characters long.
    for (let i = 0; i < 3; i++) fill(column, 20, 10 + EM * 5 + 4 + i * 25, 42, 10 + EM * 5 + 22 + i * 25);
    for (let i = 0; i < 5; i++) character(column, 10 + EM * 6.6 + i * EM);
    const cells = findCells(column, { perWidth: EM / WIDTH, isTight: false });
    const last = cells.slice(-5);
    for (const [i, { topPx }] of last.entries()) expect(Math.abs(topPx - (10 + EM * 6.6 + i * EM))).toBeLessThan(6);
  });

  it('cut characters with heights of their own at the gaps', () => {
    const heights = [0.88, 0.5, 0.88, 0.4, 0.7, 0.88, 0.5, 0.88];
    const column = blank(600);
    let top = 10;
    for (const height of heights) {
      character(column, top, EM * height);
      top += EM * (height + 0.1);
    }
    expect(findCells(column, { perWidth: EM / WIDTH, isTight: true })).toHaveLength(heights.length);
  });

  it('find nothing on blank paper', () => {
    expect(findCells(blank(400), { perWidth: 0.8, isTight: false })).toEqual([]);
    expect(findPitch([])).toBeNull();
  });
});

describe('eraseSideRules', () => {
  it('paints slanted rules over and leaves the type', () => {
    const column = blank(20 + EM * 10);
    for (let i = 0; i < 10; i++) (i % 2 === 1 ? twoBars : character)(column, 10 + i * EM);
    const before = measureColumn(column).typePx;
    for (let y = 0; y < column.heightPx; y++) fill(column, 2 + (y / column.heightPx) * 4, y, 4 + (y / column.heightPx) * 4, y + 1);
    const clean = eraseSideRules(column);
    expect(clean.data[5 * WIDTH + 3]).toBeGreaterThan(200);
    expect(measureColumn(clean).typePx).toBeCloseTo(before, -0.5);
    expect(measureColumn(clean).inkAt(10 + EM - 1)).toBe(0);
  });
});

describe('settleCell', () => {
  const cell = (draw: (image: GreyImage) => void): Uint8Array => {
    const image = { widthPx: 48, heightPx: 48, data: new Uint8Array(48 * 48).fill(245) };
    draw(image);
    return image.data;
  };
  const boundsOf = (data: Uint8Array): number[] => {
    const xs: number[] = [];
    const ys: number[] = [];
    data.forEach((value, i) => {
      if (value > 100) return;
      xs.push(i % 48);
      ys.push(Math.floor(i / 48));
    });
    return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  };

  it('lays the long vowel mark down', () => {
    const [x0, x1, y0, y1] = boundsOf(
      settleCell(
        cell((image) => fill(image, 22, 4, 26, 44)),
        48,
        false,
      ),
    ) as [number, number, number, number];
    expect(x1 - x0).toBeGreaterThan(36);
    expect(y1 - y0).toBeLessThan(6);
  });

  it('leaves a 1 with its flag and foot standing', () => {
    const one = cell((image) => {
      fill(image, 22, 8, 27, 42);
      fill(image, 15, 12, 22, 16);
      fill(image, 14, 38, 35, 42);
    });
    expect(settleCell(one, 48, false)).toBe(one);
  });

  it('moves a raised comma to the lower left', () => {
    const [x0, x1, y0, y1] = boundsOf(
      settleCell(
        cell((image) => fill(image, 32, 4, 42, 14)),
        48,
        false,
      ),
    ) as [number, number, number, number];
    expect(x1).toBeLessThan(20);
    expect(y0).toBeGreaterThan(30);
    expect([x1 - x0, y1 - y0]).toEqual([9, 9]);
  });
});

describe('layCellsInLine', () => {
  it('gives every cell the same width', () => {
    const column = blank(20 + EM * 4);
    for (let i = 0; i < 4; i++) character(column, 10 + i * EM);
    const pitch = { perWidth: EM / WIDTH, isTight: false };
    const strip = layCellsInLine(column, findCells(column, pitch), pitch, 48);
    expect([strip.widthPx, strip.heightPx]).toEqual([4 * Math.round(48 * CELL_ASPECT), 48]);
  });
});

describe('sideways runs', () => {
  const read = (text: string, from: number, to: number, confidence01: number): ReadCharacter[] =>
    Array.from(text).map((character, i, all) => ({
      text: character,
      confidence01,
      start01: from + ((to - from) * i) / all.length,
      end01: from + ((to - from) * (i + 0.8)) / all.length,
      alternatives: [],
    }));
  const textOf = (characters: readonly ReadCharacter[]): string => characters.map(({ text }) => text).join('');

  it('replace what was read badly upright', () => {
    const upright = [...read('内容量', 0, 0.5, 0.99), ...read('ピ。', 0.5, 0.75, 0.4), ...read('入', 0.8, 1, 0.99)];
    expect(textOf(mergeSideways(upright, read('58g', 0.52, 0.74, 0.95)))).toBe('内容量58g入');
  });

  it('leave what was read well upright', () => {
    const upright = read('二三枚', 0, 1, 0.95);
    expect(textOf(mergeSideways(upright, read('111', 0, 0.6, 0.8)))).toBe('二三枚');
  });

  it('believe no single letter where something was read upright', () => {
    const upright = read('さい。', 0, 1, 0.6);
    expect(textOf(mergeSideways(upright, read('n', 0.35, 0.65, 0.95)))).toBe('さい。');
  });

  it('turn the column so that its top is at the left and its right side on top', () => {
    const column = blank(120);
    fill(column, 50, 0, 60, 20);
    const turned = turnedLeft(column, 30);
    expect([turned.widthPx, turned.heightPx]).toEqual([60, 30]);
    expect(turned.data[1 * 60 + 3]).toBeLessThan(60);
    expect(turned.data[28 * 60 + 3]).toBeGreaterThan(200);
    expect(turned.data[1 * 60 + 50]).toBeGreaterThan(200);
  });
});
