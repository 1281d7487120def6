/** @file Stage `read`: printed text of a frame, one reader in front of all engines. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box, Point } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ScriptHint, TextLine, TextReading } from '../../src/contracts/results.ts';
import type { GreyImage, Runtime } from '../../src/contracts/runtime.ts';
import type { OnProgress } from '../../src/contracts/task.ts';
import { cropFrame, cropPixels, shrinkFrame, toPixelBox, warpQuad } from '../../src/core/resize.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import { correctByLexicon } from '../../src/core/text/lexicon-correction.ts';
import { isLightOnDark } from '../../src/core/text/contrast.ts';
import { headingLength, readHeadingTable } from '../../src/core/text/heading-table.ts';
import { findColumnGrid, layCellsInLine } from '../../src/core/text/column-cells.ts';
import { japaneseShare01, restoreWideForms, settleLookAlikes } from '../../src/core/text/japanese-forms.ts';
import { readingOrder, type UprightBox } from '../../src/core/text/reading-order.ts';
import { findTableRules, ruleAt, type TableRules } from '../../src/core/text/table-rules.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { toGrey } from '../../src/core/tensor-layout.ts';
import { openJapaneseReader, openLatinReader, openTesseractReader, type LineReader } from './line-readers.ts';
import { LINE_HEIGHT_PX } from './line-recognition.ts';
import { detectText, DETECTION_SIDE_PX } from './text-detection.ts';
import { cutStrip, lengthen, sidesOf } from './text-strips.ts';

/** How a reading reports and stops. */
export interface ReadTextOptions {
  readonly onProgress?: OnProgress;
  /** @throws AppError('cancelled') when the task was cancelled. */
  checkCancelled(): void;
}

/** Columns are this much taller than wide. */
const COLUMN_ASPECT = 2;
/** Lines are read this much further at both ends, in line heights. */
const END_MARGIN = 0.12;
/** From this share of kana and kanji among its letters on, a text is Japanese. */
const JAPANESE_SHARE = 0.12;
/** Side of the small image that table rules are looked for in. */
const LAYOUT_SIDE_PX = 1400;
/** Less sure than this, a line is taken for a picture. */
const MIN_LINE_CONFIDENCE = 0.5;

/**
 * Read printed text.
 * @param frame upright RGBA; not consumed. @param input `region` limits the reading; results stay in coordinates of the frame.
 * @returns lines in reading order; empty text when there is none.
 * @throws AppError('cancelled' | 'model-unavailable' | 'gpu-lost' | 'out-of-memory' | 'bug')
 */
export async function readText(
  frame: Frame,
  input: { readonly script: ScriptHint; readonly region?: Box },
  runtime: Runtime,
  options: ReadTextOptions,
): Promise<TextReading> {
  const report = (done: number, total: number): void => options.onProgress?.({ stage: 'read', done, total, unit: 'items' });
  report(0, 1);
  const region = toPixelBox(input.region ?? WHOLE_FRAME, frame);
  const isWhole = region.width === frame.widthPx && region.height === frame.heightPx;
  const view = isWhole ? frame : cropPixels(frame, region);
  const found = await findLines(view, runtime);
  options.checkCancelled();
  if (found === null) {
    report(1, 1);
    return { text: '', lines: [], script: 'none', confidence01: 0 };
  }

  const total = found.lines.length + 1;
  report(1, total);
  const pitch = pitchOfColumns(view, found.lines);
  const parts: ReadPart[] = [];
  for (const [index, corners] of found.lines.entries()) {
    options.checkCancelled();
    const reader = await readerFor(runtime, input.script, isColumn(corners));
    const characters = trimSpaces(
      isColumn(corners) ? await readColumn(view, corners, reader, pitch) : await readRow(view, corners, reader),
    );
    if (characters.length > 0 && meanConfidence(characters) >= MIN_LINE_CONFIDENCE)
      parts.push(...splitHeading({ corners, characters, reader }));
    report(index + 2, total);
  }
  const read = orderParts(parts, found);

  const toFrame = ({ x, y }: Point): Point => ({ x: (x + region.x) / frame.widthPx, y: (y + region.y) / frame.heightPx });
  const asRead = read.map(({ characters }) => characters);
  const isJapanese =
    japaneseShare01(
      asRead
        .flat()
        .map(({ text }) => text)
        .join(''),
    ) >= JAPANESE_SHARE;
  const texts = isJapanese ? settleLines(asRead) : asRead.map((characters) => characters.map(({ text }) => text));
  return assemble(read.map(({ corners, characters, reader }, i) => toLine(corners, characters, texts[i]!, reader, toFrame)));
}

