/** @file The engines that turn one straightened line into characters, behind one interface. Thread: vision worker or Node. */
import type { TextEngine } from '../../src/contracts/results.ts';
import type { GreyImage, Runtime } from '../../src/contracts/runtime.ts';
import type { ReadCharacter } from '../../src/core/text/ctc-decoding.ts';
import japaneseCharacters from '../../src/core/text/japanese-characters.json' with { type: 'json' };
import ppocrCharacters from '../../src/core/text/ppocr-characters.json' with { type: 'json' };
import { eraseStripRules } from '../../src/core/text/table-rules.ts';
import { LINE_HEIGHT_PX, recogniseLine } from './line-recognition.ts';

/** Reads strips that `cutStrip` made. */
export interface LineReader {
  readonly engine: TextEngine;
  /** Height and squeeze of the strips it wants. */
  readonly stripHeightPx: number;
  readonly squeeze: number;
  /** @throws AppError('gpu-lost' | 'out-of-memory' | 'bug') */
  read(strip: GreyImage): Promise<ReadCharacter[]>;
}

/** Characters of PP-OCR's classes, in order. */
export const PPOCR = Array.from(`${ppocrCharacters.characters} `);
/** Trained on condensed lines too: a fifth fewer columns to read, and no more errors. */
const JAPANESE_SQUEEZE = 0.8;
const JAPANESE = Array.from(japaneseCharacters.characters);

/** Latin letters, digits and punctuation. @throws AppError('model-unavailable') */
export async function openLatinReader(runtime: Runtime): Promise<LineReader> {
  const model = await runtime.ort('ppocr-recognition');
  return { engine: 'ppocr', stripHeightPx: LINE_HEIGHT_PX, squeeze: 1, read: (strip) => recogniseLine(model, strip, PPOCR) };
}

/** Japanese, and the Latin letters and digits within it. @throws AppError('model-unavailable') */
export async function openJapaneseReader(runtime: Runtime): Promise<LineReader> {
  const model = await runtime.ort('japanese-text');
  return {
    engine: 'japanese-text',
    stripHeightPx: LINE_HEIGHT_PX,
    squeeze: JAPANESE_SQUEEZE,
    read: (strip) => recogniseLine(model, strip, JAPANESE),
  };
}

const SINGLE_LINE = 7;
const VERTICAL_BLOCK = 5;

/** Japanese by tesseract: a line at a time, or a column (`tesseract-jpn-vert`). @throws AppError('model-unavailable') */
export async function openTesseractReader(runtime: Runtime, modelId: 'tesseract-jpn' | 'tesseract-jpn-vert'): Promise<LineReader> {
  const model = await runtime.tesseract(modelId);
  const isColumn = modelId === 'tesseract-jpn-vert';
  return {
    engine: modelId,
    stripHeightPx: LINE_HEIGHT_PX,
    squeeze: 1,
    async read(strip) {
      const lines = await model.recognise(eraseStripRules(strip), isColumn ? VERTICAL_BLOCK : SINGLE_LINE);
      return lines.flatMap(({ symbols }) =>
        symbols.map(({ text, confidence01, x0, x1, y0, y1 }) => ({
          text,
          confidence01,
          start01: isColumn ? y0 / strip.heightPx : x0 / strip.widthPx,
          end01: isColumn ? y1 / strip.heightPx : x1 / strip.widthPx,
          alternatives: [],
        })),
      );
    },
  };
}
