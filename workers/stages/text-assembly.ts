/** @file Ordered parts of a text → the reading that others get. Pure; thread: vision worker or Node. */
import type { Box, Point } from '../../src/contracts/geometry.ts';
import type { TextLine, TextReading } from '../../src/contracts/results.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import { japaneseShare01, restoreWideForms, settleLookAlikes, unifyBrackets } from '../../src/core/text/japanese-forms.ts';
import { correctByLexicon } from '../../src/core/text/lexicon-correction.ts';
import { between } from './text-lines.ts';
import { isColumn, type TextPage } from './text-page.ts';
import type { ReadPart } from './text-parts.ts';

/** From this share of kana and kanji among its letters on, a text is Japanese. */
const JAPANESE_SHARE = 0.12;

/** @param parts in reading order. @param toFrame pixels of the page → shares of the frame. */
export function assembleReading(parts: readonly ReadPart[], page: TextPage, toFrame: (point: Point) => Point): TextReading {
  const asRead = parts.map(({ characters }) => characters);
  const whole = asRead.flatMap((characters) => characters.map(({ text }) => text)).join('');
  const texts =
    japaneseShare01(whole) >= JAPANESE_SHARE ? settleLines(asRead) : asRead.map((characters) => characters.map(({ text }) => text));
  const lines: TextLine[] = [];
  let text = '';
  let weighted = 0;
  let weight = 0;
  for (const [i, part] of parts.entries()) {
    if (text !== '') text += '\n';
    const line = toLine(part, texts[i]!, page, toFrame);
    const start = text.length;
    text += line.text;
    lines.push({ ...line, start, end: text.length });
    weighted += line.confidence01 * line.text.length;
    weight += line.text.length;
  }
  return {
    text,
    lines,
    script: text === '' ? 'none' : japaneseShare01(text) >= JAPANESE_SHARE ? 'japanese' : 'latin',
    confidence01: weight === 0 ? 0 : weighted / weight,
  };
}

/** Words wrap from line to line, so lines are corrected together and taken apart again. */
function settleLines(lines: readonly (readonly ReadCharacter[])[]): string[][] {
  const corrected = unifyBrackets(correctByLexicon(lines.flat()));
  let at = 0;
  return lines.map((line) => {
    const own = corrected.slice(at, at + line.length);
    at += line.length;
    return restoreWideForms(settleLookAlikes(own));
  });
}

function toLine(
  { corners, characters, reader }: ReadPart,
  settled: readonly string[],
  page: TextPage,
  toFrame: (point: Point) => Point,
): Omit<TextLine, 'start' | 'end'> {
  const isVertical = isColumn(corners, page) && reader.engine !== 'ppocr';
  const upright = page.upright(corners);
  const [a, b, c, d] = upright;
  const characterBoxes: Box[] = [];
  characters.forEach((_, i) => {
    const [from, to] = extentOf(characters, i);
    const quad = isVertical
      ? [between(a, d, from), between(b, c, from), between(b, c, to), between(a, d, to)]
      : [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)];
    const box = boundingBox(quad.map(toFrame));
    for (let unit = 0; unit < settled[i]!.length; unit++) characterBoxes.push(box);
  });
  const quad = upright.map(toFrame) as unknown as TextLine['quad'];
  return {
    text: settled.join(''),
    quad,
    box: boundingBox(quad),
    confidence01: meanConfidence(characters),
    engine: reader.engine,
    direction: isVertical ? 'vertical' : 'horizontal',
    characterBoxes,
  };
}

/** Mean over characters; 0 for none. */
export function meanConfidence(characters: readonly ReadCharacter[]): number {
  return characters.reduce((sum, { confidence01 }) => sum + confidence01, 0) / Math.max(1, characters.length);
}

/** Share of the line that a character takes: up to half-way to its neighbours. */
function extentOf(characters: readonly ReadCharacter[], i: number): [number, number] {
  const middle = (k: number): number => (characters[k]!.start01 + characters[k]!.end01) / 2;
  const here = middle(i);
  const before = i > 0 ? (middle(i - 1) + here) / 2 : null;
  const after = i < characters.length - 1 ? (middle(i + 1) + here) / 2 : null;
  const half = Math.max(before === null ? 0 : here - before, after === null ? 0 : after - here, 0.002);
  return [Math.max(0, before ?? here - half), Math.min(1, after ?? here + half)];
}

/** @returns the box around points, within the image. */
export function boundingBox(points: readonly Point[]): Box {
  const x = Math.max(0, Math.min(...points.map((p) => p.x)));
  const y = Math.max(0, Math.min(...points.map((p) => p.y)));
  return {
    x,
    y,
    width: Math.min(1, Math.max(...points.map((p) => p.x))) - x,
    height: Math.min(1, Math.max(...points.map((p) => p.y))) - y,
  };
}
