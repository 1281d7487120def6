/** @file What of an image is looked at before anything decodes it: size, kind by its first bytes, pixels by its header. */
import { HEADER_BYTES, readImageHeader, sniffImageType, type ImageType } from '../../../src/core/image-header.ts';
import { IMAGE_LIMITS } from '../../../src/contracts/recognise-api.ts';
import { HttpProblem } from '../http/problem.ts';

const MEGA = 1_000_000;

/**
 * @param bytes the whole file.
 * @returns its media type, whatever a header called it.
 * @throws HttpProblem 415 for anything but JPEG, PNG, WebP and AVIF; 413 beyond {@link IMAGE_LIMITS}; 422 for a header that tells no size.
 */
export function checkImage(bytes: Uint8Array): string {
  if (bytes.byteLength > IMAGE_LIMITS.maxBytes)
    throw new HttpProblem(413, 'invalid-input', `An image has at most ${IMAGE_LIMITS.maxBytes} bytes.`);
  const kind: ImageType | null = sniffImageType(bytes);
  const type = IMAGE_LIMITS.types.find((name) => name === `image/${kind}`);
  if (type === undefined)
    throw new HttpProblem(415, 'decode-unsupported', 'An image is a JPEG, PNG, WebP or AVIF; its first bytes say otherwise.');
  const header = readImageHeader(bytes.subarray(0, HEADER_BYTES)) ?? readImageHeader(bytes);
  if (header === null || header.widthPx === 0 || header.heightPx === 0)
    throw new HttpProblem(422, 'decode-unsupported', 'The image’s header is damaged: it tells no size.');
  if (header.widthPx * header.heightPx > IMAGE_LIMITS.maxPixels)
    throw new HttpProblem(
      413,
      'invalid-input',
      `An image has at most ${IMAGE_LIMITS.maxPixels / MEGA} megapixels. Nothing of it was decoded.`,
    );
  return type;
}
