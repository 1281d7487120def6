import { describe, expect, it } from 'vitest';
import type { GreyImage } from '../../../src/contracts/runtime.ts';
import { stretchContrast } from '../../../src/core/text/contrast.ts';
import { readingOrder, type UprightBox } from '../../../src/core/text/reading-order.ts';
import { eraseStripRules, findTableRules } from '../../../src/core/text/table-rules.ts';

const box = (x0: number, y0: number, x1: number, y1: number): UprightBox => ({ x0, y0, x1, y1 });

function blank(widthPx: number, heightPx: number): GreyImage {
  return { widthPx, heightPx, data: new Uint8Array(widthPx * heightPx).fill(240) };
}
function fill({ widthPx, data }: GreyImage, x0: number, y0: number, x1: number, y1: number, value = 20): void {
  for (let y = y0; y < y1; y++) data.fill(value, y * widthPx + x0, y * widthPx + x1);
}

describe('readingOrder', () => {
  it('keeps a group whole and in its own order', () => {
    const boxes = [box(10, 10, 90, 30), box(110, 40, 300, 60), box(110, 10, 300, 30), box(10, 80, 300, 100), box(340, 10, 500, 30)];
    expect(readingOrder(boxes, [[0, 2, 1]])).toEqual([0, 2, 1, 4, 3]);
  });

  it('reads heading and value row by row without rules', () => {
    const boxes = [box(110, 40, 300, 60), box(10, 10, 90, 30), box(10, 40, 90, 60), box(110, 10, 300, 30)];
    expect(readingOrder(boxes)).toEqual([1, 3, 2, 0]);
  });

  it('reads columns of running text one after the other', () => {
    const left = [0, 1, 2, 3].map((i) => box(0, i * 30, 300, i * 30 + 20));
    const right = [0, 1, 2, 3].map((i) => box(340, i * 30 + 3, 640, i * 30 + 23));
    expect(readingOrder([...right, ...left])).toEqual([4, 5, 6, 7, 0, 1, 2, 3]);
  });

  it('gives every line once', () => {
    const boxes = Array.from({ length: 40 }, (_, i) => box((i * 37) % 300, (i * 53) % 400, ((i * 37) % 300) + 60, ((i * 53) % 400) + 15));
    expect([...readingOrder(boxes)].sort((a, b) => a - b)).toEqual(boxes.map((_, i) => i));
  });
});

describe('findTableRules', () => {
  it('finds rules, tilted a little too, and takes no stroke for one', () => {
    const image = blank(400, 200);
    for (let x = 20; x < 380; x++) fill(image, x, 50 + Math.round(x / 120), x + 1, 52 + Math.round(x / 120));
    fill(image, 100, 60, 102, 190);
    fill(image, 200, 100, 216, 102);
    const { horizontal, vertical } = findTableRules(image, 18);
    expect(horizontal).toHaveLength(1);
    expect(horizontal[0]!.at).toBeGreaterThan(49);
    expect(horizontal[0]!.at).toBeLessThan(56);
    expect(horizontal[0]!.to - horizontal[0]!.from).toBeGreaterThan(340);
    expect(vertical.map(({ at }) => Math.round(at))).toEqual([101]);
  });
});

describe('eraseStripRules', () => {
  it('clears edge rules and bars but leaves strokes', () => {
    const strip = blank(100, 48);
    fill(strip, 0, 1, 100, 3);
    fill(strip, 4, 0, 6, 48);
    fill(strip, 50, 10, 52, 40);
    const { data } = eraseStripRules(strip);
    expect(data[1 * 100 + 60]).toBe(255);
    expect(data[24 * 100 + 5]).toBe(255);
    expect(data[24 * 100 + 51]).toBe(20);
  });
});

describe('stretchContrast', () => {
  it('turns light text on a dark ground around', () => {
    const grey = new Uint8Array(1000).fill(40);
    grey.fill(200, 0, 150);
    const out = stretchContrast(grey);
    expect(out[500]).toBe(255);
    expect(out[0]).toBe(0);
  });

  it('leaves the given pixels alone', () => {
    const grey = Uint8Array.from([10, 100, 200]);
    stretchContrast(grey);
    expect([...grey]).toEqual([10, 100, 200]);
  });
});
