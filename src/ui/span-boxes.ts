/** @file Where words of a text stand on the photo, 0..1 of the upright frame. Thread: page. */
import type { TextSpan } from '../contracts/dietary.ts';
import type { Box, Point, Quad } from '../contracts/geometry.ts';
import type { TextLine, TextReading } from '../contracts/results.ts';

/** @returns one shape per line that the span touches; empty when it touches none. */
export function spanShapes({ lines }: TextReading, { start, end }: TextSpan): (Quad | Box)[] {
  return lines
    .filter((line) => line.start < end && line.end > start)
    .map((line) => partOfLine(line, Math.max(start, line.start) - line.start, Math.min(end, line.end) - line.start));
}

/** @returns where `quote` stands in the text read; null when it was not read so. */
export function findQuote({ text }: TextReading, quote: string): TextSpan | null {
  if (quote === '') return null;
  const start = text.indexOf(quote);
  return start < 0 ? null : { start, end: start + quote.length };
}

/** @returns the upright box around a shape. */
export function boxAround(shape: Quad | Box): Box {
  if ('width' in shape) return shape;
  const x = Math.min(...shape.map((point) => point.x));
  const y = Math.min(...shape.map((point) => point.y));
  return { x, y, width: Math.max(...shape.map((point) => point.x)) - x, height: Math.max(...shape.map((point) => point.y)) - y };
}

/** A line that leans more than this share of its own length is cut along its lean, not upright. */
const LEAN = 0.04;

function partOfLine({ quad, text, characterBoxes, direction }: TextLine, from: number, to: number): Quad | Box {
  const known = characterBoxes?.slice(from, to);
  if (known !== undefined && known.length > 0) {
    const box = around(known);
    if (leanOf(quad, direction) <= LEAN) return box;
    const [topLeft, topRight, , bottomLeft] = quad;
    // Upright boxes of a leaning line still tell how far along it the words stand.
    const [start, size, at, extent] =
      direction === 'vertical'
        ? [topLeft.y, bottomLeft.y - topLeft.y, box.y, box.height]
        : [topLeft.x, topRight.x - topLeft.x, box.x, box.width];
    if (size > 0) return slice(quad, direction, share((at - start) / size), share((at + extent - start) / size));
  }
  // Characters of a line are about equally wide.
  const length = Math.max(1, text.length);
  return slice(quad, direction, from / length, to / length);
}

/** Part of a line from one share of its length to another, leaning as the line does. */
function slice([topLeft, topRight, bottomRight, bottomLeft]: Quad, direction: TextLine['direction'], from: number, to: number): Quad {
  if (direction === 'vertical')
    return [
      between(topLeft, bottomLeft, from),
      between(topRight, bottomRight, from),
      between(topRight, bottomRight, to),
      between(topLeft, bottomLeft, to),
    ];
  return [
    between(topLeft, topRight, from),
    between(topLeft, topRight, to),
    between(bottomLeft, bottomRight, to),
    between(bottomLeft, bottomRight, from),
  ];
}

function leanOf([topLeft, topRight, , bottomLeft]: Quad, direction: TextLine['direction']): number {
  const along = direction === 'vertical' ? bottomLeft : topRight;
  const x = Math.abs(along.x - topLeft.x);
  const y = Math.abs(along.y - topLeft.y);
  return direction === 'vertical' ? x / Math.max(y, 1e-6) : y / Math.max(x, 1e-6);
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function between(a: Point, b: Point, part: number): Point {
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}
