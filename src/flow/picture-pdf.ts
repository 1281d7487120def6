/**
 * @file Drawn pages as a PDF: each page is a picture, with its words invisibly behind it so that they can be searched and copied. Thread: page; the
 * library is loaded with the first.
 *
 * [Note: Words without a font] A Japanese font to embed weighs megabytes, and which one a device has is not known. So the page is drawn on a
 * canvas, with the device's own font, and the words stand in fonts of type 3 whose signs are empty: valid in every version of PDF, any character,
 * nothing to download. `ToUnicode` says which characters they are (PDF 1.7, 9.6.5 and 9.10.3).
 */
import type { PDFContext, PDFRef } from '@cantoo/pdf-lib';

/** Words at a place of a page. */
export interface TextRun {
  readonly text: string;
  /** Left end of the base line, pixels of the page. */
  readonly xPx: number;
  readonly yPx: number;
  readonly sizePx: number;
  readonly widthPx: number;
}

/** A page as it was drawn. */
export interface DrawnPage {
  readonly jpeg: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly runs: readonly TextRun[];
}

/** A4, points. */
const PAGE = { width: 595.28, height: 841.89 } as const;
/** One byte names a sign; 0 is left alone. */
const SIGNS_PER_FONT = 255;
/** Width of every sign; the run is stretched to its true width. Thousandths of the size. */
const SIGN_WIDTH = 500;

/** @param title of the document. @returns a PDF whose pages are A4, each picture across the whole page. */
export async function picturePdf(pages: readonly DrawnPage[], title: string, madeAtMs: number): Promise<Blob> {
  const { PDFDocument, PDFName } = await import('@cantoo/pdf-lib');
  const document = await PDFDocument.create();
  document.setTitle(title, { showInWindowTitleBar: true });
  document.setCreator('Mekiki');
  document.setProducer('Mekiki');
  document.setCreationDate(new Date(madeAtMs));
  document.setModificationDate(new Date(madeAtMs));
  const signs = [...new Set(pages.flatMap(({ runs }) => runs.flatMap(({ text }) => Array.from(text))))];
  const fonts: PDFRef[] = [];
  for (let from = 0; from < signs.length; from += SIGNS_PER_FONT)
    fonts.push(emptyFont(document.context, signs.slice(from, from + SIGNS_PER_FONT)));
  const codes = new Map(signs.map((sign, index) => [sign, index]));
  for (const { jpeg, widthPx, heightPx, runs } of pages) {
    const page = document.addPage([PAGE.width, PAGE.height]);
    const picture = await document.embedJpg(jpeg);
    page.drawImage(picture, { x: 0, y: 0, ...PAGE });
    fonts.forEach((font, index) => page.node.setFontDictionary(PDFName.of(`T${index}`), font));
    const scale = { x: PAGE.width / widthPx, y: PAGE.height / heightPx };
    const text = runs.map((run) => runOperators(run, scale, codes)).join('\n');
    page.node.addContentStream(document.context.register(document.context.flateStream(text)));
  }
  const bytes = await document.save();
  return new Blob([bytes], { type: 'application/pdf' });
}

/** Show the signs of a run, font after font, where they stand. */
function runOperators(
  { text, xPx, yPx, sizePx, widthPx }: TextRun,
  scale: { x: number; y: number },
  codes: ReadonlyMap<string, number>,
): string {
  const characters = Array.from(text);
  if (characters.length === 0) return '';
  const size = sizePx * scale.y;
  const natural = (characters.length * SIGN_WIDTH * size) / 1000;
  const stretch = (100 * widthPx * scale.x) / natural;
  const operators = [`BT 3 Tr ${number(stretch)} Tz 1 0 0 1 ${number(xPx * scale.x)} ${number(PAGE.height - yPx * scale.y)} Tm`];
  let font = -1;
  let hex = '';
  const flush = (): void => {
    if (hex !== '') operators.push(`<${hex}> Tj`);
    hex = '';
  };
  for (const character of characters) {
    const code = codes.get(character) ?? 0;
    const next = Math.floor(code / SIGNS_PER_FONT);
    if (next !== font) {
      flush();
      operators.push(`/T${next} ${number(size)} Tf`);
      font = next;
    }
    hex += ((code % SIGNS_PER_FONT) + 1).toString(16).padStart(2, '0');
  }
  flush();
  return `${operators.join(' ')} ET`;
}

/** [Note: Words without a font] */
function emptyFont(context: PDFContext, signs: readonly string[]): PDFRef {
  const empty = context.register(context.stream(`${SIGN_WIDTH} 0 d0`));
  const names = signs.map((_, index) => `s${index + 1}`);
  return context.register(
    context.obj({
      ...{ Type: 'Font', Subtype: 'Type3', FontBBox: [0, -200, SIGN_WIDTH, 800], FontMatrix: [0.001, 0, 0, 0.001, 0, 0], Resources: {} },
      ...{ FirstChar: 1, LastChar: signs.length, Widths: signs.map(() => SIGN_WIDTH) },
      CharProcs: Object.fromEntries(names.map((name) => [name, empty])),
      Encoding: { Type: 'Encoding', Differences: [1, ...names] },
      ToUnicode: context.register(context.flateStream(unicodeMap(signs))),
    }),
  );
}

function unicodeMap(signs: readonly string[]): string {
  const hex = (text: string): string =>
    Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0')).join('');
  const lines = signs.map((sign, index) => `<${(index + 1).toString(16).padStart(2, '0')}> <${hex(sign)}>`);
  const blocks: string[] = [];
  // At most a hundred in a block.
  for (let from = 0; from < lines.length; from += 100) {
    const some = lines.slice(from, from + 100);
    blocks.push(`${some.length} beginbfchar`, ...some, 'endbfchar');
  }
  return [
    ...['/CIDInit /ProcSet findresource begin', '12 dict begin', 'begincmap'],
    ...['/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def', '/CMapName /Mekiki def', '/CMapType 2 def'],
    ...['1 begincodespacerange', '<00> <ff>', 'endcodespacerange', ...blocks, 'endcmap'],
    ...['CMapName currentdict /CMap defineresource pop', 'end', 'end'],
  ].join('\n');
}

/** PDF knows no exponents. */
function number(value: number): string {
  return value.toFixed(3);
}
