import sharp from 'sharp';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { expect, it } from 'vitest';
import { picturePdf, type TextRun } from '../../../src/flow/picture-pdf.ts';

const run = (text: string, yPx: number): TextRun => ({ text, xPx: 100, yPx, sizePx: 40, widthPx: 600 });

it('is a page of A4 whose words another reader finds, in any script, more of them than one font has places for', async () => {
  const jpeg = new Uint8Array(
    await sharp({ create: { width: 827, height: 1169, channels: 3, background: '#fff' } })
      .jpeg()
      .toBuffer(),
  );
  const kanji = Array.from({ length: 400 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
  const texts = ['棚割レポート 店舗A', 'Compliance 92 % (46/50)', 'ポテトチップス うすしお 𠮷野', kanji];
  const pdf = await picturePdf(
    [{ jpeg, widthPx: 827, heightPx: 1169, runs: texts.map((text, i) => run(text, 100 + i * 60)) }],
    '棚割レポート',
    Date.UTC(2026, 10, 21),
  );
  expect(pdf.type).toBe('application/pdf');
  const read = await getDocument({ data: new Uint8Array(await pdf.arrayBuffer()), verbosity: 0 }).promise;
  expect(read.numPages).toBe(1);
  expect((await read.getMetadata()).info).toMatchObject({ Title: '棚割レポート' });
  const page = await read.getPage(1);
  expect(page.getViewport({ scale: 1 })).toMatchObject({ width: 595.28, height: 841.89 });
  const { items } = await page.getTextContent();
  const words = items.flatMap((item) => ('str' in item ? [item] : []));
  expect(
    words
      .map(({ str }) => str)
      .join('')
      .replaceAll(/\s+/g, ''),
  ).toBe(texts.join('').replaceAll(/\s+/g, ''));
  // The first run stands where it was drawn: 100 px of 827 from the left, 100 of 1169 from the top.
  expect(words[0]!.transform[4]).toBeCloseTo((100 / 827) * 595.28, 1);
  expect(words[0]!.transform[5]).toBeCloseTo(841.89 - (100 / 1169) * 841.89, 1);
}, 30_000);
