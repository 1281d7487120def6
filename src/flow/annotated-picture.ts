/** @file A photo of a bay with its facings, gaps and names drawn on it. Thread: page. */
import { AppError } from '../contracts/errors.ts';
import type { Facing, ShelfReading } from '../contracts/shelf.ts';
import { isDoubtful } from '../core/shelf/doubtful-gap.ts';

/** What is written beside the boxes. */
export interface PictureWords {
  readonly nameOf: (productId: string) => string;
  readonly gap: string;
  /** Line above the photo. */
  readonly title: string;
}

/** Larger canvases fail on some phones (iOS allows 16 megapixels). */
const MAX_PIXELS = 12_000_000;
const MAX_SIDE_PX = 4096;
const COLOURS = ['#0b84ff', '#0a8f3c', '#c2410c', '#7c3aed', '#0f766e', '#be185d', '#854d0e', '#1d4ed8'] as const;
const UNKNOWN = '#6b7280';
const GAP = '#d11a2a';
const FAMILY = "system-ui, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif";

/**
 * @param photo downsized if it is large.
 * @param type PNG to keep or share; JPEG to put into something else.
 * @throws AppError('decode-unsupported' | 'out-of-memory')
 */
export async function annotatedPicture(
  photo: Blob,
  reading: ShelfReading,
  words: PictureWords,
  { type = 'image/png', maxSidePx = MAX_SIDE_PX }: { readonly type?: 'image/png' | 'image/jpeg'; readonly maxSidePx?: number } = {},
): Promise<Blob> {
  const bitmap = await createImageBitmap(photo).catch((error: unknown) => {
    throw new AppError('decode-unsupported', 'the photo cannot be decoded', { cause: error });
  });
  try {
    const scale = Math.min(1, maxSidePx / Math.max(bitmap.width, bitmap.height), Math.sqrt(MAX_PIXELS / (bitmap.width * bitmap.height)));
    const width = Math.round(bitmap.width * scale);
    const height = Math.round(bitmap.height * scale);
    const line = Math.max(2, Math.round(Math.max(width, height) / 600));
    const head = words.title === '' ? 0 : line * 20;
    const canvas = new OffscreenCanvas(width, height + head);
    const context = canvas.getContext('2d');
    if (context === null) throw new AppError('out-of-memory', 'no canvas for the picture');
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height + head);
    if (head > 0) writeTitle(context, words.title, width, head);
    context.drawImage(bitmap, 0, head, width, height);
    context.translate(0, head);
    drawReading(context, reading, words, { width, height, line });
    return await canvas.convertToBlob({ type, quality: 0.9 });
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('out-of-memory', 'the picture cannot be made', { cause: error });
  } finally {
    bitmap.close();
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
  /** Thickness of lines. */
  readonly line: number;
}

function drawReading(context: OffscreenCanvasRenderingContext2D, { facings, layout }: ShelfReading, words: PictureWords, size: Size): void {
  const { width, height, line } = size;
  for (const facing of facings) {
    const { x, y, width: w, height: h } = facing.box;
    const isKnown = isNamed(facing);
    context.strokeStyle = isKnown ? colourOf(facing.identity?.productId ?? '') : UNKNOWN;
    context.lineWidth = line;
    // What is not sure is said by shape, too, not by colour alone.
    context.setLineDash(isKnown && facing.identity?.certainty === 'sure' ? [] : [line * 3, line * 2]);
    context.strokeRect(x * width, y * height, w * width, h * height);
    if (!isKnown) label(context, '?', facing.box, UNKNOWN, size);
  }
  context.setLineDash([]);
  for (const block of layout.blocks) {
    const first = facings.find(({ id }) => id === block.facingIds[0]);
    const productId = first === undefined || !isNamed(first) ? null : (first.identity?.productId ?? null);
    if (productId !== null) label(context, words.nameOf(productId), block.box, colourOf(productId), size);
  }
  for (const { box } of layout.gaps.filter((gap) => !isDoubtful(gap))) {
    context.strokeStyle = GAP;
    context.lineWidth = line * 1.5;
    context.strokeRect(box.x * width, box.y * height, box.width * width, box.height * height);
    context.beginPath();
    context.moveTo(box.x * width, box.y * height);
    context.lineTo((box.x + box.width) * width, (box.y + box.height) * height);
    context.stroke();
    // At the head: the name of the block stands at the foot.
    label(context, words.gap, { ...box, height: Math.min(box.height, 0.05) }, GAP, size);
  }
}

/** On the box's own foot, cut to its width. */
function label(
  context: OffscreenCanvasRenderingContext2D,
  text: string,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  colour: string,
  { width, height, line }: Size,
): void {
  const sizePx = Math.max(10, Math.min(line * 9, box.height * height * 0.2));
  context.font = `600 ${sizePx}px ${FAMILY}`;
  context.textBaseline = 'middle';
  const room = box.width * width - sizePx * 0.5;
  const shown = fitted(context, text, room);
  if (shown === '') return;
  const w = context.measureText(shown).width + sizePx * 0.5;
  const x = box.x * width;
  const y = (box.y + box.height) * height - sizePx * 1.3;
  context.fillStyle = colour;
  context.fillRect(x, y, w, sizePx * 1.3);
  context.fillStyle = '#ffffff';
  context.fillText(shown, x + sizePx * 0.25, y + sizePx * 0.65);
}

function writeTitle(context: OffscreenCanvasRenderingContext2D, title: string, width: number, head: number): void {
  context.fillStyle = '#191b1f';
  context.font = `600 ${head * 0.5}px ${FAMILY}`;
  context.textBaseline = 'middle';
  context.fillText(fitted(context, title, width - head), head * 0.4, head / 2);
}

/** @returns as much of the text as there is room for. */
export function fitted(context: Pick<CanvasRenderingContext2D, 'measureText'>, text: string, widthPx: number): string {
  if (context.measureText(text).width <= widthPx) return text;
  const characters = Array.from(text);
  let length = characters.length;
  while (length > 0 && context.measureText(`${characters.slice(0, length).join('')}…`).width > widthPx) length -= 1;
  return length < 2 ? '' : `${characters.slice(0, length).join('')}…`;
}

function isNamed({ identity }: Facing): boolean {
  return identity !== null && identity.productId !== null && identity.certainty !== 'not-sure';
}

function colourOf(productId: string): string {
  let hash = 0;
  for (const character of productId) hash = (hash * 31 + character.charCodeAt(0)) | 0;
  return COLOURS[Math.abs(hash) % COLOURS.length]!;
}