/** Words wrap from line to line, so lines are corrected together and taken apart again. */
function settleLines(lines: readonly (readonly ReadCharacter[])[]): string[][] {
  const corrected = correctByLexicon(lines.flat());
  let at = 0;
  return lines.map((line) => {
    const own = corrected.slice(at, at + line.length);
    at += line.length;
    return restoreWideForms(settleLookAlikes(own));
  });
}

/** A line, or the part of it before or after the gap between heading and value, as read. */
interface ReadPart {
  readonly corners: Corners;
  readonly characters: readonly ReadCharacter[];
  readonly reader: LineReader;
}

/** Detected lines, unordered, cut where a table rule crosses them; corners in pixels of the view. */
interface FoundLines {
  readonly lines: readonly Corners[];
  readonly rules: TableRules;
  readonly layout: Layout;
}

async function findLines(view: Frame, runtime: Runtime): Promise<FoundLines | null> {
  const regions = await detectText(view, runtime, DETECTION_SIDE_PX);
  const found = regions.map(({ corners }) => corners);
  if (found.length === 0) return null;
  const rows = found.filter((corners) => !isColumn(corners));
  const angleRad = median(rows.map(([a, b]) => Math.atan2(b.y - a.y, b.x - a.x)));
  const lineHeightPx = median(rows.map((corners) => sidesOf(corners).height)) || 20;
  const layout = uprightLayout(view, angleRad);
  const rules = findTableRules(layout.darkOnLight(found), lineHeightPx * layout.scale);
  const split = separateNeighbours(
    found.flatMap((corners) => splitAtRules(corners, rules, layout)),
    layout,
  );
  return { lines: split.map((corners) => (isColumn(corners) ? corners : lengthen(corners, END_MARGIN))), rules, layout };
}

