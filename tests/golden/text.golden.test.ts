import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/contracts/media.ts';
import type { GreyImage } from '../../src/contracts/runtime.ts';
import { createNodeRuntime } from '../../server/runtime/node-runtime.ts';
import { openJapaneseReader, openLatinReader, openTesseractReader } from '../../workers/stages/line-readers.ts';
import { readText } from '../../workers/stages/read-text.ts';
import { foldText } from '../evaluate/ocr-text.ts';
import fixture from './fixtures/text-lines.json' with { type: 'json' };

interface Line extends GreyImage {
  readonly text: string;
}
const LINES: readonly Line[] = fixture.lines.map(({ text, widthPx, heightPx, grey }) => ({
  text,
  widthPx,
  heightPx,
  data: new Uint8Array(Buffer.from(grey, 'base64')),
}));
const [INGREDIENTS, STATEMENT, ENGLISH] = LINES as [Line, Line, Line];
const runtime = createNodeRuntime({ threads: 1 });
const idle = { checkCancelled: () => undefined };

/** The lines below each other on paper, with room around them. */
function page(lines: readonly Line[]): Frame {
  const widthPx = Math.max(...lines.map((line) => line.widthPx)) + 80;
  const heightPx = lines.length * 64 + 80;
  const data = new Uint8ClampedArray(widthPx * heightPx * 4).fill(250);
  lines.forEach((line, row) => {
    for (let y = 0; y < line.heightPx; y++)
      for (let x = 0; x < line.widthPx; x++) {
        const at = ((40 + row * 64 + y) * widthPx + 40 + x) * 4;
        data.fill(line.data[y * line.widthPx + x]!, at, at + 3);
      }
  });
  return { widthPx, heightPx, data };
}

describe('line readers', () => {
  it.each([INGREDIENTS, STATEMENT, ENGLISH])('own network reads $text', async (line) => {
    const reader = await openJapaneseReader(runtime);
    const read = await reader.read(line);
    expect(foldText(read.map(({ text }) => text).join(''))).toBe(foldText(line.text));
    for (const { confidence01, start01, end01 } of read) {
      expect(confidence01).toBeGreaterThan(0.4);
      expect(end01).toBeGreaterThan(start01);
    }
  });

  it('PP-OCR reads Latin', async () => {
    const reader = await openLatinReader(runtime);
    const read = await reader.read(ENGLISH);
    expect(foldText(read.map(({ text }) => text).join(''))).toBe(foldText(ENGLISH.text));
  });

  it('tesseract reads Japanese', async () => {
    const reader = await openTesseractReader(runtime, 'tesseract-jpn');
    const read = await reader.read(STATEMENT);
    expect(foldText(read.map(({ text }) => text).join(''))).toBe(foldText(STATEMENT.text));
    expect(read.every(({ start01, end01 }) => start01 >= 0 && end01 <= 1)).toBe(true);
  });
});

describe('readText', () => {
  it('reads lines in order, in print conventions, with places', async () => {
    const steps: number[] = [];
    const reading = await readText(page([INGREDIENTS, STATEMENT]), { script: 'auto' }, runtime, {
      ...idle,
      onProgress: ({ done, total }) => steps.push(done / total),
    });
    expect(reading.script).toBe('japanese');
    expect(reading.lines.map(({ text }) => text)).toEqual(['小麦粉（国内製造）、食塩／香料、ビタミンC', STATEMENT.text]);
    for (const line of reading.lines) {
      expect(reading.text.slice(line.start, line.end)).toBe(line.text);
      expect(line.characterBoxes).toHaveLength(line.text.length);
      const first = line.characterBoxes![0]!;
      expect(first.x).toBeLessThan(line.characterBoxes!.at(-1)!.x);
    }
    expect(steps[0]).toBe(0);
    expect(steps.at(-1)).toBe(1);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it('reads a region only, in coordinates of the frame', async () => {
    const reading = await readText(
      page([INGREDIENTS, STATEMENT]),
      { script: 'auto', region: { x: 0, y: 0.5, width: 1, height: 0.5 } },
      runtime,
      idle,
    );
    expect(reading.lines.map(({ text }) => text)).toEqual([STATEMENT.text]);
    expect(reading.lines[0]!.box.y).toBeGreaterThan(0.45);
  });

  it('keeps the spaces of Latin text', async () => {
    const reading = await readText(page([ENGLISH]), { script: 'auto' }, runtime, idle);
    expect(reading.script).toBe('latin');
    expect(reading.text).toBe(ENGLISH.text);
  });

  it('finds nothing on blank paper', async () => {
    const blank = page([{ text: '', widthPx: 200, heightPx: 48, data: new Uint8Array(200 * 48).fill(250) }]);
    expect(await readText(blank, { script: 'auto' }, runtime, idle)).toEqual({ text: '', lines: [], script: 'none', confidence01: 0 });
  });

  it('stops between lines when the task was cancelled', async () => {
    let checks = 0;
    const cancelled = readText(page([INGREDIENTS, STATEMENT]), { script: 'auto' }, runtime, {
      checkCancelled: () => {
        if (++checks > 1) throw new Error('cancelled');
      },
    });
    await expect(cancelled).rejects.toThrow('cancelled');
  });
});
