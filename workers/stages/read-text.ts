/** @file Stage `read`: printed text of a frame, one reader in front of all engines. Thread: vision worker or Node. */
import { AppError } from '../../src/contracts/errors.ts';
import type { Box, Point } from '../../src/contracts/geometry.ts';
import { WHOLE_FRAME } from '../../src/contracts/geometry.ts';
import type { Frame } from '../../src/contracts/media.ts';
import type { ScriptHint, TextReading } from '../../src/contracts/results.ts';
import type { GreyImage, Runtime } from '../../src/contracts/runtime.ts';
import type { OnProgress } from '../../src/contracts/task.ts';
import { cropPixels, toPixelBox } from '../../src/core/resize.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import type { Corners } from '../../src/core/text/text-regions.ts';
import { openJapaneseReader, openLatinReader, openTesseractReader, type LineReader } from './line-readers.ts';
import { assembleReading, meanConfidence } from './text-assembly.ts';
import { pitchOfPage, readColumn } from './text-columns.ts';
import { findLines, type FoundLines } from './text-lines.ts';
import { isColumn } from './text-page.ts';
import { orderParts, splitHeading, type ReadPart } from './text-parts.ts';
import { cutStrip, sidesOf } from './text-strips.ts';

/** How a reading reports and stops. */
export interface ReadTextOptions {
  readonly onProgress?: OnProgress;
  /** @throws AppError('cancelled') when the task was cancelled. */
  checkCancelled(): void;
}

/** Less sure than this, a line is taken for a picture. */
const MIN_LINE_CONFIDENCE = 0.5;
/** Lines up to this aspect hold a character or two. */
const SHORT_ASPECT = 2;

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

  const { page, lines } = found;
  const total = lines.length + 1;
  report(1, total);
  const pitch = lines.some((corners) => isColumn(corners, page))
    ? await pitchOfPage(page, lines, await readerFor(runtime, input.script, true))
    : null;
  const parts: ReadPart[] = [];
  for (const [index, corners] of lines.entries()) {
    options.checkCancelled();
    const upright = page.upright(corners);
    const isVertical = isColumn(corners, page);
    const reader = await readerFor(runtime, input.script, isVertical);
    const characters = trimSpaces(
      isVertical ? await readColumn(page, upright, reader, pitch) : await reader.read(cutRow(upright, found, reader)),
    );
    if (characters.length > 0 && meanConfidence(characters) >= MIN_LINE_CONFIDENCE)
      parts.push(...splitHeading({ corners, characters, reader }));
    report(index + 2, total);
  }
  const toFrame = (point: Point): Point => {
    const { x, y } = page.toView(point);
    return { x: (x + region.x) / frame.widthPx, y: (y + region.y) / frame.heightPx };
  };
  return assembleReading(orderParts(parts, found), page, toFrame);
}

/**
 * [Note: Which engine] The project's own network reads Japanese and Latin alike, and keeps the spaces that PP-OCR loses. Where
 * it cannot be had, PP-OCR reads Latin and tesseract Japanese. The runtime memoises what was started.
 */
async function readerFor(runtime: Runtime, script: ScriptHint, isVertical: boolean): Promise<LineReader> {
  try {
    return await openJapaneseReader(runtime);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model-unavailable') throw error;
    if (script === 'latin') return openLatinReader(runtime);
    return openTesseractReader(runtime, isVertical ? 'tesseract-jpn-vert' : 'tesseract-jpn');
  }
}

/** [Note: Lone signs] A ■ fills its box, which then looks like a dark ground: short lines are as light or dark as most of their page. */
function cutRow(upright: Corners, { page, isLightOnDark }: FoundLines, reader: LineReader): GreyImage {
  const { width, height } = sidesOf(upright);
  const isShort = width < height * SHORT_ASPECT;
  return cutStrip(page.frame, upright, reader.stripHeightPx, reader.squeeze, isShort ? isLightOnDark : undefined);
}

function trimSpaces(characters: readonly ReadCharacter[]): ReadCharacter[] {
  const first = characters.findIndex(({ text }) => text !== ' ');
  if (first < 0) return [];
  const last = characters.findLastIndex(({ text }) => text !== ' ');
  return characters.slice(first, last + 1);
}