/** `名称 スナック菓子` detected as one line: two parts, so that headings can be told from values. */
function splitHeading(part: ReadPart): ReadPart[] {
  const { corners, characters, reader } = part;
  if (isColumn(corners)) return [part];
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

/** Parts in reading order. */
function orderParts(parts: readonly ReadPart[], { rules, layout }: FoundLines): ReadPart[] {
  const areaOf = (some: readonly ReadPart[]): number =>
    some.reduce((sum, { corners }) => sum + sidesOf(corners).width * sidesOf(corners).height, 0);
  const isVertical = areaOf(parts.filter(({ corners }) => isColumn(corners))) > areaOf(parts) / 2;
  const boxes = parts.map(({ corners }) => layout.boxOf(corners));
  const table = isVertical
    ? []
    : readHeadingTable(
        parts.map(({ corners, characters }, i) => ({
          ...layout.endsOf(corners),
          box: boxes[i]!,
          text: correctByLexicon(characters).join(''),
        })),
        rules.vertical,
      );
  const order = isVertical ? readingOrder(boxes.map(turnBox)) : readingOrder(boxes, [table]);
  return order.map((index) => parts[index]!);
}

/** [Note: Vertical order] Turned a quarter left, columns from right to left become rows from top to bottom. */
function turnBox({ x0, y0, x1, y1 }: UprightBox): UprightBox {
  return { x0: y0, x1: y1, y0: -x1, y1: -x0 };
}

interface Layout {
  /** Grey image, turned around where most of the lines are light on dark. */
  darkOnLight(lines: readonly Corners[]): GreyImage;
  /** Layout pixels per pixel of the view. */
  readonly scale: number;
  boxOf(corners: Corners): UprightBox;
  /** Height of the middle of a line at its ends. */
  endsOf(corners: Corners): { leftY: number; rightY: number };
}

/** Small grey image in which lines run level, and the map into it. */
function uprightLayout(view: Frame, angleRad: number): Layout {
  const small = shrinkFrame(view, LAYOUT_SIDE_PX);
  const scale = small.widthPx / view.widthPx;
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  const centre = { x: small.widthPx / 2, y: small.heightPx / 2 };
  // View → layout: turn by −angle about the centre. Layout → view: the other way round.
  const turn = (x: number, y: number, direction: 1 | -1): Point => ({
    x: centre.x + (x - centre.x) * cos - direction * (y - centre.y) * sin,
    y: centre.y + direction * (x - centre.x) * sin + (y - centre.y) * cos,
  });
  const corner = (x: number, y: number): Point => {
    const at = turn(x, y, 1);
    return { x: at.x / small.widthPx, y: at.y / small.heightPx };
  };
  const { widthPx: w, heightPx: h } = small;
  const level = Math.abs(angleRad) < 0.003 ? small : warpQuad(small, [corner(0, 0), corner(w, 0), corner(w, h), corner(0, h)], w, h);
  const grey = toGrey(level);
  const inLevel = ({ x0, y0, x1, y1 }: UprightBox): Box => ({ x: x0 / w, y: y0 / h, width: (x1 - x0) / w, height: (y1 - y0) / h });
  return {
    scale,
    darkOnLight(lines) {
      const light = lines.filter((corners) => isLightOnDark(toGrey(cropFrame(level, inLevel(this.boxOf(corners))))));
      const isLight = light.length > lines.length / 2;
      return { widthPx: w, heightPx: h, data: isLight ? grey.map((value) => 255 - value) : grey };
    },
    endsOf(corners) {
      const [a, b, c, d] = corners.map(({ x, y }) => turn(x * scale, y * scale, -1).y) as [number, number, number, number];
      return { leftY: (a + d) / 2, rightY: (b + c) / 2 };
    },
    boxOf(corners) {
      const turned = corners.map(({ x, y }) => turn(x * scale, y * scale, -1));
      // The mean of both ends' edges: a tilted line's box must not swallow its neighbours.
      const [a, b, c, d] = turned as unknown as Corners;
      return { x0: Math.min(a.x, d.x), x1: Math.max(b.x, c.x), y0: (a.y + b.y) / 2, y1: (c.y + d.y) / 2 };
    },
  };
}

/** Detections of one row may overlap by part of a character, which would be read twice: the right one begins where the left one ends. */
function separateNeighbours(lines: readonly Corners[], layout: Layout): Corners[] {
  const boxes = lines.map((corners) => layout.boxOf(corners));
  const ends = lines.map((corners) => layout.endsOf(corners));
  return lines.map((corners, i) => {
    const box = boxes[i]!;
    const height = box.y1 - box.y0;
    let from = box.x0;
    for (const [j, other] of boxes.entries()) {
      const isLeft = j !== i && other.x0 < box.x0 && other.x1 < box.x1 && other.x1 > box.x0;
      if (isLeft && other.x1 - box.x0 < height * 1.5 && Math.abs(ends[j]!.rightY - ends[i]!.leftY) < height * 0.4)
        from = Math.max(from, other.x1);
    }
    if (from === box.x0 || isColumn(corners)) return corners;
    const [a, b, c, d] = corners;
    const share = (from - box.x0) / (box.x1 - box.x0);
    return [between(a, b, share), b, c, between(d, c, share)];
  });
}

/** Parts of a line on either side of the vertical rules that cross it. */
function splitAtRules(corners: Corners, rules: TableRules, layout: Layout): Corners[] {
  if (isColumn(corners)) return [corners];
  const box = layout.boxOf(corners);
  const height = box.y1 - box.y0;
  const width = box.x1 - box.x0;
  const cuts = rules.vertical
    .filter((rule) => {
      const { from, to } = rule;
      const at = ruleAt(rule, (box.y0 + box.y1) / 2);
      const covered = Math.min(to, box.y1 - height * 0.2) - Math.max(from, box.y0 + height * 0.2);
      return covered > height * 0.5 && at > box.x0 + height * 0.5 && at < box.x1 - height * 0.5;
    })
    .map((rule) => (ruleAt(rule, (box.y0 + box.y1) / 2) - box.x0) / width)
    .sort((p, q) => p - q);
  if (cuts.length === 0) return [corners];
  const [a, b, c, d] = corners;
  const edges = [0, ...cuts, 1];
  const inset = (height / width) * 0.06;
  return edges.slice(1).map((end, i) => {
    const from = edges[i]! + (i > 0 ? inset : 0);
    const to = end - (i < cuts.length ? inset : 0);
    return [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)] as const;
  });
}

function between(p: Point, q: Point, share: number): Point {
  return { x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share };
}

function isColumn(corners: Corners): boolean {
  const { width, height } = sidesOf(corners);
  return height > width * COLUMN_ASPECT;
}

/**
 * [Note: Which engine] The project's own network reads Japanese and Latin alike, and keeps the spaces that PP-OCR loses. Where
 * it cannot be had, PP-OCR reads Latin and tesseract Japanese. The runtime memoises what was started.
 */
async function readerFor(runtime: Runtime, script: ScriptHint, isColumnLine: boolean): Promise<LineReader> {
  try {
    return await openJapaneseReader(runtime);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model-unavailable') throw error;
    if (script === 'latin') return openLatinReader(runtime);
    return openTesseractReader(runtime, isColumnLine ? 'tesseract-jpn-vert' : 'tesseract-jpn');
  }
}

function readRow(view: Frame, corners: Corners, reader: LineReader): Promise<ReadCharacter[]> {
  return reader.read(cutStrip(view, corners, reader.stripHeightPx, reader.squeeze));
}

/** A column as a strip of its own width, upright. */
function cutColumn(view: Frame, corners: Corners): GreyImage {
  const { width, height } = sidesOf(corners);
  return cutStrip(view, corners, Math.round((height / Math.max(1, width)) * LINE_HEIGHT_PX));
}

