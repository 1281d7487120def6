/** @file A photo as it is handed out: upright, no larger than wanted, marked. Thread: picture worker. */
import { AppError, toAppError } from '../src/contracts/errors.ts';
import { MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS } from '../src/contracts/media.ts';
import type { MadePicture } from '../src/contracts/picture-api.ts';
import type { PictureChange, Watermark } from '../src/contracts/race-delivery.ts';
import { memoise } from '../src/core/memoise.ts';

type Context = OffscreenCanvasRenderingContext2D;

const FAMILY = "system-ui, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif";
/** Between a mark and the edge, of the shorter side. */
const MARGIN = 0.03;
/** Tiled marks lie askew, so that nothing can be cut out between them. */
const TILT_RAD = -Math.PI / 7;
/** A picture of a tile of its own would be as large as a canvas may be. */
const MAX_TILES = 400;

/** @throws AppError('decode-unsupported' | 'out-of-memory') */
export async function makePicture(photo: Blob, { maxSidePx, quality01, watermark }: PictureChange): Promise<MadePicture> {
  if (photo.size === 0 || photo.size > MAX_PHOTO_BYTES)
    throw new AppError('decode-unsupported', 'an empty or oversized file', { stage: 'decode' });
  const logo = watermark?.kind === 'logo' ? await logoOf(watermark.picture) : null;
  const bitmap = await createImageBitmap(photo, { imageOrientation: 'from-image' }).catch((error: unknown) => {
    throw new AppError('decode-unsupported', 'this browser cannot decode the photo, or it is damaged', { cause: error, stage: 'decode' });
  });
  let context: Context | null = null;
  try {
    if (bitmap.width * bitmap.height > MAX_PHOTO_PIXELS) throw new AppError('decode-unsupported', 'too many pixels', { stage: 'decode' });
    const scale = maxSidePx === null ? 1 : Math.min(1, maxSidePx / Math.max(bitmap.width, bitmap.height));
    const widthPx = Math.max(1, Math.round(bitmap.width * scale));
    const heightPx = Math.max(1, Math.round(bitmap.height * scale));
    context = new OffscreenCanvas(widthPx, heightPx).getContext('2d', { alpha: false });
    if (context === null) throw new AppError('out-of-memory', 'no canvas of the picture’s size', { stage: 'crop' });
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, widthPx, heightPx);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, widthPx, heightPx);
    if (watermark !== null) drawMark(context, watermark, logo);
    const blob = await context.canvas.convertToBlob({ type: 'image/jpeg', quality: quality01 });
    return { blob, widthPx, heightPx };
  } catch (error) {
    throw error instanceof RangeError
      ? new AppError('out-of-memory', 'not enough memory for the picture', { cause: error, stage: 'crop' })
      : toAppError(error, 'out-of-memory', 'crop');
  } finally {
    bitmap.close();
    // An empty canvas holds no memory; a garbage collector hardly sees the other.
    if (context !== null) context.canvas.width = 0;
  }
}

/** The same logo for thousands of photos. */
const logoOf = memoise(async (dataUrl: string): Promise<ImageBitmap> => {
  const [head = '', body = ''] = dataUrl.split(',');
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const type = /^data:([\w/]+)/.exec(head)?.[1] ?? 'image/png';
  return createImageBitmap(new Blob([bytes], { type })).catch((error: unknown) => {
    throw new AppError('invalid-input', 'the logo cannot be decoded', { cause: error, stage: 'decode' });
  });
});

/** What is drawn, around the middle of the coordinates. */
interface Mark {
  readonly width: number;
  readonly height: number;
  readonly draw: () => void;
}

function drawMark(context: Context, watermark: Watermark, logo: ImageBitmap | null): void {
  const { width, height } = context.canvas;
  const short = Math.min(width, height);
  context.save();
  context.globalAlpha = watermark.opacity01;
  const mark =
    watermark.kind === 'text'
      ? textMark(context, watermark.text, watermark.size01 * short)
      : logoMark(context, logo, watermark.size01 * short);
  if (watermark.place === 'tiled') drawTiles(context, mark);
  else {
    const gap = MARGIN * short;
    const x = watermark.place.endsWith('left')
      ? gap + mark.width / 2
      : watermark.place.endsWith('right')
        ? width - gap - mark.width / 2
        : width / 2;
    const y = watermark.place.startsWith('top')
      ? gap + mark.height / 2
      : watermark.place.startsWith('bottom')
        ? height - gap - mark.height / 2
        : height / 2;
    context.translate(x, y);
    mark.draw();
  }
  context.restore();
}

/** White with a dark edge: it shows on snow and on tarmac. */
function textMark(context: Context, text: string, sizePx: number): Mark {
  const fitting = (size: number): number => {
    context.font = `600 ${size}px ${FAMILY}`;
    return context.measureText(text).width;
  };
  // Never wider than the picture.
  const widest = context.canvas.width * (1 - 2 * MARGIN);
  const wanted = Math.max(6, sizePx);
  const size = Math.max(6, wanted * Math.min(1, widest / Math.max(1, fitting(wanted))));
  const width = fitting(size);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = Math.max(1, size / 12);
  context.strokeStyle = 'rgb(0 0 0 / 60%)';
  context.fillStyle = '#ffffff';
  return {
    width,
    height: size * 1.2,
    draw: () => {
      context.strokeText(text, 0, 0);
      context.fillText(text, 0, 0);
    },
  };
}

function logoMark(context: Context, logo: ImageBitmap | null, widthPx: number): Mark {
  if (logo === null) throw new AppError('bug', 'a logo without a picture', { stage: 'crop' });
  const width = Math.min(widthPx, context.canvas.width);
  const height = (width * logo.height) / logo.width;
  return { width, height, draw: () => context.drawImage(logo, -width / 2, -height / 2, width, height) };
}

function drawTiles(context: Context, mark: Mark): void {
  const { width, height } = context.canvas;
  const reach = Math.hypot(width, height) / 2;
  let stepX = mark.width * 1.4;
  let stepY = mark.height * 3;
  const tiles = (2 * reach * 2 * reach) / (stepX * stepY);
  if (tiles > MAX_TILES) {
    stepX *= Math.sqrt(tiles / MAX_TILES);
    stepY *= Math.sqrt(tiles / MAX_TILES);
  }
  context.translate(width / 2, height / 2);
  context.rotate(TILT_RAD);
  for (let y = -Math.ceil(reach / stepY); y <= Math.ceil(reach / stepY); y++)
    for (let x = -Math.ceil(reach / stepX); x <= Math.ceil(reach / stepX); x++) {
      context.save();
      context.translate((x + (y % 2) / 2) * stepX, y * stepY);
      mark.draw();
      context.restore();
    }
}
