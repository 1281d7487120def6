/** @file Where words of a text stand on the photo. Boxes 0..1 of the upright frame. Thread: page. */
import type { TextSpan } from '../contracts/dietary.ts';
import type { Box } from '../contracts/geometry.ts';
import type { TextLine, TextReading } from '../contracts/results.ts';

/** @returns one box per line that the span touches; empty when it touches none. */
export function spanBoxes({ lines }: TextReading, { start, end }: TextSpan): Box[] {
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

function partOfLine(line: TextLine, from: number, to: number): Box {
  const { box, text, characterBoxes, direction } = line;
  const known = characterBoxes?.slice(from, to);
  if (known !== undefined && known.length > 0) return around(known);
  // The engine gave no boxes per character: characters of a line are about equally wide.
  const length = Math.max(1, text.length);
  return direction === 'vertical'
    ? { x: box.x, width: box.width, y: box.y + (box.height * from) / length, height: (box.height * (to - from)) / length }
    : { y: box.y, height: box.height, x: box.x + (box.width * from) / length, width: (box.width * (to - from)) / length };
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
