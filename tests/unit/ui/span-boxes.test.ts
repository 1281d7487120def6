import { describe, expect, it } from 'vitest';
import type { Box, Quad } from '../../../src/contracts/geometry.ts';
import type { TextLine, TextReading } from '../../../src/contracts/results.ts';
import { boxAround, findQuote, spanShapes } from '../../../src/ui/span-boxes.ts';

function line(text: string, start: number, quad: Quad, more: Partial<TextLine> = {}): TextLine {
  return {
    text,
    start,
    end: start + text.length,
    quad,
    box: boxAround(quad),
    confidence01: 1,
    engine: 'ppocr',
    direction: 'horizontal',
    ...more,
  };
}
const upright = (x: number, y: number, width: number, height: number): Quad => [
  { x, y },
  { x: x + width, y },
  { x: x + width, y: y + height },
  { x, y: y + height },
];
function reading(...lines: TextLine[]): TextReading {
  return { text: lines.map(({ text }) => text).join('\n'), lines, script: 'japanese', confidence01: 1 };
}

describe('spanShapes', () => {
  const two = reading(line('小麦粉、砂', 0, upright(0.1, 0.1, 0.5, 0.1)), line('糖、卵', 6, upright(0.1, 0.3, 0.3, 0.1)));

  it('cuts a line by characters', () => {
    const [shape] = spanShapes(two, { start: 1, end: 3 });
    const box = boxAround(shape!);
    expect(box.x).toBeCloseTo(0.2);
    expect(box.width).toBeCloseTo(0.2);
  });

  it('gives a shape per line for words that wrap', () => {
    const shapes = spanShapes(two, { start: 4, end: 7 }).map(boxAround);
    expect(shapes).toHaveLength(2);
    expect(shapes[0]!.x).toBeCloseTo(0.5);
    expect(shapes[1]!.width).toBeCloseTo(0.1);
  });

  it('prefers the boxes that the engine knew', () => {
    const characterBoxes: Box[] = [0, 1, 2].map((at) => ({ x: 0.1 + at * 0.2, y: 0, width: 0.1, height: 0.1 }));
    const known = reading(line('卵黄油', 0, upright(0.1, 0, 0.6, 0.1), { characterBoxes }));
    const box = boxAround(spanShapes(known, { start: 1, end: 2 })[0]!);
    expect(box.x).toBeCloseTo(0.3);
    expect(box.width).toBeCloseTo(0.1);
  });

  it('leans with a line that leans', () => {
    const leaning: Quad = [
      { x: 0, y: 0 },
      { x: 0.4, y: 0.2 },
      { x: 0.4, y: 0.3 },
      { x: 0, y: 0.1 },
    ];
    const [shape] = spanShapes(reading(line('abcd', 0, leaning)), { start: 2, end: 4 });
    const corners = [
      [0.2, 0.1],
      [0.4, 0.2],
      [0.4, 0.3],
      [0.2, 0.2],
    ] as const;
    for (const [index, [x, y]] of corners.entries()) {
      expect((shape as Quad)[index]!.x).toBeCloseTo(x);
      expect((shape as Quad)[index]!.y).toBeCloseTo(y);
    }
  });

  it('cuts a vertical line from the top', () => {
    const column = reading(line('原材料名', 0, upright(0.5, 0, 0.1, 0.8), { direction: 'vertical' }));
    const box = boxAround(spanShapes(column, { start: 1, end: 2 })[0]!);
    expect(box.y).toBeCloseTo(0.2);
    expect(box.height).toBeCloseTo(0.2);
    expect(box.width).toBeCloseTo(0.1);
  });

  it('touches nothing for a span between lines', () => {
    expect(spanShapes(two, { start: 5, end: 6 })).toEqual([]);
  });
});

it('finds a quote in the text read, and nothing for words that were not read', () => {
  const text = reading(line('卵、乳', 0, upright(0, 0, 1, 1)));
  expect(findQuote(text, '乳')).toEqual({ start: 2, end: 3 });
  expect(findQuote(text, '豚')).toBeNull();
  expect(findQuote(text, '')).toBeNull();
});
