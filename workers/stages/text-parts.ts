/** @file Lines as read, parted into headings and values and put into reading order. Pure; thread: vision worker or Node. */
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import { headingLength, readHeadingTable } from '../../src/core/text/heading-table.ts';
import { correctByLexicon } from '../../src/core/text/lexicon-correction.ts';
import { readingOrder } from '../../src/core/text/reading-order.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import type { LineReader } from './line-readers.ts';
import { between, type FoundLines } from './text-lines.ts';
import { isTall } from './text-page.ts';

/** A line, or the part of it before or after the gap between heading and value, as read; corners in pixels of the page. */
export interface ReadPart {
  readonly corners: Corners;
  readonly characters: readonly ReadCharacter[];
  readonly reader: LineReader;
}

/** `名称 スナック菓子` detected as one line: two parts, so that headings can be told from values. */
export function splitHeading(part: ReadPart): ReadPart[] {
  const { corners, characters, reader } = part;
  if (isTall(corners)) return [part];
  const length = headingLength(correctByLexicon(characters));
  const rest = characters.slice(length);
  const next = rest.findIndex(({ text }) => text !== ' ');
  if (length < 2 || next < 0) return [part];
  const heading = characters.slice(0, length);
  const pitch = (heading[length - 1]!.start01 - heading[0]!.start01) / (length - 1);
  const gap = rest[next]!.start01 - heading[length - 1]!.start01;
  if (next === 0 && gap < pitch * 1.4) return [part];
  const cut = heading[length - 1]!.end01 + (rest[next]!.start01 - heading[length - 1]!.end01) / 2;
  const [a, b, c, d] = corners;
  const top = between(a, b, cut);
  const bottom = between(d, c, cut);
  const within = (parts: readonly ReadCharacter[], from: number, to: number): ReadCharacter[] =>
    parts.map((character) => ({
      ...character,
      start01: (character.start01 - from) / (to - from),
      end01: (character.end01 - from) / (to - from),
    }));
  return [
    { corners: [a, top, bottom, d], characters: within(heading, 0, cut), reader },
    { corners: [top, b, c, bottom], characters: within(rest.slice(next), cut, 1), reader },
  ];
}

/** Values of a table begin this close to each other, in line heights; columns reach further beyond their ink than rows do. */
const ROW_SLACK = 0.6;
const COLUMN_SLACK = 1.3;

/** Parts in reading order. */
export function orderParts(parts: readonly ReadPart[], { page, rules, layout }: FoundLines): ReadPart[] {
  const boxes = parts.map(({ corners }) => layout.boxOf(corners));
  const table = readHeadingTable(
    parts.map(({ corners, characters }, i) => ({
      ...layout.endsOf(corners),
      box: boxes[i]!,
      text: correctByLexicon(characters).join(''),
    })),
    rules.vertical,
    page.isVertical ? COLUMN_SLACK : ROW_SLACK,
  );
  return readingOrder(boxes, [table]).map((index) => parts[index]!);
}
