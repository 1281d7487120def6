/** @file What packs carry beside vectors: the strongest keypoints of photos, one small picture a product. */
import sharp from 'sharp';
import { KEYPOINT_LIMITS, strongestKeypoints } from '../../../src/core/keypoint-bytes.ts';
import { PACK_THUMBNAIL, type Blobbed } from '../../../src/core/pack-blobs.ts';
import type { PackPhoto } from '../../../src/core/pack-photos.ts';

/** Where they come from, photo by photo. */
export interface AttachmentSource {
  /** Keypoints of those among `photos` that have some, by photo. */
  keypoints(photos: readonly PackPhoto[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Picture of a photo; null where there is none, or the rules of its collection allow none. */
  thumbnail(photo: PackPhoto): Promise<Uint8Array | null>;
}

const QUALITIES = [70, 45] as const;

/** @param maximum keypoints of each photo. @returns those of the photos that have some. */
export async function keypointBlobs(photos: readonly PackPhoto[], maximum: number, source: AttachmentSource): Promise<Blobbed[]> {
  const found = await source.keypoints(photos);
  return [...found].map(([id, bytes]) => ({ id, bytes: maximum >= KEYPOINT_LIMITS.count ? bytes : strongestKeypoints(bytes, maximum) }));
}

/**
 * One picture for each product, of its first photo that has one.
 * @param photosOf photos of a product, in a fixed order.
 */
export async function thumbnailBlobs(
  products: readonly { readonly id: string }[],
  photosOf: (productId: string) => readonly PackPhoto[],
  source: AttachmentSource,
): Promise<Blobbed[]> {
  const blobs: Blobbed[] = [];
  for (const { id } of products) {
    for (const photo of photosOf(id)) {
      const picture = await source.thumbnail(photo);
      const bytes = picture === null ? null : await shrunk(picture);
      if (bytes === null) continue;
      blobs.push({ id, bytes });
      break;
    }
  }
  return blobs;
}

/** @returns a WebP of at most 128 px a side and 16 kB; null for a picture that does not become one. */
async function shrunk(picture: Uint8Array): Promise<Uint8Array | null> {
  for (const quality of QUALITIES) {
    const { sidePx, maxBytes } = PACK_THUMBNAIL;
    const bytes = await sharp(picture).resize({ width: sidePx, height: sidePx, fit: 'inside', withoutEnlargement: true }).webp({ quality }).toBuffer(); // prettier-ignore
    if (bytes.length <= maxBytes) return bytes;
  }
  return null;
}
