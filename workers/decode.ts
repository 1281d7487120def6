/** @file Photo → upright frame, and frame → image file, the browser's way. Thread: vision worker. */
import { AppError, toAppError } from '../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX, MAX_PHOTO_PIXELS, type Frame } from '../src/contracts/media.ts';
import { HEADER_BYTES, assertDecodable, readImageHeader, type ImageHeader } from '../src/core/image-header.ts';
import { jpegOrientation } from '../src/core/photo/describe-file.ts';
import { sizeWithin } from '../src/core/resize.ts';

/** A decoded photo and its size as stored, upright. */
export interface DecodedPhoto {
  readonly frame: Frame;
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
}

/**
 * @param source a file (EXIF orientation is applied) or a bitmap (consumed). @param maxSidePx longest side of the result.
 * @returns upright pixels, sRGB, transparency laid on white, first image of an animation.
 * @throws AppError('decode-unsupported' | 'out-of-memory')
 */
export async function decodePhoto(source: Blob | ImageBitmap, maxSidePx: number): Promise<DecodedPhoto> {
  if (source instanceof ImageBitmap) return fromImage(source, maxSidePx, null);
  const header = await readHeader(source);
  const { image, original } = await decodeBlob(source, header, Math.min(maxSidePx, MAX_FRAME_SIDE_PX));
  return fromImage(image, maxSidePx, original);
}

interface Sized {
  readonly width: number;
  readonly height: number;
}

async function readHeader(file: Blob): Promise<ImageHeader & { orientation: number }> {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  let header = readImageHeader(head);
  // Only a photo of an acceptable size is read whole for a header that lies deep.
  if (header === null && file.size > HEADER_BYTES) {
    assertDecodable(file.size, { type: 'jpeg', widthPx: 1, heightPx: 1 });
    header = readImageHeader(new Uint8Array(await file.arrayBuffer()));
  }
  assertDecodable(file.size, header);
  return { ...header, orientation: header.type === 'jpeg' ? jpegOrientation(head) : 1 };
}

/**
 * Photos beyond the wanted size are shrunk while they are decoded, so that they are never whole in memory where the browser can help it.
 * [Note: Scaled decoding] A JPEG can be decoded at eighths of its size for a part of the work. `ImageDecoder` does so, rounding down to the next
 * eighth below what it is asked for; `createImageBitmap` decodes all pixels and shrinks them. Figures: docs/bib.md.
 */
async function decodeBlob(
  file: Blob,
  header: ImageHeader & { orientation: number },
  maxSidePx: number,
): Promise<{ image: ImageBitmap | VideoFrame; original: Sized | null }> {
  const isTurned = header.orientation >= 5;
  const upright = isTurned ? { width: header.heightPx, height: header.widthPx } : { width: header.widthPx, height: header.heightPx };
  const target = sizeWithin(upright.width, upright.height, maxSidePx);
  const isHuge = header.type === 'jpeg' && target.widthPx < upright.width;
  const scaled = isHuge ? await decodeScaled(file, header, maxSidePx) : null;
  if (scaled !== null) return { image: scaled, original: upright };
  try {
    const image = await createImageBitmap(file, {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      ...(isHuge ? { resizeWidth: target.widthPx, resizeHeight: target.heightPx, resizeQuality: 'medium' as const } : {}),
    });
    return { image, original: isHuge ? upright : null };
  } catch (error) {
    throw new AppError('decode-unsupported', `This browser cannot decode the ${header.type} file, or it is damaged`, {
      cause: error,
      stage: 'decode',
    });
  }
}

/** A frame a little smaller than wanted is not worth four times the pixels. */
const NEAR_ENOUGH = 0.9;

/** [Note: Scaled decoding]. @returns null where nothing is gained, or the browser cannot. */
async function decodeScaled(file: Blob, { widthPx, heightPx }: ImageHeader, maxSidePx: number): Promise<VideoFrame | null> {
  const eighths = Math.ceil((8 * NEAR_ENOUGH * maxSidePx) / Math.max(widthPx, heightPx));
  if (eighths >= 8 || !('ImageDecoder' in globalThis)) return null;
  let decoder: ImageDecoder | undefined;
  try {
    decoder = new ImageDecoder({
      data: await file.arrayBuffer(),
      type: 'image/jpeg',
      desiredWidth: Math.ceil((widthPx * eighths) / 8),
      desiredHeight: Math.ceil((heightPx * eighths) / 8),
    });
    return (await decoder.decode()).image;
  } catch {
    return null; // The other way says what is wrong with the file.
  } finally {
    decoder?.close();
  }
}

/** Consumes the image. @param original size of the photo; null: the image has it. */
function fromImage(image: ImageBitmap | VideoFrame, maxSidePx: number, original: Sized | null): DecodedPhoto {
  try {
    const { width, height } = image instanceof ImageBitmap ? image : { width: image.displayWidth, height: image.displayHeight };
    if (width === 0 || height === 0 || width * height > MAX_PHOTO_PIXELS)
      throw new AppError('decode-unsupported', 'The image has no pixels, or too many', { stage: 'decode' });
    const { widthPx, heightPx } = sizeWithin(width, height, Math.min(maxSidePx, MAX_FRAME_SIDE_PX));
    const context = contextOf(widthPx, heightPx);
    try {
      context.fillStyle = '#ffffff';
      context.fillRect(0, 0, widthPx, heightPx);
      context.imageSmoothingQuality = 'high';
      context.drawImage(image, 0, 0, widthPx, heightPx);
      const { data } = context.getImageData(0, 0, widthPx, heightPx);
      return {
        frame: { widthPx, heightPx, data },
        originalWidthPx: original?.width ?? width,
        originalHeightPx: original?.height ?? height,
      };
    } finally {
      release(context);
    }
  } catch (error) {
    throw error instanceof RangeError
      ? new AppError('out-of-memory', 'Not enough memory for the photo', { cause: error, stage: 'decode' })
      : toAppError(error, 'decode-unsupported', 'decode');
  } finally {
    image.close();
  }
}

/**
 * @param quality01 ignored for PNG.
 * @returns a file of `type`, or JPEG where the browser cannot write WebP.
 */
export async function encodeFrame(frame: Frame, type: 'image/jpeg' | 'image/webp' | 'image/png', quality01: number): Promise<Blob> {
  const context = contextOf(frame.widthPx, frame.heightPx);
  try {
    context.putImageData(new ImageData(frame.data, frame.widthPx, frame.heightPx), 0, 0);
    const blob = await context.canvas.convertToBlob({ type, quality: quality01 });
    return blob.type === type ? blob : await context.canvas.convertToBlob({ type: 'image/jpeg', quality: quality01 });
  } finally {
    release(context);
  }
}

function contextOf(widthPx: number, heightPx: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(widthPx, heightPx).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new AppError('out-of-memory', 'No canvas of the photo’s size', { stage: 'decode' });
  return context;
}

/** A canvas of 12 megapixels holds 48 MB that the garbage collector hardly sees; an empty one holds none. */
function release({ canvas }: OffscreenCanvasRenderingContext2D): void {
  canvas.width = 0;
}
