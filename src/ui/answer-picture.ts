/** @file The answer as one picture to share: the photo, and under it the words. Thread: page. */
import type { Verdict } from '../contracts/dietary.ts';
import { AppError } from '../contracts/errors.ts';

export interface AnswerLines {
  readonly title: string;
  readonly lines: readonly { readonly verdict: Verdict; readonly head: string; readonly words: readonly string[] }[];
  readonly foot: string;
}

const WIDTH_PX = 1080;
const MARGIN_PX = 48;
const MAX_PHOTO_HEIGHT_PX = 1200;
const COLOURS: Readonly<Record<Verdict, string>> = { suits: '#14693c', avoid: '#ad1f17', check: '#7a4d00' };
const SIGNS: Readonly<Record<Verdict, string>> = { suits: '✓', avoid: '✕', check: '?' };
const FAMILY = "system-ui, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif";

/**
 * @param photo faces blurred already if they should be.
 * @returns JPEG, 1080 px wide.
 * @throws AppError('out-of-memory' | 'decode-unsupported')
 */
export async function drawAnswer(photo: Blob, { title, lines, foot }: AnswerLines): Promise<Blob> {
  const bitmap = await createImageBitmap(photo).catch((error: unknown) => {
    throw new AppError('decode-unsupported', 'the shared photo cannot be decoded', { cause: error });
  });
  const canvas = document.createElement('canvas');
  try {
    const context = canvas.getContext('2d');
    if (context === null) throw new AppError('out-of-memory', 'no canvas for the picture');
    const photoHeight = Math.min(MAX_PHOTO_HEIGHT_PX, Math.round((WIDTH_PX * bitmap.height) / bitmap.width));
    const rows = layOut(context, title, lines, foot);
    canvas.width = WIDTH_PX;
    canvas.height = photoHeight + rows.reduce((sum, { heightPx }) => sum + heightPx, 0) + 2 * MARGIN_PX;

    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = '#121417';
    context.fillRect(0, 0, WIDTH_PX, photoHeight);
    const scale = Math.min(WIDTH_PX / bitmap.width, photoHeight / bitmap.height);
    const width = bitmap.width * scale;
    const height = bitmap.height * scale;
    context.drawImage(bitmap, (WIDTH_PX - width) / 2, (photoHeight - height) / 2, width, height);

    let y = photoHeight + MARGIN_PX;
    context.textBaseline = 'middle';
    for (const { text, font, colour, heightPx, indentPx } of rows) {
      context.font = font;
      context.fillStyle = colour;
      context.fillText(text, MARGIN_PX + indentPx, y + heightPx / 2);
      y += heightPx;
    }
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
    if (blob === null) throw new AppError('out-of-memory', 'the picture cannot be encoded');
    return blob;
  } finally {
    bitmap.close();
    canvas.width = 0; // Safari keeps the pixels of a dropped canvas for long.
  }
}

interface Row {
  readonly text: string;
  readonly font: string;
  readonly colour: string;
  readonly heightPx: number;
  readonly indentPx: number;
}

function layOut(context: CanvasRenderingContext2D, title: string, lines: AnswerLines['lines'], foot: string): Row[] {
  const rows: Row[] = [];
  const add = (text: string, weight: number, sizePx: number, colour: string, indentPx = 0): void => {
    const font = `${weight} ${sizePx}px ${FAMILY}`;
    context.font = font;
    for (const part of wrap(context, text, WIDTH_PX - 2 * MARGIN_PX - indentPx))
      rows.push({ text: part, font, colour, heightPx: Math.round(sizePx * 1.45), indentPx });
  };
  add(title, 700, 48, '#191b1f');
  for (const { verdict, head, words } of lines) {
    add(`${SIGNS[verdict]} ${head}`, 700, 40, COLOURS[verdict]);
    for (const each of words) add(each, 400, 32, '#191b1f', 48);
  }
  add(foot, 400, 26, '#55585f');
  return rows;
}

/** Break anywhere between Japanese characters, between words of other scripts. */
function wrap(context: CanvasRenderingContext2D, text: string, widthPx: number): string[] {
  const pieces = text.match(/[\u0021-\u2fff]+\s*|[\s\S]/gu) ?? [];
  const rows: string[] = [];
  let row = '';
  for (const piece of pieces) {
    if (row !== '' && context.measureText(row + piece).width > widthPx) {
      rows.push(row.trimEnd());
      row = '';
    }
    row += piece;
  }
  if (row.trim() !== '') rows.push(row.trimEnd());
  return rows;
}
