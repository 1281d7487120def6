/** @file Columns of vertical writing, read cell by cell. Thread: vision worker or Node. */
import type { GreyImage } from '../../src/contracts/runtime.ts';
import { layCellsInLine } from '../../src/core/text/cell-line.ts';
import { eraseSideRules } from '../../src/core/text/column-ink.ts';
import { findCells, findPitch, type ColumnCell, type ColumnPitch } from '../../src/core/text/column-cells.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import { mergeSideways, turnedLeft } from '../../src/core/text/sideways-runs.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import type { LineReader } from './line-readers.ts';
import { meanConfidence } from './text-assembly.ts';
import { isColumn, type TextPage } from './text-page.ts';
import { cutStrip, sidesOf } from './text-strips.ts';

/** Width of a cut column: a detected box is about 1.25 characters wide. */
const COLUMN_WIDTH_PX = 60;
/** Pitch is judged by the longest columns. */
const PITCH_COLUMNS = 8;
const TRIED_COLUMNS = 3;
/** Columns narrower or wider than this, relative to the usual one, may be set in another size; narrower still, they are no text. */
const SAME_SIZE = 0.75;
const LEAST_SIZE = 0.3;
/** Pitch where no column is long enough to tell it. */
const USUAL_PITCH: ColumnPitch = { perWidth: 0.8, isTight: false };
/** A cell read less surely than this may hold figures or letters set sideways. */
const DOUBTFUL = 0.85;
/** Ends of a column read less surely than this are dropped. */
const STAIN = 0.4;
const STAIN_LIKE = /[-ー|一_~・.,、'"\s]/u;
const SURE_SIGN = 0.8;

/** Pitch of the columns of a page, in pixels of the page. */
export interface PagePitch {
  readonly pitchPx: number;
  readonly isTight: boolean;
}

/**
 * Pitch of the page's columns. Where the ink does not tell whether characters share one pitch, the longest columns are read both ways.
 * @returns null where the page has no long column.
 */
export async function pitchOfPage(page: TextPage, lines: readonly Corners[], reader: LineReader): Promise<PagePitch | null> {
  const uprights = lines
    .filter((corners) => isColumn(corners, page))
    .map((corners) => page.upright(corners))
    .sort((p, q) => sidesOf(q).height - sidesOf(p).height)
    .slice(0, PITCH_COLUMNS);
  if (uprights.length === 0) return null;
  const widths = uprights.map((corners) => sidesOf(corners).width).sort((p, q) => p - q);
  const usual = widths[Math.floor(widths.length / 2)]!;
  // One scale for all of them: widths of detected boxes differ, the type does not.
  const columns = uprights.map((corners) => cutColumn(page, withWidth(corners, usual)));
  const pitch = await settlePitch(columns, reader);
  return pitch === null ? null : { pitchPx: pitch.perWidth * usual, isTight: pitch.isTight };
}

/** The pitch by which columns are read most surely. */
async function settlePitch(columns: readonly GreyImage[], reader: LineReader): Promise<ColumnPitch | null> {
  const guess = findPitch(columns);
  if (guess === null || guess.isEven) return guess?.even ?? null;
  // Doubtful characters count against a pitch, and what it misses does not count for it.
  const sureness = async (pitch: ColumnPitch): Promise<number> => {
    let sum = 0;
    for (const column of columns.slice(0, TRIED_COLUMNS)) {
      const strip = layCellsInLine(column, findCells(column, pitch), pitch, reader.stripHeightPx);
      for (const { confidence01 } of await reader.read(strip)) sum += confidence01 - 0.5;
    }
    return sum;
  };
  return (await sureness(guess.tight)) > (await sureness(guess.even)) ? guess.tight : guess.even;
}

/** A column of upright characters, top to bottom; places are shares of its height. */
export async function readColumn(page: TextPage, upright: Corners, reader: LineReader, pitch: PagePitch | null): Promise<ReadCharacter[]> {
  if (reader.engine === 'tesseract-jpn-vert' || reader.engine === 'ppocr') return reader.read(cutColumn(page, upright));
  const { width } = sidesOf(upright);
  if (pitch === null) return readAtPitch(cutColumn(page, upright), reader, null);
  const usual = pitch.pitchPx / USUAL_PITCH.perWidth;
  const share = width / usual;
  if (share < LEAST_SIZE) return [];
  // Boxes around narrow characters are narrow; their columns are as wide as any.
  const column = cutColumn(page, withWidth(upright, Math.max(width, usual)));
  const asUsual = await readAtPitch(column, reader, {
    perWidth: pitch.pitchPx / Math.max(width, usual),
    isTight: pitch.isTight,
  });
  if (share > SAME_SIZE && share < 1 / SAME_SIZE) return asUsual;
  const asOwn = await readAtPitch(cutColumn(page, upright), reader, null);
  return meanConfidence(asOwn) > meanConfidence(asUsual) ? asOwn : asUsual;
}

/** @param known null where the column's own pitch must be found. */
async function readAtPitch(column: GreyImage, reader: LineReader, known: ColumnPitch | null): Promise<ReadCharacter[]> {
  const pitch = known ?? (await settlePitch([column], reader)) ?? USUAL_PITCH;
  const cells = findCells(column, pitch);
  if (cells.length === 0) return [];
  const read = await reader.read(layCellsInLine(column, cells, pitch, reader.stripHeightPx));
  const characters = trimDoubtful(read).map((character) => ({
    ...character,
    start01: placeInColumn(character.start01, cells, column),
    end01: placeInColumn(character.end01, cells, column),
  }));
  if (characters.every(({ confidence01 }) => confidence01 > DOUBTFUL)) return characters;
  return mergeSideways(characters, await reader.read(turnedLeft(column, reader.stripHeightPx)));
}

/** Card edges, rules and stains at the ends of a column look like characters, but not like any in particular. */
function trimDoubtful(characters: readonly ReadCharacter[]): ReadCharacter[] {
  const isSure = ({ text, confidence01 }: ReadCharacter): boolean => confidence01 > (STAIN_LIKE.test(text) ? SURE_SIGN : STAIN);
  const first = characters.findIndex(isSure);
  const last = characters.findLastIndex(isSure);
  return first < 0 ? [] : characters.slice(first, last + 1);
}

/** A share of the line of cells → a share of the column's height. */
function placeInColumn(along01: number, cells: readonly ColumnCell[], { heightPx }: GreyImage): number {
  const index = Math.min(cells.length - 1, Math.floor(along01 * cells.length));
  const { topPx, bottomPx } = cells[index]!;
  return Math.max(0, Math.min(1, (topPx + (along01 * cells.length - index) * (bottomPx - topPx)) / heightPx));
}

function cutColumn({ frame }: TextPage, upright: Corners): GreyImage {
  const { width, height } = sidesOf(upright);
  return eraseSideRules(cutStrip(frame, upright, Math.max(8, Math.round((height / Math.max(1, width)) * COLUMN_WIDTH_PX))));
}

/** The same column, as wide as others. */
function withWidth([a, b, c, d]: Corners, width: number): Corners {
  const by = (width / Math.max(1, sidesOf([a, b, c, d]).width) - 1) / 2;
  const apart = (p: { x: number; y: number }, q: { x: number; y: number }): { x: number; y: number } => ({
    x: p.x + (p.x - q.x) * by,
    y: p.y + (p.y - q.y) * by,
  });
  return [apart(a, b), apart(b, a), apart(c, d), apart(d, c)];
}
