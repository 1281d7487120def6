/** @file Stage `read`: printed text of a frame, one reader in front of all engines. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box, Point } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ScriptHint, TextLine, TextReading } from '../../src/contracts/results.ts';
import type { GreyImage, Runtime } from '../../src/contracts/runtime.ts';
import type { OnProgress } from '../../src/contracts/task.ts';
import { cropPixels, shrinkFrame, toPixelBox, warpQuad } from '../../src/core/resize.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import { correctByLexicon } from '../../src/core/text/lexicon-correction.ts';
import { japaneseShare01, restoreWideForms, settleLookAlikes } from '../../src/core/text/japanese-forms.ts';
import { readingOrder, type UprightBox } from '../../src/core/text/reading-order.ts';
import { findTableRules, type TableRules } from '../../src/core/text/table-rules.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { toGrey } from '../../src/core/tensor-layout.ts';
import { openJapaneseReader, openLatinReader, openTesseractReader, type LineReader } from './line-readers.ts';
import { detectText, DETECTION_SIDE_PX } from './text-detection.ts';
import { cutStrip, sidesOf } from './text-strips.ts';

/** How a reading reports and stops. */
export interface ReadTextOptions {
  readonly onProgress?: OnProgress;
  /** @throws AppError('cancelled') when the task was cancelled. */
  checkCancelled(): void;
}

/** Columns are this much taller than wide. */
const COLUMN_ASPECT = 2;
/** Lines read to tell the script. */
const PROBES = 3;
/** Below this share of kana and kanji among the letters of the probes, a frame is read as Latin. */
const JAPANESE_SHARE = 0.12;
/** Side of the small image that table rules are looked for in. */
const LAYOUT_SIDE_PX = 1400;
/** Less sure than this, a line is taken for a picture. */
const MIN_LINE_CONFIDENCE = 0.3;

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
  const lines = await findLines(view, runtime);
  options.checkCancelled();
  if (lines.length === 0) {
    report(1, 1);
    return { text: '', lines: [], script: 'none', confidence01: 0 };
  }

  const readers = new Readers(runtime);
  const horizontal = lines.filter((corners) => !isColumn(corners));
  const isLatin = input.script === 'latin' || (input.script === 'auto' && (await isLatinText(view, horizontal, readers)));
  const total = lines.length + 1;
  report(1, total);

  const read: { corners: Corners; characters: readonly ReadCharacter[]; reader: LineReader }[] = [];
  for (const [index, corners] of lines.entries()) {
    options.checkCancelled();
    const reader = await readers.forLine(isLatin, isColumn(corners));
    const characters = await readers.read(view, corners, reader);
    if (characters.length > 0 && meanConfidence(characters) >= MIN_LINE_CONFIDENCE) read.push({ corners, characters, reader });
    report(index + 2, total);
  }

  const toFrame = ({ x, y }: Point): Point => ({ x: (x + region.x) / frame.widthPx, y: (y + region.y) / frame.heightPx });
  const texts = isLatin ? read.map(({ characters }) => characters.map(({ text }) => text)) : settleLines(read.map(({ characters }) => characters));
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

/** Detected lines in reading order, cut where a table rule crosses them; corners in pixels of the view. */
async function findLines(view: Frame, runtime: Runtime): Promise<Corners[]> {
  const regions = await detectText(view, runtime, DETECTION_SIDE_PX);
  const found = regions.map(({ corners }) => corners);
  if (found.length === 0) return [];
  const angleRad = median(found.filter((corners) => !isColumn(corners)).map(([a, b]) => Math.atan2(b.y - a.y, b.x - a.x)));
  const lineHeightPx = median(found.filter((corners) => !isColumn(corners)).map((corners) => sidesOf(corners).height)) || 20;
  const layout = uprightLayout(view, angleRad);
  const rules = findTableRules(layout.image, lineHeightPx * layout.scale);
  const split = found.flatMap((corners) => splitAtRules(corners, rules, layout));
  const boxes = split.map((corners) => layout.boxOf(corners));
  return readingOrder(boxes, rules).map((index) => split[index]!);
}