/** Pitch of vertical type in pixels of the view: the columns of one label share it, and long columns tell it best. */
function pitchOfColumns(view: Frame, lines: readonly Corners[]): number | null {
  const columns = lines
    .filter((corners) => isColumn(corners) && sidesOf(corners).height > sidesOf(corners).width * 5)
    .sort((p, q) => sidesOf(q).height - sidesOf(p).height)
    .slice(0, 7);
  if (columns.length < 2) return null;
  return median(columns.map((corners) => (findColumnGrid(cutColumn(view, corners)).pitchPx * sidesOf(corners).width) / LINE_HEIGHT_PX));
}

/** A column of upright characters, top to bottom. */
async function readColumn(view: Frame, corners: Corners, reader: LineReader, pitch: number | null): Promise<ReadCharacter[]> {
  const column = cutColumn(view, corners);
  if (reader.engine === 'tesseract-jpn-vert' || reader.engine === 'ppocr') return reader.read(column);
  const pitchPx = pitch === null ? null : (pitch / Math.max(1, sidesOf(corners).width)) * LINE_HEIGHT_PX;
  const grid = findColumnGrid(column, ...(pitchPx === null ? [] : [[pitchPx * 0.97, pitchPx * 1.03] as const]));
  if (grid.count === 0) return [];
  const characters = await reader.read(layCellsInLine(column, grid, reader.stripHeightPx));
  const toColumn = (along01: number): number =>
    Math.max(0, Math.min(1, (grid.offsetPx + along01 * grid.count * grid.pitchPx) / column.heightPx));
  return characters.map((character) => ({ ...character, start01: toColumn(character.start01), end01: toColumn(character.end01) }));
}

function trimSpaces(characters: readonly ReadCharacter[]): ReadCharacter[] {
  const first = characters.findIndex(({ text }) => text !== ' ');
  if (first < 0) return [];
  const last = characters.findLastIndex(({ text }) => text !== ' ');
  return characters.slice(first, last + 1);
}

function meanConfidence(characters: readonly ReadCharacter[]): number {
  return characters.reduce((sum, { confidence01 }) => sum + confidence01, 0) / Math.max(1, characters.length);
}

type UnplacedLine = Omit<TextLine, 'start' | 'end'>;

function toLine(
  corners: Corners,
  characters: readonly ReadCharacter[],
  settled: readonly string[],
  reader: LineReader,
  toFrame: (point: Point) => Point,
): UnplacedLine {
  const isVertical = isColumn(corners) && reader.engine !== 'ppocr';
  const [a, b, c, d] = corners;
  const characterBoxes: Box[] = [];
  characters.forEach((character, i) => {
    const [from, to] = extentOf(characters, i);
    const quad = isVertical
      ? [between(a, d, from), between(b, c, from), between(b, c, to), between(a, d, to)]
      : [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)];
    const box = boundingBox(quad.map(toFrame));
    for (let unit = 0; unit < settled[i]!.length; unit++) characterBoxes.push(box);
  });
  const quad = corners.map(toFrame) as unknown as TextLine['quad'];
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

/** Share of the line that a character takes: up to half-way to its neighbours. */
function extentOf(characters: readonly ReadCharacter[], i: number): [number, number] {
  const middle = (k: number): number => (characters[k]!.start01 + characters[k]!.end01) / 2;
  const here = middle(i);
  const before = i > 0 ? (middle(i - 1) + here) / 2 : null;
  const after = i < characters.length - 1 ? (middle(i + 1) + here) / 2 : null;
  const half = Math.max(before === null ? 0 : here - before, after === null ? 0 : after - here, 0.002);
  return [Math.max(0, before ?? here - half), Math.min(1, after ?? here + half)];
}

function boundingBox(points: readonly Point[]): Box {
  const x = Math.max(0, Math.min(...points.map((p) => p.x)));
  const y = Math.max(0, Math.min(...points.map((p) => p.y)));
  return {
    x,
    y,
    width: Math.min(1, Math.max(...points.map((p) => p.x))) - x,
    height: Math.min(1, Math.max(...points.map((p) => p.y))) - y,
  };
}

function assemble(unplaced: readonly UnplacedLine[]): TextReading {
  const lines: TextLine[] = [];
  let text = '';
  let weighted = 0;
  let weight = 0;
  for (const line of unplaced) {
    if (text !== '') text += '\n';
    const start = text.length;
    text += line.text;
    lines.push({ ...line, start, end: text.length });
    weighted += line.confidence01 * line.text.length;
    weight += line.text.length;
  }
  const share = japaneseShare01(text);
  return {
    text,
    lines,
    script: text === '' ? 'none' : share >= JAPANESE_SHARE ? 'japanese' : 'latin',
    confidence01: weight === 0 ? 0 : weighted / weight,
  };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((p, q) => p - q);
  return sorted[Math.floor(sorted.length / 2)]!;
}
