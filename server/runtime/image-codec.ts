/** @file Photos ↔ frames by sharp, with the same limits and the same look as the browser's decoder. Node. */
import sharp from 'sharp';
import { AppError, toAppError } from '../../src/contracts/errors.ts';
import { MAX_FRAME_SIDE_PX, MAX_PHOTO_PIXELS, type Frame } from '../../src/contracts/media.ts';
import { HEADER_BYTES, assertDecodable, readImageHeader } from '../../src/core/image-header.ts';
import { sizeWithin } from '../../src/core/resize.ts';

/** A decoded photo and its size as stored, upright. */
export interface DecodedPhoto {
  readonly frame: Frame;
  readonly originalWidthPx: number;
  readonly originalHeightPx: number;
}

/**
 * @param source the file's bytes; not consumed. @param maxSidePx longest side of the result.
 * @returns upright (EXIF applied), transparency laid on white, first image of an animation.
 * @throws AppError('decode-unsupported')
 */
export async function decodePhoto(source: Blob, maxSidePx: number): Promise<DecodedPhoto> {
  const bytes = new Uint8Array(await source.arrayBuffer());
  assertDecodable(bytes.byteLength, readImageHeader(bytes.subarray(0, HEADER_BYTES)) ?? readImageHeader(bytes));
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PHOTO_PIXELS, failOn: 'error' }).autoOrient();
    const { autoOrient } = await image.metadata();
    const size = sizeWithin(autoOrient.width, autoOrient.height, Math.min(maxSidePx, MAX_FRAME_SIDE_PX));
    const { data, info } = await image
      .resize({ width: size.widthPx, height: size.heightPx, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const frame: Frame = { widthPx: info.width, heightPx: info.height, data: new Uint8ClampedArray(data) };
    return { frame, originalWidthPx: autoOrient.width, originalHeightPx: autoOrient.height };
  } catch (error) {
    throw toAppError(error, 'decode-unsupported', 'decode');
  }
}

/** @param quality01 ignored for PNG. */
export async function encodeFrame(frame: Frame, type: 'image/jpeg' | 'image/webp' | 'image/png', quality01: number): Promise<Blob> {
  const image = sharp(frame.data, { raw: { width: frame.widthPx, height: frame.heightPx, channels: 4 } });
  const quality = Math.max(1, Math.min(100, Math.round(quality01 * 100)));
  const encoded = {
    'image/jpeg': () => image.flatten({ background: '#ffffff' }).jpeg({ quality }),
    'image/webp': () => image.webp({ quality }),
    'image/png': () => image.png(),
  }[type]();
  const bytes = await encoded.toBuffer().catch((error: unknown) => {
    throw new AppError('bug', 'Encoding a frame failed', { cause: error, stage: 'crop' });
  });
  return new Blob([new Uint8Array(bytes)], { type });
}