interface Layout {
  readonly image: GreyImage;
  /** Layout pixels per pixel of the view. */
  readonly scale: number;
  boxOf(corners: Corners): UprightBox;
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
  return {
    image: { widthPx: w, heightPx: h, data: toGrey(level) },
    scale,
    boxOf(corners) {
      const turned = corners.map(({ x, y }) => turn(x * scale, y * scale, -1));
      // The mean of both ends' edges: a tilted line's box must not swallow its neighbours.
      const [a, b, c, d] = turned as unknown as Corners;
      return { x0: Math.min(a.x, d.x), x1: Math.max(b.x, c.x), y0: (a.y + b.y) / 2, y1: (c.y + d.y) / 2 };
    },
  };
}

/** Parts of a line on either side of the vertical rules that cross it. */
function splitAtRules(corners: Corners, rules: TableRules, layout: Layout): Corners[] {
  if (isColumn(corners)) return [corners];
  const box = layout.boxOf(corners);
  const height = box.y1 - box.y0;
  const width = box.x1 - box.x0;
  const cuts = rules.vertical
    .filter(({ at, from, to }) => {
      const covered = Math.min(to, box.y1 - height * 0.2) - Math.max(from, box.y0 + height * 0.2);
      return covered > height * 0.5 && at > box.x0 + height * 0.5 && at < box.x1 - height * 0.5;
    })
    .map(({ at }) => (at - box.x0) / width)
    .sort((p, q) => p - q);
  if (cuts.length === 0) return [corners];
  const [a, b, c, d] = corners;
  const between = (p: Point, q: Point, share: number): Point => ({ x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share });
  const edges = [0, ...cuts, 1];
  const inset = (height / width) * 0.06;
  return edges.slice(1).map((end, i) => {
    const from = edges[i]! + (i > 0 ? inset : 0);
    const to = end - (i < cuts.length ? inset : 0);
    return [between(a, b, from), between(a, b, to), between(d, c, to), between(d, c, from)] as const;
  });
}

function isColumn(corners: Corners): boolean {
  const { width, height } = sidesOf(corners);
  return height > width * COLUMN_ASPECT;
}

/** Started readers, and what was read already while telling the script. */
class Readers {
  readonly #runtime: Runtime;
  readonly #done = new Map<Corners, { reader: LineReader; characters: ReadCharacter[] }>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** [Note: Which engine] Latin: PP-OCR. Japanese lines: own network. Japanese columns: tesseract's vertical model. */
  forLine(isLatin: boolean, isColumnLine: boolean): Promise<LineReader> {
    if (isLatin) return openLatinReader(this.#runtime);
    if (isColumnLine) return openTesseractReader(this.#runtime, 'tesseract-jpn-vert');
    return openJapaneseReader(this.#runtime).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'model-unavailable') throw error;
      return openTesseractReader(this.#runtime, 'tesseract-jpn');
    });
  }

  async read(view: Frame, corners: Corners, reader: LineReader): Promise<readonly ReadCharacter[]> {
    const known = this.#done.get(corners);
    if (known?.reader.engine === reader.engine) return known.characters;
    const isVertical = reader.engine === 'tesseract-jpn-vert';
    const { width, height } = sidesOf(corners);
    const heightPx = isVertical ? Math.round((height / width) * reader.stripHeightPx) : reader.stripHeightPx;
    const characters = await reader.read(cutStrip(view, corners, heightPx, reader.squeeze));
    const trimmed = trimSpaces(characters);
    this.#done.set(corners, { reader, characters: trimmed });
    return trimmed;
  }
}

/** Read the longest lines as Japanese and see whether they are. */
async function isLatinText(view: Frame, lines: readonly Corners[], readers: Readers): Promise<boolean> {
  const longest = [...lines].sort((p, q) => aspectOf(q) - aspectOf(p)).slice(0, PROBES);
  if (longest.length === 0) return false;
  const reader = await readers.forLine(false, false);
  let text = '';
  for (const corners of longest) text += (await readers.read(view, corners, reader)).map((c) => c.text).join('');
  return japaneseShare01(text) < JAPANESE_SHARE;
}

function aspectOf(corners: Corners): number {
  const { width, height } = sidesOf(corners);
  return width / Math.max(1, height);
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
  const isVertical = reader.engine === 'tesseract-jpn-vert';
  const [a, b, c, d] = corners;
  const between = (p: Point, q: Point, share: number): Point => ({ x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share });
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
